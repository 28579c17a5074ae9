#!/bin/bash
# The API refuses records, wants them later, or does not let us in: the rest arrives,
# what was refused is remembered, and nothing is marked without reason.
#
#   tests/e2e/refused_test.sh BUILD_DIR
set -u
. tests/e2e/lib.sh

e2e_init "$1"
api_start
each=(-e "\$a batch_records = 20")

test_refused() {
	local before

	simple "${each[@]}"
	export_new
	faults "{\"refuse\":[\"A-$((number * 100 + 7))\"]}"
	job 3
	is "one record less" '[119,1,0]' "$(file_report delivered refused pending)"
	is "the problem" '[{"code":"api_refused","row":8}]' \
		"$(report '.feeds[0].files[0].problems | map({code, row})')"
	is "what the API holds" $((known - 1)) "$(changes)"
	faults '{"refuse":[]}'
	before=$(received)
	job 0
	cp "$dir/drop/export-$number.csv" "$dir/drop/export-again.csv"
	job 3
	is "the same again" '[0,1,119]' "$(file_report delivered refused unchanged)"
	is "is not sent again" "$before" "$(received)"
	sed "s/,A-$((number * 100 + 7)),.*/,A-$((number * 100 + 7)),12\/01\/2026 08:00,Scheduled\r/" \
		"$dir/drop/export-$number.csv" >"$dir/drop/export-changed.csv"
	job 0
	is "once it changed" '[1,0]' "$(file_report delivered refused)"
	whole "refused"
}

# shellcheck disable=SC2317 # e2e_until calls it
# Has somebody a connection to the API? The credentials are read before.
connected() {
	awk -v port="$(printf :%04X "$api_port")" '$3 ~ port "$" && $4 == "01" { found = 1 }
		END { exit !found }' /proc/net/tcp
}

# A token that is wrong is read once more, and then the run ends and marks nothing; one
# that is renewed in the middle of a run is found by that.
test_denied() {
	simple "${each[@]}" -e "\$a in_flight = 1" -e "s|^token_file.*|token_file = $dir/mine|"
	echo not-the-token >"$dir/mine"
	chmod 600 "$dir/mine"
	export_new
	job 77
	is "once more" '[2,1]' "$(report '.feeds[0] | [.requests, .retries]')"
	is "nothing is marked" '[0,0,120]' "$(file_report delivered refused pending)"
	cp "$dir/token" "$dir/mine"
	faults '{"latency":2000}'
	start_job
	e2e_until "a request is under way" connected
	echo renewed-token >"$dir/mine"
	cp "$dir/mine" "$dir/token"
	faults '{"latency":0}'
	end_job 0
	is "the renewed one is found" '[7,1]' "$(report '.feeds[0] | [.requests, .retries]')"
	whole "a renewed token"
}

# counted: how many records the figures say were delivered.
counted() {
	sed -n 's/^emrdrop_records_delivered_total{feed="simple"} //p' "$dir/figures/emrdrop_simple.prom"
}

test_later() {
	local before

	mkdir "$dir/figures"
	site "[metrics]
textfile = $dir/figures"
	job 0
	before=$(counted)
	export_new
	faults "{\"later\":[\"$(printf %05d $((number * 100 + 3)))\",\"A-$((number * 100 + 3))\"]}"
	job 69
	has "who wants what" "$dir/out" "later"
	is "the rest is taken" $((known - 2)) "$(changes)"
	is "and counts as that" '[118,0,2]' "$(file_report delivered delivered_before pending)"
	has "in the log" "$dir/err" "file-unfinished feed=simple"
	has "with its counts" "$dir/err" "delivered=118 unchanged=0 refused=0 delivered_before=0 pending=2 "
	is "and in the figures" $((before + 118)) "$(counted)"
	job 69
	is "once" '[0,118,2]' "$(file_report delivered delivered_before pending)"
	faults '{"later":[]}'
	job 0
	is "what was left" '[2,118,0]' "$(file_report delivered delivered_before pending)"
	has "is what the log has" "$dir/err" "delivered=2 unchanged=0 refused=0 delivered_before=118 pending=0 "
	is "each is counted once" $((before + 120)) "$(counted)"
	run 0 files simple --json
	is "the file was delivered whole" 120 "$(report '[.files[].delivered] | last')"
	site ''
	whole "later"
}

# P6, record by record: a visit does not go out behind its patient that is wanted later.
test_later_by_record() {
	local first

	simple -e 's|/v1/batches|/v1/records|' -e "\$a mode = record"
	export_new
	first=$((number * 100 + 1))
	rows "$first" $((first + 4)) >"$dir/drop/export-$number.csv"
	known=$((known - 110))
	faults "{\"later\":[\"$(printf %05d $((first + 2)))\"]}"
	job 69
	has "who wants what" "$dir/out" "the API wants 1 records later"
	is "what is sent" 7 "$(report '.feeds[0].requests')"
	is "and taken" $((known - 4)) "$(changes)"
	is "the visit waits" 0 \
		"$(api_curl state | jq --arg id "A-$((first + 2))" '[.records[] | select(.id == $id)] | length')"
	faults '{"later":[]}'
	job 0
	is "what is left" 4 "$(report '.feeds[0].requests')"
	is "all arrives" "$known" "$(changes)"
	is "each change once" 0 \
		"$(api_curl state | jq '[.records[] | select(.changes > 1)] | length')"
	simple
}

test_refused
test_denied
test_later
test_later_by_record
e2e_end
