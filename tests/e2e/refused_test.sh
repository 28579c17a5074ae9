#!/bin/bash
# The API refuses records, wants them later, or refuses a batch without naming any: the
# rest arrives, what was refused is remembered, and nothing is marked without reason.
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
	faults "{\"later\":[\"$(printf %05d $((number * 100 + 3)))\",\"A-$((number * 100 + 3))\"]}"
	job 69
	has "who wants what" "$dir/out" "later"
	is "the rest is taken" $((known - 2)) "$(changes)"
	faults '{"later":[]}'
	job 0
	whole "later"
}

test_refused
test_refused_whole
test_later
e2e_end
