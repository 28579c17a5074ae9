#!/bin/bash
# Snapshots over real SFTP: what an export does not have any more is cancelled at the API,
# and nothing else; an export that is empty, cut in half or older is not believed.
#
#   tests/e2e/snapshot_test.sh BUILD_DIR
set -u
. tests/e2e/lib.sh

e2e_init "$1"
sshd_start "$dir" || exit 1
by_sftp
api_start

# snap [SED...]: `simple`, whose files are the whole truth of the appointments.
contents=snapshot order=name:%Y%m%d missing=cancel
snap() {
	simple -e "/^source  *= simple/a contents = $contents" -e "/^pattern/a order = $order" \
		-e "/^\[appointment\]/a on_missing = $missing" "$@"
}

fresh() {
	# shellcheck disable=SC2119 # as it is
	api_fresh
	rm -rf "$dir/state" "$dir"/drop/*
	snap "$@"
	before=0
}

# export_of DAY: what comes on stdin is the export of that day.
export_of() {
	cat >"$dir/drop/appts_$1.csv"
}

# without APPT...: rows of these appointments are left out.
without() {
	grep -v "$(printf -- ',A-%s,\\|' "$@")no such row"
}

# The appointments that the API has as cancelled, and how many changes it ever got.
cancelled() {
	is "$1: cancelled" "$2" "$(api_curl state | jq -c '[.records[] |
		select(.data.status == "cancelled") | .id] | sort')"
	is "$1: changes" "$3" $(($(changes) - before))
	before=$(changes)
}

test_removed() {
	fresh
	rows 1 60 | export_of 20201102
	job 0
	is "day 1" '[120,0,120]' "$(file_report records removals delivered)"
	cancelled "day 1" '[]' 120
	# The end of a file in CP/M is no row whose record could not be told.
	{ rows 1 60 | without 10 20 30; printf '\x1a'; } | export_of 20201103
	job 0
	is "three are missing" '[114,3,3,114]' "$(file_report records removals delivered unchanged)"
	cancelled "three are missing" '["A-10","A-20","A-30"]' 3
	has "the log" "$dir/err" removals=3
	is "they are patched" '["patch"]' "$(api_curl state |
		jq -c '[.records[] | select(.data.status == "cancelled") | .op] | unique')"
	rows 1 60 | without 10 20 30 | sed '$ s/A-60/A-61/' | export_of 20201104
	job 0
	is "they are removed once" '[1,2]' "$(file_report removals delivered)"
	cancelled "one more is missing, one is new" '["A-10","A-20","A-30","A-60"]' 2
	rows 1 60 | without 20 30 60 | export_of 20201105
	job 0
	cancelled "one is back" '["A-20","A-30","A-60","A-61"]' 2
	run 0 status simple
	has "status" "$dir/out" "last snapshot of 2020-11-05"
	has "status counts" "$dir/out" "5 removals so far"
	job 0
	is "afterwards" 0 "$(report '.feeds[0].requests')"
	batches_sound removed
}

# It is there, though it can't be taken; and who can't be read may be anybody.
test_rejected() {
	rows 1 60 | without 12 20 30 60 | sed '/,A-11,/ s/Scheduled/Nope/' | export_of 20201106
	job 3
	is "a rejected row" '[1,1,1]' "$(file_report rejected removals delivered)"
	cancelled "a rejected row" '["A-12","A-20","A-30","A-60","A-61"]' 1
	rows 1 60 | without 13 20 30 60 | sed 's/,A-14,/,,/' | export_of 20201107
	job 3
	is "no id" '[1,0]' "$(file_report rejected removals)"
	is "is warned of" '["no_removals",14]' \
		"$(report '.feeds[0].files[0].column_warnings[0] | [.code, .row]')"
	run 0 status --json
	is "nothing is stuck" '[]' "$(report '.feeds[0].stuck')"
	cancelled "no id: one that was gone is back" '["A-20","A-30","A-60","A-61"]' 1
}

# A retry removes nothing: rows that give no record mean nothing to it.
test_retried() {
	fresh
	faults '{"refuse":["A-3"]}'
	rows 1 6 | sed '/,A-2,/ s/Scheduled/Nope/; s/,A-4,/,,/' | export_of 20261102
	job 3
	is "refused and rejected" '[1,2]' "$(file_report refused rejected)"
	faults '{"refuse":[]}'
	run 3 retry simple --json
	is "what was refused alone" '[1,0]' "$(file_report delivered removals)"
	cancelled "retried" '[]' 8
}

# Only the last row of an appointment counts, and its patient goes first.
test_last_row() {
	{
		rows 1 60 | without 20 30 60
		rows 1 3 | sed '1d; s/Testcase/Renamed/; s/10:0/11:0/'
	} | export_of 20201108
	job 0
	is "the last rows" '[120,6,6,0,108]' \
		"$(file_report records delivered duplicate removals unchanged)"
	cancelled "the last rows" '["A-20","A-30","A-60","A-61"]' 6
	is "a patient" '"Renamed"' "$(api_curl state |
		jq -c '.records[] | select(.type == "patient" and .id == "00002") | .data.name.family')"
}

test_not_believed() {
	rows 1 0 | export_of 20201109
	job 4
	is "an empty export" '"hold"' "$(report '.feeds[0].files[0].verdict')"
	has "in words" "$dir/out" "it has no rows: as the whole truth it would remove everything"
	: | export_of 20201110
	job 4
	is "0 bytes" '"hold"' "$(report '.feeds[0].files[0].verdict')"
	rows 1 30 | export_of 20201111
	job 4
	is "half an export" '["hold",29,0]' "$(file_report verdict removals delivered)"
	has "in words" "$dir/out" "29 of 57 appointment records that were delivered are missing"
	cancelled "held" '["A-20","A-30","A-60","A-61"]' 0
	run 0 status --json
	is "all are stuck" 3 "$(report '.feeds[0].stuck | length')"
	# Three are back, and three have their old names and times again.
	rows 1 60 | export_of 20201112
	job 4
	is "a whole one supersedes them" '["deliver",9]' "$(file_report verdict delivered)"
	cancelled "superseded" '["A-61"]' 9
	job 0
	has "the log" "$dir/err" hold-superseded
	run 0 status --json
	is "nothing is stuck" '[]' "$(report '.feeds[0].stuck')"
	job 0
}

test_older() {
	cp "$dir/drop/appts_20201108.csv" "$dir/drop/late_20201108.csv"
	snap -e 's/^pattern.*/pattern = *_2020*.csv/'
	job 65
	is "yesterday's export again" '"refuse"' "$(report '.feeds[0].files[0].verdict')"
	has "in words" "$dir/out" "it is older than the snapshot of 2020-11-12 00:00 that was applied"
	rm "$dir/drop/late_20201108.csv"
	cp "$dir/drop/appts_20201112.csv" "$dir/drop/again_20201113.csv"
	job 0
	is "today's again" '["duplicate",0]' "$(file_report verdict delivered)"
	cp "$dir/drop/appts_20201112.csv" "$dir/drop/again_20201112.csv"
	job 0
	is "the same content is no older one" '"duplicate"' "$(report '.feeds[0].files[0].verdict')"
	rows 1 59 | export_of 2020_latest
	job 4
	has "no date" "$dir/out" "its name holds no date as order = name:%Y%m%d has it"
	cancelled "older" '["A-61"]' 0
}

# Without a date in the name the time it was written says how old a file is.
test_mtime() {
	local order=name

	fresh
	rows 1 3 | export_of a
	touch -d '2020-11-05T10:00:00Z' "$dir/drop/appts_a.csv"
	rows 1 2 | export_of b
	touch -d '2020-11-05T09:59:59Z' "$dir/drop/appts_b.csv"
	job 65
	has "in words" "$dir/out" "older than the snapshot of 2020-11-05 10:00 UTC"
	cancelled "the older one" '[]' 6
}

test_max_remove() {
	fresh
	rows 1 100 | export_of 20201102
	job 0
	rows 1 80 | export_of 20201103
	job 0
	is "20 of 100 are no more than 20 %" '["deliver",20]' "$(file_report verdict removals)"
	rows 1 60 | export_of 20201104
	job 4
	is "20 of 80 are" '["hold",20]' "$(file_report verdict removals)"
	# Who approves the one approves the other: both are told.
	rm "$dir"/drop/appts_20201104.csv
	bad 1 60 | export_of 20201105
	job 4
	is "held for its rows and for those that it lacks" '"20 of 60 rows were rejected, more than max_reject allows (10 %); and 20 of 80 appointment records that were delivered are missing and would be removed, more than max_remove allows (20 %)"' \
		"$(report '.feeds[0].files[0].reason')"
	run 0 hold list
	has "whoever decides reads of both" "$dir/out" "20 of 80 appointment records"
	fresh -e '/^name  *= simple/a max_remove = 60 %'
	rows 1 60 | export_of 20201102
	job 0
	rows 31 60 | export_of 20201103
	job 0
	is "as many as it may" '[30,30]' "$(file_report removals delivered)"
	rows 41 60 | export_of 20201104
	before=$(changes)
	run 0 run --dry-run
	has "a dry run" "$dir/out" "20 rows: 10 records would be sent, 10 removals, 40 unchanged"
	is "a dry run sends nothing" "$before" "$(changes)"
	job 0
	is "fewer than 20 never hold" '["deliver",10]' "$(file_report verdict removals)"
}

# What a human approves is removed; but an export without rows removes nothing even then.
test_approved() {
	local id

	fresh
	rows 1 60 | export_of 20201102
	job 0
	rows 1 20 | export_of 20201103
	job 4
	id=$(report '.feeds[0].files[0].file' | tr -d '"')
	run 0 hold approve "${id:0:8}"
	job 0
	is "approved" '["deliver",40,40]' "$(file_report verdict removals delivered)"
	is "cancelled" 40 "$(api_curl state | jq '[.records[] |
		select(.data.status == "cancelled")] | length')"
	rows 1 0 | export_of 20201104
	job 4
	id=$(report '.feeds[0].files[0].file' | tr -d '"')
	run 0 hold approve "${id:0:8}"
	job 0
	is "an empty one" '["deliver",0,0]' "$(file_report verdict removals delivered)"
}

# A cancellation is a patch, and a deletion a DELETE, record by record too.
test_by_record() {
	local missing op

	for missing in cancel delete; do
		fresh -e 's|^url\(.*\)/v1/batches|url\1/v1/records|' -e "\$a mode = record"
		rows 1 3 | export_of 20201102
		job 0
		rows 1 2 | export_of 20201103
		job 0
		is "removals: $missing" '[1,1]' "$(file_report removals delivered)"
		[ "$missing" = cancel ] && op='["patch","cancelled"]' || op='["delete",null]'
		is "what became of it: $missing" "$op" "$(api_curl state |
			jq -c '.records[] | select(.id == "A-3") | [.op, .data.status]')"
	done
}

# Four Mondays with 40 rows, and one with 19.
test_short() {
	local day

	fresh -e '/^name  *= simple/a max_remove = 100 %'
	for day in 02 09 16 23; do
		rows 1 40 | sed "2 s/Synthetic/Nr$day/" | export_of "202011$day"
		job 0
		is "no warning on $day" '[]' "$(report '.feeds[0].files[0].column_warnings')"
	done
	rows 1 40 | without {21..40} | export_of 20201130
	job 0
	is "half is enough" '[20,[]]' "$(file_report removals column_warnings)"
	rows 1 19 | export_of 20201207
	job 0
	is "less is told" '["short_export",0,"19 rows, usually 40",1]' "$(report '.feeds[0].files[0] |
		(.column_warnings[0] | [.code, .row, .detail]) + [.warnings]')"
	rows 1 19 | sed '2 s/Synthetic/Next/' | export_of 20201208
	run 0 run
	hasnt "another day of the week" "day of the week" "$dir/out"
	rows 1 9 | export_of 20201214
	run 0 run
	has "in words" "$dir/out" \
		"warning: The export has less than half of the rows that it has on this day of the week. (9 rows, usually 30)"
}

# kill -9 while removals go out: the next run sends the same batches, byte for byte.
test_killed() {
	fresh -e '/^name  *= simple/a max_remove = 100 %' -e "\$a batch_records = 10\nin_flight = 2"
	rows 1 120 | export_of 20201102
	job 0
	api_stop
	api_start
	before=$(received)
	rows 1 20 | export_of 20201103
	faults '{"latency":1000}'
	start_job
	e2e_until "the API has got 3 batches" received_enough $((before + 3))
	end_job 137 KILL
	api_stop
	api_start
	ok "not all were removed" [ "$(changes)" -lt 340 ]
	job 0
	has "the pass goes on" "$dir/err" pass-resumed
	hasnt "it is not given up" pass-abandoned "$dir/err"
	is "removals" '[100,100]' "$(file_report removals delivered)"
	is "each once" 340 "$(changes)"
	is "in as many batches as if it had not been killed" $((before + 10)) \
		"$(api_curl batches | jq length)"
	batches_sound killed
	is "cancelled" 100 "$(api_curl state | jq '[.records[] |
		select(.data.status == "cancelled")] | length')"
	job 0
	is "afterwards" 0 "$(report '.feeds[0].requests')"
}

test_configured() {
	missing=drop snap
	run 78 check
	has "a wrong word" "$dir/err" "is ignore, cancel or delete"
	contents=changes snap
	run 78 check
	has "changes remove nothing" "$dir/err" "cancel needs contents = snapshot in [feed]"
	printf '%s\n' '[feed]' 'format = hl7' 'contents = snapshot' '[source]' \
		"url = file://$dir/drop" 'pattern = *' '[patient]' 'id = {PID-3.1}' \
		'[target]' "url = $api/v1/batches" >"$dir/etc/feeds.d/simple.ini"
	run 78 check
	has "messages are no snapshot" "$dir/err" "messages tell of changes"
}

test_removed
test_rejected
test_last_row
test_not_believed
test_older
test_mtime
test_max_remove
test_approved
test_by_record
test_short
test_killed
test_retried
test_configured
e2e_end
