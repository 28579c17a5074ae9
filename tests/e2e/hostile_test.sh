#!/bin/bash
# Each hostile file gives the verdict, the counts and the first problem that
# expected.tsv says, in a run and, where a file can be read, in a preview.
#
#   tests/e2e/hostile_test.sh BUILD_DIR
set -u
. tests/e2e/lib.sh

e2e_init "$1"
api_start
folder=fixtures/hostile/csv
# shellcheck disable=SC2119 # as it is
simple

status_of() {
	case $1:$2 in
	deliver:0) echo 0 ;;
	deliver:*) echo 3 ;;
	hold:*) echo 4 ;;
	refuse:*) echo 65 ;;
	esac
}

# The first problem, or warning where no row was rejected: CODE ROW.
problem() {
	jq -r ".feeds[0].files[0] | (.problems + .column_warnings)[0] // {code: \"-\", row: 0} |
		\"\(.code) \(.row)\"" "$dir/out"
}

while IFS=$'\t' read -r file verdict rows mapped rejected code row; do
	[[ $file != \#* ]] || continue
	rm -rf "$dir/state" "$dir"/drop/*
	cp "$folder/$file" "$dir/drop/$file"
	job "$(status_of "$verdict" "$rejected")"
	got=$(report '.feeds[0].files[0].verdict' | tr -d '"')
	[ "$rows:$got" != 0:empty ] || got=deliver
	is "$file: verdict" "$verdict" "$got"
	is "$file: rows, mapped, rejected" "[$rows,$mapped,$rejected]" \
		"$(file_report rows mapped rejected)"
	is "$file: problem" "$code $row" "$(problem)"
	[ "$verdict" = deliver ] || is "$file: requests" 0 "$(report '.feeds[0].requests')"
	if [ "$verdict" = refuse ]; then
		ok "$file: a reason" [ "$(report '.feeds[0].files[0].reason | length')" -gt 10 ]
		run 65 preview simple "$dir/drop/$file" --json
	else
		run "$(status_of "$verdict" "$rejected")" preview simple "$dir/drop/$file" --json
		is "$file: preview" "[$rows,$mapped,$rejected]" \
			"$(report '[.rows, .mapped, .rejected]')"
	fi
	ok "$file: the preview is JSON" jq -e . "$dir/out" >/dev/null
	job "$(status_of "$verdict" 0)"
	is "$file: requests of a second run" 0 "$(report '.feeds[0].requests')"
done <"$folder/expected.tsv"

# All at once: none keeps another from being read, until one is held.
rm -rf "$dir/state" "$dir"/drop/*
cp "$folder"/*.csv "$dir/drop/"
job 4
is "the first is held, and blocks" '["hold"]' "$(report '.feeds[0].files | map(.verdict)')"
rm "$dir/drop/"{all-rejected,rejected-over-tenth}.csv
# Before a good file is known: behind one it would be held, and keep the others back.
mv "$dir/drop/column-missing.csv" "$dir/drop/0-column-missing.csv"
job 65
is "files read" "$(find "$dir/drop" -name '*.csv' | wc -l)" "$(report '.feeds[0].files | length')"
is "refused" "$(grep -c '	refuse	' "$folder/expected.tsv")" "$(report '.feeds[0].refused')"
e2e_end
