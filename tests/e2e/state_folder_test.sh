#!/bin/bash
# The state folder and the site key: who may write and read there, and where the key is.
#
#   tests/e2e/state_folder_test.sh BUILD_DIR
set -u
. tests/e2e/lib.sh

e2e_init "$1"
api_start
# shellcheck disable=SC2119 # as it is
simple
rows 1 20 >"$dir/drop/a.csv"
job 0
known=$(changes)
cp -a "$dir/state" "$dir/good"

mend() {
	rm -rf "$dir/state" "$dir/drop/b.csv"
	cp -a "$dir/good" "$dir/state"
}

test_access() {
	local mode rc

	rows 301 302 >"$dir/drop/b.csv"
	for mode in 770 702 777; do
		chmod "$mode" "$dir/state"
		run 78 run --json
		has "who may write: $mode" "$dir/out" "chmod 0700"
		is "nothing is sent" "$known" "$(changes)"
	done
	chmod 700 "$dir/state"
	chmod 644 "$dir/state/site.key"
	"$emrdrop" --config "$dir/etc" run --json >"$dir/out" 2>"$dir/err"
	rc=$?
	ran "a key that others may read" "$rc" "$rc"
	ok "is refused: $rc" [ "$rc" -ge 74 ]
	mend
	is "what the first run made" "600 600 600" \
		"$(stat -c %a "$dir"/state/{ledger.mdb,site.key,ledger.id} | paste -sd' ')"
	is "and the folder" 700 "$(stat -c %a "$dir/state")"
}

# The key somewhere else, as a systemd credential would be.
test_key_file() {
	rm "$dir/state/site.key"
	cp "$dir/good/site.key" "$dir/key"
	site "key_file = $dir/key"
	rm -f "$dir/drop/b.csv"
	job 0
	is "the same ledger" 1 "$(report '.feeds[0].known')"
	mv "$dir/key" "$dir/key.aside"
	job 74
	ok "no key is made where one was named" [ ! -e "$dir/key" ]
	site ''
	mend
}

# What root would make there, the job's user could not read.
test_owner() {
	[ "$(id -u)" -eq 0 ] || return
	chown -R nobody "$dir/state"
	run 77 run --json
	has "whose it is, and how to run" "$dir/out" "belongs to nobody"
	has "and how to run" "$dir/out" "runuser -u nobody -- emrdrop run"
	run 0 status
	chown -R root "$dir/state"
	job 0
}

test_access
test_owner
test_key_file
e2e_end
