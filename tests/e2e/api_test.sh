#!/bin/bash
# The API is down, slow, overrun, sick, loses its answers: a run stops with the right
# status or gets through, and in the end each change was applied once.
#
#   tests/e2e/api_test.sh BUILD_DIR
set -u
. tests/e2e/lib.sh

e2e_init "$1"
sshd_start "$dir" || exit 1
api_start
by_sftp
each=(-e "\$a batch_records = 20")

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
	run 0 status simple
	has "status says so" "$dir/out" UNFINISHED
	has "and how the last run ended" "$dir/out" "last run ended with 69"
	api_start
	job 0
	is "the rest" 120 "$(report '.feeds[0].files[0].delivered')"
	whole "down, then up"
	run 0 status simple
	ok "nothing is unfinished" [ "$(grep -c 'UNFINISHED\|ended with' "$dir/out")" = 0 ]
}

# Who can write to the file of CAs decides which API is trusted.
test_ca_of_others() {
	simple
	export_new
	chmod g+w "$dir/ca.pem"
	run 78 check
	has "check says so" "$dir/out" "others can write to it"
	job 78
	ok "and so does a run" grep -q 'ca_file: .*others can write to it' "$dir/err"
	chmod g-w "$dir/ca.pem"
	job 0
	whole "a file of CAs that is ours"
}

test_deadline() {
	simple "${each[@]}" -e "\$a in_flight = 1"
	export_new
	site $'[run]\ndeadline = 5s'
	faults '{"latency":400}'
	SECONDS=0
	start_job
	e2e_until "something was sent" received_enough $(($(received) + 2))
	api_hold
	end_job 69
	ok "stops in time" [ "$SECONDS" -lt 12 ]
	has "and says why" "$dir/out" deadline
	ok "something was taken" [ "$(changes)" -gt $((known - 120)) ]
	ok "not all" [ "$(changes)" -lt "$known" ]
	site ''
	api_go
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

# Down for a whole run: one request of each batch in flight, then one at a time.
test_sick() {
	simple -e "\$a batch_records = 10\nin_flight = 8\nattempts = 4"
	export_new
	faults '{"status-500":1000}'
	job 69
	is "requests of a sick API" 11 "$(report '.feeds[0].requests')"
	faults '{"status-500":0}'
	job 0
	whole "a sick API"
}

# 12 requests at 10 a second have 11 gaps.
test_rate() {
	simple -e "\$a batch_records = 10\nrate = 10"
	export_new
	job 0
	is "requests" 12 "$(report '.feeds[0].requests')"
	ok "evenly: $(report '.ended_ms - .started_ms') ms" [ "$(report '.ended_ms - .started_ms')" -ge 1100 ]
	whole "a rate"
}

test_packed() {
	simple "${each[@]}" -e "\$a gzip = yes"
	export_new
	faults '{"drop-after-commit":1}'
	job 0
	whole "packed bodies"
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

test_down_then_up
test_ca_of_others
test_deadline
test_storms
test_sick
test_rate
test_packed
test_lost_answers
e2e_end
