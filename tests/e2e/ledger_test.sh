#!/bin/bash
# The ledger is never started afresh silently: what is missing, damaged, foreign, newer
# or open to others is an error that says what to do, and nothing is sent.
#
#   tests/e2e/ledger_test.sh BUILD_DIR
set -u
. tests/e2e/lib.sh

e2e_init "$1"
api_start
simple
rows 1 200 >"$dir/drop/a.csv"
job 0
known=$(changes)
cp -a "$dir/state" "$dir/good"

# damaged WHAT TEXT: run and status fail with 74, say it, and send nothing.
damaged() {
	rows 301 302 >"$dir/drop/b.csv"
	job 74
	is "$1: the code" '"ledger"' "$(report '.feeds[0].error.code')"
	has "$1: the message" "$dir/out" "$2"
	run 74 status --json
	has "$1: status" "$dir/out" "$2"
	job 74 --dry-run
	is "$1: nothing is sent" "$known" "$(changes)"
	mend
}

mend() {
	rm -rf "$dir/state"
	cp -a "$dir/good" "$dir/state"
}

test_missing() {
	rm "$dir/state/ledger.mdb"
	damaged "no ledger.mdb" "restore it from a backup"
	ok "it was not made" [ -e "$dir/state/ledger.mdb" ]
	rm "$dir/state/ledger.mdb"
	run 74 run
	ok "a run makes none in its place" [ ! -e "$dir/state/ledger.mdb" ]
	mend
	: >"$dir/state/ledger.mdb"
	damaged "an empty ledger.mdb" "ledger.mdb"
	rm "$dir/state/site.key"
	damaged "no site.key" "site.key"
	head -c 32 /dev/urandom >"$dir/state/site.key.new"
	tr '0-9a-f' '1-9a-f0' <"$dir/good/site.key" >"$dir/state/site.key"
	rm "$dir/state/site.key.new"
	damaged "another site.key" "site key"
	echo short >"$dir/state/site.key"
	damaged "half a site.key" "site.key"
}

# Wherever the file ends, it is told, and no signal ends the run.
test_truncated() {
	local size at

	size=$(stat -c %s "$dir/good/ledger.mdb")
	for at in 1 100 4096 8192 12288 $((size / 2)) $((size - 4096)); do
		truncate -s "$at" "$dir/state/ledger.mdb"
		damaged "cut at $at of $size" "ledger"
	done
}

# A page of noise: found by its check value or its structure.
test_noise() {
	local size page pages

	size=$(stat -c %s "$dir/good/ledger.mdb")
	pages=$((size / 4096))
	for ((page = 2; page < pages; page += 1 + pages / 6)); do
		head -c 4096 /dev/urandom | dd of="$dir/state/ledger.mdb" bs=4096 seek="$page" \
			conv=notrunc status=none
		"$emrdrop" --config "$dir/etc" run --json >"$dir/out" 2>"$dir/err"
		rc=$?
		ran "noise in page $page" "$rc" "$rc"
		# A page that nobody needs any more does no harm.
		ok "noise in page $page of $pages: exit status $rc" [[ "$rc" =~ ^(0|74)$ ]]
		is "noise in page $page: nothing is sent again" "$known" "$(changes)"
		mend
	done
}

test_foreign() {
	site ''
	echo 'not a ledger, but long enough to be read as one' >"$dir/state/ledger.mdb"
	damaged "no ledger at all" "ledger.mdb"
	sed 's/^./0/; s/.$/0/' "$dir/good/ledger.id" >"$dir/state/ledger.id"
	damaged "another ledger.id" "ledger.id"
	echo x >"$dir/state/ledger.id"
	damaged "half a ledger.id" "ledger.id"
}

test_newer() {
	command -v /usr/bin/python3 >/dev/null || return 0
	# The value of "format" in the meta table, a little-endian 1: as a later program writes it.
	/usr/bin/python3 - "$dir/state/ledger.mdb" <<-'END'
		import sys
		data = bytearray(open(sys.argv[1], "rb").read())
		at = data.find(b"format\x01\x00\x00\x00")
		while at >= 0:
		    data[at + 6] = 2
		    at = data.find(b"format\x01\x00\x00\x00", at)
		open(sys.argv[1], "wb").write(data)
	END
	ok "there is a format" test "$(cmp -l "$dir/good/ledger.mdb" "$dir/state/ledger.mdb" | wc -l)" -ge 1
	damaged "a newer format" "use a newer emrdrop"
}

test_access() {
	local mode

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

test_missing
test_truncated
test_noise
test_foreign
test_newer
test_access
test_key_file
job 0
is "in the end" $((known + 4)) "$(rows 301 302 >"$dir/drop/b.csv"; job 0; changes)"
e2e_end
