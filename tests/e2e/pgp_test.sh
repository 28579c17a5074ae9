#!/bin/bash
# Exports that come encrypted and signed, over real SFTP: each outcome has its exit status
# and its reason, no plaintext reaches a disk, and nothing stays when a run is killed or
# gpg hangs.
#
#   tests/e2e/pgp_test.sh BUILD_DIR
# shellcheck disable=SC2119 # as they are
set -u
. tests/e2e/lib.sh
. tests/lib/packed.sh

e2e_init "$1" python3 gpg gpgconf zip zstd strace pgrep
clock=$(cd "$1" && pwd)/tests/clock.so
[ -f "$clock" ] || { echo "skipped: no $clock"; exit 77; }
sshd_start "$dir" || exit 1
by_sftp
api_start
packed_make
read -r us clinic <"$dir/packed/fingerprints"
pgp=(pgp=decrypt "keyring=$dir/packed/us")

test_encrypted() {
	fresh "${pgp[@]}"
	drop pgp pgp-of-gzip pgp-other-key pgp-by-passphrase pgp-cut pgp-changed pgp-bomb plain
	job 65
	is "verdicts" "deliver duplicate refuse refuse refuse refuse refuse duplicate" \
		"$(verdicts | sed 's/deliver/duplicate/2g')"
	reasons "" "" "no such private key" "with a passphrase" damaged damaged "ZIP bomb"
	is "what the API holds" 600 "$(changes)"
	fresh pgp=require "keyring=$dir/packed/us"
	drop plain pgp
	job 65
	is "verdicts where PGP is required" "refuse deliver" "$(verdicts)"
	reasons "is not encrypted"
	run 0 check
	hasnt "keys that last" pgp_key "$dir/out"
	fresh pgp=decrypt "keyring=$dir/packed/full" "passphrase_file=$dir/packed/wrong.pass"
	drop passphrase
	job 78
	has "our own mistake is no verdict" "$dir/err" "is not the passphrase"
	packed pgp=decrypt "keyring=$dir/packed/full" "passphrase_file=$dir/packed/right.pass"
	job 0
	is "what the API holds" 600 "$(changes)"
	packed pgp=decrypt "keyring=$dir/packed/empty"
	run 78 check
	has "no keyring" "$dir/out" "there is no pubring.kbx in it"
	packed "keyring=$dir/packed/us"
	run 78 check
	has "a setting too few" "$dir/err" "say pgp = decrypt"
}

# Nobody can encrypt for us any more then. That a run looked when the clock was a year ahead
# is no reason to look in a year only.
test_expiry() {
	local day

	fresh "${pgp[@]}"
	echo "$((365 * 86400)) 0" >"$dir/clock"
	LD_PRELOAD=$clock CLOCK_FILE=$dir/clock ASAN_OPTIONS=verify_asan_link_order=0 job 0
	cp -r "$dir/packed/us" "$dir/expiring"
	day=$(date -ud '9 days' +%F)
	gpg --homedir "$dir/expiring" --batch --quiet --quick-set-expire "$us" 10d
	gpg --homedir "$dir/expiring" --batch --quiet --quick-set-expire "$us" "${day//-/}T120000" '*'
	gpgconf --homedir "$dir/expiring" --kill gpg-agent
	packed pgp=decrypt "keyring=$dir/expiring"
	run 0 check
	has "check tells" "$dir/out" "pgp_key: expires at $day"
	has "and that it is soon" "$dir/out" "RENEW IT"
	job 0
	has "and so does a run" "$dir/err" "problem=expiry"
	run 0 status
	has "and the status" "$dir/out" "a PGP key expires at $(date -ud '9 days' +%F)"
}

# The key came later than the file.
test_other_key() {
	mkdir -m 700 "$dir/ring"
	cp "$dir/packed/clinic/pubring.kbx" "$dir/ring"
	fresh pgp=decrypt "keyring=$dir/ring"
	drop pgp
	job 65
	reasons "no such private key"
	id=$(report '.feeds[0].files[0].file' | tr -d '"')
	cp -r "$dir/packed/us/private-keys-v1.d" "$dir/ring"
	job 65
	is "it is not read again by itself" 0 "$(report '.feeds[0].files | length')"
	run 0 forget simple "$id"
	job 0
	is "what the API holds" 600 "$(changes)"
}

test_signed() {
	fresh "${pgp[@]}" "signed_by=$clinic"
	drop signed-badly signed-inside
	job 65
	is "a bad signature" "refuse deliver" "$(verdicts)"
	reasons "does not fit"
	for name in plain signed-by-stranger; do
		fresh "${pgp[@]}" "signed_by=$clinic"
		drop "$name"
		job 4
		is "$name" '["hold",600]' "$(file_report verdict records)"
		is "nothing is sent of $name" 0 "$(changes)"
	done
	has "who signed it" "$dir/out" "which the keyring lacks"
	approve
	job 0
	is "a person decides" 600 "$(changes)"
	fresh "${pgp[@]}" "signed_by=$us"
	drop signed-inside
	job 4
	reasons "does not list"
	packed "${pgp[@]}" "signed_by=$us $clinic"
	job 0
	is "other settings, another look" 600 "$(changes)"
	packed "${pgp[@]}" "signed_by=0000000000000000000000000000000000000000"
	run 78 check
	has "a key that is not there" "$dir/out" "the keyring has no public key"
}

# What a person lets in is the whole truth, too.
test_snapshot() {
	fresh
	simple "${snapshot[@]}"
	rows 1 20 >"$dir/drop/a.csv"
	job 0
	simple "${snapshot[@]}" -e "\$a [unpack]\npgp=decrypt\nkeyring=$dir/packed/us\nsigned_by=$clinic"
	rows 1 18 >"$dir/drop/b.csv"
	job 4
	is "held, and what it would remove is told" '["hold",2]' "$(file_report verdict removals)"
	is "nothing is gone" '[]' "$(cancelled)"
	approve
	job 0
	is "two are gone" '["A-19","A-20"]' "$(cancelled)"
}

# writes TRACE: the paths and kinds of what plaintext was written to.
writes() {
	grep -a 'Testcase' "$1" | sed -nE 's/.*(p?write[a-z0-9]*)\([0-9]+<([^>]*)>.*/\2/p' |
		sed -E 's/:.*//' | sort -u | paste -sd' '
}

# The only write of plaintext is gpg's, into a pipe. The outbox is encrypted.
test_no_plaintext() {
	fresh "${pgp[@]}"
	drop pgp-of-gzip
	cp "$dir/packed/pgp" "$dir/drop/02.csv"
	sed -i 's/^outbox_memory.*//' "$dir/etc/emrdrop.ini"
	site $'[run]\noutbox_memory = 262144'
	ASAN_OPTIONS=detect_leaks=0 strace -f -y -s 300000 -o "$dir/trace" \
		-e trace=write,writev,pwrite64,pwritev,sendto "$emrdrop" --config "$dir/etc" \
		run --json >"$dir/out" 2>"$dir/err"
	ran "a run that is watched" 0 $?
	is "what plaintext was written to" pipe "$(writes "$dir/trace")"
	hasnt "in the state folder" Testcase -r "$dir/state"
	is "what is left in the temporary folder" "" "$(ls -A "$dir/tmp")"
	site ''
}

# shellcheck disable=SC2317 # e2e_until calls them
agent_runs() {
	[ -n "$(find "$dir/tmp" -name S.gpg-agent)" ] && pgrep -f "$dir/tmp/emrdrop-pgp" >/dev/null
}

# shellcheck disable=SC2317
nothing_left() {
	[ -z "$(ls -A "$dir/tmp")" ] && ! pgrep -f "$dir/tmp/emrdrop-pgp" >/dev/null
}

# shellcheck disable=SC2317
gpg_stopped() {
	gpg_pid=$(pgrep -f "^gpg .*$dir/tmp/emrdrop-pgp.* --decrypt" | head -n 1)
	[ -n "$gpg_pid" ] && kill -STOP "$gpg_pid"
}

test_killed() {
	fresh "${pgp[@]}"
	gpg --homedir "$dir/packed/clinic" --batch --quiet --trust-model always -r "$us" -z 0 \
		-o "$dir/drop/a.csv" -e <(rows 1 100000)
	gpgconf --homedir "$dir/packed/clinic" --kill gpg-agent
	start_job
	e2e_until "gpg has an agent" agent_runs
	end_job 137 KILL
	e2e_until "neither process nor folder is left" nothing_left
	is "nothing was sent" 0 "$(changes)"
	site $'[run]\ndeadline = 12s'
	start_job
	e2e_until "gpg runs, and hangs from then on" gpg_stopped
	end_job 69
	kill -KILL "$gpg_pid"
	has "the run ends in time" "$dir/out" "time is over"
	e2e_until "neither process nor folder is left of that" nothing_left
	site ''
}

test_encrypted
test_expiry
test_other_key
test_signed
test_snapshot
test_no_plaintext
test_killed
e2e_end
