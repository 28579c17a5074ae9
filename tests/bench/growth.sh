#!/bin/bash
# How time, memory and the ledger grow with an export: the first load of ever larger ones, and
# what an idle run and `status` take with all their records known. Each size starts with an
# empty ledger. Medians of the idle runs and of `status`; each load runs once.
#
#   SIZES="100000 1000000 10000000" RUNS=9 tests/bench/growth.sh
#
# A million rows are 251 MB of CSV, which the drop holds while they are loaded.
set -u -o pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 74
. tests/bench/lib.sh

SIZES=${SIZES:-100000 1000000 10000000}
RUNS=${RUNS:-9}

# load ROWS: sets records, that the API has taken.
load() {
	local i

	"$BENCH/generate" "$1" >"$SSHD_DROP/appointments.csv" || bench_fail "no room for $1 rows"
	bench_config
	bench_take "load_$1" "$EMRDROP" --config "$BENCH/etc" run bench --json
	records=$(jq '.feeds[0].files[0].delivered' "$BENCH/load_$1.out")
	for ((i = 0; i < RUNS; i++)); do
		bench_take "idle_$1" "$EMRDROP" --config "$BENCH/etc" run bench
		bench_take "status_$1" "$EMRDROP" --config "$BENCH/etc" status
	done
	rm -f "$SSHD_DROP/appointments.csv"
}

line() {
	awk -v rows="$1" -v records="$records" -v w="$(bench_median "load_$1" 1)" \
		-v c="$(bench_median "load_$1" 2)" -v k="$(bench_median "load_$1" 3)" \
		-v ledger="$(stat -c %s "$BENCH/state/ledger.mdb")" \
		-v idle="$(bench_median "idle_$1" 1)" -v idle_cpu="$(bench_median "idle_$1" 2)" \
		-v status="$(bench_median "status_$1" 1)" 'BEGIN {
		printf "%10d %10d %9.1f %9.2f %9.2f %9.1f %9.0f %9.0f %9.0f %9.0f\n", rows, records, w,
			1e6 * w / rows, 1e6 * c / rows, k / 1024, ledger / records, 1000 * idle,
			1000 * idle_cpu, 1000 * status }'
}

bench_start 1
printf '%10s %10s %9s %9s %9s %9s %9s %9s %9s %9s\n' rows records "wall s" "us/row" "CPU us" \
	"anon MiB" "ledger B" "idle ms" "idle CPU" "status ms"
for rows in $SIZES; do
	load "$rows"
	line "$rows"
done
