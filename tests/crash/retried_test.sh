#!/bin/bash
# kill -9 at every sync of a retry: whoever ends it, having read the file or not, counts what
# the retry brought in, and no more: in `status`, in the report and in the metrics. The file's
# books balance.
#
#   tests/crash/retried_test.sh BUILD_DIR
set -u
. tests/e2e/lib.sh

e2e_init "$1" strace
# The sanitizer's leak check is a tracer too.
export ASAN_OPTIONS=detect_leaks=0
api_start
mkdir "$dir/done" "$dir/prom"
site $'[metrics]\ntextfile = '"$dir/prom"
simple -e "s|^after.*|after = archive:$dir/done|"

if ! strace -o "$dir/trace" true 2>/dev/null; then
	echo "skipped: nothing can be traced here"
	exit 77
fi

# crash_at N: a file of 50 rows, of which the API refused two records and takes one by now;
# the retry is killed before its Nth sync. Fails if it makes no N of them.
crash_at() {
	local rc

	rm -rf "$dir/state" "$dir"/drop/* "$dir"/done/* "$dir"/prom/*
	# shellcheck disable=SC2119 # no options
	api_fresh
	faults '{"refuse":["A-701","A-702"]}'
	rows 701 750 | sed '/,A-750,/ s/Scheduled/Nope/' >"$dir/drop/a.csv"
	job 3
	faults '{"refuse":["A-702"]}'
	total=$((total + 1))
	(strace -f -o "$dir/trace" -e trace=fdatasync -e "inject=fdatasync:signal=KILL:when=$1" \
		"$emrdrop" --config "$dir/etc" retry simple --json >"$dir/out" 2>"$dir/err"
		exit $?) 2>/dev/null
	rc=$?
	[ "$rc" -ne 3 ] || return 1
	ran "a retry that is killed at sync $1" 137 "$rc"
}

# What is told of the retry, by the run that ended it: if it was not ended, or told, before.
told() {
	report '.feeds[0].files[0] | if . == null then null else
		[.rows, .mapped, .rejected, .records, .delivered, .unchanged, .stale, .refused] end' |
		tr -d ' \n'
}

total=0
ended=0
n=1
while crash_at "$n" && [ "$failures" -lt 10 ]; do
	run 0 status --json
	open=$(report '.feeds[0].unfinished')
	"$emrdrop" --config "$dir/etc" run --json >"$dir/out" 2>"$dir/err"
	rc=$?
	ran "$n: the run behind it" "$([ "$open" = true ] && echo 3 || echo 0)" "$rc"
	is "$n: what is told" "$([ "$open" = true ] && echo "[50,49,1,98,1,96,0,1]" || echo null)" "$(told)"
	if [ "$open" = true ]; then
		ended=$((ended + 1))
		has "$n: the metrics" "$(echo "$dir"/prom/*.prom)" \
			'emrdrop_records_delivered_total{feed="simple"} 97'
	else
		# Nothing was done yet, or all.
		run 3 retry simple --json
	fi
	run 0 status --json
	is "$n: what is counted" '[1,97,1,2,1,false]' \
		"$(report '.feeds[0] | [.files, .delivered, .rejected, .refused, .refused_left, .unfinished]' | tr -d ' \n')"
	run 0 files simple --json
	is "$n: the books" '[98,97,0,0,1]' \
		"$(jq -c '.files[0] | [.records, .delivered, .unchanged, .stale, .refused]' "$dir/out")"
	run 0 ledger export
	is "$n: the problems" '["unknown_code","api_refused"]' \
		"$(jq -sc 'map(select(.table == "problems") | .code)' "$dir/out")"
	n=$((n + 1))
done
is "undisturbed" '[50,49,1,98,1,96,0,1]' "$(told)"
ok "there are points enough: $total" [ "$total" -gt 6 ]
ok "another run ended some: $ended" [ "$ended" -gt 2 ]
e2e_end
