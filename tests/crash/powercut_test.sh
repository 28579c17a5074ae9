#!/bin/bash
# A power cut at any moment of a run: what it may leave on the disk (disk.h) is made of the
# run's own writes, and opened. Nothing that was acknowledged is forgotten.
#
#   tests/crash/powercut_test.sh BUILD_DIR [STATES [RUNS]]
#
# STATES a scenario are looked into by powercut; from RUNS of them, the program goes on.
set -u
. tests/crash/lib.sh

states=${2:-250}
reruns=${3:-6}
seed=${POWERCUT_SEED:-1}
crash_init "$1"
fast=$(mktemp -d /dev/shm/emrdrop-powercut.XXXXXX 2>/dev/null) || fast=$dir
trap 'server_stop_all; rm -rf "$dir" "$fast"' EXIT

# traced PROGRAM [STRACE OPTION...]: a run that is traced; its exit status.
traced() {
	local program=$1

	shift
	(strace -f -y -xx -s 16777216 -e trace="$("$powercut" calls)" -o "$dir/trace" "$@" \
		"$program" --config "$dir/etc" run --json >"$dir/out" 2>"$dir/err"
		exit $?) 2>/dev/null
}

check() {
	"$powercut" check "$world" "$dir/start" "$dir/trace" "$fast/state" "$seed" "$states" \
		>"$dir/check.txt" 2>&1
}

# All that one whole run may leave.
test_states() {
	restore
	traced "$emrdrop"
	ran "$1, traced" 0 $?
	ok "$1: states of the ledger" check
	sed "s/^/$1: /" "$dir/check.txt"
}

for name in $scenarios; do
	scenario "$name"
	test_states "$name"
done
e2e_end
