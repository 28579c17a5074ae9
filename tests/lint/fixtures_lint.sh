#!/bin/bash
# What the scripts under fixtures/ write is what is committed.
set -u
. tests/lint/files.sh
lint_need python3
dir=$(mktemp -d) || exit 74
trap 'rm -rf "$dir"' EXIT
export PYTHONDONTWRITEBYTECODE=1
ln -s "$PWD/deploy" "$dir/deploy"
rc=0
for script in make.py hl7/make_cases.py hostile/make_exports.py fuzz/make_seeds.py; do
	mkdir -p "$dir/fixtures/$(dirname "$script")"
	cp "fixtures/$script" "$dir/fixtures/$script" && python3 "$dir/fixtures/$script" || exit 1
done
while read -r f; do
	cmp -s "$dir/fixtures/$f" "fixtures/$f" || {
		echo "fixtures/${f#./}:1: not what its script writes; run that again"
		rc=1
	}
done < <(cd "$dir/fixtures" && find . -type f)
exit "$rc"
