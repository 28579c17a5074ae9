#!/bin/bash
# kill -9 at every point of a run whose one batch is halved: before each packet to the
# API, and before each commit. The next run sends exactly the parts that were
# not acknowledged, under their keys: also if the API would take the whole by then.
#
#   tests/crash/halving_test.sh BUILD_DIR
set -u
. tests/e2e/lib.sh

e2e_init "$1" strace
# The sanitizer's leak check is a tracer too.
export ASAN_OPTIONS=detect_leaks=0
api_start
simple -e "\$a batch_records = 500"

if ! strace -o "$dir/trace" true 2>/dev/null; then
	echo "skipped: nothing can be traced here"
	exit 77
fi

keys() {
	api_curl batches | jq length
}

# 16 records of 8 rows nobody knows, of which two are bad, the 6th and the last: nothing
# is taken after that, so what an earlier run was told must speak for the API. By hand:
#   0-15! 0-7! 0-3 4-7! 4-5! 4 5! 6-7  8-15! 8-11 12-15! 12-13 14-15! 14 15!
PARTS=15
new_rows() {
	local first=$((total * 100))

	total=$((total + 1))
	rm -rf "$dir/state" "$dir"/drop/*
	rows "$first" $((first + 7)) >"$dir/drop/$total.csv"
	bad="[\"A-$((first + 2))\",\"A-$((first + 7))\"]"
	faults "{\"refuse\":$bad,\"refuse-batch\":true}"
}

# The next run completes; a file whose pass was closed before the kill is only put away.
completes() {
	local rc

	"$emrdrop" --config "$dir/etc" run --json >"$dir/out" 2>"$dir/err"
	rc=$?
	ran "the run after $1" "$(report '[.feeds[0].files[].refused] | if add > 0 then 3 else 0 end')" "$rc"
	is "$1: pending" 0 "$(report '[.feeds[0].files[].pending] | add // 0')"
}

# The API is as it was: the same two are refused, and no part has another name.
goes_on() {
	completes "$1"
	is "$1: keys" "$PARTS" $(($(keys) - before))
	applied=$((applied + 14))
}

# The API was mended meanwhile: all is taken, but for what was refused for good.
goes_on_mended() {
	local taken

	faults '{"refuse":[]}'
	completes "$1, mended"
	ok "$1, mended: keys" [ $(($(keys) - before)) -le "$PARTS" ]
	taken=$(api_curl state | jq --argjson bad "$bad" '[.records[] | select(.id | IN($bad[]))] | length')
	mended=$((mended + taken))
	applied=$((applied + 14 + taken))
}

total=0
applied=0
mended=0
sent=0
for call in sendto fdatasync; do
	for ((n = 1; failures < 10; n++)); do
		before=$(keys)
		new_rows
		killed_at "$call" "$n" 3 || break
		sent=$((sent + $(keys) - before))
		if [ $((n % 2)) -eq 0 ]; then
			goes_on "$call $n"
		else
			goes_on_mended "$call $n"
		fi
		is "$call $n: changes applied" "$applied" "$(changes)"
	done
	applied=$((applied + 14)) # of the run that was not killed
done
ok "there are points enough: $total" [ "$total" -gt 40 ]
ok "in the middle of it: $sent" [ "$sent" -gt 150 ]
ok "some bad ones were taken after all: $mended" [ "$mended" -gt 10 ]
is "records changed more than once" 0 \
	"$(api_curl state | jq '[.records[] | select(.changes > 1)] | length')"
batches_sound "after $total kills"
e2e_end
