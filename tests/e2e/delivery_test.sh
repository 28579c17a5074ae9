#!/bin/bash
# Two clinics over real SFTP and TLS: what the API holds after each export is exactly
# what the model behind the fixtures says, and nothing is sent twice.
#
#   tests/e2e/delivery_test.sh BUILD_DIR
set -u
. tests/e2e/lib.sh

e2e_init "$1"
sshd_start "$dir" || exit 1
api_start

# export_day DAY: the day's file, as the clinic drops it.
export_day() {
	cp "fixtures/northside/$1/"*.csv "$dir/drop/northside/"
}

# books DAY: the report's counts are those of the model.
books() {
	is "counts of $1" \
		"$(jq -c ".$1 | [.rows, .mapped, .filtered, .rejected, .records, .delivered, .repeated, .stale]" \
			fixtures/northside/counts.json)" \
		"$(report '.feeds[0].files[0] | [.rows, .mapped, .filtered, .rejected, .records, .delivered,
			.unchanged + .duplicate, .stale]')"
}

# holds WHAT EXPECTED: the API's state is that of the model.
holds() {
	api_state "$dir/state.json"
	jq -S . "$2" >"$dir/expected.json"
	if ! cmp -s "$dir/expected.json" "$dir/state.json"; then
		diff "$dir/expected.json" "$dir/state.json" | head -n 20
		is "state after $1" same different
	fi
}

event_times() {
	is "event times of $1" "$(jq -cS . "$2")" "$(api_curl state |
		jq -cS '.records | map(select(.event_at) | {"\(.type)/\(.id)": .event_at}) | add')"
}

test_northside() {
	local before

	mkdir -p "$dir/drop/northside/processed"
	feed fixtures/northside/feed.ini northside
	export_day day1
	job 0
	books day1
	holds day1 fixtures/northside/expected-day1.json
	event_times day1 fixtures/northside/event-at-day1.json
	is "archived" 1 "$(in_archive "$dir/drop/northside/processed")"
	before=$(received)
	job 0
	is "requests of a second run" 0 "$(report '.feeds[0].requests')"
	is "what the API got" "$before" "$(received)"

	before=$(changes)
	export_day day2
	job 0
	books day2
	is "changes of day 2" 4 "$(($(changes) - before))"
	holds day2 fixtures/northside/expected-day2.json
	is "which ones" "$(jq -c .day2.changes fixtures/northside/counts.json)" \
		"$(jq -cn --slurpfile a fixtures/northside/expected-day1.json \
			--slurpfile b fixtures/northside/expected-day2.json \
			'$b[0] | to_entries | map(select(.value != $a[0][.key]) | .key)')"

	before=$(changes)
	export_day day3
	job 3
	books day3
	is "changes of day 3" 2 "$(($(changes) - before))"
	holds day3 fixtures/northside/expected-day3.json
	event_times day3 fixtures/northside/event-at-day3.json
	is "the bad rows" "$(jq -c .day3.problems fixtures/northside/counts.json)" \
		"$(report '.feeds[0].files[0].problems | map({code, column, row})')"
	has "the log names the column" "$dir/err" 'column="Appt Date"'
	job 0
	is "afterwards" 0 "$(report '.feeds[0].requests')"
	is "archived" 3 "$(in_archive "$dir/drop/northside/processed")"
	is "left in the drop" 0 "$(find "$dir/drop/northside" -maxdepth 1 -type f | wc -l)"
}

# The same export again: the very content, then one that only looks newer.
test_duplicate() {
	local before

	before=$(received)
	export_day day3
	job 3
	is "the same export again" '["duplicate",0]' "$(file_report verdict delivered)"
	is "sends nothing" "$before" "$(received)"
	# CRLF at the end: other bytes, the same rows.
	sed '$ s/$/\r\n/' "fixtures/northside/day3/Appt Report 03062026.csv" \
		>"$dir/drop/northside/Appt Report 03072026.csv"
	job 3
	is "other bytes" '["deliver",0]' "$(file_report verdict delivered)"
	is "send nothing either" "$before" "$(received)"
}

# An older export, after the newer ones: its event times keep it from turning time back.
test_older() {
	export_day day1
	job 0
	is "an old export delivers nothing" 0 "$(report '.feeds[0].files[0].delivered')"
	holds "an old export" fixtures/northside/expected-day3.json
}

test_lakeside() {
	local one

	api_stop forget
	api_start
	rm -f "$dir"/etc/feeds.d/*
	mkdir -p "$dir"/drop/lakeside/{patients,appointments,processed}
	for one in patients appointments; do
		feed "fixtures/lakeside/$one.ini" "$one"
		cp "fixtures/lakeside/$one/"*.csv "$dir/drop/lakeside/$one/"
	done
	job 0 lakeside-patients
	is "delivered patients" "$(jq .patients.delivered fixtures/lakeside/counts.json)" \
		"$(report '.feeds[0].files[0].delivered')"
	holds "Lakeside's patients" fixtures/lakeside/expected-patients.json
	job 0
	is "delivered appointments" "$(jq .appointments.delivered fixtures/lakeside/counts.json)" \
		"$(report '[.feeds[].files[].delivered] | add')"
	jq -s 'add' fixtures/lakeside/expected-*.json >"$dir/both.json"
	holds "both feeds" "$dir/both.json"
	event_times Lakeside fixtures/lakeside/event-at.json
	batches_sound Lakeside
}

# A person reads the same: text on stdout, a log on stderr.
test_text() {
	cp fixtures/lakeside/patients/*.csv "$dir/drop/lakeside/patients/"
	run 0 run lakeside-patients
	has "the report in words" "$dir/out" "lakeside-patients: 1 file read"
	has "an event" "$dir/err" "file-delivered"
	run 0 run
	has "nothing new" "$dir/out" "nothing new"
}

test_northside
test_duplicate
test_older
batches_sound northside
test_lakeside
test_text
e2e_end
