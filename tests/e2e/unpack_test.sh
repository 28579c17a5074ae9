#!/bin/bash
# Exports that come packed, over real SFTP: each outcome has its exit status and its
# reason; the exports of an archive are one file to the books, and one snapshot.
#
#   tests/e2e/unpack_test.sh BUILD_DIR
# shellcheck disable=SC2119 # as they are
set -u
. tests/e2e/lib.sh
. tests/lib/packed.sh

e2e_init "$1" python3 zip zstd
sshd_start "$dir" || exit 1
by_sftp
api_start
packed_make archives

test_packed() {
	fresh
	drop gzip gzip-bomb gzip-wrong-crc zip-cut xlsx zip-password zstd zip-two
	job 65
	is "verdicts" "deliver refuse refuse refuse refuse refuse deliver deliver" \
		"$(verdicts)"
	reasons "" "ZIP bomb" damaged "cut off" Excel password
	is "one by one" '[600,0]' "$(file_report delivered unchanged)"
	has "how it was packed" "$dir/out" "unpacked=zip exports=2 skipped=3"
	is "the two in one" '[30,60,60]' \
		"$(report '.feeds[0].files[7] | [.rows, .records, .unchanged]')"
	is "what the API holds" 600 "$(changes)"
	job 65
	is "refused ones stay so" '[5,0]' "$(report '.feeds[0] | [.refused, (.files | length)]')"
}

# Rows are numbered on, and a problem says where its row is for whoever wrote it.
test_problems() {
	fresh
	rows 1 3 >"$dir/first.csv"
	bad 4 6 >"$dir/second.csv"
	rows 7 9 >"$dir/third.csv"
	(cd "$dir" && zip -q drop/a.zip first.csv second.csv third.csv)
	job 3
	is "the books" '[9,8,1,16,16]' "$(file_report rows mapped rejected records delivered)"
	is "the row" '[[7,"export 2 in the file, row 3, known: Scheduled"]]' \
		"$(report '[.feeds[0].files[0].problems[] | [.row, .detail]]')"
	run 3 preview simple "$dir/drop/a.zip" --row 10
	has "a row of the third" "$dir/out" '"id":"00007"'
	is "nothing else" 2 "$(grep -c '"origin"' "$dir/out")"
	sed '1s/Appt/Visit/' "$dir/third.csv" >"$dir/fourth.csv"
	(cd "$dir" && zip -q drop/b.zip first.csv fourth.csv)
	job 4
	reasons "export 2 in the file: "
}

# Each export in an archive has a footer of its own, with its own rows.
test_footers() {
	fresh
	simple -e 's|^pattern .*|pattern = *|' -e '/^\[csv\]/a footer = "Total: {count}"'
	{ rows 1 3 && echo "Total: 3"; } >"$dir/first.csv"
	{ rows 4 5 && echo "Total: 2"; } >"$dir/second.csv"
	(cd "$dir" && zip -q drop/a.zip first.csv second.csv)
	job 0
	is "both" '[5,5,0]' "$(file_report rows mapped rejected)"
	{ rows 4 6 && echo "Total: 6"; } >"$dir/second.csv"
	(cd "$dir" && zip -q drop/b.zip first.csv second.csv)
	job 4
	reasons "says 6 rows, but 3 are there"
}

# Two exports in one archive are one truth.
test_snapshot() {
	fresh
	simple "${snapshot[@]}"
	rows 1 20 >"$dir/first.csv"
	rows 21 40 >"$dir/second.csv"
	(cd "$dir" && zip -q drop/a.zip first.csv second.csv)
	job 0
	is "both at once" '[40,80,0]' "$(file_report rows records removals)"
	rows 1 18 >"$dir/first.csv"
	(cd "$dir" && zip -q drop/b.zip first.csv second.csv)
	job 0
	is "two are gone" '["A-19","A-20"]' "$(cancelled)"
}

test_packed
test_problems
test_footers
test_snapshot
e2e_end
