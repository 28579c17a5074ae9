#!/bin/bash
# An API that can only say 400 about a whole batch: it costs exactly the bad records, in
# a bounded number of requests; nothing is marked where it takes nothing at all; and a
# run that is killed at any point of the halving is finished by the next one.
#
#   tests/e2e/halving_test.sh BUILD_DIR
set -u
. tests/e2e/lib.sh

e2e_init "$1"
api_start
simple

# shellcheck disable=SC2119 # no options
# fresh: nobody knows anything, and 250 rows, 500 records in one batch, lie in the drop.
fresh() {
	api_fresh
	rm -rf "$dir/state" "$dir"/drop/*
	rows 1 250 >"$dir/drop/export.csv"
}

# bad ID...: a batch that holds one of these is answered 400, and no more.
bad() {
	local ids=("${@/#/\"}")

	ids=("${ids[@]/%/\"}")
	faults "{\"refuse\":[$(IFS=, && echo "${ids[*]}")],\"refuse-batch\":true}"
}

requests() {
	report '.feeds[0].requests'
}

# missing: the ids of the first 250 rows that the API has not taken.
missing() {
	{
		rows 1 250 | awk -F, 'NR > 1 { print $1; print $6 }'
		api_curl state | jq -r '.records[].id'
	} | sort | uniq -u | tr '\n' ' '
}

# Depths by hand: 500 250 125 62 31 15 7 3 1, and 500 250 125 63 32 16 8 4 2 1.
test_one_culprit() {
	local id want row

	while read -r id want row; do
		fresh
		bad "$id"
		job 3
		is "$id: one record less" '[499,1,0]' "$(file_report delivered refused pending)"
		is "$id: requests" "$want" "$(requests)"
		is "$id: the problem" "[{\"code\":\"api_refused\",\"row\":$row}]" \
			"$(report '.feeds[0].files[0].problems | map({code, row})')"
		is "$id: what the API lacks" "$id " "$(missing)"
		batches_sound "$id"
		job 0
		is "$id: afterwards" 0 "$(requests)"
	done <<-'END'
		00001 17 2
		A-250 19 251
	END
	cp "$dir/drop/export.csv" "$dir/drop/again.csv"
	bad
	job 3
	is "the same again is not sent" '[0,1,499]' "$(file_report delivered refused unchanged)"
	rows 1 250 | sed 's|\(,A-250,\)[^,]*|\112/01/2026 08:00|' >"$dir/drop/changed.csv"
	job 0
	is "once it changed it is" '[1,0]' "$(file_report delivered refused)"
}

test_three_culprits() {
	fresh
	bad 00007 A-100 A-101
	job 3
	is "three records less" '[497,3,0]' "$(file_report delivered refused pending)"
	is "what the API lacks" "00007 A-100 A-101 " "$(missing)"
	ok "requests: $(requests)" [ "$(requests)" -le 55 ]
	is "changed more than once" 0 \
		"$(api_curl state | jq '[.records[] | select(.changes > 1)] | length')"
	batches_sound "three culprits"
}

# Everything is bad, or the API is: that can't be told, so nothing is marked.
test_all_culprits() {
	local each

	for each in 500 10; do
		fresh
		simple -e "\$a batch_records = $each"
		# shellcheck disable=SC2046 # ids are words
		bad $(rows 1 250 | awk -F, 'NR > 1 { print $1; print $6 }')
		job 69
		has "why" "$dir/out" "refused 20 records in a row, the last with HTTP 400"
		has "names the key" "$dir/out" "Idempotency-Key"
		is "nothing is marked" '[0,0,500]' "$(file_report delivered refused pending)"
		ok "requests: $(requests)" [ "$(requests)" -le 150 ]
		is "nothing is taken" 0 "$(changes)"
		bad
		job 0
		is "once it is mended" '[500,0,0]' "$(file_report delivered refused pending)"
		is "all is taken" 500 "$(changes)"
		batches_sound "all culprits"
	done
	simple
}

# A record that was alone from the start is believed to be bad if another is good.
test_single() {
	fresh
	rows 1 1 >"$dir/drop/export.csv"
	job 0
	rows 1 1 x | sed 's/A-1,/A-2,/' >"$dir/drop/second.csv"
	simple -e "\$a batch_records = 1"
	bad A-2
	job 3
	is "behind one that is taken" '[1,1,0]' "$(file_report delivered refused pending)"
	rows 1 1 y >"$dir/drop/third.csv"
	bad 00001
	job 69
	has "why" "$dir/out" "took no record, and refused 1"
	is "nothing is marked" '[0,0,1]' "$(file_report delivered refused pending)"
	bad
	job 0
	is "once it is mended" '[1,0,0]' "$(file_report delivered refused pending)"
	# A file before it shows that the API takes records.
	rows 9 9 >"$dir/drop/u1.csv"
	rows 1 1 z >"$dir/drop/u2.csv"
	bad 00001
	job 3
	is "behind a file that is taken" '[2,0,0,1]' \
		"$(report '.feeds[0].files | [.[].delivered, .[].refused]')"
	simple
}

# The way out where nothing but bad rows is left: without its file the delivery ends as
# it stands, and the next file is read.
test_way_out() {
	fresh
	rows 1 1 >"$dir/drop/export.csv"
	bad 00001 A-1
	job 69
	rows 2 2 >"$dir/drop/next.csv"
	job 69
	is "the next file waits" 0 "$(changes)"
	mv "$dir/drop/export.csv" "$dir/taken-out.csv"
	job 3
	is "the next file is delivered" 2 "$(changes)"
	bad
	mv "$dir/taken-out.csv" "$dir/drop/mended.csv"
	job 0
	is "once it is mended" '[2,0,0]' "$(file_report delivered refused pending)"
	batches_sound "a way out"
}

# Record by record, by the same rules.
test_record_mode() {
	fresh
	rows 1 30 >"$dir/drop/export.csv"
	simple -e 's|/v1/batches|/v1/records/|' -e "\$a mode = record\nbatch_records = 10"
	bad 00001 A-17 A-30
	job 3
	is "three records less" '[57,3,0]' "$(file_report delivered refused pending)"
	is "requests" 60 "$(requests)"
	rows 1 3 x >"$dir/drop/next.csv"
	bad 00001 00002 00003
	job 69
	has "why" "$dir/out" "took no record, and refused 3"
	is "nothing is marked" '[0,0,3]' "$(file_report delivered refused pending)"
	bad
	job 0
	is "once it is mended" '[3,0,0]' "$(file_report delivered refused pending)"
	batches_sound "record by record"
	simple
}

# A run that is too short for a batch goes on with it where the one before it stopped: what
# was answered is not sent again, and what was not has the key that it had.
test_record_by_run() {
	local i=0

	fresh
	rows 1 40 >"$dir/drop/export.csv"
	simple -e 's|/v1/batches|/v1/records/|' -e "\$a mode = record\nrate = 25\nin_flight = 2"
	site $'[run]\ndeadline = 1s'
	faults '{"refuse":["A-3"],"refuse-batch":true,"drop-every":9}'
	while ((++i <= 2)); do
		job 69
		ok "run $i: something is delivered" [ "$(file_report delivered | jq first)" -gt 0 ]
	done
	faults '{"drop-every":0,"later":["A-40"]}'
	site ''
	job 69
	batches_sound "run by run"
	faults '{"later":[]}'
	job 3
	is "all but one" 79 "$(changes)"
	is "in the end" '[1,0]' "$(file_report refused pending)"
	simple
}

# A retry sends what is marked already: if it is refused again, it stays so, and no
# delivery stays open that would be in the way of the next run.
test_retry() {
	fresh
	rows 1 30 >"$dir/drop/export.csv"
	# shellcheck disable=SC2046 # ids are words
	bad $(seq -f %05.0f 1 25)
	simple -e "\$a batch_records = 2"
	job 3
	is "25 patients less" '[35,25,0]' "$(file_report delivered refused pending)"
	run 3 retry simple --json
	is "still refused" '[0,25,0]' "$(file_report delivered refused pending)"
	run 0 status --json
	is "nothing is unfinished" false "$(report '.feeds[0].unfinished // false')"
	bad 00003
	run 3 retry simple --json
	is "all but one" '[24,1,0]' "$(file_report delivered refused pending)"
	bad
	run 0 retry simple --json
	is "changed more than once" 0 \
		"$(api_curl state | jq '[.records[] | select(.changes > 1)] | length')"
	is "all is taken" 60 "$(changes)"
	batches_sound retry
	simple
}

# P6: the last row's appointment changes again, in a batch of its own, which waits until
# the first one is halved to its end.
test_order() {
	fresh
	rows 1 20 >"$dir/drop/export.csv"
	rows 20 20 | sed '1d; s|,A-20,[^,]*|,A-20,12/24/2026 08:00|' >>"$dir/drop/export.csv"
	bad 00001
	job 3
	is "all but one" '[40,1,0]' "$(file_report delivered refused pending)"
	is "the later change stands" '"2026-12-24T08:00:00-05:00"' \
		"$(api_curl state | jq -c '.records[] | select(.id == "A-20").data.start')"
	is "it changed twice" 2 "$(api_curl state | jq '.records[] | select(.id == "A-20").changes')"
}

# Wanted later and refused as a whole at once: the next run halves what is left.
test_later() {
	fresh
	faults '{"refuse":["A-200"],"refuse-batch":true,"later":["A-3"]}'
	job 69
	has "who wants what" "$dir/out" "later"
	is "nothing is marked yet" 0 "$(file_report refused | jq 'first')"
	faults '{"later":[]}'
	job 3
	is "what the API lacks" "A-200 " "$(missing)"
	is "changed more than once" 0 \
		"$(api_curl state | jq '[.records[] | select(.changes > 1)] | length')"
	batches_sound later
}

test_one_culprit
test_three_culprits
test_all_culprits
test_single
test_way_out
test_record_mode
test_record_by_run
test_order
test_retry
test_later
e2e_end
