#!/bin/bash
# Between a crash and the next run something changed: the map, the batches' size, the
# file itself, or the file is gone. What was sent and never answered is sent again, no
# key ever stands for two bodies, and the API ends up right.
#
#   tests/crash/changed_since_test.sh BUILD_DIR
set -u
. tests/e2e/lib.sh

e2e_init "$1"
api_start
mkdir "$dir/aside"
each=(-e "\$a batch_records = 20\nin_flight = 3")
rows 1 100 >"$dir/export.csv"

# crash AT: killed when the API had got so many of the 10 batches.
crash() {
	api_stop forget
	api_start
	rm -rf "$dir/state" "$dir"/drop/*
	simple "${each[@]}"
	cp "$dir/export.csv" "$dir/drop/export.csv"
	faults '{"latency":1000}'
	start_job
	e2e_until "the API has got $1 batches" received_enough "$1"
	end_job 137 KILL
	# What still waits in the API is applied, or never will be.
	api_stop
	api_start
	crashed_at=$(changes)
	ok "not all were taken" [ "$crashed_at" -lt 200 ]
}

# holds WHAT COMMENT: each appointment is there, with the comment that the map gives.
holds() {
	is "$1" "[100,[$2]]" "$(api_curl state | jq -c "[.records[] |
		select(.type == \"appointment\")] | [length, (map(.data.comment) | unique)]")"
	is "$1: patients" 100 \
		"$(api_curl state | jq '[.records[] | select(.type == "patient")] | length')"
	batches_sound "$1"
	job 0
	is "$1: nothing is left" 0 "$(report '.feeds[0].requests')"
}

test_map() {
	crash 4
	simple "${each[@]}" -e 's/^status  *=.*/&\ncomment = changed/'
	job 0
	has "the pass is given up" "$dir/err" pass-abandoned
	holds "another map" '"changed"'
}

test_batch_size() {
	crash 4
	simple -e "\$a batch_records = 7"
	job 0
	has "the pass is given up" "$dir/err" pass-abandoned
	both=$(report '.feeds[0] | .given_up.delivered + .files[0].delivered')
	run 0 status simple --json
	is "status tells of one file, and both deliveries" "[1,$both]" \
		"$(report '.feeds[0] | [.files, .delivered]')"
	holds "other batches" null
}

# Nothing that shapes a batch: the pass goes on.
test_elsewhere() {
	crash 4
	simple "${each[@]}" -e 's/^in_flight.*/in_flight = 1/' -e "\$a attempts = 3"
	job 0
	has "the pass goes on" "$dir/err" pass-resumed
	hasnt "it is not given up" pass-abandoned "$dir/err"
	is "batches" 10 "$(api_curl batches | jq length)"
	is "changed once" 200 "$(changes)"
	holds "in_flight" null
}

# By content, not by name.
test_renamed() {
	crash 4
	mv "$dir/drop/export.csv" "$dir/drop/another.csv"
	job 0
	hasnt "it is not given up" pass-abandoned "$dir/err"
	is "batches" 10 "$(api_curl batches | jq length)"
	is "changed once" 200 "$(changes)"
	holds "renamed" null
}

test_gone() {
	crash 4
	mv "$dir/drop/export.csv" "$dir/aside/"
	job 3
	has "the pass is given up" "$dir/err" pass-abandoned
	has "with a reason" "$dir/err" "not there any more"
	has "as a warning" "$dir/err" " warn "
	is "the report" '[1,200]' \
		"$(report '.feeds[0].given_up | [.pass, .delivered + .doubtful + .unsent]')"
	ok "some are in doubt" [ "$(report '.feeds[0].given_up.doubtful')" -ge 1 ]
	is "nothing was sent" "$crashed_at" "$(changes)"
	rows 1 100 >"$dir/drop/next.csv"
	job 0
	ok "what is in doubt is sent again, what is known is not" \
		[ "$(report '.feeds[0].files[0].unchanged')" -ge 1 ]
	is "the books" 200 "$(report '.feeds[0].files[0] | .delivered + .unchanged')"
	holds "gone" null
}

# The same name, the same size, other bytes.
test_overwritten() {
	crash 4
	sed 's/Scheduled\r$/Canceled_\r/; s/,A-9,\(.*\),Canceled_/,A-9,\1,Scheduled/' \
		"$dir/export.csv" >"$dir/drop/export.csv"
	simple "${each[@]}" -e '/^booked/a cancelled = Canceled_'
	job 3
	has "the pass is given up" "$dir/err" pass-abandoned
	is "the newer file counts" '["booked",1,"cancelled",99]' "$(api_curl state | jq -c '[.records[] |
		select(.type == "appointment") | .data.status] | group_by(.) | map([.[0], length]) | add')"
	batches_sound overwritten
}

# The zone data or the map changed and a new export came as well, all at once.
test_all_at_once() {
	crash 6
	rm "$dir/drop/export.csv"
	rows 51 150 >"$dir/drop/next.csv"
	simple -e "\$a batch_records = 11"
	job 3
	is "what the next export has" '[150,100]' "$(api_curl state | jq -c '[.records[] |
		select(.type == "appointment").id[2:] | tonumber] | [max, (map(select(. > 50)) | length)]')"
	batches_sound "all at once"
}

test_map
test_batch_size
test_elsewhere
test_renamed
test_gone
test_overwritten
test_all_at_once
e2e_end
