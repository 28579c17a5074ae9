#!/bin/bash
# What does not come as news: files that are backfilled, out of an archive or from anywhere,
# what the API refused and is asked to take once more, and files that are read again. None of
# them turns back what is known of a later time, nor moves the feed's place in its drop.
#
#   tests/e2e/old_test.sh BUILD_DIR
set -u
. tests/e2e/lib.sh

e2e_init "$1" ssh-keygen
sshd_start "$dir" || exit 1
api_start

# fresh [SED...]: nobody knows of anything; files go into an archive, and have no event time.
fresh() {
	rm -rf "$dir"/{state,drop,done,old} "$dir"/etc/feeds.d/*
	mkdir -p "$dir"/{drop,done,old}
	# shellcheck disable=SC2119 # with no options
	api_fresh
	simple -e "s|^after.*|after = archive:$dir/done|" "$@"
}

# family N: the last name that the API has of a patient.
family() {
	api_curl state | jq -r --arg id "$1" '.records[] |
		select(.type == "patient" and .id == $id) | .data.name.family'
}

# written DAY FILE: as if it had been written that day, at noon.
written() {
	touch -d "$1 12:00 UTC" "$2"
}

ids() {
	run 0 files simple --json
	jq -r '.files[].file[:8]' "$dir/out"
}

test_backfill() {
	fresh
	rows 1 2 New >"$dir/drop/now.csv"
	job 0
	rows 1 3 Older >"$dir/old/a.csv"
	rows 3 4 Old >"$dir/old/b.csv"
	written 2024-01-05 "$dir/old/a.csv"
	written 2024-02-05 "$dir/old/b.csv"
	run 0 backfill simple "$dir/old/b.csv" "$dir/old/a.csv" --dry-run --json
	is "a dry run says what would be sent" '[[2,4],[4,0]]' \
		"$(report '.feeds[0].files | map([.records - .stale - .unchanged, .stale])')"
	is "and sends nothing" 4 "$(changes)"
	run 0 backfill simple "$dir/old/b.csv" "$dir/old/a.csv" --json
	has "the plan" "$dir/err" "backfill-planned feed=simple files=2"
	has "from when to when" "$dir/err" "from=2024-01-05 to=2024-02-05"
	is "the oldest first" '[[2,4],[3,0]]' "$(report '.feeds[0].files | map([.delivered, .stale])')"
	is "what came later stands" TestcaseNew "$(family 00001)"
	is "of the old the newer" TestcaseOld "$(family 00003)"
	sent=$(changes)
	is "in all" 9 "$sent"
	run 0 backfill simple "$dir/old/a.csv" "$dir/old/b.csv" --json
	is "the second time nothing is sent" "$sent" "$(changes)"
	is "nor asked" 0 "$(report '.feeds[0].requests')"
	ok "the files lie where they lay" test -f "$dir/old/a.csv" -a -f "$dir/old/b.csv"
	job 0
	is "the drop is as it was" '[0,0]' "$(report '.feeds[0] | [(.files | length), .waiting]')"
	rows 1 2 New >"$dir/drop/again.csv"
	job 0
	is "the feed's last file is not the backfill's" '"duplicate"' \
		"$(report '.feeds[0].files[0].verdict')"
}

# Of the archive, by the date in the names; what lies in the drop goes first.
test_archive() {
	fresh -e 's/^order.*/order = name:%Y-%m-%d/' -e '/^pattern/a order = name:%Y-%m-%d'
	for day in 2024-03-01 2024-03-02 2024-03-03; do
		rows "1${day##*-}" "1${day##*-}" >"$dir/old/visits-$day.csv"
		cp "$dir/old/visits-$day.csv" "$dir/drop/"
	done
	job 0
	rm -rf "$dir/state"
	# shellcheck disable=SC2119
	api_fresh
	rows 501 501 >"$dir/drop/visits-2026-11-20.csv"
	run 0 backfill simple --from 2024-03-02 --to 2024-03-03 --dry-run --json
	is "before the first run, dry" 4 "$(report '.feeds[0].files | map(.records) | add')"
	ok "which leaves nothing" test ! -e "$dir/state/ledger.id"
	run 0 backfill simple --from 2024-03-02 --to 2024-03-03 --json
	is "the drop first, then two days" '[2,2,2]' "$(report '.feeds[0].files | map(.delivered)')"
	is "as they were archived" 6 "$(changes)"
	run 0 backfill simple --from 2024-03-01 --to 2024-03-01 --json
	is "one day more" 8 "$(changes)"
	run 64 backfill simple --from 2024-03-02
	run 64 backfill simple --from 2024-03-02 --to 2024-03-01
	run 64 backfill simple "$dir/old/x.csv" --from 2024-03-02 --to 2024-03-03
	run 64 backfill simple
	run 64 backfill simple "$dir/old/no-such.csv"
	has "which" "$dir/err" "path 1 is no file"
	run 64 retry simple ffffffff
	hasnt "nobody is woken by a slip" problem-begun "$dir/err"
	run 0 status
	has "and the feed is well" "$dir/out" "well        simple"
}

# Six batches at four a second take more than a second; the drop's own go as they come.
test_rate() {
	fresh -e '/^token_file/a batch_records = 20\nbackfill_rate = 4'
	rows 1501 1560 >"$dir/drop/now.csv"
	rows 1601 1660 >"$dir/old/a.csv"
	job 0
	is "no pace in a run" 6 "$(report '.feeds[0].requests')"
	run 0 backfill simple "$dir/old/a.csv" --json
	is "six batches" 6 "$(report '.feeds[0].requests')"
	ok "at their own pace" [ "$(report '.ended_ms - .started_ms')" -ge 1250 ]
}

# One bad file costs no other, and is told.
test_bad_backfill() {
	fresh
	job 0
	rows 601 602 | sed '1s/DOB/Birthday/' >"$dir/old/a.csv"
	rows 603 604 >"$dir/old/b.csv"
	run 65 backfill simple "$dir/old/a.csv" "$dir/old/b.csv" --json
	is "one is refused, the other delivered" '["deliver","refuse"]' \
		"$(report '.feeds[0].files | map(.verdict) | sort')"
	is "delivered" 4 "$(changes)"
	rows 1701 1750 | sed 's/Scheduled/Nope/' >"$dir/old/c.csv"
	run 4 backfill simple "$dir/old/c.csv"
	run 0 hold approve "$(ids | tail -n 1)"
	has "what comes next" "$dir/out" "backfill it once more"
	run 3 backfill simple "$dir/old/c.csv" --json
	is "approved" '["deliver",50]' "$(file_report verdict rejected)"
	job 0
	is "it is nothing of the drop's" '[0,0]' "$(report '.feeds[0] | [.refused, .held]')"
}

# Killed in the middle, an ordinary run finishes it, under the same keys.
test_killed_backfill() {
	fresh -e '/^token_file/a batch_records = 10\nin_flight = 1'
	job 0
	rows 1001 1060 >"$dir/old/a.csv"
	rows 2001 2002 >"$dir/old/b.csv"
	faults '{"latency":300}'
	"$emrdrop" --config "$dir/etc" backfill simple "$dir/old/a.csv" "$dir/old/b.csv" \
		--json >"$dir/job.out" 2>"$dir/job.err" &
	job_pid=$!
	e2e_until "some was received" received_enough 2
	end_job 137 KILL
	faults '{"latency":0}'
	job 0
	is "finished by a run" '["deliver",120]' "$(file_report verdict records)"
	is "what the file had" 120 "$(changes)"
	run 0 backfill simple "$dir/old/a.csv" "$dir/old/b.csv" --json
	is "and then the rest" 124 "$(changes)"
	batches_sound "killed"
}

test_retry() {
	fresh
	site "[metrics]
textfile = $dir"
	faults '{"refuse":["A-701","A-702","00703"]}'
	rows 701 704 >"$dir/drop/a.csv"
	job 3
	is "refused" '[5,3]' "$(file_report delivered refused)"
	rows 702 702 Newer >"$dir/drop/b.csv"
	sed -i 's/10:42/11:42/' "$dir/drop/b.csv"
	job 3
	faults '{"refuse":[]}'
	before=$(changes)
	run 0 retry simple --dry-run --json
	is "nothing is sent in a dry run" "$before" "$(changes)"
	run 0 retry simple --json
	is "what is refused still, by file" '[[2,2],[1,0]]' \
		"$(report '.feeds[0].files | map([.delivered, .stale])')"
	is "the newest alone" 3 $(($(changes) - before))
	run 0 retry simple --json
	is "nothing is left" 0 "$(report '.feeds[0].files | map(.delivered) | add // 0')"
	run 0 files simple --json
	is "the files' entries" '[[7,0],[2,0]]' "$(jq -c '.files | map([.delivered, .refused])' "$dir/out")"
	run 0 find simple appointment A-701
	has "taken" "$dir/out" "taken"
	ok "not refused any more" bash -c "! grep -q refused '$dir/out'"
	has "in the figures a retry is none again" "$dir/emrdrop_simple.prom" \
		"records_refused_total{feed=\"simple\"} 4"
	site ''
}

test_retry_one() {
	fresh
	faults '{"refuse":["A-801","A-802"]}'
	rows 801 801 >"$dir/drop/a.csv"
	rows 802 802 >"$dir/drop/b.csv"
	job 3
	faults '{"refuse":[]}'
	first=$(ids | head -n 1)
	run 64 retry simple "$(tr 0-9a-f 1-9a-f0 <<<"$first")"
	run 0 retry simple "$first" --json
	is "that file alone" '[1]' "$(report '.feeds[0].files | map(.delivered)')"
	find "$dir/done" -type f -exec rm {} +
	run 74 retry simple --json
	has "one that is gone is told" "$dir/err" "file-skipped"
	run 0 status
	has "status says why" "$dir/out" ": it is not where it was put any more (exit status 74"
	run 74 retry simple
	has "and so does the summary" "$dir/out" ": it is not where it was put any more"
	job 0
}

# What is refused is still to be read: the file is not deleted.
test_retry_undeleted() {
	fresh -e 's/^after.*/after = delete/'
	faults '{"refuse":["A-851"]}'
	rows 851 852 >"$dir/drop/a.csv"
	rows 853 854 >"$dir/drop/b.csv"
	job 3
	is "what was delivered whole is deleted" a.csv "$(ls "$dir/drop")"
	faults '{"refuse":[]}'
	job 0
	is "it is not read again" 0 "$(report '.feeds[0].files | length')"
	run 0 retry simple --json
	is "but retried" '[1]' "$(report '.feeds[0].files | map(.delivered)')"
}

# The feed has no event times: the file's own stand in where it may be old.
test_forgotten() {
	fresh -e 's/^after.*/after = keep/'
	rows 901 901 Old >"$dir/drop/a.csv"
	written 2025-01-01 "$dir/drop/a.csv"
	job 0
	first=$(ids | head -n 1)
	rows 901 901 New >"$dir/drop/b.csv"
	written 2025-02-01 "$dir/drop/b.csv"
	job 0
	run 0 forget simple "$first"
	job 0
	is "what is known of later stands" '[1,1,0]' "$(file_report stale unchanged delivered)"
	is "so" TestcaseNew "$(family 00901)"
	rows 901 901 Old >"$dir/drop/c.csv"
	written 2025-01-01 "$dir/drop/c.csv"
	job 0
	is "but what comes as news is news, whatever its time" TestcaseOld "$(family 00901)"
}

# on DAY FROM TO NAME: an export of that day, in the order of its rows.
on() {
	rows "$2" "$3" "$4" >"$dir/drop/$1.csv"
	written "$1" "$dir/drop/$1.csv"
}

# What exports only repeated is as new as the last of them, though the ledger has written
# nothing of it: by `one`, DAY's export had the first patient as he was before.
test_repeated() {
	local what=$1 one=$2

	shift 2
	fresh "$@"
	on 2026-11-01 1 2 New
	job 0
	"$one" 2026-11-03
	job 0
	day_between "$what"
	day_between "$what, the second time"
	rows 1 2 Newest >"$dir/old/c.csv"
	written 2026-11-04 "$dir/old/c.csv"
	run 0 backfill simple "$dir/old/c.csv" --json
	is "$what: a later day is not" '[2,0]' "$(file_report delivered stale)"
}

# day_between WHAT
day_between() {
	local what=$1

	rows 1 2 Old >"$dir/old/b.csv"
	written 2026-11-02 "$dir/old/b.csv"
	run 0 backfill simple "$dir/old/b.csv" --json
	is "$what: the day between is old" '[0,4]' \
		"$(report '.feeds[0].files[0] | [.delivered, .stale + .unchanged]')"
	is "$what: so" TestcaseNew "$(family 00001)"
}

# shellcheck disable=SC2317 # by test_repeated
with_more() {
	on "$1" 1 3 New
}

# shellcheck disable=SC2317 # by test_repeated
as_it_was() {
	on "$1" 1 2 New
}

# In another order, so that hardly a row is known by its bytes.
# shellcheck disable=SC2317 # by test_repeated
turned() {
	{ rows 1 3 New | sed 1q && rows 1 3 New | sed 1d | tac; } >"$dir/drop/$1.csv"
	written "$1" "$dir/drop/$1.csv"
}

# Later exports have other patients, or none.
# shellcheck disable=SC2317 # by test_repeated
others_since() {
	with_more "$1"
	job 0
	on 2026-11-05 7 9 New
	job 0
	on 2026-11-06 9 7 New
	job 0
	on 2026-11-07 7 9 Newer
}

# It was held for others of its rows, and approved.
# shellcheck disable=SC2317 # by test_repeated
approved() {
	{ rows 1 2 New && rows 101 150 | sed '1d; s/Scheduled/Nope/'; } >"$dir/drop/$1.csv"
	written "$1" "$dir/drop/$1.csv"
	job 4
	run 0 hold approve "$(ids | tail -n 1)"
	job 3
}

# A run is killed at any of its writes: the next one ends what it began.
test_killed_repeated() {
	local call n

	if ! strace -o "$dir/trace" true 2>/dev/null; then
		echo "skipped in part: nothing can be traced here"
		return
	fi
	for call in fdatasync rename; do
		n=0
		while
			fresh
			on 2026-11-01 1 2 New
			job 0
			with_more 2026-11-03
			ASAN_OPTIONS=detect_leaks=0 killed_at "$call" $((++n)) 0 && [ "$n" -lt 60 ]
		do
			job 0
			day_between "killed at $call $n"
		done
		ok "$call: it was killed, and ended at last" [ "$n" -gt 1 -a "$n" -lt 60 ]
	done
}

# Old files in any order: the days around the one between came before it, by themselves.
test_repeated_by_old() {
	fresh
	on 2026-11-01 1 2 New
	job 0
	rows 1 3 New >"$dir/old/c.csv"
	written 2026-11-03 "$dir/old/c.csv"
	run 0 backfill simple "$dir/old/c.csv" --json
	is "the later day repeats" '[2,4]' "$(file_report delivered unchanged)"
	day_between "repeated by a backfill"
}

# The API refused a row that the next export has not any more.
test_retry_of_what_was_set_back() {
	fresh
	on 2026-11-01 1 1 New
	job 0
	faults '{"refuse":["00001"]}'
	on 2026-11-02 1 1 Odd
	job 3
	faults '{"refuse":[]}'
	on 2026-11-03 1 2 New
	job 0
	run 0 retry simple --json
	is "a retry of what was set back" '[0,"TestcaseNew"]' \
		"[$(file_report delivered | jq '.[0]'),\"$(family 00001)\"]"
}

test_backfill
test_rate
test_archive
test_bad_backfill
test_killed_backfill
test_retry
test_retry_one
test_retry_undeleted
test_forgotten
test_repeated "with more rows" with_more
test_repeated "as it was" as_it_was
test_repeated "turned round" turned
test_repeated "others since" others_since
test_repeated "approved" approved
test_repeated_by_old
test_killed_repeated
test_retry_of_what_was_set_back
by_sftp
test_backfill
test_archive
test_retry
e2e_end
