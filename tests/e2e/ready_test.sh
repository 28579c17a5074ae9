#!/bin/bash
# A file is taken once it is surely whole, and not before.
#
#   tests/e2e/ready_test.sh BUILD_DIR
set -u
. tests/e2e/lib.sh

e2e_init "$1"
sshd_start "$dir" || exit 1
api_start
by_sftp

# fresh [SED...]: an empty drop and ledger.
fresh() {
	rm -rf "$dir/state" "$dir"/drop/*.*
	simple "$@"
}

# waits FILES: the last run left so many alone, and read none.
waits() {
	is "$1: left alone" "[1,0]" "$(report '.feeds[0] | [.waiting, (.files | length)]')"
}

# shellcheck disable=SC2317 # e2e_until calls it
delivered() {
	job 0
	[ "$(report '.feeds[0].files | length')" = 1 ]
}

took_at_least() {
	ok "$1: after $(($(date +%s%3N) - began)) ms" [ $(($(date +%s%3N) - began)) -ge "$2" ]
}

test_stable() {
	local began since

	fresh -e 's/^stable_for.*/stable_for = 1s/'
	rows 1 2 >"$dir/drop/first.csv"
	began=$(date +%s%3N)
	job 0
	is "the first run ever waits" 1 "$(report '.feeds[0].files | length')"
	took_at_least "it waited" 1000
	rows 3 4 >"$dir/drop/second.csv"
	# It would wait for an hour.
	simple -e 's/^stable_for.*/stable_for = 1h/'
	began=$(date +%s%3N)
	job 0
	waits "a second run, soon after"
	simple -e 's/^stable_for.*/stable_for = 1s/'
	e2e_until "one of the next runs delivers" delivered
	took_at_least "two looks" 1000
	rows 5 6 >"$dir/drop/third.csv"
	job 0
	waits "a file that grows"
	has "the log tells" "$dir/err" "not-ready feed=simple files=1"
	run 0 status --json
	is "time is all it needs, as far as is known" '[1,"time"]' \
		"$(jq -c '.feeds[0] | [.waiting, .waits_for]' "$dir/out")"
	since=$(jq '.feeds[0].waiting_since_ms' "$dir/out")
	rows 7 8 | tail -n +2 >>"$dir/drop/third.csv"
	began=$(date +%s%3N)
	job 0
	has "the log tells that it still grows" "$dir/err" "Z, still changing"
	run 0 status
	is "its feed needs nobody" "the feed is well" "$(head -n 1 "$dir/out")"
	has "but it is told" "$dir/out" WAITING
	has "with what it does" "$dir/out" ", still changing"
	run 0 status simple
	has "and there" "$dir/out" "  as of that look, 1 file is there since "
	run 0 status simple --json
	is "and for programs" "[\"waiting\",1,\"changes\",$since]" "$(jq -c \
		'.feeds[0] | [.ailments[0].state, .waiting, .waits_for, .waiting_since_ms]' "$dir/out")"
	e2e_until "it is whole" delivered
	took_at_least "it starts again" 1000
	is "all of it" '[4,8]' "$(file_report rows delivered)"
	run 0 status
	hasnt "nothing waits any more" WAITING "$dir/out"
	run 0 run --dry-run
	has "a dry run knows them, too" "$dir/out" "nothing new"
}

test_marker() {
	fresh -e 's/^stable_for.*/marker = .done/'
	rows 1 2 >"$dir/drop/a.csv"
	job 0
	waits "no marker"
	run 0 status
	has "which is told" "$dir/out" ", without its marker file"
	: >"$dir/drop/a.csv.done"
	job 0
	is "with its marker" '[2,4]' "$(file_report rows delivered)"
}

# Yesterday's marker lies beside today's upload, which pauses half-way.
test_old_marker() {
	fresh -e 's/^stable_for.*/marker = .done/' -e 's/^pattern.*/pattern = visits.csv visits*/' \
		-e "s|^after .*|after = archive:$dir/drop/done|"
	rows 1 2 >"$dir/drop/visits.csv"
	: >"$dir/drop/visits.csv.done"
	touch -d 2026-11-01 "$dir/drop/visits.csv" "$dir/drop/visits.csv.done"
	job 0
	is "a marker of the very second" '[2,4]' "$(file_report rows delivered)"
	ok "the marker lies where it lay" [ -f "$dir/drop/visits.csv.done" ]
	rows 1 3 | head -n 3 >"$dir/drop/visits.csv"
	run 0 run --dry-run
	has "a dry run tells" "$dir/out" "Z, its marker is older than it"
	job 0
	waits "an older marker"
	is "it is counted" '[1,0]' "$(report '.feeds[0] | [.old_markers, .bad_names]')"
	has "it is logged" "$dir/err" "old-marker feed=simple files=1"
	hasnt "its name is not" visits "$dir/err" "$dir/out"
	run 75 run simple --file visits.csv
	has "the run says why" "$dir/out" "Z, its marker is older than it"
	hasnt "nothing that can be done by the next run" "not ready yet" "$dir/out"
	hasnt "it is logged once" old-marker "$dir/err"
	run 75 trigger --event - <<<'{"feed":"simple","file":"visits.csv"}'
	has "why the event is for later" "$dir/err" "a file waits whose marker is older than it"
	run 0 status simple
	has "status says so" "$dir/out" "as of that look, 1 file is there since "
	has "and what helps" "$dir/out" "Z, its marker is older than it"
	run 0 status --json
	is "as long as it may be an upload" '["waiting",0]' \
		"$(jq -c '[.feeds[0].ailments[0].state, .sick]' "$dir/out")"
	run 0 check --connect simple
	has "so does check" "$dir/out" "old_markers: 1 file waits: its marker is older than it"
	rows 1 3 >"$dir/drop/visits.csv"
	job 0
	waits "the upload has ended, its marker has not come"
	: >"$dir/drop/visits.csv.done"
	job 0
	is "with its own marker" '[3,2]' "$(file_report rows delivered)"
	is "nothing waits" 0 "$(report '.feeds[0].old_markers')"
	run 0 status
	has "nothing ails it" "$dir/out" "the feed is well"
}

# A name that can't be taken is told, and only one that was meant to be.
test_bad_names() {
	local name

	fresh
	rows 1 2 >"$dir/drop/visits.csv"$'\r'
	rows 1 2 >"$dir/drop/"$'vis\tits.csv'
	: >"$dir/drop/"$'Icon.\r'
	: >"$dir/drop/"$'visits.csv.part\r'
	job 0
	is "bad names" '[2,0,0]' "$(report '.feeds[0] | [.bad_names, .waiting, (.files | length)]')"
	has "it is logged" "$dir/err" "bad-name feed=simple files=2"
	job 0
	hasnt "it is logged once" bad-name "$dir/err"
	run 0 run
	has "the run tells" "$dir/out" "2 names are never taken"
	run 0 status
	has "somebody is needed" "$dir/out" "1 of 1 feed needs somebody"
	has "what it is" "$dir/out" "BAD NAME"
	run 0 check --connect --json simple
	is "check tells" true "$(jq '.feeds[0].bad_names | startswith("2 names are never taken")' "$dir/out")"
	run 64 run simple --file - <<<$'visits.csv\r'
	has "what is asked for by such a name" "$dir/err" "rename the file"
	hasnt "no name is told" its.csv "$dir/all.err" "$dir/all.out"
	for name in "$dir"/drop/*$'\r' "$dir"/drop/*$'\t'*; do
		rm "$name"
	done
	job 0
	is "they are gone" 0 "$(report '.feeds[0].bad_names')"
	run 0 status
	has "and forgotten" "$dir/out" "the feed is well"
}

test_age() {
	fresh -e 's/^min_age.*/min_age = 1h/'
	rows 1 2 >"$dir/drop/a.csv"
	job 0
	waits "young"
	touch -d '2 hours ago' "$dir/drop/a.csv"
	job 0
	is "old" '[2,4]' "$(file_report rows delivered)"
	rows 3 4 >"$dir/drop/b.csv"
	touch -d 'now + 2 hours' "$dir/drop/b.csv"
	job 0
	waits "from the future"
}

test_names() {
	local name

	fresh -e 's/^pattern.*/pattern = */'
	for name in a.csv.tmp b.part c.csv.filepart d.writing e.crdownload .f.csv; do
		rows 1 2 >"$dir/drop/$name"
	done
	job 0
	is "names in progress" '[0,0]' "$(report '.feeds[0] | [.waiting, (.files | length)]')"
	mv "$dir/drop/a.csv.tmp" "$dir/drop/a.csv"
	job 0
	is "renamed when it was whole" 1 "$(report '.feeds[0].files | length')"
	rm "$dir/drop/.f.csv"
}

test_order() {
	fresh -e 's/^order.*//' -e 's/^pattern.*/&\norder = name:%m%d%Y\nmax_files = 1/'
	rows 51 51 >"$dir/drop/x 01022026.csv"
	rows 52 52 >"$dir/drop/x 12312025.csv"
	job 0
	is "the older by the date in its name" '["00052"]' "$(api_curl state |
		jq -c '[.records[] | select(.type == "patient" and .id > "00050") | .id]')"
	is "no more than one" 1 "$(report '.feeds[0].files | length')"
	job 0
	is "then the other" 1 "$(report '.feeds[0].files | length')"
}

# What is read is never what was listed: no run takes it, and `status` says so.
test_changing() {
	local port key since

	fresh
	/usr/bin/python3 -c 'import paramiko' 2>/dev/null || { echo "no python3-paramiko: no server that lies"; return; }
	mkfifo "$dir/hold"
	/usr/bin/python3 tests/lib/odd_sftpd.py "$dir/drop" larger <>"$dir/hold" >"$dir/odd" 2>"$dir/odd.err" &
	SERVER_PIDS+=("$!")
	e2e_until "the odd server listens" test -s "$dir/odd"
	read -r port key <"$dir/odd"
	echo "$key" >"$dir/odd_hosts"
	simple -e "s|:$SSHD_PORT/|:$port/|" -e "s|^known_hosts.*|known_hosts = $dir/odd_hosts|"
	rows 1 2 >"$dir/drop/a.csv"
	job 0
	waits "another size"
	run 0 run
	has "the run says so" "$dir/out" "1 changed while read"
	run 0 status --json
	is "status, too" '["waiting",1,"changes"]' "$(jq -c \
		'.feeds[0] | [.ailments[0].state, .waiting, .waits_for]' "$dir/out")"
	since=$(report '.feeds[0].waiting_since_ms')
	job 0
	run 0 status --json
	is "since when" "$since" "$(report '.feeds[0].waiting_since_ms')"
	simple
	job 0
	is "as it is" '[2,4]' "$(file_report rows delivered)"
	run 0 status
	hasnt "nothing waits any more" WAITING "$dir/out"
}

test_stable
test_marker
test_old_marker
test_changing
test_age
test_names
test_bad_names
by_file
test_old_marker
test_bad_names
test_order
e2e_end
