#!/bin/bash
# A login that was refused is not tried again before something has changed: servers lock
# accounts out.
#
#   tests/e2e/login_test.sh BUILD_DIR
set -u
. tests/e2e/lib.sh

e2e_init "$1" ssh-keygen
api_start
sshd_start "$dir" || exit 1
by_sftp
# shellcheck disable=SC2119 # as it is
simple
feed fixtures/hostile/csv/feed.ini second -e 's|^name .*|name = second|' \
	-e 's|^source  *=.*|source = second|' -e 's|/drop/hostile$|/drop2|'
mkdir "$dir/drop2"
rows 1 3 >"$dir/drop/a.csv"

# How many connections the server saw.
logins() {
	grep -c 'Connection closed\|Disconnected\|Accepted\|Connection reset' "$SSHD_LOG"
}

# unasked STATUS ARGUMENT...: a run that does not even connect.
unasked() {
	local before

	before=$(logins)
	run "$@"
	is "the server is not asked by $2 $3" "$before" "$(logins)"
}

job 0 simple

mv "$dir/authorized_keys" "$dir/authorized_keys.away"
: >"$dir/authorized_keys"
job 77 simple
is "the error" login "$(report '.feeds[0].error.code' | tr -d '"')"
has "it is told" "$dir/err" "problem-begun feed=simple problem=login"
unasked 77 run simple
has "why" "$dir/err" "is not asked again with the same credentials"
has "what to do" "$dir/err" "emrdrop resume simple"
unasked 77 run second
unasked 77 run simple --dry-run
run 77 check simple --connect

# ---- the clinic mends it ----
mv "$dir/authorized_keys.away" "$dir/authorized_keys"
unasked 77 run simple
run 0 check simple --connect
job 0 simple
has "it is over" "$dir/err" "problem-ended feed=simple problem=login"
job 0 second

# ---- we mend it: another key ----
ssh-keygen -q -t ed25519 -N '' -C '' -f "$dir/stranger"
cp "$dir/client" "$dir/right"
cp "$dir/stranger" "$dir/client"
job 77 simple
unasked 77 run simple
cp "$dir/right" "$dir/client"
job 0 simple

# ---- somebody says so ----
: >"$dir/authorized_keys"
job 77 simple
unasked 77 run simple
cp "$dir/client.pub" "$dir/authorized_keys"
run 0 resume simple
job 0 simple
is "the file came once" 6 "$(changes)"
e2e_end
