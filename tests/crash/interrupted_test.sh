#!/bin/bash
# kill -9 while a file is read over SFTP, and while its batches are sent: the next run
# goes on, and what the API holds then is byte for byte what an undisturbed run gives.
#
#   tests/crash/interrupted_test.sh BUILD_DIR
set -u
. tests/e2e/lib.sh

e2e_init "$1"
for sftp_server in /usr/lib/openssh/sftp-server /usr/libexec/openssh/sftp-server; do
	[ ! -x "$sftp_server" ] || SSHD_SUBSYSTEM=$sftp_server
done
: "${SSHD_SUBSYSTEM:=internal-sftp}"
sshd_start "$dir" || exit 1
api_start
by_sftp
mkdir "$dir/drop/done"
simple -e "\$a batch_records = 20\nin_flight = 3" -e 's/^\[csv\]/[rows]\nwhen = {Status} not in SKIP\n&/' \
	-e "s|^after.*|after = archive:$dir/drop/done|"

# 300 rows, 30 batches.
rows 1 300 >"$dir/export.csv"

# fresh: nobody knows anything, and the export lies in the drop.
fresh() {
	api_stop forget
	api_start
	rm -rf "$dir/state" "$dir"/drop/*.csv "$dir"/drop/done/*
	cp "$dir/export.csv" "$dir/drop/export.csv"
}

# finishes WHAT: the next run completes, and all is as if nothing had been.
finishes() {
	job 0
	api_curl state >"$dir/disturbed.json"
	ok "$1: the API's state is that of an undisturbed run" \
		cmp "$dir/undisturbed.json" "$dir/disturbed.json"
	batches_sound "$1"
	is "$1: archived" 1 "$(in_archive "$dir/drop/done")"
	ok "$1: gone from the drop" [ ! -e "$dir/drop/export.csv" ]
	job 0
	is "$1: nothing is left to send" 0 "$(report '.feeds[0].requests')"
}

# shellcheck disable=SC2317 # e2e_until calls it
# The sftp-server that has the export open, stopped; its place in the file is `at`.
catch_reader() {
	local fd

	for fd in /proc/[0-9]*/fd/*; do
		[ "$fd" -ef "$dir/drop/export.csv" ] || continue
		reader=${fd#/proc/}
		reader=${reader%%/*}
		[ "$reader" != "$job_pid" ] || continue
		kill -STOP "$reader"
		at=$(sed -n 's/^pos:[[:space:]]*//p' "${fd/\/fd\//\/fdinfo\/}")
		[ "${at:-0}" -eq 0 ] || return 0
		kill -CONT "$reader"
	done
	return 1
}

# The same rows, in a file of 40 MB: what is filtered costs nothing to send.
test_reading() {
	local size

	# Only root may see what an sftp-server has open.
	[ "$(id -u)" -eq 0 ] || return 0
	fresh
	awk 'BEGIN { for (i = 0; i < 100; i++) s = s "no patient in here "
		for (i = 0; i < 20000; i++) printf "X%d,%s,,,,,,SKIP\r\n", i, s }' >>"$dir/drop/export.csv"
	size=$(stat -c %s "$dir/drop/export.csv")
	start_job
	e2e_until "the export is being read" catch_reader
	ok "in the middle of it: $at of $size" [ "$at" -lt "$size" ]
	end_job 137 KILL
	kill -CONT "$reader" 2>/dev/null
	is "nothing was sent" 0 "$(received)"
	run 0 status --json
	is "nothing is unfinished" false "$(report '.feeds[0].unfinished // false')"
	finishes "killed while reading"
}

test_sending() {
	local k

	for k in 1 2 9 20 29 30; do
		fresh
		# Where not all may be taken before the kill, a slow machine has its time.
		faults "{\"latency\":$((k > 20 ? 60 : 600))}"
		start_job
		e2e_until "the API has got $k batches" received_enough "$k"
		end_job 137 KILL $((k < 29 ? 137 : 0))
		faults '{"latency":0}'
		[ "$k" -gt 20 ] || ok "$k: not all" [ "$(changes)" -lt 600 ]
		finishes "killed at batch $k"
	done
}

# The first batches are under way, and no answer comes at all.
test_first_batch() {
	fresh
	faults '{"latency":600000}'
	start_job
	e2e_until "a pass is open" unfinished
	end_job 137 KILL
	api_stop
	api_start
	finishes "killed before the first answer"
}

# Killed again and again: each run gets a little further.
test_again_and_again() {
	local k

	fresh
	faults '{"latency":300}'
	for k in 4 8 12 16; do
		start_job
		e2e_until "the API has got $k requests" received_enough "$k"
		end_job 137 KILL
	done
	faults '{"latency":0}'
	finishes "killed four times"
	is "batches" 30 "$(api_curl batches | jq length)"
	ok "few were sent twice: $(received)" [ "$(received)" -le 45 ]
}

# SIGTERM is no crash, but must not be worse than one.
test_term() {
	fresh
	faults '{"latency":300}'
	start_job
	e2e_until "the API has got some batches" received_enough 5
	end_job 143 TERM
	faults '{"latency":0}'
	finishes "ended by SIGTERM"
}

fresh
job 0
api_curl state >"$dir/undisturbed.json"
is "undisturbed" 600 "$(changes)"
is "batches" 30 "$(api_curl batches | jq length)"
test_reading
test_first_batch
test_sending
test_again_and_again
test_term
e2e_end
