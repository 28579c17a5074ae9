#!/bin/bash
# A run that finds nothing new anywhere makes one commit, however many feeds it looks at, and
# knows afterwards when it looked at each.
#
#   tests/e2e/looks_test.sh BUILD_DIR
set -u
. tests/e2e/lib.sh

TXN_AT=144 # in a page: LMDB's number of its last commit; the file begins with two such pages
e2e_init "$1" strace
# The sanitizer's leak check is a tracer too.
export ASAN_OPTIONS=detect_leaks=0
# shellcheck disable=SC2034 # feed reads it: nothing is sent
api=https://127.0.0.1:1
names="a b c d e"

# The last commit of the ledger.
commit() {
	local page

	page=$(getconf PAGESIZE)
	{
		od -An -tu8 -j "$TXN_AT" -N 8 "$dir/state/ledger.mdb"
		od -An -tu8 -j "$((page + TXN_AT))" -N 8 "$dir/state/ledger.mdb"
	} | sort -n | tail -n 1
}

# When each feed was looked at, as `status` has it.
looks() {
	"$emrdrop" --config "$dir/etc" status --json | jq -c '[.feeds[].last_look_ms]'
}

# looked_since WHAT MS [NAME]: all feeds were, or all but that one.
looked_since() {
	is "$1" '[]' "$("$emrdrop" --config "$dir/etc" status --json | jq -c --argjson at "$2" \
		--arg but "${3:-}" '[.feeds[] | select(.feed != $but and .last_look_ms < $at).feed]')"
}

test_one_commit() {
	local before began

	run 0 run
	before=$(commit) began=$(date +%s%3N)
	run 0 run
	is "commits of a run over five feeds" 1 $(($(commit) - before))
	looked_since "all were looked at" "$began"
}

# Somebody reads how many runs there were: that is no reason for a commit a feed.
test_figures() {
	local before name

	mkdir "$dir/metrics"
	site "$(printf '[metrics]\ntextfile = %s' "$dir/metrics")"
	run 0 run
	before=$(commit)
	run 0 run
	is "commits of a run whose figures are read" 1 $(($(commit) - before))
	for name in $names; do
		has "the runs of $name" "$dir/metrics/emrdrop_$name.prom" \
			"emrdrop_runs_total{feed=\"$name\"} 2"
	done
	site ''
}

test_killed() {
	local before began

	before=$(looks)
	ok "it was killed" killed_at fdatasync 1 0
	is "as if nobody had looked" "$before" "$(looks)"
	began=$(date +%s%3N)
	run 0 run
	looked_since "the next run looks" "$began"
}

test_disk_fails() {
	local before

	before=$(looks)
	strace -f -o "$dir/trace" -e trace=fdatasync -e inject=fdatasync:error=EIO \
		"$emrdrop" --config "$dir/etc" run --json >"$dir/out" 2>"$dir/err"
	ran "a disk that fails" 74 $?
	has "it is told" "$dir/err" looks-failed
	has "what it is" "$dir/err" "the disk is full, or fails"
	is "in the report" 74 "$(jq .exit "$dir/out")"
	is "nothing was kept" "$before" "$(looks)"
	run 0 run
}

# The ledger is opened anew behind a feed that fails, and nothing is lost with it.
test_failing_feed() {
	local began

	clinic c -e 's/^format .*/format = none/'
	began=$(date +%s%3N)
	run 78 run
	looked_since "a mistake in one" "$began" c
	clinic c -e 's|/drop/c$|/drop/nowhere|'
	began=$(date +%s%3N)
	run 74 run
	looked_since "one has no folder" "$began" c
	clinic c
}

if ! strace -o "$dir/trace" true 2>/dev/null; then
	echo "skipped: nothing can be traced here"
	exit 77
fi
for name in $names; do
	clinic "$name"
done
test_one_commit
test_figures
test_killed
test_disk_fails
test_failing_feed
e2e_end
