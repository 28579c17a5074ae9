#!/bin/bash
# Every allocation and every system call of a run fails once, or from then on for ever.
# After each: no crash, no hang, no leak, no success that is none, words that help; and
# the next run, undisturbed, completes what was begun, and nothing arrives twice.
#
#   tests/fault/syscall_test.sh BUILD_DIR
#   EMRDROP_FAULTS=0 tests/fault/syscall_test.sh BUILD_DIR [GROUP...]     # all of them
#
# EMRDROP_FAULTS is how many calls of each group fail, spread over the run. A group is
# one of inject.c. What fails is told as the INJECT that does it again. With
# EMRDROP_FAULT_TLS set the API speaks TLS, which allocates four times as much.
set -u
. tests/e2e/lib.sh

most=${EMRDROP_FAULTS:-3}
build=$1
shift
e2e_init "$build" timeout
. tests/fault/lib.sh
inject=$build/tests/inject.so
[ -f "$inject" ] || { echo "skipped: no $inject"; exit 77; }
# shellcheck disable=SC2034 # api_start reads it
[ -n "${EMRDROP_FAULT_TLS:-}" ] || api_scheme=http
api_start
fault_init -e "\$a in_flight = 2"
export ASAN_OPTIONS=verify_asan_link_order=0:fast_unwind_on_malloc=0

# What may come of it, by group: a run that got over it, or one that says why not.
declare -A allowed=([memory]='0 69 74 78' [read]='0 74 78' [write]='0 74' [sync]='0 74'
	[rename]='0 74' [map]='0 74' [connect]='0 69' [send]='0 69' [receive]='0 69'
	[open]='0 69 74 76 78' [thread]='74')
# libcurl says of a file of CAs that there was no memory for what it says of a bad one.
[ -z "${EMRDROP_FAULT_TLS:-}" ] || allowed[memory]+=' 76'

# injected INJECT: a run with a fault; its status is `rc`.
injected() {
	fault_file
	timeout -s ABRT 30 env LD_PRELOAD="$inject" INJECT="$1" "$emrdrop" --config "$dir/etc" \
		run --json >"$dir/out" 2>"$dir/err"
	rc=$?
	cp "$dir/err" "$dir/injected.err"
	ran "a run with INJECT=$1" "$rc" "$rc"
}

# trial INJECT: and what must be true then.
trial() {
	local group=${1%%:*} before=$failures

	injected "$1"
	ok "INJECT=$1 ends as it should: $rc" grep -qw "$rc" <<<"${allowed[$group]}"
	if [ "$rc" -eq 76 ] && grep -q 'feed-failed' "$dir/err"; then
		has "INJECT=$1: whom it does not trust" "$dir/err" 'certificate file'
	fi
	fault_ended "INJECT=$1" "$rc"
	fault_completes "INJECT=$1" "$rc"
	[ "$failures" -eq "$before" ] || sed "s/^/  /" "$dir/injected.err" | tail -n 40
}

# sweep GROUP CALLS: some of them, or all.
sweep() {
	local n step=1

	[ "$most" -eq 0 ] || step=$((($2 + most - 1) / most))
	for ((n = 1; n <= $2 && failures < 30; n += step)); do
		trial "$1:$n"
		trial "$1:$n:from"
	done
}

INJECT_COUNT=$dir/count injected none
is "undisturbed" 0 "$rc"
memory=$(sed -n 's/^memory //p' "$dir/count")
[ "${memory:-0}" -gt 1000 ] || { echo "skipped: nothing can be put between here"; exit 77; }
while read -r group calls; do
	[ $# -eq 0 ] || grep -qw "$group" <<<"$*" || continue
	began=$SECONDS
	sweep "$group" "$calls"
	echo "$group: $calls calls, $((SECONDS - began)) s"
done < <(cat "$dir/count")

fault_compare
e2e_end
