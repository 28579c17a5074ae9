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
	hasnt "nobody is alarmed" problem-begun "$dir/err"
	ok "and nothing is noted" test ! -e "$dir/state/ledger.alarm"
	run 0 status
	chown -R root "$dir/state"
	job 0
}

# as_nobody STATUS COMMAND...: as the user whose folder it is.
as_nobody() {
	local expected=$1

	shift
	runuser -u nobody -- "$emrdrop" --config "$dir/etc" "$@" >"$dir/out" 2>"$dir/err"
	ran "as nobody: $*" "$expected" $?
}

nobodys() {
	is "$1: whose the files are" "" "$(find "$dir/state" ! -user nobody -printf '%P %u\n')"
}

# Root looks into the folder of another user, and makes nothing that keeps that user out;
# what it left there once is told, and mended by its next look.
test_root() {
	local file

	[ "$(id -u)" -eq 0 ] && command -v runuser >/dev/null || return
	runuser -u nobody -- "$emrdrop" version >/dev/null 2>&1 || return
	chmod 755 "$dir"
	chown -R nobody "$dir"/{state,drop,etc,token,ca.pem}
	# As it is restored: LMDB's lock file is no part of a backup.
	find "$dir/state" -type f ! -name ledger.mdb ! -name ledger.id ! -name site.key -delete
	for file in "ledger verify" status "run --dry-run" "check --arrivals" "ledger compact" \
		"pause simple" "resume simple"; do
		# shellcheck disable=SC2086 # words
		run 0 $file
		nobodys "$file"
	done
	rows 401 402 >"$dir/drop/c.csv"
	as_nobody 0 run
	for file in ledger.mdb-lock simple.lock ledger.mdb ledger.id; do
		chown root "$dir/state/$file"
		as_nobody 74 run
		has "$file: which, and whose" "$dir/err" "$dir/state/$file belongs to root, and nobody may not open it"
		has "$file: how to mend it" "$dir/err" "as root, chown -R nobody $dir/state"
		chown -R nobody "$dir/state"
		as_nobody 0 run
	done
	chown root "$dir/state/+run.simple.lock"
	as_nobody 0 run
	has "one that only counts is logged" "$dir/err" "state/+run.simple.lock belongs to root"
	chown -R nobody "$dir/state"
	chown root "$dir/state/ledger.mdb-lock"
	run 0 status
	nobodys "root looks again"
	as_nobody 0 run
	chown root "$dir/etc/feeds.d"
	chmod 700 "$dir/etc/feeds.d"
	for file in run status "check --arrivals"; do
		# shellcheck disable=SC2086 # words
		as_nobody 77 $file
		has "$file: feeds that can't be seen are not gone" "$dir/err" "$dir/etc/feeds.d: cannot be read: Permission denied"
	done
	chown nobody "$dir/etc/feeds.d"
	sed -i "s|^after.*|after = archive:$dir/state/done|" "$dir/etc/feeds.d/simple.ini"
	rows 403 404 >"$dir/drop/d.csv"
	chown root "$dir/drop"
	as_nobody 77 run
	has "from where it can't be moved" "$dir/out" \
		"$dir/state/done: out of $dir/drop/: renaming a file: Permission denied"
	chown nobody "$dir/drop"
	as_nobody 0 run
	sed -i "s|^after.*|after = keep|" "$dir/etc/feeds.d/simple.ini"
	rm -f "$dir/drop"/[cd].csv
	# A second one, in a folder where that user may make none.
	mkdir "$dir/roots"
	chmod 755 "$dir/roots"
	sed -i "s|$dir/state|$dir/roots/state|" "$dir/etc/emrdrop.ini"
	as_nobody 74 run
	has "how to make it" "$dir/err" "as root, install -d -o nobody -m 700 $dir/roots/state): Permission denied"
	sed -i "s|$dir/roots/state|$dir/state|" "$dir/etc/emrdrop.ini"
	chown -R root "$dir"/{state,drop,etc,token,ca.pem}
}

test_access
test_owner
test_root
test_key_file
e2e_end
