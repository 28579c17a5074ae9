#!/bin/bash
# A file is taken once it is surely whole, and not before.
#
#   tests/e2e/ready_test.sh BUILD_DIR
set -u
. tests/e2e/lib.sh

e2e_init "$1"
sshd_start "$dir" || exit 1
api_start
by_sftp

# fresh [SED...]: an empty drop and ledger.
fresh() {
	rm -rf "$dir/state" "$dir"/drop/*.*
	simple "$@"
}

# waits FILES: the last run left so many alone, and read none.
waits() {
	is "$1: left alone" "[1,0]" "$(report '.feeds[0] | [.waiting, (.files | length)]')"
}

# shellcheck disable=SC2317 # e2e_until calls it
delivered() {
	job 0
	[ "$(report '.feeds[0].files | length')" = 1 ]
}

took_at_least() {
	ok "$1: after $(($(date +%s%3N) - began)) ms" [ $(($(date +%s%3N) - began)) -ge "$2" ]
}

test_stable() {
	local began

	fresh -e 's/^stable_for.*/stable_for = 1s/'
	rows 1 2 >"$dir/drop/first.csv"
	began=$(date +%s%3N)
	job 0
	is "the first run ever waits" 1 "$(report '.feeds[0].files | length')"
	took_at_least "it waited" 1000
	rows 3 4 >"$dir/drop/second.csv"
	began=$(date +%s%3N)
	job 0
	waits "a second run, soon after"
	ok "does not wait" [ $(($(date +%s%3N) - began)) -lt 1000 ]
	e2e_until "one of the next runs delivers" delivered
	took_at_least "two looks" 1000
	rows 5 6 >"$dir/drop/third.csv"
	job 0
	waits "a file that grows"
	rows 7 8 | tail -n +2 >>"$dir/drop/third.csv"
	began=$(date +%s%3N)
	e2e_until "it is whole" delivered
	took_at_least "it starts again" 1000
	is "all of it" '[4,8]' "$(file_report rows delivered)"
	run 0 run --dry-run
	has "a dry run knows them, too" "$dir/out" "nothing new"
}

test_marker() {
	fresh -e 's/^stable_for.*/marker = .done/'
	rows 1 2 >"$dir/drop/a.csv"
	job 0
	waits "no marker"
	: >"$dir/drop/a.csv.done"
	job 0
	is "with its marker" '[2,4]' "$(file_report rows delivered)"
}

test_age() {
	fresh -e 's/^min_age.*/min_age = 1h/'
	rows 1 2 >"$dir/drop/a.csv"
	job 0
	waits "young"
	touch -d '2 hours ago' "$dir/drop/a.csv"
	job 0
	is "old" '[2,4]' "$(file_report rows delivered)"
	rows 3 4 >"$dir/drop/b.csv"
	touch -d 'now + 2 hours' "$dir/drop/b.csv"
	job 0
	waits "from the future"
}

test_names() {
	local name

	fresh -e 's/^pattern.*/pattern = */'
	for name in a.csv.tmp b.part c.csv.filepart d.writing e.crdownload .f.csv; do
		rows 1 2 >"$dir/drop/$name"
	done
	job 0
	is "names in progress" '[0,0]' "$(report '.feeds[0] | [.waiting, (.files | length)]')"
	mv "$dir/drop/a.csv.tmp" "$dir/drop/a.csv"
	job 0
	is "renamed when it was whole" 1 "$(report '.feeds[0].files | length')"
	rm "$dir/drop/.f.csv"
}

test_order() {
	fresh -e 's/^order.*//' -e 's/^pattern.*/&\norder = name:%m%d%Y\nmax_files = 1/'
	rows 51 51 >"$dir/drop/x 01022026.csv"
	rows 52 52 >"$dir/drop/x 12312025.csv"
	job 0
	is "the older by the date in its name" '["00052"]' "$(api_curl state |
		jq -c '[.records[] | select(.type == "patient" and .id > "00050") | .id]')"
	is "no more than one" 1 "$(report '.feeds[0].files | length')"
	job 0
	is "then the other" 1 "$(report '.feeds[0].files | length')"
}

test_stable
test_marker
test_age
test_names
test_order
e2e_end
