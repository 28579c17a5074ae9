#!/bin/bash
# A file with too many bad rows is held, one that can't be read is refused: nothing of it
# is sent, each run and `status` say so and why, and a better map has it read again.
#
#   tests/e2e/hold_test.sh BUILD_DIR
set -u
. tests/e2e/lib.sh

e2e_init "$1"
api_start
# shellcheck disable=SC2119 # as it is
simple

fresh() {
	rm -rf "$dir/state" "$dir"/drop/*
	simple "$@"
	before=$(changes)
}

sent() {
	is "$1: changes" "$2" $(($(changes) - before))
}

test_held() {
	fresh
	bad 1 150 >"$dir/drop/a.csv"
	job 4
	is "why" '["hold",150,100,50,0]' "$(file_report verdict rows mapped rejected delivered)"
	has "in words" "$dir/out" "50 of 150 rows were rejected, more than max_reject allows (10 %)"
	is "the first problems" 20 "$(report '.feeds[0].files[0].problems | length')"
	is "and how many more" 30 "$(report '.feeds[0].files[0].more_problems')"
	for _ in 1 2; do
		job 4
		is "it is not read again" '[1,0]' "$(report '.feeds[0] | [.held, (.files | length)]')"
	done
	sent "held" 0
	run 0 status simple
	has "status" "$dir/out" HELD
	has "its name" "$dir/out" '"a.csv"'
	has "the reason" "$dir/out" "more than max_reject allows"
	has "a row" "$dir/out" 'row 3, column "Status"'
	has "what frees it, too" "$dir/out" "or mend the feed file, and the next run reads it again"
	run 0 status --json
	is "status in JSON" '["hold",50]' "$(report '.feeds[0].stuck[0] | [.verdict, .rejected]')"
	run 0 hold show "$(jq -r '.feeds[0].stuck[0].file' "$dir/out")"
	is "what helps, once" 1 "$(grep -c 'Use one of the agreed codes' "$dir/out")"
	run 4 run
	has "in words" "$dir/out" "1 held"
}

# Nothing but the order tells which is newer: none may overtake it.
test_blocks() {
	rows 201 202 >"$dir/drop/b.csv"
	job 4
	is "what comes after it waits" 0 "$(report '.feeds[0].files | length')"
	sent "blocked" 0
	fresh
	bad 1 150 >"$dir/drop/a.csv"
	rows 201 202 >"$dir/drop/b.csv"
	job 4
	is "in the very first run, too" 1 "$(report '.feeds[0].files | length')"
	sent "blocked at once" 0
	rm "$dir/drop/a.csv"
	job 0
	sent "the held file is gone" 4
}

# With event times no order is needed.
test_does_not_block() {
	fresh -e '/^status  *=/a updated_at = {Start} | datetime "%m/%d/%Y %H:%M"' \
		-e '/^name.family  *=/a updated_at = {Start} | datetime "%m/%d/%Y %H:%M"'
	# None of them in the future.
	bad 301 450 | sed 's/2026/2025/' >"$dir/drop/a.csv"
	rows 501 502 | sed 's/2026/2025/' >"$dir/drop/b.csv"
	job 4
	is "the later one is delivered" '["hold","deliver"]' \
		"$(report '.feeds[0].files | map(.verdict)')"
	sent "not blocked" 4
	job 4
	sent "and only once" 4
}

test_mended_map() {
	fresh
	bad 601 750 >"$dir/drop/a.csv"
	job 4
	simple -e '/^booked/a cancelled = Nope'
	job 0
	is "read again" '["deliver",150,0]' "$(file_report verdict rows rejected)"
	sent "with a better map" 300
	run 0 status --json
	is "nothing is stuck" '[]' "$(report '.feeds[0].stuck')"
	fresh
	bad 801 950 >"$dir/drop/a.csv"
	job 4
	simple -e "/^name  *=/a max_reject = 40 %"
	job 3
	is "with a larger max_reject" '["deliver",50]' "$(file_report verdict rejected)"
	fresh
	bad 1001 1150 >"$dir/drop/a.csv"
	job 4
	rows 1001 1150 >"$dir/drop/a.csv"
	job 0
	sent "the clinic mends it" 300
}

test_refused() {
	fresh
	rows 1 3 | sed '1s/DOB/Birthday/; 1s/Start/Starts/' >"$dir/drop/a.csv"
	rows 1201 1202 >"$dir/drop/b.csv"
	job 65
	is "verdict" '"refuse"' "$(report '.feeds[0].files[0].verdict')"
	has "a missing title" "$dir/out" '\"DOB\"'
	has "the other" "$dir/out" '\"Start\"'
	has "the nearest one" "$dir/out" '\"Starts\"'
	is "it does not block" '"deliver"' "$(report '.feeds[0].files[1].verdict')"
	sent "the next one" 4
	job 65
	is "it is not read again" '[1,0]' "$(report '.feeds[0] | [.refused, (.files | length)]')"
	run 0 status simple
	has "status" "$dir/out" REFUSED
	has "says why" "$dir/out" '"DOB"'
	simple -e 's/{DOB}/{Birthday}/; s/{Start}/{Starts}/'
	rm "$dir/drop/b.csv"
	job 0
	is "with the titles it has" '["deliver",3]' "$(file_report verdict rows)"
	run 0 status --json
	is "nothing is stuck" '[]' "$(report '.feeds[0].stuck')"
}

test_held
test_blocks
test_does_not_block
test_mended_map
test_refused
e2e_end
