#!/bin/bash
# A power cut at any moment of a run: what it may leave on the disk (disk.h) is made of the
# run's own writes, and opened. Nothing that was acknowledged is forgotten or sent twice.
#
#   tests/crash/powercut_test.sh BUILD_DIR [STATES [CUTS [SEED]]]
#
# Of each scenario STATES states are looked into by powercut, and as many of CUTS runs that
# were killed and done again; at CUTS moments the program goes on from three states.
# shellcheck disable=SC2119 # restore without options
set -u
. tests/crash/lib.sh

states=${2:-250}
cuts=${3:-2}
seed=${4:-1}
crash_init "$1"
fast=$(mktemp -d /dev/shm/emrdrop-powercut.XXXXXX 2>/dev/null) || fast=$dir
trap 'server_stop_all; rm -rf "$dir" "$fast"' EXIT

# traced PROGRAM [STRACE OPTION...]: a run that is traced; its exit status.
traced() {
	local program=$1

	shift
	(strace -f -y -xx -s 16777216 -e trace="$("$powercut" calls)" -o "$dir/trace" "$@" \
		"$program" --config "$dir/etc" "${work[@]}" --json >"$dir/out" 2>"$dir/err"
		exit $?) 2>/dev/null
}

# Fails if one of the states is not as promised.
all_as_promised() {
	"$powercut" check "$world" "$dir/start" "$dir/trace" "$fast/state" "$seed" "$states" \
		>"$dir/check.txt" 2>&1
}

# promised WHAT: of the states that the trace may leave.
promised() {
	if ! all_as_promised; then
		echo "FAIL $1: what is left is not what was promised"
		failures=$((failures + 1))
	fi
	sed "s/^/$1: /" "$dir/check.txt"
}

# All that a whole run may leave; and one that was killed, with the run after it: what the
# first had not synced is still not sure when the second one builds on it.
test_states() {
	local call n rc

	restore
	traced "$emrdrop"
	ran "$1, traced" "$well" $?
	promised "$1"
	points fsync fdatasync | some "$cuts" "$seed" >"$dir/points"
	while read -r call n <&3; do
		restore
		traced "$emrdrop" -e "inject=$call:signal=KILL:when=$n"
		mv "$dir/trace" "$dir/killed"
		traced "$emrdrop"
		rc=$?
		ran "$1, traced after a kill" "$(well "$rc")" "$rc"
		cat "$dir/killed" "$dir/trace" >"$dir/both"
		mv "$dir/both" "$dir/trace"
		promised "$1, killed at $call $n"
	done 3<"$dir/points"
}

# goes_on WHAT SEED: from one state after the cut, all ends well.
goes_on() {
	local rc

	"$powercut" cut "$world" "$dir/start" "$dir/trace" "$dir/cut" "$2" || exit 1
	rm -rf "$world"
	mv "$dir/cut" "$world"
	restore_api "$dir/cut.db"
	"$emrdrop" --config "$dir/etc" status >"$dir/out" 2>"$dir/err"
	rc=$?
	grep -qE "no ledger in|No such file" "$dir/err" || ran "$1: status" 0 "$rc"
	run_until_done "$1"
	as_undisturbed "$1"
	went_on=$((went_on + 1))
}

# The power goes before a call; what the API has got until then, it has.
test_goes_on() {
	local call n state

	restore
	traced "$emrdrop"
	points pwrite64 writev fdatasync fsync rename renameat renameat2 mkdir mkdirat \
		unlinkat sendto | some "$cuts" "$seed" >"$dir/points"
	while read -r call n <&3; do
		restore
		traced "$emrdrop" -e "inject=$call:signal=KILL:when=$n"
		api_stop
		cp "$dir/api.db" "$dir/cut.db"
		api_start
		for state in 0 1 "$((seed * 1000 + n))"; do
			goes_on "$1, cut at $call $n, state $state" "$state"
		done
	done 3<"$dir/points"
}

# A ledger that never syncs must be seen to lose what was promised.
test_nosync() {
	restore
	traced "${emrdrop%/cmd/emrdrop}/tests/crash/emrdrop-nosync"
	ran "nosync, traced" "$well" $?
	if all_as_promised; then
		echo "FAIL nothing was lost without syncs: this test sees nothing"
		failures=$((failures + 1))
	fi
	tail -n 1 "$dir/check.txt" | sed 's/^/without syncs: /'
	ok "and it was the ledger" grep -qE "(lost|unreadable) [1-9]" "$dir/check.txt"
}

went_on=0
for name in $scenarios; do
	scenario "$name"
	test_states "$name"
	test_goes_on "$name"
done
test_nosync
echo "went on from $went_on states"
e2e_end
