#!/bin/bash
# What comes back to the clinic, over real SFTP: a receipt of each file in words and as
# JSON, for every outcome that a file can have, and the rows that were not taken; also
# where the clinic's folder can't be written, or may not.
#
#   tests/e2e/receipt_test.sh BUILD_DIR
set -u
. tests/e2e/lib.sh

e2e_init "$1" /usr/bin/python3
sshd_start "$dir" || exit 1
by_sftp
api_start
folder=$dir/drop/told

# told [LINES [AFTER]]: `simple`, which tells the clinic as these lines of [source] say.
told() {
	simple -e "s|^after.*|after = ${2:-archive:$dir/drop/done}\n${1-feedback = $folder}|"
}

fresh() {
	# shellcheck disable=SC2119 # as it is
	api_fresh
	rm -rf "$dir/state" "$dir/drop"
	mkdir "$dir/drop"
	told "$@"
}

# answer END: the one file in the folder whose name ends so.
answer() {
	find "$folder" -maxdepth 1 -type f -name "*$1"
}

# receipt END FILTER: out of a receipt in JSON.
receipt() {
	jq -c "$2" "$(answer "$1")"
}

# told_of END...: there are so many answers, one of each end.
told_of() {
	local end

	is "answers of ${*:-nothing}" $# "$(find "$folder" -type f 2>/dev/null | wc -l)"
	for end; do
		is "one $end" 1 "$(answer "$end" | wc -l)"
	done
}

# Of twelve rows: a time of another form, a code nobody knows, a cell too many, two
# formulas, a quote that is not closed; and one that only the API refuses.
export_mixed() {
	rows 1 12 | sed -e '/^00003/s|11/\([0-9]*\)/2026|\1.11.2026|' \
		-e '/^00005/s/Scheduled/Nope/' -e '/^00007/s/Testcase/Test,case/' \
		-e '/^00008/s/Testcase/=1+1/; /^00008/s/Scheduled/-5/' -e '/^00009/s/Synthetic/"Synth/'
}

test_delivered() {
	fresh
	faults '{"refuse":["A-11"]}'
	export_mixed >"$dir/drop/visits.csv"
	job 3
	faults '{"refuse":[]}'
	told_of csv-????????.receipt.txt csv-????????.receipt.json csv-????????.rejects.csv
	is "counts" '["deliver",12,7,0,5,14,13,1,true]' "$(receipt .receipt.json \
		'[.verdict, .rows, .mapped, .filtered, .rejected, .records, .delivered, .refused, .reject_file]')"
	is "where and what" '[[4,"Start","not_datetime"],[6,"Status","unknown_code"],[8,"","csv_columns"]]' \
		"$(receipt .receipt.json '[.problems[] | [.row, .column, .code]] | .[0:3]')"
	is "as in the report" "$(file_report rows mapped filtered rejected records delivered refused warnings)" \
		"$(receipt .receipt.json '[.rows, .mapped, .filtered, .rejected, .records, .delivered, .refused, .warnings]')"
	is "whose receipt it is" "\"$(sha256sum "$dir/drop/done"/* | cut -d ' ' -f 1)\"" \
		"$(receipt .receipt.json .sha256)"
	text=$(answer .receipt.txt)
	is "the verdict comes first" $'The file was taken, but for 5 of its 12 rows, and for 1 record that the receiving system refused.\r' "$(head -n 1 "$text")"
	has "what was found" "$text" "found     cells separated by commas, in utf-8"
	has "how many cells" "$text" "row 8: The row has more or fewer cells than the header. (9 cells, and 8 titles)"
	has "the codes that are known" "$text" "(known: Scheduled"
	has "row and column" "$text" 'row 4, column "Start":'
	has "a remedy" "$text" "Write it as in the other rows"
	has "what to do" "$text" "under the name that it has"
	has "and whom to ask" "$text" "What the receiving system refused may be right as it is"
	hasnt "no value" Testcase "$text" "$(answer .receipt.json)"
	is "nothing is left beside the ledger" 0 "$(find "$dir/state/answers" -type f | wc -l)"
	job 0
	is "one of each" 3 "$(find "$folder" -type f | wc -l)"
}

# By hand: a mark, the header, and the rows as they were sent, but for guards before two
# formulas and before zeros that a spreadsheet would take off, and a quote that is a cell's
# own now.
test_rejects() {
	{
		printf '\xef\xbb\xbf_row,_column,_problem,_remedy,ID,Last,First,DOB,ZIP,Appt,Start,Status\r\n'
		printf '%s\r\n' \
			"4,Start,not_datetime,'00003,Testcase,Synthetic,03/04/1980,'00003,A-3,04.11.2026 10:03,Scheduled" \
			"6,Status,unknown_code,'00005,Testcase,Synthetic,03/04/1980,'00005,A-5,11/06/2026 10:05,Nope" \
			"8,,csv_columns,'00007,Test,case,Synthetic,03/04/1980,'00007,A-7,11/08/2026 10:07,Scheduled" \
			"9,Status,unknown_code,'00008,'=1+1,Synthetic,03/04/1980,'00008,A-8,11/09/2026 10:08,'-5" \
			"10,First,csv_quote,'00009,Testcase,\"\"\"Synth\",03/04/1980,'00009,A-9,11/10/2026 10:09,Scheduled" \
			"12,,api_refused,'00011,Testcase,Synthetic,03/04/1980,'00011,A-11,11/12/2026 10:11,Scheduled"
	} >"$dir/expected"
	# Of the words in front only the code is looked at.
	/usr/bin/python3 -c '
import re, sys
words = rb"(?:\"[^\"]*\"|[^,\"]*)"
for line in open(sys.argv[1], "rb"):
    sys.stdout.buffer.write(re.sub(
        rb"^(\d+,\w*),\"?[^\"\[]*\[(\w+)\]\"?," + words + b",", rb"\1,\2,", line))' \
		"$(answer .rejects.csv)" >"$dir/got"
	ok "the rows as they were sent" cmp "$dir/expected" "$dir/got"
	ok "they read as well as before" /usr/bin/python3 -c '
import csv, sys
rows = list(csv.reader(open(sys.argv[1], encoding="utf-8-sig", newline="")))
assert [len(r) for r in rows] == [12, 12, 12, 13, 12, 12, 12], rows
assert all(r[2].endswith("]") and r[3] for r in rows[1:]), rows' "$(answer .rejects.csv)"
}

# decide WHAT: of the file that is held.
decide() {
	run 0 hold list --json
	run 0 hold "$1" "$(jq -r '.stuck[] | select(.verdict == "hold").file' "$dir/out")"
}

# Every other outcome says why, and who does what next.
test_outcomes() {
	fresh
	rows 1 3 | sed 1d >"$dir/drop/a.csv"
	rows 1 0 >"$dir/drop/b.csv"
	rows 1 30 | sed -e '/^000[12]/s/Scheduled/Nope/' -e '/^00011/s|/1980|/2980|' >"$dir/drop/held.csv"
	job 65
	told_of a.csv-????????.refused.receipt.txt a.csv-????????.refused.receipt.json \
		b.csv-????????.empty.receipt.txt b.csv-????????.empty.receipt.json \
		held.csv-????????.held.receipt.txt held.csv-????????.held.receipt.json
	has "why it is held" "$(answer .held.receipt.txt)" "20 of 30 rows were rejected"
	has "what next" "$(answer .held.receipt.txt)" "The receiving side sees this too"
	has "a warning" "$(answer .held.receipt.txt)" "LOOK AT THIS AS WELL"
	hasnt "nothing was taken" "TAKEN, BUT" "$(answer .held.receipt.txt)"
	has "later ones wait" "$(answer .held.receipt.txt)" "wait until this is settled"
	is "no rejects of what was not taken" false "$(receipt .held.receipt.json .reject_file)"
	has "why it is refused" "$(answer .refused.receipt.txt)" "column"
	decide approve
	job 65
	is "approved" '["deliver",20,true]' \
		"$(jq -c '[.verdict, .rejected, .reject_file]' "$folder"/held.csv-????????.receipt.json)"
	is "the rows to mend" 21 "$(wc -l <"$(answer .rejects.csv)")"
	has "empty" "$(answer .empty.receipt.txt)" "The file has no rows"
	rows 1 30 Other | sed '/^000[12]/s/Scheduled/Nope/' >"$dir/drop/held2.csv"
	job 65
	decide discard
	job 65
	has "discarded" "$(answer .discarded.receipt.txt)" "put away"
	rows 90 100 >"$dir/drop/well.csv"
	job 65
	has "all well" "$folder"/well.csv-*.receipt.txt "All is well"
	mv "$dir/drop/done"/*-well.csv "$dir/drop/well.csv"
	job 65
	has "duplicate" "$(answer .duplicate.receipt.txt)" "taken already"
}

# once_more: a.csv again, as it was; its receipt is the only one that is new.
once_more() {
	find "$folder" -name '*.txt' -exec touch -d @0 {} +
	rows 1 3 >"$dir/drop/a.csv"
	job 0
	is "a receipt each time" 1 "$(find "$folder" -name '*.receipt.txt' -newermt @1 | wc -l)"
	text=$(find "$folder" -name '*.receipt.txt' -newermt @1)
}

# Whoever drops a file once more is told that nothing is to be done, each time.
test_again() {
	fresh
	rows 1 3 >"$dir/drop/a.csv"
	job 0
	once_more
	has "at once" "$text" "This very file was taken already, on 2"
	has "nothing to do" "$text" "Nothing has changed since: nothing had to be done."
	once_more
	has "for the third time" "$text" "nothing had to be done"
	rows 4 5 >"$dir/drop/b.csv"
	job 0
	once_more
	has "behind another" "$text" "This very file was taken already, on 2"
	has "named so" <(echo "$text") .again.receipt.txt
	has "nothing, again" "$text" "Nothing, unless you meant to drop another file."
	rows 1 3 Other >"$dir/drop/c.csv"
	job 0
	once_more
	has "a change back" "$text" "that was changed back, in 3 records."
	is "when" true "$(receipt .again.receipt.json '.taken_before_ms > 0 and .delivered == 3')"
	rm "$dir/drop"/done/*-a.csv
	rows 1 3 >"$dir/drop/d.csv"
	job 0
	has "under another name" "$folder"/d.csv-*.txt "What is in this file was taken already."
}

# What is kept for a folder that can't be written holds no value, and no name of a file.
test_unwritable() {
	fresh "feedback = $dir/closed/told" delete
	echo >"$dir/closed"
	rows 1 9 | sed '/^00004/s/Scheduled/Quollnope/' >"$dir/drop/quolllast.csv"
	job 74
	is "delivered" 16 "$(changes)"
	has "it is told" "$dir/err" feedback-failed
	is "three answers wait" 3 "$(find "$dir/state/answers" -type f | wc -l)"
	is "without a value or a name" "" "$(grep -rliE 'testcase|quoll' "$dir/state")"
	is "the file waits for its rejects" 1 "$(find "$dir/drop" -name '.*-quolllast.csv' | wc -l)"
	rows 20 21 >"$dir/drop/next.csv"
	job 74
	is "nothing else waits" 20 "$(changes)"
	rm "$dir/closed"
	mkdir "$dir/closed"
	job 0
	is "later" 2 "$(wc -l <"$(find "$dir/closed/told" -name 'quolllast*.rejects.csv')")"
	is "the file is gone then" 0 "$(find "$dir/drop" -type f | wc -l)"
	is "nothing was sent again" 20 "$(changes)"
}

# Can the clinic be told at all? A file is written for that, and is gone afterwards.
test_check() {
	fresh
	run 0 check --connect
	has "it can" "$dir/out" "feedback: can be written"
	is "nothing is left there" 0 "$(find "$dir/drop" -type f | wc -l)"
	fresh "feedback = $dir/barred/told"
	echo >"$dir/barred"
	run 74 check --connect --json
	hasnt "it can't" "can be written" "$dir/out"
	rm "$dir/barred"
	fresh "receipts = off"
	run 0 check --connect
	hasnt "nobody asks" "  feedback:" "$dir/out"
}

# Somebody put another file in its place, or took it away, before the rejects were made.
test_lost() {
	fresh "feedback = $dir/shut/told"
	echo >"$dir/shut"
	rows 1 5 | sed '/^00002/s/Scheduled/Nope/' >"$dir/drop/one.csv"
	rows 6 9 | sed '/^00007/s/Scheduled/Nope/' >"$dir/drop/two.csv"
	job 74
	rm "$dir/drop/done"/*-one.csv
	sed -i 's/Testcase/Estcaset/' "$dir/drop/done"/*-two.csv
	rm "$dir/shut"
	mkdir "$dir/shut"
	job 0
	is "both are told" 2 "$(grep -c rejects-lost "$dir/err")"
	has "why" "$dir/err" "another file lies in its place"
	is "and not made" 0 "$(find "$dir/shut" -name '*.rejects.csv' | wc -l)"
	is "the receipts are" 4 "$(find "$dir/shut" -name '*.receipt.*' | wc -l)"
}

# as_nobody: from now on root's runs are another user's, who may not read everything.
as_nobody() {
	real=$emrdrop
	[ "$(id -u)" -ne 0 ] || emrdrop=$dir/as-nobody
	printf '#!/bin/sh\nexec runuser -u nobody -- %s "$@"\n' "$real" >"$dir/as-nobody"
	chmod 755 "$dir" "$dir/as-nobody"
	mkdir -p "$dir/state" "$dir/drop/done" "$dir/shut/told"
	theirs
}

# theirs [OWNER]
theirs() {
	[ "$(id -u)" -ne 0 ] || chown -R "${1:-nobody}" "$dir/etc" "$dir/drop" "$dir/shut" \
		"$dir/state" "$dir/token" "$dir/ca.pem"
}

# An archived file that can't be read any more costs its own reject file, and no other answer.
test_unreadable() {
	local i

	rm -rf "$dir/shut"
	by_file
	fresh "feedback = $dir/shut/told"
	as_nobody
	chmod 000 "$dir/shut/told"
	rows 1 5 | sed '/^00002/s/Scheduled/Nope/' >"$dir/drop/quolllast.csv"
	theirs
	job 77
	chmod 700 "$dir/shut/told"
	chmod 000 "$dir/drop/done"/*-quolllast.csv
	for i in 1 2; do
		rows "${i}1" "${i}4" | sed "/^000${i}2/s/Scheduled/Nope/" >"$dir/drop/b$i.csv"
		rows "${i}5" "${i}8" >"$dir/drop/c$i.csv"
		theirs
		job 77
		is "run $i: it is told once" 1 "$(grep -c feedback-failed "$dir/err")"
		is "run $i: all else is given" 1 "$(find "$dir/state/answers" -type f | wc -l)"
	done
	has "where" "$dir/err" "folder=$dir/drop/done "
	has "why" "$dir/err" "can't be read there for its reject file: opening a file: Permission denied"
	has "what helps" "$dir/err" "make it readable for us"
	hasnt "not its name" quoll "$dir/err"
	is "the receipts" 10 "$(find "$dir/shut" -name '*.receipt.*' | wc -l)"
	is "the reject files" 2 "$(find "$dir/shut" -name '*.rejects.csv' | wc -l)"
	chmod 600 "$dir/drop/done"/*-quolllast.csv
	job 0
	is "and the last one" 3 "$(find "$dir/shut" -name '*.rejects.csv' | wc -l)"
	theirs "$(id -un)"
	emrdrop=$real
	by_sftp
}

# A drop that may only be read.
test_local() {
	fresh "receipts = local" keep
	rows 1 9 | sed '/^00004/s/Scheduled/Quollnope/' >"$dir/drop/quolllast.csv"
	chmod 500 "$dir/drop"
	job 3
	chmod 700 "$dir/drop"
	is "two, for nobody else to read" "600 600" \
		"$(find "$dir/state/receipts/simple" -type f -printf '%m\n' | paste -sd ' ')"
	has "no reject file" "$dir/state/receipts/simple"/*.txt "There is no reject file"
	is "no value, no name" "" "$(grep -rliE 'testcase|quoll' "$dir/state")"
	is "nor in their names" 0 "$(find "$dir/state" -name '*quoll*' | wc -l)"
	run 0 check
	has "check says so" "$dir/out" "receipts: kept in $dir/state/receipts/simple; no reject files"
}

test_off() {
	fresh "feedback = $folder\nreceipts = off"
	rows 1 9 | sed '/^00004/s/Scheduled/Nope/' >"$dir/drop/a.csv"
	job 3
	# shellcheck disable=SC2119 # none
	told_of
	run 0 check --json
	is "check says so" '"none: [source] receipts = off"' "$(report '.feeds[0].receipts')"
	told ""
	run 0 check
	has "without a folder" "$dir/out" "receipts: none: [source] feedback is not set"
	told "receipts = drop"
	run 78 check
	has "drop needs a folder" "$dir/err" "set feedback, or receipts = local"
	told
	run 0 check
	has "as it is" "$dir/out" "receipts: written to $folder, with reject files"
}

# Messages have numbers and fields; what is to be mended is mended where they come from.
test_messages() {
	rm -rf "$dir/etc/feeds.d" "$dir/drop"
	mkdir -p "$dir/etc/feeds.d" "$dir/drop"
	site $'[run]\nmaps = '"$PWD/deploy/maps"
	{
		printf '[feed]\nname = acks\nextends = hl7-siu.ini\ntimezone = America/Chicago\n'
		printf '[source]\nurl = file://%s/drop\npattern = *.hl7\nstable_for = 0\n' "$dir"
		printf 'feedback = %s\n[hl7]\nauthority = CLINIC\n' "$folder"
		printf '[target]\nurl = @API@/v1/batches\ntoken_file = %s/token\nca_file = %s/ca.pem\n' "$dir" "$dir"
	} >"$dir/acks.ini"
	feed "$dir/acks.ini" acks
	for n in 1 2; do
		printf 'MSH|^~\\&|EHR|CLINIC|HUB|EMRDROP|2026110108%02d00||SIU^S12|C%d|P|2.5.1\r' "$n" "$n"
		printf 'SCH|A-%d||||||||30|min|^^^2026120%d0900||||||||||||||%s\r' "$n" "$n" \
			"$([ "$n" = 1 ] && echo Booked || echo Nope)"
		printf 'PID|1||770%d^^^CLINIC^MR||Testcase^Ann\r' "$n"
	done >"$dir/drop/one.hl7"
	job 3
	told_of hl7-????????.receipt.txt hl7-????????.receipt.json
	is "in messages" '["message",2,1,2,"SCH-25"]' "$(receipt .receipt.json \
		'[.unit, .rows, .rejected, .problems[0].row, .problems[0].column]')"
	has "in words" "$(answer .receipt.txt)" 'message 2, field "SCH-25":'
	hasnt "no value" Nope "$(answer .receipt.txt)" "$(answer .receipt.json)"
	sed 's/Booked/Nope/' "$dir/drop/one.hl7" >"$dir/drop/two.hl7"
	job 4
	has "held in messages" "$(answer .held.receipt.txt)" "2 of 2 messages were rejected: all there are"
}

test_delivered
test_rejects
test_check
test_outcomes
test_again
test_unwritable
test_lost
test_unreadable
test_local
test_off
test_messages
e2e_end
