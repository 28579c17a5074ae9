#!/bin/bash
# kill -9 at every sync of a run that takes a mended reject file: whoever goes on with it,
# having read it or not, knows that it is no export. It is not the newest snapshot, nothing
# that was expected came with it, and the last good header and content are the export's.
#
#   tests/crash/mended_test.sh BUILD_DIR
set -u
. tests/e2e/lib.sh

e2e_init "$1" strace
# The sanitizer's leak check is a tracer too.
export ASAN_OPTIONS=detect_leaks=0
api_start
simple -e "/^source  *= simple/a contents = snapshot" -e "/^\[appointment\]/a on_missing = delete" \
	-e 's|^pattern .*|pattern = *|' -e "/^\[source\]/a feedback = $dir/told" \
	-e "\$a batch_records = 2\nin_flight = 2"

if ! strace -o "$dir/trace" true 2>/dev/null; then
	echo "skipped: nothing can be traced here"
	exit 77
fi

# memory: what is known of the last export.
memory() {
	run 0 ledger export
	jq -c 'select(.what == "snapshot" or .table == "feeds" or .what == "arrivals" or
		(.table == "headers" and .what == "feed")) |
		[.clock, .at, .files, .rows, .last_content, .profiles]' "$dir/out" |
		jq -c 'if .[5] == null and .[4] != null then [.[4]] else . end'
}

# crash_at N: a fresh ledger that knows an export, and 5 of its rows come back mended; the
# run is killed before its Nth sync. Fails if it makes no N of them.
crash_at() {
	local first=$((total * 100)) f

	rm -rf "$dir/state" "$dir"/drop/* "$dir/told"
	rows "$first" $((first + 19)) | sed '2,6s/Scheduled/Nope/' >"$dir/drop/a.csv"
	touch -d '2 days ago' "$dir/drop/a.csv"
	job 3
	before=$(memory)
	f=$(ls "$dir"/told/*.rejects.csv)
	# Without the ZIP code, whose title is no cause to be told that it is there again.
	sed -E 's/Nope/Scheduled/; s/,[^,]*((,[^,]*){3})$/\1/' "$f" >"$dir/drop/${f##*/}"
	total=$((total + 1))
	killed_at fdatasync "$1" 0
}

total=0
n=1
while crash_at "$n" && [ "$failures" -lt 10 ]; do
	job 0
	is "$n: changes applied" $((total * 40)) "$(changes)"
	is "$n: it was no export" "$before" "$(memory)"
	n=$((n + 1))
done
is "undisturbed" "$before" "$(memory)"
ok "there are points enough: $total" [ "$total" -gt 6 ]
e2e_end
