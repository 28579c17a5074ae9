#!/bin/bash
# What stands still, and who is told of it: files that stood aside and left the drop,
# deliveries that nobody can finish, folders that cannot be written to, records that the
# API refused.
#
#   tests/e2e/stuck_test.sh BUILD_DIR
set -u
. tests/e2e/lib.sh

e2e_init "$1"
api_start

# fresh [SED...]: nobody knows of anything, and the drop is empty.
fresh() {
	rm -rf "$dir"/{state,drop,done,aside}
	mkdir "$dir"/{drop,done,aside}
	simple -e "s|^after.*|after = archive:$dir/done|" "$@"
	before=$(changes)
}

sent() {
	is "$1: changes" "$2" $(($(changes) - before))
}

# id_of NTH: the first digits of the id of the NTH file that was read, from 0.
id_of() {
	run 0 files simple --json
	jq -r ".files[$1].file[:8]" "$dir/out"
}

# stuck: how many files `status` tells of.
stuck() {
	run 0 status --json
	report '.feeds[0].stuck | length'
}

# x has another source now, and nobody can go on with what it had begun under the old one.
other_source() {
	api_hold
	rows 31 32 >"$dir/drop/x/e.csv"
	start_work run x
	e2e_until "x is under way again" unfinished
	end_job 137 KILL
	api_go
	sed -i 's/^source .*/source = south/' "$dir/etc/feeds.d/x.ini"
	rows 41 42 >"$dir/drop/y/f.csv"
	job 3
	is "given up" '["its feed has another source now",4]' \
		"$(report '.feeds[] | select(.feed == "y").given_up | [.reason, .doubtful + .delivered + .unsent]')"
	is "y goes on" '["deliver",4]' \
		"$(report '.feeds[] | select(.feed == "y").files[0] | [.verdict, .delivered]')"
	run 0 files x --json
	is "under the new source it stays delivered" '["deliver",4,""]' \
		"$(jq -c '.files[-1] | [.verdict, .delivered, (.reason // "")]' "$dir/out")"
	job 0
}

# Two feeds of one source: of x a run is killed in a delivery, and then it is paused.
test_blocked() {
	local prom=$dir/prom/emrdrop_y.prom counted

	rm -rf "$dir"/{state,drop}
	mkdir -p "$dir"/drop/{x,y} "$dir/prom"
	mv "$dir/etc/feeds.d" "$dir/feeds.aside"
	mkdir "$dir/etc/feeds.d"
	site "[metrics]
textfile = $dir/prom"
	clinic x -e 's/^source .*/source = north/'
	clinic y -e 's/^source .*/source = north/' -e '/^\[appointment\]/a op = patch'
	rows 1 2 >"$dir/drop/x/a.csv"
	job 0
	before=$(changes)
	api_hold
	rows 11 12 >"$dir/drop/x/c.csv"
	start_work run x
	e2e_until "x is under way" unfinished
	end_job 137 KILL
	api_go
	run 0 status y
	has "y waits" "$dir/out" "UNFINISHED  delivery 2 of feed x, of the same source, is not finished: the next run"
	run 0 pause x
	rows 21 22 >"$dir/drop/y/d.csv"
	counted=$(grep '^emrdrop_runs_total' "$prom" | sed 's/.* //')
	run 75 run
	has "what helps" "$dir/out" "is paused: \`emrdrop resume x\`, then \`emrdrop run x\`"
	has "it is told" "$dir/err" "problem-begun feed=y problem=failed"
	has "with what to type" "$dir/err" 'command="emrdrop resume x"'
	hasnt "as what it is" "problem-begun feed=x" "$dir/err"
	run 75 run y
	hasnt "and told once" problem-begun "$dir/err"
	is "its figures go on" $((counted + 2)) "$(grep '^emrdrop_runs_total' "$prom" | sed 's/.* //')"
	is "as they ended" 75 "$(grep '^emrdrop_last_exit_status' "$prom" | sed 's/.* //')"
	run 0 status
	has "it is not well" "$dir/out" "1 of 2 feeds needs somebody"
	has "it is blocked" "$dir/out" "BLOCKED     y, "
	has "and by what" "$dir/out" "that feed is paused"
	has "the other goes on when it may" "$dir/out" "it goes on when the pause is ended"
	hasnt "and not by itself" "the next run goes on" "$dir/out"
	run 0 status --json
	is "for programs" '["blocked",["emrdrop resume x","emrdrop run x"]]' \
		"$(report '.feeds[] | select(.feed == "y") | .ailments[0] | [.state, .commands]')"
	run 0 status y
	has "all of y" "$dir/out" "BLOCKED  delivery 2 of feed x"
	run 0 status x
	has "all of x" "$dir/out" "UNFINISHED  delivery 2 (1 batch): \`emrdrop resume x\`, then"
	run 0 resume x
	run 0 run x
	job 0
	has "it ends" "$dir/err" "problem-ended feed=y problem=failed"
	sent "all went out" 8
	other_source
	rm -rf "$dir/etc/feeds.d" "$dir/drop"
	mv "$dir/feeds.aside" "$dir/etc/feeds.d"
	site ''
}

test_left() {
	fresh
	bad 1 150 >"$dir/drop/a.csv"
	rows 201 202 >"$dir/drop/b.csv"
	rows 203 203 >"$dir/drop/c.csv"
	job 4
	is "how many wait" 2 "$(report '.feeds[0].behind')"
	run 4 run
	has "in words" "$dir/out" "2 files wait behind it"
	held=$(id_of 0)
	run 0 files simple
	hasnt "a held file is not unfinished" unfinished "$dir/out"
	run 0 status simple
	has "what may be done" "$dir/out" "emrdrop hold approve $held or emrdrop hold discard $held"
	has "what waits" "$dir/out" "later files of the feed wait behind it"
	run 0 hold list
	has "the list says so, too" "$dir/out" "emrdrop hold approve $held or emrdrop hold discard $held"
	run 0 hold show "$held"
	has "and the file's own words" "$dir/out" "emrdrop hold approve $held or emrdrop hold discard $held"
	mv "$dir/drop/a.csv" "$dir/aside/"
	job 0
	has "it is logged" "$dir/err" file-left
	sent "what waited goes out" 6
	is "nothing is stuck" 0 "$(stuck)"
	run 0 hold list
	has "nobody is asked" "$dir/out" "no file waits"
	run 64 hold discard "$held"
	run 0 files simple
	has "the history says it" "$dir/out" "left the drop"
	run 0 files simple --json
	is "in JSON" '[true]' "$(jq -c '.files | map(.left_drop | values)' "$dir/out")"
	mv "$dir/aside/a.csv" "$dir/drop/"
	job 4
	is "once back it is held again" 1 "$(stuck)"
}

# Somebody decides, and takes the file away before the run that would carry it out.
test_decided_and_left() {
	fresh
	rows 1 3 | sed '1s/DOB/Birthday/' >"$dir/drop/a.csv"
	bad 301 450 >"$dir/drop/b.csv"
	job 65
	run 0 status simple
	is "both are told of" '1 1' "$(grep -c HELD "$dir/out") $(grep -c REFUSED "$dir/out")"
	has "of the refused one" "$dir/out" "mend the file or the map, or: emrdrop hold discard"
	run 0 hold discard "$(id_of 1)"
	has "plain words" "$dir/out" "or its next run, puts it away"
	rm "$dir"/drop/*.csv
	job 0
	run 0 status simple
	hasnt "nothing is to be carried out" "the next run carries it out" "$dir/out"
	is "nothing is stuck" 0 "$(stuck)"
}

# given_up [SED...]: the feed of the next test.
given_up() {
	simple -e "s|^after.*|after = archive:$dir/done|" \
		-e "\$a batch_records = 2\nin_flight = 1" "$@"
}

# sums WHAT DELIVERED FILES: so many there were since the ledger began, with a bad row each.
sums() {
	run 0 status simple --json
	is "$1: files, records, bad rows" "[$3,$2,$3]" \
		"$(report '.feeds[0] | [.files, .delivered, .rejected]')"
	has "$1: its records" "$dir/emrdrop_simple.prom" "records_delivered_total{feed=\"simple\"} $2"
	has "$1: its bad rows" "$dir/emrdrop_simple.prom" "rows_rejected_total{feed=\"simple\"} $3"
}

# Of a feed that is killed in the midst of a delivery; then its file is taken away.
test_given_up() {
	fresh
	given_up
	site "[metrics]
textfile = $dir"
	{ rows 501 520 && rows 521 521 | sed '1d; s/Scheduled/Nope/'; } >"$dir/drop/a.csv"
	faults '{"latency":300}'
	start_job
	e2e_until "a pass is open" unfinished
	run 0 status simple
	has "a run is at work" "$dir/out" "a run is at work"
	end_job 137 KILL
	run 0 status simple
	hasnt "it is not any more" "a run is at work" "$dir/out"
	has "what goes on" "$dir/out" "\`emrdrop run simple\` goes on"
	faults '{"latency":0}'
	(umask 077 && echo wrong >"$dir/wrong")
	given_up -e "s|^token_file.*|token_file = $dir/wrong|"
	job 77
	why=$(jq -r '.feeds[0].error.message' "$dir/out")
	run 0 status simple
	has "what is to be mended" "$dir/out" \
		"the last run ended with 77 (login or permission refused): mend that first"
	has "the whole reason" "$dir/out" "      $why"
	has "which names the answer" "$dir/out" "401"
	run 0 status
	has "on one screen" "$dir/out" "$why (exit status 77, login or permission refused)"
	has "and what to type" "$dir/out" "            emrdrop check simple --connect"
	given_up
	mv "$dir/drop/a.csv" "$dir/aside/"
	run 3 run
	has "the summary" "$dir/out" "given up: its file is not there any more"
	has "what to do" "$dir/out" "or drop the file again"
	hasnt "there was something" "nothing new" "$dir/out"
	is "all are accounted for" 40 "$(grep -o '[0-9]* delivered, [0-9]* in doubt, [0-9]* never sent' \
		"$dir/out" | awk '{ print $1 + $3 + $6 }')"
	taken=$(grep -o '[0-9]* delivered, [0-9]* in doubt' "$dir/out" | awk '{ print $1 }')
	sums "given up" "$taken" 1
	run 0 files simple
	has "the history" "$dir/out" "given up: its file is not there any more"
	hasnt "nothing goes on" unfinished "$dir/out"
	job 0
	mv "$dir/aside/a.csv" "$dir/drop/"
	job 3
	is "dropped again it goes in" '["deliver",40]' "$(file_report verdict records)"
	sums "dropped again" $((taken + $(file_report delivered | jq first))) 2
	site ''
	is "each record is there" 20 "$(api_curl state | jq '[.records[] |
		select(.type == "appointment" and (.id[2:] | tonumber) > 500)] | length')"
	batches_sound "given up"
}

test_folders() {
	fresh -e "s|^after.*|after = archive:$dir/done/in\nfeedback = $dir/answers|"
	rmdir "$dir/done"
	: >"$dir/done"
	: >"$dir/answers"
	rows 601 602 >"$dir/drop/a.csv"
	job 74
	ok "the archive is named" grep -q "settle-failed.* folder=$dir/done/in " "$dir/err"
	ok "the answers' folder, too" grep -q "feedback-failed.* folder=$dir/answers " "$dir/err"
	hasnt "no file is" a.csv "$dir/err"
	run 0 status simple
	has "in words" "$dir/out" "last run ended with 74 (input, output or the ledger)"
	run 0 status
	has "the place and the cause" "$dir/out" "            $dir/done/in: "
	run 74 run
	has "in the summary, too" "$dir/out" "not put away or not answered yet: $dir/done/in: "
	rm "$dir/done" "$dir/answers"
	mkdir "$dir/done" "$dir/answers"
	job 0
	is "mended" 1 "$(in_archive "$dir/done")"
}

test_refused_records() {
	fresh
	faults '{"refuse":["A-701"]}'
	rows 701 702 >"$dir/drop/a.csv"
	job 3
	run 0 status simple
	has "it is told" "$dir/out" "1 record of 1 file refused by the API, last at 2"
	has "and what to do" "$dir/out" "emrdrop retry simple"
	run 3 retry simple
	run 0 status --json
	is "a retry that fails changes nothing" '[1,1]' \
		"$(report '.feeds[0] | [.refused, .refused_left]')"
	faults '{"refuse":[]}'
	run 0 retry simple
	run 0 status simple
	hasnt "taken" "refused by the API" "$dir/out"
	run 0 status --json
	is "the total stays" '[1,0]' "$(report '.feeds[0] | [.refused, .refused_left]')"
}

test_blocked
test_left
test_decided_and_left
test_given_up
test_folders
test_refused_records
e2e_end
