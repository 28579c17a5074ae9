#!/bin/bash
# Acknowledgement files: one a file, in the feedback folder, with the outcome of each
# message; also where the folder can't be written at first, and after kill -9.
#
#   tests/e2e/ack_test.sh BUILD_DIR
set -u
. tests/e2e/lib.sh

e2e_init "$1"
sshd_start "$dir" || exit 1
site $'[run]\nmaps = '"$PWD/deploy/maps"
api_start
by_sftp
folder=$dir/drop/acks

# siu N CONTROL APPOINTMENT STATUS
siu() {
	printf 'MSH|^~\\&|EHR|CLINIC|HUB|EMRDROP|2026110108%02d00||SIU^S12|%s|P|2.5.1\r' "$1" "$2"
	printf 'SCH|%s||||||||30|min|^^^2026120%d0900||||||||||||||%s\r' "$3" "$1" "$4"
	printf 'PID|1||770%d^^^CLINIC^MR||Testcase^Ann\r' "$1"
}

# Taken; a status nobody knows; no message type; taken, but for the API.
export_one() {
	siu 1 C-1 A-1 Booked
	siu 2 'C\T\2' A-2 Overslept
	printf 'MSH|^~\\&|EHR|CLINIC|HUB|EMRDROP|20261101080300|||C-3|P|2.5.1\r'
	siu 4 C-4 A-4 Booked
}

# acks [SED...]: the feed; by the way that by_file or by_sftp said.
acks() {
	cat >"$dir/acks.ini" <<-END
		[feed]
		name     = acks
		extends  = hl7-siu.ini
		timezone = America/Chicago

		[source]
		url        = file://$dir/drop
		pattern    = *.hl7
		after      = keep
		feedback   = $folder
		receipts   = off
		stable_for = 0

		[hl7]
		authority = CLINIC
		ack       = batch

		[target]
		url        = @API@/v1/batches
		token_file = $dir/token
		ca_file    = $dir/ca.pem
	END
	feed "$dir/acks.ini" acks "$@"
}

# The acknowledgement, a segment a line.
lines() {
	tr '\r' '\n' <"$(find "$folder" -name "$1.hl7-*.ack.hl7")"
}

test_outcomes() {
	acks
	faults '{"refuse":["A-4"]}'
	export_one >"$dir/drop/one.hl7"
	job 3
	is "outcomes" "AA|C-1 AE|C\\T\\2 AR|C-3 AE|C-4" \
		"$(lines one | sed -n 's/^MSA|//p' | paste -sd ' ')"
	is "where, and what" "SCH^1^25 103 unknown_code" \
		"$(lines one | awk -F'|' '$1 == "ERR" { print $3, $4, $6 }' | sed -n 1p | sed 's/\^\^HL70357//')"
	is "what is wrong with each" "unknown_code hl7_header api_refused" \
		"$(lines one | awk -F'|' '$1 == "ERR" { print $6 }' | paste -sd ' ')"
	is "batch and file are whole" "FHS BHS BTS|4 FTS|1" \
		"$(lines one | grep -oE '^(FHS|BHS|BTS\|.*|FTS\|.*)' | paste -sd ' ')"
	is "sender and receiver change places" "HUB|EMRDROP|EHR|CLINIC" \
		"$(lines one | grep -m 1 ^MSH | cut -d '|' -f 3-6)"
	is "the type of the answer" "ACK^S12^ACK" "$(lines one | grep -m 1 ^MSH | cut -d '|' -f 9)"
	hasnt "no name of a patient" Testcase "$folder"/*
	is "no name in progress is left" 0 "$(find "$folder" -name '.*' -type f | wc -l)"
	faults '{"refuse":[]}'
	job 0
	is "one a file" 1 "$(find "$folder" -type f | wc -l)"
}

# Answered by the rules that it was read by.
test_reads_itself() {
	cp "$(find "$folder" -name 'one.hl7-*.ack.hl7')" "$dir/ack.hl7"
	run 0 preview acks "$dir/ack.hl7" --json
	is "the answer is HL7, and counts right" '[4,4,0]' "$(report '[.rows, .filtered, .rejected]')"
}

# A folder that can't be written keeps nothing waiting, and loses no answer.
test_no_folder() {
	acks -e "s|^after.*|after = archive:$dir/drop/done|; s|^feedback.*|feedback = $dir/closed/acks|"
	echo >"$dir/closed"
	siu 5 C-5 A-5 Booked >"$dir/drop/two.hl7"
	job 74
	is "delivered, and told" '[2,1]' "$(report '[.feeds[0].files[0].delivered, .feeds[0].unsettled]')"
	has "why" "$dir/err" feedback-failed
	ok "the file is put away" [ ! -f "$dir/drop/two.hl7" ]
	siu 6 C-6 A-5 Cancelled >"$dir/drop/three.hl7"
	job 74
	is "nor does the next one wait" cancelled \
		"$(api_curl state | jq -r '.records[] | select(.id == "A-5").data.status')"
	before=$(received)
	job 74
	is "nothing is sent again" "$before" "$(received)"
	rm "$dir/closed"
	mkdir "$dir/closed"
	job 0
	is "answered later" 2 "$(find "$dir/closed/acks" -name 't*.hl7-*.ack.hl7' | wc -l)"
	is "and kept no longer" 0 "$(find "$dir/state/answers" -type f | wc -l)"
	is "nothing was sent again" "$before" "$(received)"
}

# crash_at CALL N: the run is killed before its Nth such call, or ends before it.
crash_at() {
	local rc

	rm -rf "$dir/state" "$folder" "$dir/drop/done" "$dir"/drop/*.hl7
	export_one >"$dir/drop/three.hl7"
	(strace -f -o "$dir/trace" -e "trace=$1" -e "inject=$1:signal=KILL:when=$2" \
		"$emrdrop" --config "$dir/etc" run --json >"$dir/out" 2>"$dir/err"
		exit $?) 2>/dev/null
	rc=$?
	ran "a run that is killed at $1 $2" "$rc" "$rc"
	[ "$rc" -eq 137 ]
}

# Killed before anything that makes an answer, or what it stands for, last.
test_killed() {
	local n call rc

	strace -o "$dir/trace" true 2>/dev/null || { echo "no strace: not killed"; return; }
	export ASAN_OPTIONS=detect_leaks=0
	by_file
	acks -e "s|^after.*|after = archive:$dir/drop/done|"
	for call in fsync renameat2 fdatasync; do
		n=1
		while crash_at "$call" "$n" && [ "$failures" -lt 10 ]; do
			"$emrdrop" --config "$dir/etc" run --json >"$dir/out" 2>"$dir/err"
			rc=$?
			ran "the run after it" $((rc == 3 ? 3 : 0)) "$rc"
			is "$call $n: one answer" 1 "$(find "$folder" -type f -name '[!.]*' | wc -l)"
			is "$call $n: whole" "BTS|4" "$(lines three | grep ^BTS)"
			ok "$call $n: archived" [ "$(in_archive "$dir/drop/done")" = 1 ]
			n=$((n + 1))
			points=$((points + 1))
		done
	done
	is "for the folder's group to read" 660 "$(stat -c %a "$folder"/three.hl7-*)"
	ok "there are points enough: $points" [ "$points" -gt 12 ]
	batches_sound "killed"
	unset ASAN_OPTIONS
}
points=0

test_check() {
	acks -e '/^feedback/d'
	run 78 check
	has "needs a folder" "$dir/err" "feedback in [source]"
}

test_outcomes
test_reads_itself
test_no_folder
test_killed
test_check
e2e_end
