#!/bin/bash
# kill -9 at every point of a first run where something becomes durable or leaves the
# machine: before each sync, each rename and each packet to the API. After each, a run
# that completes: every record arrived, once, and its file is archived, once.
#
#   tests/e2e/crash_points_test.sh BUILD_DIR
set -u
. tests/e2e/lib.sh

e2e_init "$1" strace
points='fdatasync fsync pwrite64 rename renameat2 sendto'
# The sanitizer's leak check is a tracer too.
export ASAN_OPTIONS=detect_leaks=0
mkdir "$dir/done"
api_start
simple -e "\$a batch_records = 20\nin_flight = 2" -e "s|^after.*|after = archive:$dir/done|"

if ! strace -o "$dir/trace" true 2>/dev/null; then
	echo "skipped: nothing can be traced here"
	exit 77
fi

# A fresh ledger and 30 new rows.
new_rows() {
	rm -rf "$dir/state"
	rows $((total * 100)) $((total * 100 + 29)) >"$dir/drop/$total.csv"
	cp "$dir/drop/$total.csv" "$dir/kept-$total.csv"
	total=$((total + 1))
}

total=0
for call in $points; do
	for ((n = 1; failures < 10; n++)); do
		new_rows
		killed_at "$call" "$n" 0 || break
		job 0
		is "$call $n: changes applied" $((total * 60)) "$(changes)"
		is "$call $n: archived" "$total" "$(in_archive "$dir/done")"
		is "$call $n: left in the drop" 0 "$(find "$dir/drop" -type f | wc -l)"
	done
done
ok "there are points enough: $total" [ "$total" -gt 60 ]
is "records changed more than once" 0 \
	"$(api_curl state | jq '[.records[] | select(.changes > 1)] | length')"
batches_sound "after $total kills"
ok "some batches were sent again" [ "$(api_curl batches | jq 'map(select(.received > 1)) | length')" -gt 2 ]
api_curl state >"$dir/disturbed.json"

# The same files again, and nobody interferes.
api_stop forget
api_start
rm -rf "$dir/state"
for ((i = 0; i < total; i++)); do
	cp "$dir/kept-$i.csv" "$dir/drop/$i.csv"
done
job 0
api_curl state >"$dir/undisturbed.json"
ok "the API's state is that of undisturbed runs" cmp "$dir/disturbed.json" "$dir/undisturbed.json"
e2e_end
