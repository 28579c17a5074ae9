#!/bin/bash
# Canary values through every failure: none may come out at a place where a patient's
# value has no business: stdout, stderr, the JSON report, the ledger, whatever is written
# down. Only `preview` shows records on stdout: that is what it is for.
#
#   tests/e2e/canary_test.sh BUILD_DIR
set -u
. tests/e2e/lib.sh

e2e_init "$1" /usr/bin/python3
canaries='quoll|1917-08|19170813|08/13/1917|2[.]98725|HYPERLINK|please log in|doctype'
/usr/bin/python3 tests/e2e/echo_api.py "$dir" 2>"$dir/echo.err" &
SERVER_PIDS+=("$!")
e2e_until "the echoing API listens" [ -s "$dir/echo.port" ]
echo_api=https://127.0.0.1:$(<"$dir/echo.port")
api_start

# silent WHAT [STDOUT]: no canary came out of the last run; with STDOUT it may say what it
# likes there.
silent() {
	local found

	[ $# -eq 1 ] || : >"$dir/out"
	found=$(grep -aihoE ".{0,60}($canaries).{0,20}" "$dir/out" "$dir/err" | head -n 3)
	is "$1: what came out" "" "$found"
}

# any ARGUMENT...: a run whose exit status is not the question.
any() {
	"$emrdrop" --config "$dir/etc" "$@" >"$dir/out" 2>"$dir/err"
	ran "emrdrop $*" "$?" "$?"
}

# canary FILE: a hostile file, with canaries for its values.
canary() {
	sed -e '2,$ { s/Testcase/QUOLLLAST/g; s/Fern/QUOLLFIRST/g; s/02155/QUOLLZIP/g; s/Nope/QUOLLCODE/g
		s/01\/31\/1970/08\/13\/1917/g; s/0000\([0-9]\)/QUOLL000\1/g
		s/\([,;|\t]\)A\([0-9]\)/\1QUOLLA\2/g }' "$1"
}

# every FILE: all commands and forms of output on one file in the drop.
every() {
	any run --dry-run
	silent "dry run of $1"
	any run --json
	silent "run on $1"
	any run
	silent "run on $1 again"
	any status
	silent "status after $1"
	any status --json
	silent "status in JSON after $1"
	any preview simple "$dir/drop/x.csv"
	silent "preview of $1" stdout
	any preview simple "$dir/drop/x.csv" --row 3
	silent "preview of a row of $1" stdout
}

# Receipts tell everything but values; those, and only what was sent as such, are in reject
# files, which lie in the clinic's own folder. Kept here, there are receipts alone.
receipts() {
	ok "there are receipts: $1" [ "$(find "$dir/told" -name '*.receipt.*' | wc -l)" -gt "$2" ]
	is "$1: receipts" "" "$(grep -raihoE ".{0,60}($canaries)" "$dir/told" --include='*.receipt.*' | head -n 3)"
	ok "$1: reject files have them" grep -raqiE "$canaries" "$dir/told" --include='*.rejects.csv'
	is "$1: what is kept here" 0 "$(find "$dir/state/receipts" -name '*.rejects*' 2>/dev/null | wc -l)"
}

test_hostile() {
	local file

	site $'[log]\nlevel = debug'
	simple -e "/^pattern/a feedback = $dir/told"
	for file in fixtures/hostile/csv/*.csv; do
		canary "$file" >"$dir/drop/x.csv"
		every "${file##*/}"
	done
	receipts "hostile files" 60
	site $'[log]\nlevel = debug\nformat = json'
	simple -e "/^pattern/a receipts = local"
	for file in fixtures/hostile/csv/{code-unknown,id-empty,all-rejected}.csv; do
		canary "$file" >"$dir/drop/x.csv"
		any run --json
		silent "JSON log of ${file##*/}"
		ok "each line is JSON" jq -e . "$dir/err" >/dev/null
	done
	ok "receipts are kept here" [ "$(find "$dir/state/receipts" -type f | wc -l)" -ge 6 ]
	simple -e "/^pattern/a feedback = $dir/told"
}

# The first row stands where titles should.
test_no_header() {
	rows 1 5 | sed 's/Testcase/QUOLLLAST/; s/Synthetic/QUOLLFIRST/' | tail -n +2 >"$dir/drop/x.csv"
	every "a file without a header"
	# A value that is nearly a title that is asked for: it is still no title.
	rows 1 5 | sed '1d; s/Synthetic/Firstt/' >"$dir/drop/x.csv"
	any run --json
	hasnt "a value like a title" Firstt "$dir/out" "$dir/err"
	any status
	hasnt "a value like a title, in status" Firstt "$dir/out" "$dir/err"
	# Values where the CSV is quoted wrong, or too wide, or too long.
	{
		rows 1 2
		printf 'QUOLL1,"QUOLL"LAST,QUOLLFIRST,08/13/1917,QUOLL,QUOLLA,11/01/2026 10:00,Scheduled\r\n'
		printf 'QUOLL2,QUOLLLAST,QUOLLFIRST,QUOLL,08/13/1917,QUOLL,QUOLLA,11/01/2026 10:00,Scheduled,QUOLL\r\n'
		printf 'QUOLL3,%0200000d QUOLL,QUOLLFIRST\r\n' 0
		printf 'QUOLL4,\x1b[31mQUOLL\x07,\x00QUOLL,08/13/1917,QUOLL,QUOLLA,QUOLL,QUOLL\r\n'
	} >"$dir/drop/x.csv"
	every "rows that are no rows"
}

# The first row stands where titles should, and one of its values is a title.
test_title_like_value() {
	simple -e 's/{Start}/{Scheduled}/' -e "/^pattern/a feedback = $dir/told"
	rm -rf "$dir/state" "$dir"/drop/* "$dir/told"
	rows 1 5 | sed 1s/Start/Scheduled/ >"$dir/drop/a.csv"
	any run
	rows 6 9 | sed '1d; s/Testcase/QUOLLLAST/; s/Synthetic/QUOLLFIRST/' >"$dir/drop/x.csv"
	run 65 run --json
	silent "a value that is a title"
	every "a value that is a title"
	is "values in receipts" "" "$(grep -raihoE "($canaries)" "$dir/told")"
}

# A quotation mark in the header that a row behind it closes: rows are no title.
test_open_header() {
	local sed receipts day=10

	simple -e "/^pattern/a feedback = $dir/told"
	rm -rf "$dir/state" "$dir"/drop/* "$dir/told"
	rows 1 5 >"$dir/drop/x.csv"
	any run
	for sed in '1s/Status/"&/; 4s/Scheduled/&"/' '1s/ZIP/"&/; 3s/,A-/"&/' \
		'1s/Status/&,"Room/; 1!s/\r/,3&/; 4s/\r/"&/'; do
		rows 11 20 | sed -e 's/Testcase/QUOLLLAST/; s/Synthetic/QUOLLFIRST/' -e "$sed" >"$dir/drop/x.csv"
		touch -d "2026-01-$((day++))" "$dir/drop/x.csv"
		run 65 run --json
		silent "an open header"
		every "an open header"
		any hold list
		silent "what is held after an open header"
		any report
		hasnt "the page after an open header" QUOLL "$dir/out"
		any audit
		silent "the trail after an open header"
	done
	receipts=$(find "$dir/told" -name '*.refused.receipt.txt' | wc -l)
	is "receipts of open headers" 3 "$receipts"
	is "values in them" "" "$(grep -raihoE "($canaries)" "$dir/told")"
}

# An API that says all it heard, wherever it can.
test_echo() {
	local what

	site $'[run]\ndeadline = 5s\n[log]\nlevel = debug'
	rows 1 5 | sed 's/Testcase/QUOLLLAST/; s/Synthetic/QUOLLFIRST/; s/A-/QUOLLA-/' >"$dir/drop/x.csv"
	for what in 302 400 401 403 404 409 413 422 429 500 503 json text refuse; do
		rm -rf "$dir/state"
		simple -e "s|^url .*https:.*|url = $echo_api/$what|" -e "\$a attempts = 1"
		any run --json
		silent "an API that answers $what"
		any run
		silent "an API that answers $what, again"
		any check --connect
		silent "check --connect with $what"
		any status
		silent "status with $what"
		sinks "an API that answers $what"
	done
	any status --json
	is "refused by the API" 10 "$(report '.feeds[0].refused')"
}

# sinks WHAT: nothing but the drop and the API itself holds a canary.
sinks() {
	is "$1: files" "" "$(grep -railE "$canaries" "$dir/state" "$dir/sandbox.err" "$dir/etc")"
}

# A file's name may hold a patient's: it is for `status` in words alone. Receipts wait for
# a folder that can't be made, and stay where they are made.
test_names() {
	rm -rf "$dir/state" "$dir"/drop/*
	simple -e "s|^after.*|after = archive:$dir/token/none\nfeedback = $dir/token/told|"
	rows 1 3 >"$dir/drop/quolllast quollfirst.csv"
	any run --json
	silent "the name of a file that can't be archived"
	ok "it can't be archived" [ "$(report .exit)" != 0 ]
	rows 1 3 | sed 1d >"$dir/drop/quollrefused.csv"
	mkdir "$dir/drop/quollfolder.csv"
	ln -s /nonexistent "$dir/drop/quolllink.csv"
	any run --json
	silent "names of odd files"
	any status --json
	silent "names in status --json"
	ok "answers wait" [ "$(find "$dir/state/answers" -type f | wc -l)" -ge 2 ]
	simple -e "/^pattern/a receipts = local"
	cp "$dir/drop/quolllast quollfirst.csv" "$dir/drop/quollmiddle.csv"
	any run --json
	silent "names in receipts that are kept"
	ok "receipts are kept" [ "$(find "$dir/state/receipts" -type f | wc -l)" -ge 2 ]
	is "names of what is kept" 0 "$(find "$dir/state" -iname '*quoll*' | wc -l)"
	sinks "names"
}

# What a file holds, or is called, drives no terminal.
test_terminal() {
	local command file drives=$'[\x01-\x08\x0b\x0c\x0e-\x1f\x7f]|\xc2[\x80-\x9f]'

	simple -e "/^pattern/a feedback = $dir/told"
	rm -rf "$dir/state" "$dir"/drop/* "$dir/told"
	rows 1 5 >"$dir/drop/a.csv"
	any run
	rows 6 9 | sed $'1s/ZIP/Z\x07\xc2\x9b31mIP/; 1s/Status/\x1b[31mStat\xc2\x85us/' \
		>"$dir/drop/b.csv"
	printf 'ID\r\n1\r\n' >"$dir/drop/"$'0\xc2\x9b31m.csv'
	for command in run "hold list" status "status simple" "files simple" report; do
		# shellcheck disable=SC2086 # words
		any $command
		is "what drives a terminal in $command" "" \
			"$(grep -aoP ".{0,40}($drives)" "$dir/out" "$dir/err" | cat -v)"
	done
	for file in "$dir"/told/*.receipt.txt; do
		is "what drives one in a receipt" "" "$(grep -aoP ".{0,40}($drives)" "$file" | cat -v)"
	done
}

test_hostile
sinks "hostile files"
test_no_header
test_title_like_value
test_open_header
test_terminal
sinks "files without a header"
test_echo
test_names
e2e_end
