#!/bin/bash
# No plaintext of a record reaches a disk: not while a file larger than the outbox's
# memory is read and sent, not after kill -9, and not in the ledger, the log or a report.
#
#   tests/e2e/disk_test.sh BUILD_DIR
set -u
. tests/e2e/lib.sh

e2e_init "$1" strace
api_start
# The sanitizer's leak check is a tracer too.
export ASAN_OPTIONS=detect_leaks=0
# In every field of a patient; what a canary looks like in the file, and in a record.
canaries='[Qq]uoll|QUOLL|08/13/1917|1917-08-13|2125550|1 QUOLL Street'
rows=6000

# canary_file N: rows full of canaries, whose values don't repeat: they must not be
# compressed into the outbox's memory.
canary_file() {
	printf 'ID,Last,First,DOB,ZIP,Appt,Start,Status,Cell,Email,Street,Reason\r\n'
	awk -v n="$1" 'BEGIN { srand(7); for (i = 1; i <= n; i++) {
		s = ""; for (k = 0; k < 30; k++) s = s sprintf("%c", 65 + int(rand() * 26))
		printf "QUOLL-%05d,QUOLLLAST%s,QUOLLFIRST%d,08/13/1917,QUOLL-%d,QUOLL-A%d,11/%02d/2026 10:%02d,Scheduled,", \
			i, s, i, i, i, i % 28 + 1, i % 60
		printf "(212) 555-0%03d,quolllast%s@example.org,%d QUOLL Street,QUOLL-%s%s\r\n", i % 1000, s, i, s, s } }'
}

canary_feed() {
	simple -e "\$a batch_records = 200" -e '/^birth_date/a phone.mobile = {Cell} | phone US\
email = {Email} | email\
address.line = [{Street}]' -e '/^patient_id/a reason = {Reason}'
	site $'[run]\noutbox_memory = 262144\n[log]\nlevel = debug'
}

# nowhere WHAT [FILE]: no canary in any file but the drop, the API's own, and the trace;
# or just in that one.
nowhere() {
	is "$1: files that hold a canary" "${2:-}" "$(grep -ralE "$canaries" "$dir" \
		--exclude-dir=drop --exclude='api.db*' --exclude='trace*')"
}

test_control() {
	canary_file 20 >"$dir/probe"
	nowhere "a file full of them" "$dir/probe"
	mv "$dir/probe" "$dir/drop/probe.csv"
	run 0 preview simple "$dir/drop/probe.csv"
	ok "in a record, too" [ "$(grep -oE 'QUOLLLAST|1917-08-13|2125550|1 QUOLL Street|QUOLL-A1"' "$dir/out" |
		sort -u | wc -l)" = 5 ]
	: >"$dir/out"
	rm "$dir/drop/probe.csv" "$dir/all.out"
}

test_traced() {
	local calls=openat,open,creat,write,writev,pwrite64,pwritev,linkat,prlimit64,setrlimit

	canary_file "$rows" >"$dir/drop/canaries.csv"
	if ! strace -o "$dir/trace" true 2>/dev/null; then
		echo "not traced: nothing can be traced here"
		return
	fi
	# -P would hide the descriptors without a name: everything is kept, and read too.
	strace -f -o "$dir/trace" -e "trace=$calls,read,pread64" -s 4000000 \
		"$emrdrop" --config "$dir/etc" run --json >"$dir/out" 2>"$dir/err"
	ran "a traced run" 0 $?
	is "what the API holds" $((rows * 2)) "$(changes)"
	# Only root may look into a process that is not dumpable.
	[ "$(id -u)" -ne 0 ] || ok "the trace shows what is read" \
		grep -qE "(read|pread64)\(.*QUOLLLAST" "$dir/trace"
	is "canaries in what is written" "" \
		"$(grep -E "$canaries" "$dir/trace" | grep -vE '^[0-9]+ +(p?read(64)?\(|<... p?read)' |
			cut -c1-200 | head -n 3)"
	ok "the outbox was a file without a name" grep -q 'O_TMPFILE' "$dir/trace"
	is "which never got one" 0 "$(grep -c 'linkat(' "$dir/trace")"
	ok "it was used" [ "$(grep -c '^[0-9]* *p\?write' "$dir/trace")" -gt 5 ]
	ok "core dumps are off" grep -q 'RLIMIT_CORE, {rlim_cur=0, rlim_max=0}' "$dir/trace"
	rm "$dir/trace"
	nowhere "after a run"
}

# Killed with the outbox full: what stays on the disk tells nothing.
test_killed() {
	rm -rf "$dir/state"
	sed 's/QUOLL-/QUOLL-B/g' "$dir/drop/canaries.csv" >"$dir/drop/more.csv"
	faults '{"latency":600000}'
	start_job
	e2e_until "the first batches are under way" unfinished
	ok "core dumps are off" grep -qE '^Max core file size +0 +0' "/proc/$job_pid/limits"
	if [ "$(id -u)" -eq 0 ]; then
		ls -l "/proc/$job_pid/fd" >"$dir/fds"
		ok "the outbox is open, and has no name" grep -qE "$dir/state.*deleted" "$dir/fds"
	fi
	end_job 137 KILL
	api_stop
	nowhere "after kill -9"
	is "what lies in the state folder" "+run.simple.lock ledger.id ledger.mdb ledger.mdb-lock simple.lock site.key" \
		"$(find "$dir/state" -type f -printf '%f\n' | LC_ALL=C sort | paste -sd' ')"
	is "who may read it" "" "$(find "$dir/state" -perm /077)"
}

# Names and ids are sealed, not just absent by luck: P4.
test_ledger() {
	api_start
	run 0 run
	nowhere "in the end"
	ok "the ledger knows $rows patients" [ "$(stat -c %s "$dir/state/ledger.mdb")" -gt 500000 ]
	hasnt "a file's name" canaries.csv "$dir/state/ledger.mdb"
}

canary_feed
test_control
test_traced
test_killed
test_ledger
e2e_end
