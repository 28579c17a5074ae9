#!/bin/bash
# A login that was refused is not tried again before something has changed: servers lock
# accounts out.
#
#   tests/e2e/login_test.sh BUILD_DIR
set -u
. tests/e2e/lib.sh

e2e_init "$1" ssh-keygen
api_start
export SSHD_EXTRA="LogLevel VERBOSE"
sshd_start "$dir" || exit 1
by_sftp
# shellcheck disable=SC2119 # as it is
simple
# However its URL is written, it is the same account.
feed fixtures/hostile/csv/feed.ini second -e 's|^name .*|name = second|' \
	-e 's|^source  *=.*|source = second|' -e 's|/drop/hostile$|/drop2|' \
	-e 's|sftp://|SFTP://|'
mkdir "$dir/drop2"
rows 1 3 >"$dir/drop/a.csv"

# How many connections the server saw: that is logged before anybody is answered, and the
# end of one at any time after it.
logins() {
	grep -c '^Connection from' "$SSHD_LOG"
}

# unasked STATUS ARGUMENT...: a run that does not even connect.
unasked() {
	local before

	before=$(logins)
	run "$@"
	is "the server is not asked by $2 $3" "$before" "$(logins)"
}

mv "$SSHD_KNOWN_HOSTS" "$SSHD_KNOWN_HOSTS.away"
run 78 check second
has "what a login needs is looked for" "$dir/out" "check --connect prints what belongs there"
mv "$SSHD_KNOWN_HOSTS.away" "$SSHD_KNOWN_HOSTS"

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
run 0 status simple
has "that is told" "$dir/out" "is not asked again"
run 0 check simple --connect
run 0 status
hasnt "it is not stopped any more, nor is who shares the login" STOPPED "$dir/out"
is "it needs nobody" "all 2 feeds are well" "$(head -n 1 "$dir/out")"
has "what is true" "$dir/out" "the drop refused our login; mended at"
run 0 status simple
hasnt "what was" "is not asked again" "$dir/out"
has "what is" "$dir/out" ", the next run tries: emrdrop run simple"
run 0 status simple --json
is "and for programs" '["mended","emrdrop run simple"]' \
	"$(report '.feeds[0] | [.state, .ailments[0].commands[0]]')"
run 0 check --arrivals
has "whoever asks first tells that it is over" "$dir/err" "problem-ended feed=simple problem=login"
hasnt "and that nothing fails instead" problem-begun "$dir/err"
job 0 simple
run 0 status simple
hasnt "nothing more to say of it" mended "$dir/out"
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
has "it says what it did" "$dir/out" "simple is not paused: the next run logs in again"
job 0 simple
is "the file came once" 6 "$(changes)"

# ---- a check of both knows of both what was taken ----
rows 1 3 >"$dir/drop2/b.csv"
job 0
run 0 check --connect
hasnt "nothing of either waits" "files:" "$dir/out"
e2e_end
