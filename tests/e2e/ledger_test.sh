#!/bin/bash
# The ledger is never started afresh silently: what is missing, damaged, foreign or newer
# is an error that says what to do, and nothing is sent.
#
#   tests/e2e/ledger_test.sh BUILD_DIR
set -u
. tests/e2e/lib.sh

e2e_init "$1"
api_start
# shellcheck disable=SC2119 # as it is
simple
rows 1 200 >"$dir/drop/a.csv"
job 0
known=$(changes)
cp -a "$dir/state" "$dir/good"

# damaged WHAT TEXT [STATUS]: run and status fail, say it, and send nothing.
damaged() {
	local status=${3:-74}

	rows 301 302 >"$dir/drop/b.csv"
	job "$status"
	is "$1: the code" "$([ "$status" = 74 ] && echo '"state"' || echo '"config"')" \
		"$(report '.feeds[0].error.code')"
	has "$1: the message" "$dir/out" "$2"
	run "$status" status --json
	has "$1: status" "$dir/out" "$2"
	job "$status" --dry-run
	is "$1: nothing is sent" "$known" "$(changes)"
	mend
}

mend() {
	rm -rf "$dir/state" "$dir/drop/b.csv"
	cp -a "$dir/good" "$dir/state"
}

test_missing() {
	rm "$dir/state/ledger.mdb"
	run 74 run
	ok "a run makes none in its place" [ ! -e "$dir/state/ledger.mdb" ]
	damaged "no ledger.mdb" "restore it from a backup"
	: >"$dir/state/ledger.mdb"
	damaged "an empty ledger.mdb" "ledger.mdb"
	rm "$dir/state/site.key"
	damaged "no site.key" "site.key"
	tr '0-9a-f' '1-9a-f0' <"$dir/good/site.key" >"$dir/state/site.key"
	damaged "another site.key" "site key"
	echo short >"$dir/state/site.key"
	damaged "half a site.key" "site.key" 78
}

# A page that names the tables, with one of them gone.
test_no_table() {
	sed -i 's/\(\x04\x00\)meta/\1mfta/g' "$dir/state/ledger.mdb"
	damaged "a table that is gone" "the ledger is damaged: restore it from a backup"
	sed -i 's/\(\x06\x00\)format/\1fprmat/g' "$dir/state/ledger.mdb"
	damaged "no format" "is damaged, it does not say which ledger it is"
}

# Wherever the file ends, if not among free pages, it is told, and no signal ends the run.
test_truncated() {
	local size at

	size=$(stat -c %s "$dir/good/ledger.mdb")
	for at in 1 100 4096 8192 12288 $((size / 2)); do
		truncate -s "$at" "$dir/state/ledger.mdb"
		damaged "cut at $at of $size" "ledger"
	done
}

# One byte wrong in each page: a value's check tells, or nobody needs it any more.
test_flipped() {
	local size at rc told=0

	# Read and compared with the ledger each time, and sent never.
	cp "$dir/drop/a.csv" "$dir/drop/b.csv"
	size=$(stat -c %s "$dir/good/ledger.mdb")
	for ((at = 3 * 4096 - 5; at < size; at += 4096)); do
		flip "$dir/state/ledger.mdb" "$at"
		"$emrdrop" --config "$dir/etc" run --json --dry-run >"$dir/out" 2>"$dir/err"
		rc=$?
		ran "a byte wrong at $at" "$rc" "$rc"
		[ "$rc" = 0 ] || is "a byte wrong at $at of $size" 74 "$rc"
		told=$((told + (rc == 74)))
		cp "$dir/good/ledger.mdb" "$dir/state/ledger.mdb"
	done
	mend
	ok "some of them are told: $told" [ "$told" -gt 3 ]
}

test_foreign() {
	site ''
	echo 'not a ledger, but long enough to be read as one' >"$dir/state/ledger.mdb"
	damaged "no ledger at all" "ledger.mdb"
	tr 0-9a-f 1-9a-f0 <"$dir/good/ledger.id" >"$dir/state/ledger.id"
	damaged "another ledger.id" "ledger.id"
	echo x >"$dir/state/ledger.id"
	damaged "half a ledger.id" "ledger.id"
}

# The value of "format" in the meta table, a little-endian number.
set_format() {
	/usr/bin/python3 - "$dir/state/ledger.mdb" "$1" "$2" <<-'END'
		import sys
		path, old, new = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
		data = open(path, "rb").read()
		open(path, "wb").write(data.replace(b"format" + old.to_bytes(4, "little"),
		    b"format" + new.to_bytes(4, "little")))
	END
	ok "there is a format" test "$(cmp -l "$dir/good/ledger.mdb" "$dir/state/ledger.mdb" | wc -l)" -ge 1
}

test_newer() {
	set_format 3 4
	damaged "a newer format" "use a newer emrdrop"
}

# Releases before wrote formats 1 and 2: they are read, and made 3 by the first run.
test_older() {
	local format

	for format in 1 2; do
		set_format 3 "$format"
		run 0 status --json
		rm -f "$dir"/drop/*
		rows 1 1 >"$dir/drop/old-$format.csv"
		job 0
		is "format $format: what was sent is known" '[2,2,0]' \
			"$(file_report records unchanged delivered)"
		ok "format $format became 3" grep -qaP 'format\x03\x00\x00\x00' "$dir/state/ledger.mdb"
		mend
	done
}

test_missing
test_no_table
test_truncated
test_flipped
test_foreign
if command -v /usr/bin/python3 >/dev/null; then
	test_newer
	test_older
fi
rows 301 302 >"$dir/drop/b.csv"
job 0
is "in the end" $((known + 4)) "$(changes)"
e2e_end
