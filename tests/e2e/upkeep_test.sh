#!/bin/bash
# The ledger looked after: verify, export and compact in every state that a ledger is in,
# also beside a run and killed at every point; what becomes of one that was restored from
# an old backup, or is lost.
#
#   tests/e2e/upkeep_test.sh BUILD_DIR
set -u
. tests/e2e/lib.sh

e2e_init "$1" flock
secrets='quoll|1917-08|19170813|08/13/1917'
mkdir "$dir/done"
api_start

# quolls FROM TO [SUFFIX]: rows whose values must come out nowhere.
quolls() {
	rows "$@" | sed -e '2,$ { s/Testcase/QUOLLLAST/; s/Synthetic/QUOLLFIRST/; s/A-/QUOLLA-/
		s/^0/QUOLL0/; s|03/04/1980|08/13/1917| }'
}

archiving() {
	simple -e "s|^after.*|after = archive:$dir/done|" "$@"
}

# sound WHAT: verify has nothing to tell, in words and as JSON.
sound() {
	run 0 ledger verify
	has "$1: verify" "$dir/out" " values, 0 mismatches"
	is "$1: lines of verify" 1 "$(wc -l <"$dir/out")"
	run 0 ledger verify --json
	is "$1: verify --json" '[[],0]' "$(report '[.mismatches, .count]')"
}

# secret WHAT: nothing of a patient's came out of the last command.
secret() {
	is "$1: what came out" "" "$(grep -aiE "$secrets" "$dir/out" "$dir/err" | head -n 3)"
}

# A ledger with a held file, a refused one, an archived one, and a delivery that is cut off.
fill() {
	archiving -e "\$a batch_records = 20\nin_flight = 1"
	quolls 1 60 >"$dir/drop/a-quoll.csv"
	job 0
	sound "a delivery"
	quolls 61 62 | sed 1d >"$dir/drop/b-quoll.csv"
	job 65
	rm "$dir"/drop/*
	quolls 63 100 | sed '2,$ s|11/../2026|not a day|' >"$dir/drop/c-quoll.csv"
	job 4
	sound "files that are stuck"
	run 0 pause simple
	job 0
	sound "a feed that is paused"
	run 0 resume simple
	run 0 hold list --json
	run 0 hold discard "$(jq -r '.stuck[0].file' "$dir/out")"
	sound "a decision"
	rm "$dir"/drop/*
	faults '{"latency":1000}'
	quolls 101 160 >"$dir/drop/d-quoll.csv"
	some=$(($(received) + 3))
	start_job
	e2e_until "something was acknowledged" received_enough "$some"
	api_hold
	sound "beside a run"
	run 75 ledger compact
	has "compact beside a run" "$dir/err" "another run is at work on source simple"
	end_job 137 KILL
	api_go
	sound "a run that was killed"
}

test_export() {
	run 0 ledger export
	secret export
	ok "each line is JSON" jq -e . "$dir/out" >"$dir/all"
	is "tables" "acks audit controls feeds files headers intents meta passes problems records runs scopes" \
		"$(jq -r .table "$dir/out" | sort -u | grep -v settling | paste -sd' ')"
	is "records" 120 "$(jq 'select(.table == "records") | .key' "$dir/out" | sort -u | wc -l)"
	is "verdicts" "deliver deliver hold refuse" \
		"$(jq -r 'select(.table == "files") | .verdict' "$dir/out" | sort | paste -sd' ')"
	run 0 status --json
	secret "status --json"
}

# Wherever a page is damaged, it is told, and no signal ends the command.
test_damage() {
	local size at rc told=0

	cp "$dir/state/ledger.mdb" "$dir/whole.mdb"
	size=$(stat -c %s "$dir/whole.mdb")
	for ((at = 3 * 4096 - 5; at < size; at += 4096)); do
		flip "$dir/state/ledger.mdb" "$at"
		"$emrdrop" --config "$dir/etc" ledger verify >"$dir/out" 2>"$dir/err"
		rc=$?
		ran "verify with a byte wrong at $at" "$rc" "$rc"
		[ "$rc" = 0 ] || is "a byte wrong at $at of $size" 74 "$rc"
		secret "a byte wrong at $at"
		told=$((told + (rc == 74)))
		cp "$dir/whole.mdb" "$dir/state/ledger.mdb"
	done
	ok "most of them are told: $told of $((size / 4096))" [ "$told" -gt $((size / 4096 / 3)) ]
	run 64 ledger
	run 64 ledger repair
	has "another word" "$dir/err" "verify, export or compact"
}

# A damaged page may end LMDB with a signal: that is told, and is no end of the command.
test_damaged_pages() {
	local size at rc died=0

	{ (ulimit -v 500000 && exec "$emrdrop" version >/dev/null 2>&1); } 2>/dev/null || {
		echo "skipped: damaged pages, for the sanitizers make a signal a report"
		return
	}
	size=$(stat -c %s "$dir/whole.mdb")
	for ((at = 2 * 4096 + 12; at < size && at < 32 * 4096; at += 4096)); do
		printf '\xff\x0f' |
			dd of="$dir/state/ledger.mdb" bs=1 seek="$at" conv=notrunc status=none
		"$emrdrop" --config "$dir/etc" ledger verify >"$dir/out" 2>"$dir/err"
		rc=$?
		ran "verify with a damaged page at $at" "$rc" "$rc"
		[ "$rc" = 0 ] || is "a damaged page at $at" 74 "$rc"
		died=$((died + $(grep -c 'ended with signal' "$dir/err")))
		cp "$dir/whole.mdb" "$dir/state/ledger.mdb"
	done
	ok "some of them end LMDB: $died" [ "$died" -gt 0 ]
}

# Whoever comes while the ledger's file is exchanged is turned away.
test_exclusive() {
	local command

	exec 9<"$dir/state"
	flock -x 9
	for command in run status 'ledger verify' 'ledger export' 'ledger compact' 'run --dry-run'; do
		# shellcheck disable=SC2086 # two words
		run 75 $command
		has "$command beside compact" "$dir/err" "being compacted"
	done
	exec 9<&-
}

# compact_at CALL N: killed before its Nth such call. Fails if it makes no N of them.
compact_at() {
	local rc

	(strace -f -o "$dir/trace" -e "trace=$1" -e "inject=$1:signal=KILL:when=$2" \
		"$emrdrop" --config "$dir/etc" ledger compact >"$dir/out" 2>"$dir/err"
		exit $?) 2>/dev/null
	rc=$?
	# It, or the process that it lets read the ledger.
	[ "$rc" -eq 0 ] || [ "$rc" -eq 137 ] || has "compact, killed at $1 $2" "$dir/err" "signal 9"
	[ "$rc" -ne 0 ]
}

test_killed_compact() {
	local call n killed=0

	if ! strace -o "$dir/trace" true 2>/dev/null; then
		echo "skipped: compact at its kill points, for nothing can be traced here"
		return
	fi
	run 0 ledger export
	sort "$dir/out" >"$dir/before"
	for call in openat flock write fsync fstat rename unlink; do
		n=1
		while ASAN_OPTIONS=detect_leaks=0 compact_at "$call" "$n" && [ "$n" -lt 60 ]; do
			n=$((n + 1))
			killed=$((killed + 1))
			run 0 ledger export
			sort "$dir/out" >"$dir/after"
			ok "$call $n: what the ledger holds" cmp -s "$dir/before" "$dir/after"
		done
	done
	ok "points enough: $killed" [ "$killed" -gt 20 ]
	sound "after $killed kills"
	: >"$dir/state/ledger.mdb.compact"
	job 0
	ok "a run sweeps up what is left" [ ! -e "$dir/state/ledger.mdb.compact" ]
	is "what was cut off is delivered" 240 "$(changes)"
}

test_compact() {
	local before after

	before=$(stat -c %s "$dir/state/ledger.mdb")
	run 0 ledger compact --json
	after=$(stat -c %s "$dir/state/ledger.mdb")
	is "sizes" "$before $after" "$(jq -r '"\(.bytes_before) \(.bytes_after)"' "$dir/out")"
	ok "it is smaller: $before, $after" [ "$after" -lt "$before" ]
	is "its mode" 600 "$(stat -c %a "$dir/state/ledger.mdb")"
	run 0 ledger compact
	has "in words" "$dir/out" "ledger.mdb had $after bytes"
	sound "a compact ledger"
	job 0
	is "requests of a run on it" 0 "$(report '.feeds[0].requests')"
}

# again DAY: what was archived lies in the drop once more, under the name that it had.
again() {
	local file

	for file in "$dir"/done/*"$1"*; do
		mv "$file" "$dir/drop/${file##*-}"
	done
}

# A ledger from before the last deliveries: what was archived since is put back.
test_old_backup() {
	# shellcheck disable=SC2119 # as it is
	api_fresh
	rm -rf "$dir/state" "$dir"/drop/* "$dir"/done/*
	archiving
	rows 1 60 >"$dir/drop/day1.csv"
	job 0
	cp -a "$dir/state" "$dir/backup"
	rows 1 60 x >"$dir/drop/day2.csv"
	job 0
	rows 31 90 y >"$dir/drop/day3.csv"
	job 0
	api_state "$dir/before.json"
	rm -rf "$dir/state"
	cp -a "$dir/backup" "$dir/state"
	sound "an old backup"
	again day2
	again day3
	job 0
	is "files that were read again" 2 "$(report '.feeds[0].files | length')"
	api_state "$dir/after.json"
	ok "the API's state is the same" cmp -s "$dir/before.json" "$dir/after.json"
	batches_sound "an old backup"
	# A pass number that was used before, for another content.
	rm -rf "$dir/state"
	cp -a "$dir/backup" "$dir/state"
	again day2
	again day3
	rows 1 90 z >"$dir/drop/zday4.csv"
	job 0
	is "all of it came in" 90 "$(api_curl state | grep -o '"Testcasez"' | wc -l)"
	batches_sound "pass numbers that were used before"
	job 0
	is "and is known now" 0 "$(report '.feeds[0].requests')"
}

# Neither ledger nor backup: all that was archived is sent again, once that is accepted.
test_lost() {
	api_state "$dir/before.json"
	rm "$dir"/state/ledger.mdb*
	job 74
	has "what is to be done" "$dir/out" "to accept that, remove ledger.id"
	rm "$dir/state/ledger.id"
	again day
	job 0
	api_state "$dir/after.json"
	ok "the API's state is the same" cmp -s "$dir/before.json" "$dir/after.json"
	is "no key was used with another body" 0 \
		"$(api_curl batches | jq 'map(select(.status == 422)) | length')"
	sound "a new ledger"
}

# Little address space is no reason to fail, unless there is hardly any. The sanitizers need
# more than any limit: so not with them.
test_address_space() {
	local limit rc

	if ! { (ulimit -v 500000 && exec "$emrdrop" version >/dev/null 2>&1); } 2>/dev/null; then
		echo "skipped: limits of address space, for this build needs more"
		return
	fi
	rows 1 2000 lim >"$dir/drop/limited.csv"
	(ulimit -v 150000 && exec "$emrdrop" --config "$dir/etc" run --json >"$dir/out" 2>"$dir/err")
	ran "a run in 150 MB" 0 $?
	# The program alone, and its libraries, need some of it.
	for ((limit = 60000, rc = 0; limit > 20000 && rc != 74; limit -= 3000)); do
		(ulimit -v $limit && exec "$emrdrop" --config "$dir/etc" run --json >"$dir/out" 2>"$dir/err")
		rc=$?
		ran "a run in $limit kB" "$rc" "$rc"
	done
	has "what is to be done" "$dir/out" "raise \`ulimit -v\`"
	sound "after that"
}

fill
test_export
test_damage
test_damaged_pages
test_exclusive
test_killed_compact
test_compact
test_old_backup
test_lost
test_address_space
e2e_end
