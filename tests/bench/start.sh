#!/bin/bash
# A cold start: what stands before all that a command does. /bin/true does nothing, and is the
# floor. Medians of RUNS, each of TIMES starts.
#
#   TIMES=50 RUNS=9 tests/bench/start.sh
set -u -o pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 74
. tests/bench/lib.sh

TIMES=${TIMES:-50}
RUNS=${RUNS:-9}
MOST_MS=5
MOST_KIB=1024

# start_line LABEL NAME [MOST_MS]: one start.
start_line() {
	awk -v label="$1" -v w="$(bench_median "$2" 1)" -v c="$(bench_median "$2" 2)" -v n="$TIMES" \
		-v most="${3:-0}" 'BEGIN {
		w *= 1000 / n
		printf "%-34s %9.2f %9.2f%s\n", label, w, 1000 * c / n,
			(most && w > most) ? " more than " most " ms" : "" }'
}

BENCH=$(mktemp -d "${TMPDIR:-/tmp}/emrdrop-bench.XXXXXX") || exit 74
trap 'rm -rf "$BENCH"' EXIT
bench_build
cc -std=c17 -O2 -D_GNU_SOURCE tests/bench/again.c -o "$BENCH/again" || bench_fail "again does not build"
for ((run = 0; run < RUNS; run++)); do
	bench_take nothing "$BENCH/again" "$TIMES" /bin/true
	bench_take version "$BENCH/again" "$TIMES" "$EMRDROP" version
	bench_take help "$BENCH/again" "$TIMES" "$EMRDROP" --help
	bench_take libraries "$BENCH/again" "$TIMES" "$EMRDROP" version --libraries
	bench_take curl "$BENCH/again" "$TIMES" curl --version
	bench_take python "$BENCH/again" "$TIMES" /usr/bin/python3 -c pass
done
echo "one start; medians of $RUNS, each of $TIMES starts"
printf '%-34s %9s %9s\n' "" "wall ms" "CPU ms"
start_line "/bin/true" nothing
start_line "emrdrop version" version "$MOST_MS"
start_line "emrdrop --help" help "$MOST_MS"
start_line "emrdrop version --libraries" libraries
start_line "curl --version" curl
start_line "python3 -c pass" python
bench_ratio "version over /bin/true" version 1 nothing
bench_note "cold start" floor nothing "/bin/true" "$TIMES" starts
bench_note "cold start" ours version emrdrop "$TIMES" starts
bench_note "cold start" peer curl "curl --version" "$TIMES" starts
bench_note "cold start" peer python "python3 -c pass" "$TIMES" starts
strip -o "$BENCH/stripped" "$EMRDROP" || exit 74
size=$(($(stat -c %s "$BENCH/stripped") >> 10))
echo "stripped: $size KiB$([ "$size" -lt "$MOST_KIB" ] || echo ", more than $MOST_KIB")"
