#!/bin/bash
# Exports as offices make them, in a run: a footer proves that a file is whole, titles stand
# above the header, and a file in UTF-16 is as good as any.
#
#   tests/e2e/exports_test.sh BUILD_DIR
set -u
. tests/e2e/lib.sh

e2e_init "$1"
api_start

fresh() {
	rm -rf "$dir/state" "$dir"/drop/*
	simple "$@"
	before=$(changes)
}

sent() {
	is "$1: changes" "$2" $(($(changes) - before))
}

total() {
	printf 'Total records: %d\r\n' "$1"
}

# The footer that is not there, or says another number, holds the file; a person decides.
test_footer() {
	fresh -e '/^\[csv\]/a footer = "Total records: {count}"'
	{ rows 1 3 && total 3; } >"$dir/drop/a.csv"
	job 0
	is "whole" '["deliver",3,3,0]' "$(file_report verdict rows mapped rejected)"
	sent "whole" 6
	rows 11 13 >"$dir/drop/b.csv"
	job 4
	has "cut" "$dir/out" "does not end with the footer that is asked for"
	sent "cut" 6
	{ rows 11 13 && total 3; } >"$dir/drop/b.csv"
	job 0
	sent "mended" 12
	{ rows 21 23 && total 4; } >"$dir/drop/c.csv"
	job 4
	has "miscounted" "$dir/out" "the footer (row 5) says 4 rows, but 3 are there"
	sent "miscounted" 12
	run 0 hold approve "$(report '.feeds[0].files[0].file' | tr -d '"')"
	job 0
	sent "approved" 18
}

test_count_delivered() {
	fresh -e '/^\[csv\]/a footer = "Total records: {count}"\non_count_mismatch = deliver'
	{ rows 31 32 && total 1; } >"$dir/drop/d.csv"
	job 0
	is "told" '[{"code":"footer_count","times":1}]' \
		"$(report '.feeds[0].files[0].column_warnings | map({code, times})')"
	sent "delivered" 4
}

# Titles above the header, and the header again where a page begins.
test_titles() {
	fresh -e '/^\[csv\]/a header_match = auto'
	{ printf 'Appointments, all\r\n\r\n' && rows 41 42 && rows 43 44; } | iconv -t UTF-16 \
		>"$dir/drop/e.csv"
	job 0
	is "all rows" '["deliver",4,4,0]' "$(file_report verdict rows mapped rejected)"
	is "the header once more" '[{"code":"repeated_header","times":1}]' \
		"$(report '.feeds[0].files[0].column_warnings | map({code, times})')"
	sent "titles" 8
	run 0 preview simple "$dir/drop/e.csv"
	has "what was found" "$dir/err" "(cells separated by commas, in utf-16le, titles in row 3)"
}

test_footer
test_count_delivered
test_titles
e2e_end
