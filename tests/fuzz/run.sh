#!/bin/bash
# Builds the fuzz preset (clang and its libFuzzer) and runs each target for a while.
#   tests/fuzz/run.sh [SECONDS ["TARGET..."]]   of each target, one after the other; 600 without it
# What was learnt stays in build/fuzz/corpus, inputs that fail in build/fuzz/failed-*.
set -u -o pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 74
. deploy/packages.sh

seconds=${1:-600}
cc=${CC:-clang}

fail() {
	echo "tests/fuzz/run.sh: $1" >&2
	exit 1
}

# shellcheck disable=SC2086 # lists of words
packages_install $PACKAGES_BUILD libcriterion-dev clang llvm libclang-rt-dev ||
	fail "the packages are not all there"
cmake --preset fuzz -D CMAKE_C_COMPILER="$cc" >/dev/null ||
	fail "cmake could not configure the fuzz preset"
cmake --build --preset fuzz -j 2 || fail "the build stopped"
rc=0
for target in ${2:-csv event header hl7 ini profile ref unpack}; do
	mkdir -p "build/fuzz/corpus/$target"
	"build/fuzz/tests/fuzz/${target}_fuzz" -max_total_time="$seconds" -max_len=4096 \
		-timeout=20 -dict="fixtures/fuzz/$target.dict" \
		-artifact_prefix="build/fuzz/failed-$target-" -print_final_stats=1 \
		"build/fuzz/corpus/$target" "fixtures/fuzz/$target" || {
		echo "tests/fuzz/run.sh: ${target}_fuzz failed; the input is build/fuzz/failed-$target-*"
		rc=1
	}
done
exit "$rc"
