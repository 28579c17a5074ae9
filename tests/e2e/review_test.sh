#!/bin/bash
# What is easily got wrong: the order of two changes of one record, event times that
# move on, feeds that come and go, and dry runs of files that are new.
#
#   tests/e2e/review_test.sh BUILD_DIR
set -u
. tests/e2e/lib.sh

e2e_init "$1"
api_start

# fresh [SED...]: nobody knows of anything, and the drop is empty.
fresh() {
	rm -rf "$dir"/{state,drop,done} "$dir"/etc/feeds.d/*
	mkdir -p "$dir"/{drop/other,done}
	# shellcheck disable=SC2119 # with no options
	api_fresh
	simple -e "s|^after.*|after = archive:$dir/done|" "$@"
}

# timed DATE FROM TO [SUFFIX]: rows with one more column, their time; DATE may be empty.
timed() {
	rows "$2" "$3" "${4:-}" | awk -v at="$1" '{ sub(/\r$/, "");
		printf "%s,%s\r\n", $0, NR == 1 ? "Updated" : at }'
}

fresh_timed() {
	local at='updated_at = {Updated} | datetime "%Y-%m-%d %H:%M"'

	fresh -e "/^status  *=/a $at" -e "/^name.family  *=/a $at"
}

# family N: the last name that the API has of a patient.
family() {
	api_curl state | jq -r --arg id "$1" '.records[] |
		select(.type == "patient" and .id == $id) | .data.name.family'
}

# settled: how many files were put away, and how many are still in the drop, hidden or not.
settled() {
	is "$1: archived, left in the drop" "$2 $3" \
		"$(in_archive "$dir/done") $(find "$dir/drop" -type f | wc -l)"
}

test_later_then_newer() {
	fresh
	(rows 1 1 Old; rows 1 1 New | tail -n 1; rows 2 2 | tail -n 1) >"$dir/drop/a.csv"
	faults '{"later":["00001"]}'
	job 69
	is "the newer one does not overtake" "" "$(family 00001)"
	is "nor does what shares its batch: the appointment alone has arrived" 1 "$(changes)"
	faults '{"later":[]}'
	job 0
	is "the newer one stands" TestcaseNew "$(family 00001)"
	is "after the older one" 2 "$(api_curl state | jq '.records[] |
		select(.type == "patient" and .id == "00001").changes')"
	is "each in a batch of its own" 3 "$(api_curl batches | jq length)"
	batches_sound "later, then newer"
	settled "later, then newer" 1 0
}

test_times_move_on() {
	fresh_timed
	timed '2025-03-01 08:00' 1 3 >"$dir/drop/a.csv"
	job 0
	timed '2025-05-01 08:00' 1 3 >"$dir/drop/b.csv"
	job 0
	is "touches only" '[0,6,0]' "$(report '.feeds[0] |
		[.files[0].delivered, .files[0].unchanged, .requests]')"
	timed '2025-04-01 08:00' 1 3 Between >"$dir/drop/c.csv"
	job 0
	is "an export from between" '[0,6]' "$(file_report delivered stale)"
	is "changes nothing" "6 Testcase" "$(changes) $(family 00002)"
	settled "touches" 3 0
}

test_no_time_erases_none() {
	fresh_timed
	timed '2025-03-01 08:00' 1 1 >"$dir/drop/a.csv"
	job 0
	timed '' 1 1 Timeless >"$dir/drop/b.csv"
	job 0
	is "without a time it counts" TestcaseTimeless "$(family 00001)"
	timed '2025-02-01 08:00' 1 1 Older >"$dir/drop/c.csv"
	job 0
	is "what is older than the last known time" "2 TestcaseTimeless" \
		"$(file_report stale | tr -d '[]') $(family 00001)"
}

test_one_name_twice() {
	fresh
	job 0
	cp "$dir/etc/feeds.d/simple.ini" "$dir/etc/feeds.d/zzz.ini"
	run 78 check
	has "says which" "$dir/err" "zzz.ini"
	has "and what" "$dir/err" "is the name of another feed file too"
	run 78 run
	has "nobody can tell which is meant" "$dir/err" "simple.ini:3: [feed] name: is the name"
	is "and nothing is read" 0 "$(grep -c "nothing new" "$dir/out")"
	run 0 status
	has "status knows where to look" "$dir/out" "            emrdrop check simple"
	rm "$dir/etc/feeds.d/zzz.ini"
	job 0
}

test_feed_removed() {
	fresh -e "\$a batch_records = 2\nin_flight = 1"
	rows 1 20 >"$dir/drop/a.csv"
	api_hold
	start_job
	e2e_until "a pass is open" unfinished
	end_job 137 KILL
	api_go
	rm "$dir/etc/feeds.d/simple.ini"
	feed fixtures/hostile/csv/feed.ini other -e 's|^name .*|name = other|' \
		-e 's|^source  *=.*|source = simple|' -e 's|/drop/hostile$|/drop/other|' \
		-e '/^\[appointment/a op = patch'
	rows 51 52 >"$dir/drop/other/b.csv"
	job 3
	has "the pass is given up" "$dir/err" pass-abandoned
	is "the other feed goes on" '["deliver",4]' "$(file_report verdict delivered)"
}

test_dry_run_of_a_new_file() {
	fresh -e 's/^stable_for.*/stable_for = 1s/'
	rows 1 2 >"$dir/drop/a.csv"
	job 0 --dry-run
	is "a dry run shows it" '["deliver",2]' "$(file_report verdict rows)"
	is "and sends nothing" 0 "$(changes)"
	ok "and leaves nothing" [ ! -e "$dir/state" ]
}

test_later_then_newer
test_times_move_on
test_no_time_erases_none
test_one_name_twice
test_feed_removed
test_dry_run_of_a_new_file
e2e_end
