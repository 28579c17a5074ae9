#!/bin/bash
# What a person decides, and asks: a held file approved or discarded, a feed paused, a file
# forgotten; which files there were, what became of a record, and who did what.
#
#   tests/e2e/decide_test.sh BUILD_DIR
set -u
. tests/e2e/lib.sh

e2e_init "$1"
api_start
# shellcheck disable=SC2119 # as it is
simple

fresh() {
	rm -rf "$dir"/{state,drop,done}
	mkdir -p "$dir"/{drop,done}
	simple -e "s|^after.*|after = archive:$dir/done|" "$@"
	before=$(changes)
}

sent() {
	is "$1: changes" "$2" $(($(changes) - before))
}

# The first digits of the id of the last file that was read.
last_id() {
	run 0 files simple --json
	jq -r '.files[-1].file[:8]' "$dir/out"
}

# acts: what the audit trail tells of, in order.
acts() {
	run 0 audit
	jq -r .act "$dir/out" | tr '\n' ' '
}

test_many_problems() {
	fresh
	bad 1 3300 >"$dir/drop/a.csv"
	job 4
	run 0 hold show "$(last_id)"
	has "there are more" "$dir/out" "      no more than 1000 problems are kept"
	rm "$dir/drop/a.csv"
	job 0
}

test_approve() {
	fresh
	bad 1 150 >"$dir/drop/a.csv"
	rows 201 202 >"$dir/drop/b.csv"
	job 4
	sent "held, and what comes behind it waits" 0
	id=$(last_id)
	run 0 hold list
	has "the list" "$dir/out" "file $id"
	has "tells its name" "$dir/out" '"a.csv"'
	has "and why" "$dir/out" "50 of 150 rows were rejected"
	run 0 hold list --json
	is "in JSON" '["hold",50,50]' \
		"$(jq -c '.stuck[0] | [.verdict, .rejected, (.problems | length)]' "$dir/out")"
	run 0 hold show "$id"
	is "show has them all" 50 "$(grep -c 'column "Status"' "$dir/out")"
	hasnt "and no word of more" "problems are kept" "$dir/out"
	run 64 hold approve "$(tr 0-9a-f 1-9a-f0 <<<"$id")"
	run 64 hold approve "$id" "$id"
	run 64 hold approve 'a.csv'
	run 0 hold approve "$id"
	has "what comes next" "$dir/out" "run simple"
	run 0 hold list
	has "the list tells of it" "$dir/out" "approved: the next run"
	job 3
	is "delivered" '["deliver",100,50]' "$(file_report verdict mapped rejected)"
	has "the reason says so" "$dir/out" "approved by hand: 50 of 150"
	is "and what waited behind it" 2 "$(report '.feeds[0].files | length')"
	sent "approved" 204
	is "archived" 2 "$(in_archive "$dir/done")"
	run 0 hold list
	has "nothing waits" "$dir/out" "no file waits"
	run 64 hold approve "$id"
	has "not any more" "$dir/err" "waits for no decision"
}

# An approval is for one content, under whatever name, and once.
test_content() {
	fresh
	bad 301 450 >"$dir/drop/a.csv"
	job 4
	run 0 hold approve "$(last_id)"
	bad 601 750 >"$dir/drop/a.csv"
	job 4
	is "another content is held anew" '"hold"' "$(report '.feeds[0].files[0].verdict')"
	sent "not that one" 0
	rm "$dir/drop/a.csv"
	bad 301 450 >"$dir/drop/other-name.csv"
	job 3
	sent "but this one" 200
	bad 301 450 >"$dir/drop/again.csv"
	job 4
	is "and once" '"hold"' "$(report '.feeds[0].files[0].verdict')"
}

test_discard() {
	fresh
	bad 801 950 >"$dir/drop/a.csv"
	rows 1001 1002 >"$dir/drop/b.csv"
	job 4
	run 0 hold discard "$(last_id)"
	job 0
	is "put away" '["discard",0,0]' "$(file_report verdict records delivered)"
	sent "what waited is delivered" 4
	is "both are archived" 2 "$(in_archive "$dir/done")"
	rows 1 3 | sed 1d >"$dir/drop/c.csv"
	job 65
	id=$(last_id)
	run 64 hold approve "$id"
	has "what can't be read can't be delivered" "$dir/err" '"DOB"'
	run 0 hold discard "$id"
	run 0 run
	has "in words" "$dir/out" "discarded, as was decided"
	is "but put away" 3 "$(in_archive "$dir/done")"
}

test_pause() {
	fresh
	job 0
	rows 1101 1102 >"$dir/drop/a.csv"
	run 0 pause simple
	job 0
	is "nothing is read" '[0,0]' "$(report '.feeds[0] | [(.files | length), .requests]')"
	ok "and it says so" jq -e '.feeds[0].paused_ms > 0' "$dir/out"
	run 0 run
	has "in words" "$dir/out" "emrdrop resume simple"
	run 0 status simple
	has "status" "$dir/out" "PAUSED"
	sent "paused" 0
	run 0 resume simple
	job 0
	sent "resumed" 4
	run 78 pause nobody
	has "no such feed" "$dir/err" "no feed is named nobody"
}

# The first command of all has no ledger to ask.
test_no_ledger() {
	fresh
	run 74 files simple
	has "what to do" "$dir/err" "the first \`emrdrop run\` makes it"
	ok "and makes none" test ! -e "$dir/state/ledger.mdb"
	run 0 run
	run 0 files simple
	has "no file yet" "$dir/out" "no file was read for simple yet"
}

# It is read again, once, and waits for a person: the map makes nothing of it any more. What
# it says is old all the same, once the map is right.
forgotten_and_held() {
	rows 1201 1202 Newer | sed 's/03\/04/03\/05/' >"$dir/drop/b.csv"
	job 0
	touch -d '2026-01-01 UTC' "$dir/drop/a.csv"
	run 0 forget simple "$id"
	sed -i 's/^booked = .*/booked = Nobody/' "$dir/etc/feeds.d/simple.ini"
	job 4
	is "held" '"hold"' "$(report '.feeds[0].files[0].verdict')"
	job 4
	is "and not read in each run" 0 "$(report '.feeds[0].files | length')"
	run 0 status
	has "somebody is needed" "$dir/out" "1 of 1 feed needs somebody"
	run 0 hold list
	has "to decide" "$dir/out" "emrdrop hold approve $id"
	sed -i 's/^booked = .*/booked = Scheduled/' "$dir/etc/feeds.d/simple.ini"
	job 0
	is "not as news" '[4,0]' "$(file_report stale delivered)"
}

# By the time that it is read a title is asked for that it has not.
test_approved_and_refused() {
	fresh
	bad 1 90 >"$dir/drop/a.csv"
	job 4
	run 0 hold approve "$(last_id)"
	run 0 status
	has "the next run" "$dir/out" "the next run carries out what was decided"
	sed -i 's/{Start}/{Begin}/' "$dir/etc/feeds.d/simple.ini"
	job 65
	job 65
	is "it is not read in each run" 0 "$(report '.feeds[0].files | length')"
	run 0 status
	has "somebody has to mend it" "$dir/out" "1 of 1 feed needs somebody"
	sed -i 's/{Begin}/{Start}/' "$dir/etc/feeds.d/simple.ini"
	job 3
	is "then it is as it was decided" '"deliver"' "$(report '.feeds[0].files[0].verdict')"
}

test_forget() {
	fresh -e 's/^after.*/after = keep/'
	rows 1201 1202 >"$dir/drop/a.csv"
	job 0
	sent "delivered" 4
	id=$(last_id)
	job 0
	is "known" 0 "$(report '.feeds[0].files | length')"
	run 64 forget simple ffffffff
	run 0 forget simple "$id"
	has "read again" "$dir/out" "emrdrop run simple"
	job 0
	is "and compared" '["deliver",4,0]' "$(file_report verdict unchanged delivered)"
	forgotten_and_held
	fresh
	rows 1301 1302 >"$dir/drop/a.csv"
	job 0
	run 0 forget simple "$(last_id)"
	has "where it is" "$dir/out" "$(find "$dir/done" -type f)"
}

test_files_and_find() {
	fresh
	rows 1401 1402 >"$dir/drop/a.csv"
	job 0
	rows 1401 1403 >"$dir/drop/b.csv"
	job 0
	run 0 files simple
	is "two files, oldest first" "a.csv b.csv" "$(grep -o '[ab]\.csv"' "$dir/out" |
		sed -n '1p; 3p' | tr -d '"' | paste -sd ' ')"
	has "and where they are" "$dir/out" "$dir/done"
	run 0 files simple --json
	is "counts" '[[2,4,4,0],[3,6,2,4]]' \
		"$(jq -c '.files | map([.rows, .records, .delivered, .unchanged])' "$dir/out")"
	ok "without names" bash -c "! grep -q csv '$dir/out'"
	run 0 find simple patient 01401
	has "taken" "$dir/out" "taken"
	has "in a version" "$dir/out" "version "
	run 0 find simple patient 99999
	has "not known" "$dir/out" "not known"
	run 64 find simple 01401 patient
	hasnt "an id in the wrong place is not repeated" 01401 "$dir/err"
	faults '{"refuse":["A-1404"]}'
	rows 1404 1404 >"$dir/drop/c.csv"
	job 3
	faults '{"refuse":[]}'
	run 0 find simple appointment A-1404 --json
	has "refused" "$dir/out" "refused by the API; nothing of it was ever taken"
	run 0 find simple patient 01404
	has "its patient was taken" "$dir/out" "taken"
}

test_audit() {
	fresh
	rows 1501 1502 | sed '2,$ s/^/ID-/' >"$dir/drop/a.csv"
	job 0
	head=$(report '.feeds[0].audit' | tr -d '"')
	is "what was done" "settings-changed file-delivered " "$(acts)"
	run 0 audit verify "$head"
	has "whole" "$dir/out" "$head"
	SUDO_USER=ann run 0 pause simple
	simple -e "s|^after.*|after = archive:$dir/done|" -e '/^name .*/a max_reject = 40 %'
	run 0 resume simple
	job 0
	is "and then" "settings-changed file-delivered feed-paused feed-resumed settings-changed " \
		"$(acts)"
	hasnt "no name of a file" csv "$dir/out"
	hasnt "no value" Testcase "$dir/out"
	hasnt "no id of a record" ID-0150 "$dir/out"
	is "who" '[0,"ann"]' "$(jq -sc '.[2] | [.uid, .sudo_user]' "$dir/out" |
		sed "s/^\[$(id -u),/[0,/")"
	run 0 audit verify "$head"
	cp "$dir/state/ledger.mdb" "$dir/newer.mdb"
	newer=$(sed -n 's/.*head //p' "$dir/out")
	run 0 pause simple
	run 0 audit verify "$newer"
	run 0 audit verify
	last=$(sed -n 's/.*head //p' "$dir/out")
	cp "$dir/newer.mdb" "$dir/state/ledger.mdb"
	run 0 audit verify
	run 74 audit verify "$last"
	has "an older one" "$dir/err" "does not go through"
	run 64 audit nonsense
}

test_many_problems
test_approve
test_content
test_discard
test_pause
test_no_ledger
test_forget
test_approved_and_refused
test_files_and_find
test_audit
e2e_end
