#!/bin/bash
# What fixtures/make.py writes is what is committed.
set -u
. tests/lint/files.sh
lint_need python3
dir=$(mktemp -d) || exit 74
trap 'rm -rf "$dir"' EXIT
cp fixtures/make.py "$dir/" && python3 "$dir/make.py" || exit 1
rm -rf "$dir/__pycache__"
rc=0
while read -r f; do
	cmp -s "$dir/$f" "fixtures/$f" || {
		echo "fixtures/${f#./}:1: not what fixtures/make.py writes; run it again"
		rc=1
	}
done < <(cd "$dir" && find . -type f)
exit "$rc"
