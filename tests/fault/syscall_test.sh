#!/bin/bash
# Every allocation and every system call of a run fails once, or from then on for ever.
# After each: no crash, no hang, no leak, no success that is none, words that help; and
# the next run, undisturbed, completes what was begun, and nothing arrives twice.
#
#   tests/fault/syscall_test.sh BUILD_DIR
#   EMRDROP_FAULTS=0 tests/fault/syscall_test.sh BUILD_DIR [GROUP...]     # all of them
#
# EMRDROP_FAULTS is how many calls of each group fail, spread over the run. A group is
# one of inject.c, or `stack`: of the allocations that the same row of callers asks for, the
# first. What fails is told as the INJECT that does it again. With EMRDROP_FAULT_TLS set the
# API speaks TLS, which allocates four times as much.
#
# EMRDROP_FAULT_FEEDS are the feeds that are disturbed, of `simple`, `hl7` and `snapshot`. After
# the first only allocations fail, if no group is named, and only those that none of the
# feeds before had. EMRDROP_PART=K/N takes the Kth of N parts of it all, from 0 on.
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
export ASAN_OPTIONS=verify_asan_link_order=0:fast_unwind_on_malloc=0

# What may come of it, by group: a run that got over it, or one that says why not.
declare -A allowed=([memory]='0 69 74 78' [stack]='0 69 74 78' [read]='0 74 78' [write]='0 74' [sync]='0 74'
	[rename]='0 74' [map]='0 74' [connect]='0 69' [send]='0 69' [receive]='0 69'
	[open]='0 69 74 76 78' [thread]='74')
# libcurl says of a file of CAs that there was no memory for what it says of a bad one.
[ -z "${EMRDROP_FAULT_TLS:-}" ] || allowed[memory]+=' 76' allowed[stack]+=' 76'

# ---- the feeds ----

# shellcheck disable=SC2317 # it is called by its name
lay_simple() {
	fault_init -e "\$a in_flight = 2"
	next=fault_file
}

# shellcheck disable=SC2317 # it is called by its name
lay_hl7() {
	site "[run]
maps = $PWD/deploy/maps"
	answers_init -e "\$a batch_records = 5\nin_flight = 2\nattempts = 2"
	next='messages 10'
}

# Five rows that are known are missing in each file.
# shellcheck disable=SC2317 # it is called by its name
lay_snapshot() {
	fault_init -e "\$a in_flight = 2" -e "/^\\[\\(patient\\|appointment\\)\\]/a on_missing = delete" \
		-e "/^source  *= simple/a contents = snapshot" -e "/^pattern/a order = name:%Y%m%d"
	rows 90001 90005 >"$dir/drop/first_20261102.csv"
	job 0
	mv "$dir/state" "$dir/known"
	rm "$dir"/drop/done/*
	ahead=10
	EACH=30
	next=snapshot_file
}

# shellcheck disable=SC2317 # $next calls it
snapshot_file() {
	fault_file
	mv "$dir/drop/$((total - 1)).csv" "$dir/drop/$((total - 1))_20261103.csv"
	cp -a "$dir/known" "$dir/state"
}

# Without what was removed, the API's state is what the same files would make as changes.
compare_snapshot() {
	batches_sound "after $total faults"
	api_state "$dir/disturbed.json"
	# shellcheck disable=SC2119 # with no options
	api_fresh
	rm -rf "$dir/state"
	fault_init
	mv "$dir"/drop/done/* "$dir/drop/"
	job 0
	api_state "$dir/undisturbed.json"
	ok "the API's state is that of undisturbed runs" \
		cmp "$dir/undisturbed.json" "$dir/disturbed.json"
}

# ---- the faults ----

# injected INJECT: a run with a fault; its status is `rc`.
injected() {
	$next
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
	[ "$feed" != hl7 ] || answered "INJECT=$1" 10
	[ "$failures" -eq "$before" ] || sed "s/^/  /" "$dir/injected.err" | tail -n 40
}

# places GROUP CALLS: each that may fail.
places() {
	if [ "$1" = stack ]; then
		sed 's/^/stack:/' "$dir/new"
	else
		seq "$2" | sed "s/^/$1:/"
	fi
}

# sweep GROUP CALLS: some of them, or all.
sweep() {
	local at part=${EMRDROP_PART:-0/1} step=1

	[ "$most" -eq 0 ] || step=$((($2 + most - 1) / most))
	while read -r at <&3; do
		[ "$failures" -lt 30 ] || break
		trial "$at"
		trial "$at:from"
	done 3< <(places "$@" | awk -v step="$step" -v part="${part%/*}" -v parts="${part#*/}" '
		(NR - 1) % step == 0 && n++ % parts == part')
}

# count: what an undisturbed run calls, and which rows of callers are new.
count() {
	local memory

	INJECT_COUNT=$dir/count INJECT_STACKS=$dir/stacks injected none
	is "$feed, undisturbed" 0 "$rc"
	memory=$(sed -n 's/^memory //p' "$dir/count")
	[ "${memory:-0}" -gt 1000 ] || { echo "skipped: nothing can be put between here"; exit 77; }
	sort "$dir/stacks" | comm -13 "$dir/seen" - >"$dir/new"
	sort -o "$dir/seen" "$dir/seen" "$dir/new"
	echo "stack $(wc -l <"$dir/new")" >>"$dir/count"
}

# disturb FEED [GROUP...]
disturb() {
	local group calls began

	feed=$1
	shift
	EACH=20 total=0 ahead=0
	rm -rf "$dir/drop" "$dir/state" "$dir"/etc/feeds.d/*
	# shellcheck disable=SC2119 # with no options
	api_fresh
	"lay_$feed"
	count
	while read -r group calls; do
		[ $# -eq 0 ] || grep -qw "$group" <<<"$*" || continue
		began=$SECONDS
		sweep "$group" "$calls"
		echo "$feed, $group: $calls calls, $((SECONDS - began)) s"
	done < <(cat "$dir/count")
	if [ "$feed" = snapshot ]; then
		compare_snapshot
	else
		fault_compare
	fi
}

touch "$dir/seen"
groups=("$@")
for feed in ${EMRDROP_FAULT_FEEDS:-simple hl7 snapshot}; do
	disturb "$feed" "${groups[@]}"
	[ $# -gt 0 ] || groups=(stack)
done
e2e_end
