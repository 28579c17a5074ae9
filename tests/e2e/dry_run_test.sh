#!/bin/bash
# --dry-run writes nothing anywhere and sends nothing, and says what would be sent;
# `preview` needs no network and no ledger; --json is JSON whatever happens.
#
#   tests/e2e/dry_run_test.sh BUILD_DIR
set -u
. tests/e2e/lib.sh

e2e_init "$1"
sshd_start "$dir" || exit 1
api_start
by_sftp
mkdir "$dir/drop/done"
simple -e "s|^after.*|after = archive:$dir/drop/done|" -e 's/^stable_for.*/stable_for = 0/'

# All there is in the drop, the ledger and the configuration, with times and contents.
listing() {
	find "$dir/drop" "$dir/state" "$dir/etc" -printf '%p %y %m %s %T@ %i\n' 2>/dev/null | sort
	find "$dir/drop" "$dir/state" "$dir/etc" -type f ! -name '*-lock' -exec sha256sum {} + \
		2>/dev/null | sort
}

# dry STATUS ARGUMENT...: a run that changes nothing; only readers of the ledger enter
# themselves in LMDB's table of readers.
dry() {
	local requests

	listing >"$dir/before"
	requests=$(received)
	run "$@"
	listing >"$dir/after"
	sed -i '/ledger.mdb-lock /d' "$dir/before" "$dir/after"
	ok "$*: nothing is written" diff "$dir/before" "$dir/after"
	is "$*: nothing is sent" "$requests" "$(received)"
}

test_before_the_first_run() {
	rows 1 5 >"$dir/drop/a.csv"
	dry 0 run --dry-run --json
	is "what would be sent" '[true,5,10,0,10]' "$(report '[.dry_run] +
		(.feeds[0].files[0] | [.rows, .records, .delivered, .pending])')"
	ok "no ledger is made" [ ! -e "$dir/state" ]
	dry 0 run --dry-run
	has "in words" "$dir/out" "10 records would be sent"
	dry 74 status --json
	ok "no ledger is made by status" [ ! -e "$dir/state" ]
	dry 0 check --connect --json
	dry 0 preview simple "$dir/drop/a.csv"
}

test_after_it() {
	job 0
	rows 4 8 >"$dir/drop/b.csv"
	dry 0 run --dry-run --json
	is "only what is new" '[5,10,4,6]' "$(file_report rows records unchanged pending)"
	rows 9 60 | awk -F, -v OFS=, 'NR > 1 && NR % 2 { $8 = "Nope\r" } { print }' >"$dir/drop/c.csv"
	dry 4 run --dry-run --json
	rows 1 3 | sed 's/Appt/Visit/' >"$dir/drop/d.csv"
	rm "$dir/drop/c.csv"
	dry 4 run --dry-run --json
	dry 0 status --json
	rm "$dir/drop/d.csv"
}

test_in_the_middle() {
	faults '{"latency":600000}'
	start_job
	e2e_until "a pass is open" unfinished
	dry_beside=$("$emrdrop" --config "$dir/etc" run --dry-run --json 2>/dev/null |
		jq -r '.feeds[0].exit')
	is "a dry run beside a run" 0 "$dry_beside"
	end_job 137 KILL
	api_stop
	api_start
	dry 0 run --dry-run --json
	job 0
	is "all is there" 16 "$(changes)"
}

test_preview() {
	rows 1 3 | sed 's/,A-2,/,,/' >"$dir/sample.csv"
	rm -rf "$dir/state"
	api_stop
	dry_ledger=$(find "$dir" -name 'ledger*')
	run 3 preview simple "$dir/sample.csv"
	is "a record a line" 4 "$(jq -s length "$dir/out")"
	is "as it would be sent" '["patch","patient","simple","00001"]' \
		"$(jq -sc '.[0] | [.op, .type, .source, .id]' "$dir/out")"
	is "the data" '"1980-03-04"' "$(jq -s '.[0].data.birth_date' "$dir/out")"
	is "the time" '"2026-11-02T10:01:00-05:00"' "$(jq -s '.[1].data.start' "$dir/out")"
	run 3 preview simple "$dir/sample.csv" --json
	is "counts" '[3,2,1,4]' "$(report '[.rows, .mapped, .rejected, (.records | length)]')"
	run 3 preview simple "$dir/sample.csv" --row 2
	has "each field" "$dir/out" birth_date
	has "its column" "$dir/out" DOB
	has "its transform" "$dir/out" '%m/%d/%Y'
	run 3 preview simple "$dir/sample.csv" --row 2 --json
	ok "explained" [ "$(report '.explained | length')" -ge 1 ]
	run 3 preview simple "$dir/sample.csv" --row 99
	has "a row that is none" "$dir/err" "row 99 is left out by \`when\`, or is no row of data"
	run 3 preview "$dir/etc/feeds.d/simple.ini" "$dir/sample.csv" --row 4
	is "no ledger" "$dry_ledger" "$(find "$dir" -name 'ledger*')"
}

# json STATUS ARGUMENT...: stdout is JSON, all of it and nothing else.
json() {
	run "$@"
	is "$*: one JSON value" 1 "$(jq -s length "$dir/out" 2>/dev/null)"
}

test_json() {
	json 0 version --json
	json 0 check --json
	json 78 check --json nofeed
	json 78 run --json nofeed
	json 78 preview nofeed "$dir/sample.csv" --json
	json 74 preview simple "$dir/none.csv" --json
	json 74 preview simple "$dir" --json
	json 64 version extra --json
	json 64 preview --json
	json 69 check --connect --json
	sed -i 's/^pattern/patern/' "$dir/etc/feeds.d/simple.ini"
	json 78 check --json
	json 78 run --json
	json 78 preview simple "$dir/sample.csv" --json
}

test_before_the_first_run
test_after_it
test_in_the_middle
test_preview
test_json
e2e_end
