#!/bin/bash
# A ledger that is damaged: a command says what to do, also if a signal ends it, and who
# watches is told once, though the ledger can remember nothing.
#
#   tests/e2e/damaged_test.sh BUILD_DIR
# shellcheck disable=SC2016 # backticks are what messages have around commands
set -u
. tests/e2e/lib.sh

e2e_init "$1" python3
api_start
cat >"$dir/command" <<END
#!/bin/sh
cat >>$dir/told
END
chmod 700 "$dir/command"
site "[alarms]
on_problem = $dir/command"
# shellcheck disable=SC2119 # as it is
simple
rows 1 200 >"$dir/drop/a.csv"
job 0
known=$(changes)
cp -a "$dir/state" "$dir/good"

# told: what who watches was told since the last time.
told() {
	[ -f "$dir/told" ] || : >"$dir/told"
	jq -sc 'map([.feed, .problem, .state, .exit])' "$dir/told"
	rm "$dir/told"
}

mend() {
	cp "$dir/good/ledger.mdb" "$dir/state/ledger.mdb"
}

cut_short() {
	truncate -s 8192 "$dir/state/ledger.mdb"
}

# spoil PYTHON: done to each node of the leaves: `data`, `at` where it is, `n` the bytes of its
# value, `flag`, `size` and `key`.
spoil() {
	python3 - "$dir/state/ledger.mdb" "$1" <<-'END'
		import struct, sys
		data = bytearray(open(sys.argv[1], "rb").read())
		act = compile(sys.argv[2], "spoil", "exec")
		for page in range(2 * 4096, len(data), 4096):
		    pad, flags, lower = struct.unpack_from("<HHH", data, page + 8)
		    if flags != 2 or lower > 4096:
		        continue
		    for i in range((lower - 16) // 2):
		        at = page + struct.unpack_from("<H", data, page + 16 + 2 * i)[0]
		        n, high, flag, size = struct.unpack_from("<HHHH", data, at)
		        key = data[at + 8:at + 8 + size]
		        exec(act)
		open(sys.argv[1], "wb").write(data)
	END
}

# spoil_feed SIZE: of the feed's value, in each page that has it. One that is longer than
# the file ends the process that reads it.
spoil_feed() {
	spoil "if key == b'simple': struct.pack_into('<HH', data, at, $1 & 0xffff, $1 >> 16)"
}

# The last byte of each value, but those of LMDB's own and those of the meta table.
spoil_all() {
	spoil "if flag == 0 and size != 8 and key not in (b'format', b'id', b'check'):
    data[at + 8 + size + n - 1] ^= 1"
}

# Pages of LMDB's trees that lead to no other: it asserts that there are none.
spoil_branches() {
	python3 - "$dir/state/ledger.mdb" <<-'END'
		import struct, sys
		data = bytearray(open(sys.argv[1], "rb").read())
		for page in range(2 * 4096, len(data), 4096):
		    flags, lower = struct.unpack_from("<HH", data, page + 10)
		    if flags == 1 and lower <= 4096:
		        struct.pack_into("<H", data, page + 12, 16 + 2)
		open(sys.argv[1], "wb").write(data)
	END
}

begun='[[null,"ledger","begun",74]]'
ended='[[null,"ledger","ended",null]]'

# ---- it can't be opened ----
cut_short
job 74
is "who watches is told" "$begun" "$(told)"
has "and the log" "$dir/err" "problem-begun feed=all problem=ledger"
job 74
is "once" '[]' "$(told)"
run 74 check --arrivals
is "by whichever finds it first" '[]' "$(told)"
run 74 check simple
has "check says so" "$dir/out" "ledger.mdb: the ledger was cut short: restore it from a backup"
run 74 check --json
ok "in JSON too" jq -e '.ledger | test("cut short")' "$dir/out" >/dev/null
job 74 --dry-run
run 74 status
is "a person sees it" '[]' "$(told)"
mend
job 0
is "and when it is over" "$ended" "$(told)"
ok "nothing is left of it" test ! -e "$dir/state/ledger.alarm"
cut_short
user=$(id -un)
[ "$user" != root ] || user=nobody
chown "$user" "$dir/state"
run 74 check --arrivals
is "check --arrivals tells it as well" "$begun" "$(told)"
is "what it notes is the owner's of the folder" "$user" "$(stat -c %U "$dir/state/ledger.alarm")"
mend
run 0 check --arrivals
is "and that it is over" "$ended" "$(told)"
chown "$(id -un)" "$dir/state"

# ---- who is deaf is told again, and where nothing can be noted each time ----
printf '#!/bin/sh\nexit 1\n' >"$dir/deaf"
chmod 700 "$dir/deaf"
sed -i "s|/command$|/deaf|" "$dir/etc/emrdrop.ini"
cut_short
job 74
has "that is logged" "$dir/err" on-problem-failed
sed -i "s|/deaf$|/command|" "$dir/etc/emrdrop.ini"
job 74
is "the next run tells it" "$begun" "$(told)"
rm "$dir/state/ledger.alarm"
mkdir "$dir/state/ledger.alarm.x" "$dir/kept"
mv "$dir/state" "$dir/kept"
: >"$dir/state"
job 74
is "no folder at all" "$begun" "$(told)"
job 74
is "each time" "$begun" "$(told)"
rm "$dir/state"
mv "$dir/kept/state" "$dir/state"
mend

# ---- before the first run there is nothing to tell ----
mv "$dir/state" "$dir/kept"
run 74 check --arrivals
is "no ledger yet" '[]' "$(told)"
run 0 check
mv "$dir/kept/state" "$dir/state"

# ---- it opens, and nothing can be written: no feed's trouble can be remembered ----
# failing CALLS COMMAND...: which all find a disk that is full
failing() {
	local calls=$1

	shift
	ASAN_OPTIONS=detect_leaks=0 strace -f -o "$dir/trace" -e "trace=$calls" -e "inject=$calls:error=ENOSPC" \
		"$emrdrop" --config "$dir/etc" "$@" >"$dir/out" 2>"$dir/err"
	rc=$?
	ran "$* on a full disk" "$rc" "$rc"
}

if command -v strace >/dev/null && strace -o "$dir/trace" true 2>/dev/null; then
	rows 201 202 >"$dir/drop/full.csv"
	failing pwrite64,pwritev,fdatasync run
	is "it fails" 74 "$rc"
	is "that is told of the ledger" "$begun" "$(told)"
	has "and what to type" "$dir/err" 'No space left on device" count=1 command="emrdrop check"'
	failing pwrite64,pwritev,fdatasync run
	is "and told once" '[]' "$(told)"
	run 0 status
	has "a person sees that, too" "$dir/err" "could not be opened or written at 20"
	cp "$dir/command" "$dir/good-command"
	printf '#!/bin/sh\nexit 1\n' >"$dir/command"
	printf 'x,y\n1,2\n' >"$dir/drop/bad.csv"
	clinic other
	printf 'x,y\n1,2\n' >"$dir/drop/other/bad.csv"
	run 65 run other
	cp "$dir/good-command" "$dir/command"
	rm -f "$dir/told"
	failing pwrite64,pwritev,fdatasync check --arrivals
	is "what can't be remembered is not told each time" '[]' "$(told)"
	rm "$dir/etc/feeds.d/other.ini" "$dir/drop/bad.csv"
	failing fallocate check --arrivals
	is "that it opens ends nothing" '[]' "$(told)"
	job 0
	is "room for it does" "$ended" "$(told)"
	run 0 status
	hasnt "all is well" ledger: "$dir/err"
	known=$(changes)
	cp "$dir/state/ledger.mdb" "$dir/good/ledger.mdb"
fi

# ---- it opens, and something in it is wrong ----
spoil_feed 0
rows 301 302 >"$dir/drop/b.csv"
job 74
is "who watches is told" "$begun" "$(told)"
run 74 check --arrivals
is "once" '[]' "$(told)"
is "nothing was sent" "$known" "$(changes)"
run 74 ledger verify
is "that it is damaged is known" '[]' "$(told)"
mend
run 74 check
has "until it is verified nobody knows" "$dir/out" 'could not be read to its end at 20'
run 0 status
has "status says so" "$dir/err" 'could not be read to its end at 20'
run 0 check --arrivals
is "not who does not look at all of it" '[]' "$(told)"
run 0 ledger verify
is "sound: that is told" "$ended" "$(told)"
run 0 check
hasnt "all is well" ledger: "$dir/out"

# ---- a page of it ends the process: the sanitizers leave that to us here ----
export ASAN_OPTIONS=handle_segv=0:handle_sigbus=0
spoil_feed 0x7fffffff
"$emrdrop" --config "$dir/etc" run >"$dir/out" 2>"$dir/err"
rc=$?
ok "a signal ends it: $rc" [ "$rc" = 139 -o "$rc" = 135 ]
has "it says what to do" "$dir/err" "emrdrop: ended by signal $((rc - 128)); if that comes again the ledger may be damaged: see \`emrdrop ledger verify\`"
is "nothing was sent" "$known" "$(changes)"
run 74 ledger verify
has "verify finds it" "$dir/err" "a page of it is damaged, restore it from a backup"
hasnt "in words of its own" "ended by signal" "$dir/err"
mend
spoil_branches
"$emrdrop" --config "$dir/etc" run >"$dir/out" 2>"$dir/err"
is "an assertion of LMDB's ends it" 134 "$?"
has "it says what to do, too" "$dir/err" "emrdrop: ended by signal 6; if that comes again the ledger may be damaged: see \`emrdrop ledger verify\`"
run 74 ledger verify
has "verify finds that" "$dir/err" "a page of it is damaged, restore it from a backup"
hasnt "once" "ended by signal" "$dir/err"
mend
job 0
unset ASAN_OPTIONS

# ---- very much of it is wrong ----
spoil_all
run 74 ledger verify
is "lines of a table" 20 "$(grep -c '^records, ' "$dir/out")"
has "and how many more" "$dir/out" "records: 38"
run 74 ledger verify --json
is "of a table in JSON" 20 "$(jq '[.mismatches[] | select(.table == "records")] | length' "$dir/out")"
ok "and how many more" jq -e '.more.records >= 380 and .count >= 400' "$dir/out" >/dev/null
mend
run 0 ledger verify --json
is "nothing more" '{}' "$(report .more)"
e2e_end
