#!/bin/bash
# kill -9 at every point of a run that removes what a snapshot does not have any more: before
# each sync and each packet to the API. The next run completes it: the same batches again,
# each removal once, and the ledger knows how old the snapshot was, as its rows told.
#
#   tests/crash/snapshot_test.sh BUILD_DIR
set -u
. tests/e2e/lib.sh

e2e_init "$1" strace
points='fdatasync sendto'
# The sanitizer's leak check is a tracer too.
export ASAN_OPTIONS=detect_leaks=0
api_start
simple -e "/^source  *= simple/a contents = snapshot\nmax_remove = 100 %" \
	-e "/^\[csv\]/i [rows]\nsnapshot_at = {Export Date} | date %Y-%m-%d\n" \
	-e "/^\[appointment\]/a on_missing = delete" \
	-e "\$a batch_records = 5\nin_flight = 2"

if ! strace -o "$dir/trace" true 2>/dev/null; then
	echo "skipped: nothing can be traced here"
	exit 77
fi

# made DAY: puts it into a column of each row.
made() {
	sed "1 s/\r\$/,Export Date\r/; 1! s/\r\$/,$1\r/"
}

# crash_at CALL N: a fresh ledger that knows 20 appointments, and an export with 9 of them;
# the run is killed before its Nth such call. Fails if it makes no N of them.
crash_at() {
	local first=$((total * 100))

	rm -rf "$dir/state" "$dir"/drop/*
	rows "$first" $((first + 19)) | made 2020-11-02 >"$dir/drop/a.csv"
	job 0
	rows "$first" $((first + 8)) | made 2020-11-03 >"$dir/drop/b.csv"
	total=$((total + 1))
	killed_at "$1" "$2" 0
}

total=0
for call in $points; do
	n=1
	while crash_at "$call" "$n" && [ "$failures" -lt 10 ]; do
		job 0
		is "$call $n: changes applied" $((total * 51)) "$(changes)"
		run 0 status --json
		is "$call $n: the snapshot" '[1604379600000,11,false]' \
			"$(report '.feeds[0] | [.last_snapshot_ms, .removals, .unfinished]')"
		n=$((n + 1))
	done
done
ok "there are points enough: $total" [ "$total" -gt 15 ]
is "removed" $((total * 11)) \
	"$(api_curl state | jq '[.records[] | select(.op == "delete")] | length')"
is "records changed more than twice" 0 \
	"$(api_curl state | jq '[.records[] | select(.changes > 2)] | length')"
batches_sound "after $total kills"
ok "some batches were sent again" \
	[ "$(api_curl batches | jq 'map(select(.received > 1)) | length')" -gt 0 ]
e2e_end
