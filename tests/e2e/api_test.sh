#!/bin/bash
# The API is down, slow, overrun, sick, loses its answers, refuses: a run stops with the
# right status or gets through, and in the end each change was applied once.
#
#   tests/e2e/api_test.sh BUILD_DIR
set -u
. tests/e2e/lib.sh

e2e_init "$1"
sshd_start "$dir" || exit 1
api_start
by_sftp
each=(-e "\$a batch_records = 20")

# export_new: 60 rows that the API never saw, in 6 batches; `known` is what it will hold.
number=0
export_new() {
	number=$((number + 1))
	rows $((number * 100 + 1)) $((number * 100 + 60)) >"$dir/drop/export-$number.csv"
	known=$((number * 120))
}

# whole WHAT: everything arrived, each change once.
whole() {
	is "$1: changes applied" "$known" "$(changes)"
	is "$1: records changed more than once" 0 \
		"$(api_curl state | jq '[.records[] | select(.changes > 1)] | length')"
	batches_sound "$1"
	job 0
	is "$1: requests of one more run" 0 "$(report '.feeds[0].requests')"
}

test_down_then_up() {
	simple "${each[@]}" -e "\$a attempts = 2\nconnect_timeout = 1s"
	export_new
	api_stop
	job 69
	is "what it is called" '"api"' "$(report '.feeds[0].error.code')"
	is "the file is told" '["deliver",false,120,0,120]' \
		"$(file_report verdict closed records delivered pending)"
	job 69
	ok "the file stays" [ -f "$dir/drop/export-1.csv" ]
	run 0 status
	has "status says so" "$dir/out" UNFINISHED
	has "and how the last run ended" "$dir/out" "last run ended with 69"
	api_start
	job 0
	is "the rest" 120 "$(report '.feeds[0].files[0].delivered')"
	whole "down, then up"
	run 0 status
	ok "nothing is unfinished" [ "$(grep -c 'UNFINISHED\|ended with' "$dir/out")" = 0 ]
}

test_deadline() {
	simple "${each[@]}" -e "\$a in_flight = 1"
	export_new
	site $'[run]\ndeadline = 1s'
	faults '{"latency":400}'
	SECONDS=0
	job 69
	ok "stops in time" [ "$SECONDS" -lt 8 ]
	has "and says why" "$dir/out" deadline
	ok "something was taken" [ "$(changes)" -gt $((known - 120)) ]
	ok "not all" [ "$(changes)" -lt "$known" ]
	site ''
	faults '{"latency":0}'
	job 0
	whole "deadline"
}

test_storms() {
	simple "${each[@]}" -e "\$a attempts = 10\nin_flight = 2"
	export_new
	faults '{"status-429":6,"retry-after":1}'
	job 0
	is "429: retries" 6 "$(report '.feeds[0].retries')"
	whole "429 storm"
	export_new
	faults '{"status-500":5}'
	job 0
	is "500: retries" 5 "$(report '.feeds[0].retries')"
	whole "500 storm"
	simple "${each[@]}" -e "\$a attempts = 2\nin_flight = 2"
	export_new
	faults '{"status-500":1000}'
	job 69
	ok "no hammering" [ "$(report '.feeds[0].requests')" -le 8 ]
	faults '{"status-500":0}'
	job 0
	whole "500 for a whole run"
}

# Applied, then the connection is cut: asked again with the same key and the same bytes.
test_lost_answers() {
	simple "${each[@]}" -e "\$a attempts = 10"
	export_new
	faults '{"drop-every":2}'
	job 0
	ok "answers were lost" [ "$(api_curl batches | jq 'map(.dropped) | add')" -ge 3 ]
	faults '{"drop-every":0}'
	whole "every second answer lost"
	export_new
	faults '{"cut-answer":3}'
	job 0
	whole "answers cut in the middle"
	simple "${each[@]}" -e "\$a attempts = 1"
	export_new
	faults '{"drop-after-commit":1}'
	job 69
	faults '{"drop-after-commit":0}'
	job 0
	whole "an answer lost at the end of a run"
}

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

# 400 without a word on which record: nothing is marked, and a person has to look.
test_refused_whole() {
	simple "${each[@]}"
	export_new
	faults "{\"refuse\":[\"A-$((number * 100 + 7))\"],\"refuse-batch\":true}"
	job 69
	has "names the key" "$dir/out" "Idempotency-Key"
	is "nothing is marked" 0 "$(report '[.feeds[].files[].refused] | add // 0')"
	faults '{"refuse":[],"refuse-batch":false}'
	job 0
	whole "refused as a whole"
}

test_later() {
	export_new
	faults "{\"later\":[\"0$((number * 100 + 3))\",\"A-$((number * 100 + 3))\"]}"
	job 69
	has "who wants what" "$dir/out" "later"
	is "the rest is taken" $((known - 2)) "$(changes)"
	faults '{"later":[]}'
	job 0
	whole "later"
}

test_down_then_up
test_deadline
test_storms
test_lost_answers
test_refused
test_refused_whole
test_later
e2e_end
