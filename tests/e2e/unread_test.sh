#!/bin/bash
# A file that the account may not read keeps back what is behind it; it is told which one,
# what helps, and by `check --connect` before any run stops there.
#
#   tests/e2e/unread_test.sh BUILD_DIR
set -u
. tests/e2e/lib.sh

e2e_init "$1" setpriv
sftp_server=/usr/lib/openssh/sftp-server
[ -x "$sftp_server" ] || { echo "skipped: no $sftp_server"; exit 77; }

# Nothing is closed to root: then another reads, here the program and there the server.
as=()
if [ "$(id -u)" -eq 0 ]; then
	as=(setpriv --reuid=65534 --regid=65534 --clear-groups)
	as[0]=$(command -v setpriv)
fi
export SSHD_SUBSYSTEM="${as[*]} $sftp_server"
sshd_start "$dir" || exit 1
api_start

# fresh [SED...]: an empty drop and ledger.
fresh() {
	rm -rf "$dir/state" "$dir"/drop/*.csv
	simple "$@"
}

# What the program runs as must have its own place, and read its settings.
hand_over() {
	[ ${#as[@]} -eq 0 ] || chown -R 65534:65534 "$dir"
}

three() {
	rows 1 3 >"$dir/drop/a.csv"
	rows 4 6 >"$dir/drop/b.csv"
	rows 7 9 >"$dir/drop/c.csv"
	touch -d '2026-11-01 08:00:03 UTC' "$dir/drop/b.csv"
	chmod 000 "$dir/drop/b.csv"
	hand_over
}

which="file 2 of 3 in the feed's order (263 bytes, written 2026-11-01 08:00:03Z): "

# It stops there, and says where; what is before it was taken.
test_run() {
	fresh
	three
	job 77
	is "what is before it" '[1,3]' "$(report '.feeds[0] | [(.files | length), .files[0].rows]')"
	is "the error" '["permission",1]' "$(report '.feeds[0] | [.error.code, .behind]')"
	has "which it is" "$dir/out" "$which"
	has "what helps" "$dir/out" "let this account read it (chmod"
	hasnt "no name" b.csv "$dir/out" "$dir/err"
	run 77 run
	has "again" "$dir/out" "simple: $which"
	has "what waits" "$dir/out" "  1 file waits behind the one that cannot be read"
	run 77 run --dry-run
	has "a dry run" "$dir/out" "simple: $which"
	run 0 status
	has "status" "$dir/out" "$which"
	has "what to type" "$dir/out" "emrdrop check simple --connect"
}

test_check() {
	run 77 check --connect simple
	has "check finds it" "$dir/out" "unreadable: \"b.csv\", $which"
	has "and what can be read" "$dir/out" "files: 1 of 2 that wait to be taken can be opened"
	run 77 check --connect --json simple
	is "for a program" '[1,true]' "$(jq -c --arg which "$which" '.feeds[0].unreadable |
		[length, (.[0] | startswith($which))]' "$dir/out")"
	hasnt "without its name" b.csv "$dir/out"
	chmod 600 "$dir/drop/b.csv"
	run 0 check --connect simple
	has "mended" "$dir/out" "files: 2 of 2 that wait to be taken can be opened"
	job 0
	is "and taken, both" 2 "$(report '.feeds[0].files | length')"
	run 0 check --connect simple
	hasnt "nothing waits" "files:" "$dir/out"
}

# Before the first run there is no ledger; a file that waits for its marker is not tried.
test_first() {
	fresh -e 's/^stable_for.*/marker = .done/'
	three
	: >"$dir/drop/a.csv.done"
	run 0 check --connect simple
	has "what is marked" "$dir/out" "files: 1 of 1 that wait to be taken can be opened"
	: >"$dir/drop/b.csv.done"
	run 77 check --connect simple
	has "and now this, too" "$dir/out" "$which"
	rm "$dir"/drop/*.done
}

# The file of an unfinished delivery.
test_unfinished() {
	fresh -e "\$a attempts = 1"
	rows 1 3 >"$dir/drop/a.csv"
	hand_over
	faults '{"status-500":1000}'
	job 69
	faults '{"status-500":0}'
	chmod 000 "$dir/drop/a.csv"
	job 77
	has "which it is" "$dir/out" "file 1 of 1 in the feed's order"
	chmod 600 "$dir/drop/a.csv"
	job 0
	is "the delivery goes on" 3 "$(report '.feeds[0].files[0].rows')"
}

# A backfill has paths.
test_backfill() {
	fresh
	rows 1 3 >"$dir/drop/a.txt"
	chmod 000 "$dir/drop/a.txt"
	hand_over
	run 77 backfill simple "$dir/drop/a.txt"
	has "by size and time" "$dir/out" "a file (263 bytes, written "
	rm "$dir/drop/a.txt"
}

all() {
	test_run
	test_check
	test_first
	test_unfinished
	test_backfill
}

by_sftp
all
by_file
if [ ${#as[@]} -gt 0 ]; then
	printf '#!/bin/sh\nexec %s %s "$@"\n' "${as[*]}" "$emrdrop" >"$dir/emrdrop"
	chmod 755 "$dir" "$dir/emrdrop"
	emrdrop=$dir/emrdrop
fi
all
e2e_end
