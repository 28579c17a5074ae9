#!/bin/bash
# The peer is not who it should be, the login is refused, another run is at work: the
# right exit status, a message that says where, and nothing done.
#
#   tests/e2e/peers_test.sh BUILD_DIR
set -u
. tests/e2e/lib.sh

e2e_init "$1"
sshd_start "$dir" || exit 1
api_start
rows 1 3 >"$dir/drop/three.csv"

# error CODE TEXT: of the first feed in the last report.
error() {
	is "the code of: $2" "\"$1\"" "$(report '.feeds[0].error.code')"
	has "the message" "$dir/out" "$2"
}

logins() {
	grep -cE 'Accepted|Failed|Postponed|userauth|authentication' "$SSHD_LOG"
}

test_host_keys() {
	local before sshd_wrong

	by_sftp
	sshd_wrong=$dir/wrong_hosts
	ssh-keygen -q -t ed25519 -N '' -C '' -f "$dir/other"
	echo "[127.0.0.1]:$SSHD_PORT $(cut -d' ' -f1,2 "$dir/other.pub")" >"$sshd_wrong"
	chmod 600 "$sshd_wrong"
	before=$(logins)
	simple -e "s|^known_hosts.*|known_hosts = $sshd_wrong|"
	job 76
	error peer "wrong_hosts"
	: >"$sshd_wrong"
	job 76
	error peer "wrong_hosts"
	is "attempts to log in" "$before" "$(logins)"
	run 76 check --connect --json
	has "the line to paste" "$dir/out" "$(cut -d' ' -f1,2 "$dir/host_ed25519.pub")"
	is "still none" "$before" "$(logins)"
	ok "nothing was trusted by itself" [ ! -s "$sshd_wrong" ]
	rm "$sshd_wrong"
	run 76 run --json
	is "requests" 0 "$(received)"
}

test_logins() {
	simple -e "s|^key_file.*|password_file = $dir/password|"
	echo "not-the-password-XYZ" >"$dir/password"
	chmod 600 "$dir/password"
	job 77
	hasnt "the password" not-the-password-XYZ "$dir/out" "$dir/err"
	simple -e "s|^key_file.*|key_file = $dir/other|"
	job 77
	simple -e "s|//$SSHD_USER@|//nobody-here@|"
	job 77
	simple -e "s|^key_file.*|key_file = $dir/none|"
	run 78 run --json
	has "the file that is not there" "$dir/out" "$dir/none"
	run 78 check
	has "check tells of it too" "$dir/out" "$dir/none"
}

test_tls() {
	mkdir "$dir/elsewhere"
	tls_make "$dir/elsewhere" || exit 1
	simple -e "s|^ca_file.*|ca_file = $dir/elsewhere/ca.pem|"
	job 76
	is "the code" '"peer"' "$(report '.feeds[0].error.code')"
	simple -e "/^ca_file/d"
	job 76
	run 76 check --connect
	simple -e "s|^ca_file.*|ca_file = $dir/none.pem|"
	run 76 run --json
	has "what to mend" "$dir/out" "ca_file must be a readable file"
	is "requests" 0 "$(received)"
	simple -e "s|^token_file.*|token_file = $dir/wrong|"
	echo another-token-XYZ >"$dir/wrong"
	chmod 600 "$dir/wrong"
	job 77
	hasnt "the token" another-token-XYZ "$dir/out" "$dir/err"
	is "nothing is marked refused" 0 "$(report '[.feeds[].files[].refused] | add // 0')"
}

# Nothing of all that was in vain: the pass that was opened goes on.
test_well_at_last() {
	simple
	job 0
	is "what the API holds" 6 "$(changes)"
	job 0
	is "once" 6 "$(changes)"
	batches_sound "after all that"
}

test_overlap() {
	faults '{"latency":600000}'
	rows 4 6 >"$dir/drop/more.csv"
	start_job
	e2e_until "the first run sends" unfinished
	SECONDS=0
	job 75
	ok "at once" [ "$SECONDS" -lt 5 ]
	error busy "another run is at work"
	run 0 status --json
	is "status runs beside it" true "$(report '.feeds[0].unfinished')"
	end_job 137 KILL
	api_stop
	api_start
	job 0
	is "the lock died with its owner" 12 "$(changes)"
	batches_sound overlap
}

test_host_keys
test_logins
test_tls
test_well_at_last
test_overlap
e2e_end
