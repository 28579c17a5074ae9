#!/bin/bash
# A tree that was unpacked with umask 002, or by root out of `git archive`: a group can write
# to all of it, and the release is trained all the same. And on a machine that is slow.
#
#   tests/package/modes_test.sh BUILD_DIR
set -u
build=$(cd "${1:?the build folder}" && pwd) || exit 1
command -v cc >/dev/null || { echo "skipped: no cc"; exit 77; }
dir=$(mktemp -d "${TMPDIR:-/tmp}/emrdrop-modes.XXXXXX") || exit 1
trap 'rm -rf "$dir"' EXIT

# The program is that of the tests: what is tried is how it is trained, not how it is built.
mkdir -p "$dir/tree/build/tuned/cmd/sandbox" "$dir/bin"
cp -r base deploy tests "$dir/tree" && chmod -R u=rwX,g=rwX,o=rX "$dir/tree" || exit 1
ln -s "$build/cmd/emrdrop" "$dir/tree/build/tuned/cmd"
printf '#!/bin/bash\nread -r -t 0.5 <> <(:)\nexec "%s" "$@"\n' "$build/cmd/sandbox/emrdrop-sandbox" \
	>"$dir/tree/build/tuned/cmd/sandbox/emrdrop-sandbox"
chmod 755 "$dir/tree/build/tuned/cmd/sandbox/emrdrop-sandbox"
printf '#!/bin/sh\n' >"$dir/bin/cmake"
chmod 755 "$dir/bin/cmake"
PATH=$dir/bin:$PATH ROWS=300 MESSAGES=300 "$dir/tree/deploy/release.sh" >"$dir/log" 2>&1 || {
	echo "FAIL deploy/release.sh in a tree that a group can write to"
	tail -n 5 "$dir/log"
	exit 1
}
echo "all well"
