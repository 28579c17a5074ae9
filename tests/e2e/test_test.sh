#!/bin/bash
# `test`: rows, samples and golden files against what is expected of them; every failure
# says where it is, and mistakes in the tests are told by `check`, and hinder no run.
#
#   tests/e2e/test_test.sh BUILD_DIR
# shellcheck disable=SC2119
set -u
. tests/e2e/lib.sh

e2e_init "$1"
mkdir "$dir/samples"
api=https://127.0.0.1:9 # nothing is sent
feed=$dir/etc/feeds.d/simple.ini

# tests TEXT: the feed file with these tests at its end.
tests() {
	simple
	printf '%s\n' "$1" >>"$feed"
}

# line TEXT: its line in the feed file.
line() {
	grep -nF -m 1 -e "$1" "$feed" | cut -d: -f1
}

row=$'row.ID = P-1\nrow.Last = O\'Sample\nrow.First = Test\nrow.DOB = 05/17/1980\nrow.Appt = A-1
row.Start = 03/18/2025 09:30\nrow.Status = scheduled\nrow.ZIP = 01234'

test_rows() {
	tests "[test a booking]
$row
expect.appointment.status = booked
expect.appointment.start = 2025-03-18T09:30:00-04:00
expect.appointment.patient_id = P-1
expect.appointment.end = none
expect.appointment.op = put
expect.patient.id = P-1
expect.patient.name.family = O'Sample
expect.patient.name.given[1] = Test
expect.patient.name.given[2] = none
expect.patient[2] = none
expect.slot = none
[test an unknown state]
$row
row.dob = nonsense
row.STATUS = Vanished
expect.rejected = unknown_code
expect.warning = not_date
expect.appointment = none"
	sed -i -e '/an unknown state/,$ { /^row.Status/d; /^row.DOB/d }' "$feed"
	run 0 test simple
	is "all pass" "2 passed, 0 failed" "$(cat "$dir/out")"
	run 0 test "$feed" --json
	is "as JSON" '["simple",2,0,["a booking","an unknown state"]]' \
		"$(jq -c '[.feed, .passed, .failed, [.tests[].name]]' "$dir/out")"
}

# fails EXPECTATION FIELD EXPECTED GOT: one line of a test that is not so.
fails() {
	tests "[test one]
$row
$1"
	run 65 test simple
	is "where and what: $1" \
		"$feed:$(line "$1"): [test one] $2: expected \"$3\", got \"$4\"" "$(head -n 1 "$dir/out")"
	has "the sum" "$dir/out" "0 passed, 1 failed"
}

test_failures() {
	fails "expect.appointment.status = cancelled" appointment.status cancelled booked
	fails "expect.appointment.end = 2025-03-18T10:00:00-04:00" \
		appointment.end 2025-03-18T10:00:00-04:00 none
	fails "expect.patient.birth_date = none" patient.birth_date none 1980-05-17
	fails "expect.patient.name.given[2] = A" 'patient.name.given[2]' A none
	fails "expect.patient = none" patient none "a record"
	fails "expect.rejected = unknown_code" rejected unknown_code taken
	fails "expect.filtered = yes" filtered yes taken
	fails "expect.warning = not_date" warning not_date "no warning"
	fails "expect.slot.id = S" id S "no such record; the row was taken"
	# A row that is not taken is no success, whatever else is so.
	tests "[test one]
${row/scheduled/Vanished}
expect.slot = none"
	run 65 test simple --json
	is "a row that is rejected" '["row","taken","rejected: unknown_code, column \"Status\""]' \
		"$(jq -c '.tests[0].failures[0] | [.field, .expected, .got]' "$dir/out")"
	is "its line" "$(line '[test one]')" "$(jq '.tests[0].failures[0].line' "$dir/out")"
}

test_golden() {
	cp fixtures/hostile/csv/feed.ini "$dir/unused"
	printf '%s\n' 'ID,Last,First,DOB,State,ZIP,Appt,Status,Start' \
		'P-1,Sample,Test,05/17/1980,IL,60601,A-1,Scheduled,03/18/2025 09:30' \
		'P-2,Sample,Other,11/23/1975,IL,60602,A-2,Vanished,03/19/2025 14:15' >"$dir/samples/day.csv"
	# By hand, and in another order of keys.
	cat >"$dir/samples/day.jsonl" <<-'END'
		{"type":"patient","op":"patch","id":"P-1","source":"simple","origin":{"row":2},"data":{"birth_date":"1980-05-17","address":{"postal_code":"60601"},"name":{"given":["Test"],"family":"Sample"}}}
		{"op":"put","type":"appointment","source":"simple","id":"A-1","origin":{"row":2},"data":{"status":"booked","status_raw":"Scheduled","patient_id":"P-1","start":"2025-03-18T09:30:00-04:00"}}
	END
	tests "[test a day]
golden = ../../samples/day.csv ../../samples/day.jsonl
[test its rows]
file = ../../samples/day.csv
expect.appointment[1].id = A-1
expect.appointment[2] = none
expect.rejected = unknown_code"
	run 0 test simple
	is "both pass" "2 passed, 0 failed" "$(cat "$dir/out")"
	sed -i -e 's/1980-05-17/1980-05-18/' -e '2s/"status_raw":"Scheduled",//' "$dir/samples/day.jsonl"
	run 65 test simple
	has "another value" "$dir/out" \
		'day.jsonl:1: [test a day] data.birth_date: expected "1980-05-18", got "1980-05-17"'
	has "one more" "$dir/out" \
		'day.jsonl:2: [test a day] data.status_raw: expected "none", got "Scheduled"'
	sed -i 1d "$dir/samples/day.jsonl"
	run 65 test simple
	has "how many" "$dir/out" 'expected "1 records", got "2 records"'
	echo nonsense >"$dir/samples/day.jsonl"
	run 78 test simple
	has "no JSON" "$dir/err" 'day.jsonl:1: is no JSON'
	printf 'A,B\n1,2\n' >"$dir/samples/day.csv"
	run 65 test simple
	has "a file that can't be read" "$dir/out" 'expected "a file that is read"'
}

# mistake EXPECTATION TEXT: check tells it at its line; a run does not ask.
mistake() {
	tests "[test one]
$row
$1"
	run 78 check simple
	has "check: $1" "$dir/err" "simple.ini:$(line "$1"): "
	has "check: $1" "$dir/err" "$2"
	run 78 test simple
	run 0 preview simple "$dir/samples/empty.csv"
}

test_mistakes() {
	echo 'ID,Last,First,DOB,State,ZIP,Appt,Status,Start' >"$dir/samples/empty.csv"
	mistake "expect.appointment.staus = booked" "did you mean status?"
	mistake "expect.apointment.status = booked" "did you mean appointment?"
	mistake "row.Frist = X" "did you mean First?"
	mistake "expect.rejected = unknown_cod" "did you mean unknown_code?"
	mistake "expect.filtered = no" "is yes"
	mistake "expect.patient = some" "is none"
	mistake "exspect.patient = none" "did you mean expect?"
	mistake "golden = one" "names two files"
	mistake "file = no-such-file.csv" "No such file"
	mistake "file = $(printf '%09000d' 0)" "the path is too long"
	mistake "expect.patient.id = \"open" "quoted text"
	tests "[test nothing]"
	run 78 check simple
	has "no input" "$dir/err" "a test has one input"
	has "no expectation" "$dir/err" "nothing is expected"
	simple
	run 0 test simple
	is "no tests" "0 passed, 0 failed" "$(cat "$dir/out")"
}

# Messages come out of a file.
test_messages() {
	cp fixtures/hl7/clinic.ini "$dir/samples/clinic.ini"
	sed -i "s|extends .*|extends = $PWD/deploy/maps/hl7-siu.ini|" "$dir/samples/clinic.ini"
	cat >>"$dir/samples/clinic.ini" <<-END
		[test messages]
		file = $PWD/fixtures/hl7/sample.hl7
		expect.appointment.source = lakeside
		[test no row]
		row.MRN = 1
		expect.patient = none
	END
	chmod 600 "$dir/samples/clinic.ini"
	run 78 test "$dir/samples/clinic.ini"
	has "no columns" "$dir/err" "messages have no columns"
	sed -i '/^\[test no row/,$d' "$dir/samples/clinic.ini"
	run 0 test "$dir/samples/clinic.ini"
}

test_rows
test_failures
test_golden
test_mistakes
test_messages
e2e_end
