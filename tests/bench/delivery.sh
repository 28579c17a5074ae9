#!/bin/bash
# The sending stage alone: what it costs with an API that answers at once, beside libcurl
# posting the same bytes over one connection; and how near it comes to what an API that
# takes 50 ms a request allows. Medians.
#
#   MIB=300 BATCHES=1000 RUNS=5 tests/bench/delivery.sh
set -u -o pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 74
. tests/bench/lib.sh

MIB=${MIB:-300}
BATCHES=${BATCHES:-1000}
RUNS=${RUNS:-5}
SLOW_BATCHES=400 IN_FLIGHT=8 LATENCY=50 SLOW_BYTES=50000

bench_start 1
bench_tool deliver outbound -ljansson -lz -llz4
bytes=$((MIB << 20))
fast=$API
mkdir "$BENCH/slow"
bench_sandbox "$BENCH/slow" --latency "$LATENCY"
slow=$API
for ((i = 0; i < RUNS; i++)); do
	bench_take deliver "$BENCH/deliver" "$fast/v1/batches" "$BENCH/ca.pem" "$BENCH/token" \
		"$bytes" "$BATCHES" "$IN_FLIGHT"
	BENCH_TOKEN=$(cat "$BENCH/token") bench_take post "$BENCH/floor" post "$fast/v1/batches" \
		"$BENCH/ca.pem" "$bytes" "$BATCHES"
	bench_take slow "$BENCH/deliver" "$slow/v1/batches" "$BENCH/slow/ca.pem" \
		"$BENCH/slow/token" $((SLOW_BYTES * SLOW_BATCHES)) "$SLOW_BATCHES" "$IN_FLIGHT"
done

echo "$BATCHES batches, $MIB MiB, $IN_FLIGHT in flight; medians of $RUNS"
bench_title "" "batches/s"
bench_line "emrdrop, an API that answers at once" deliver "$BATCHES"
bench_line "libcurl, the same bytes" post "$BATCHES"
bench_line "emrdrop, $LATENCY ms a request" slow "$SLOW_BATCHES"
bench_ratio "CPU, of what libcurl takes" deliver 2 post
# What the latency alone takes of these batches: the bound.
awk -v n="$SLOW_BATCHES" -v f="$IN_FLIGHT" -v ms="$LATENCY" 'BEGIN {
	printf "%.3f 0 0 0\n", n / f * ms / 1000 }' >"$BENCH/bound.txt"
bench_ratio "time, of what $LATENCY ms a request and $IN_FLIGHT in flight allow" slow 1 bound
bench_note "delivery" ours deliver emrdrop "$BATCHES" batches
bench_note "delivery" floor post "libcurl, the same bytes" "$BATCHES" batches
bench_note "delivery, $LATENCY ms a request" ours slow emrdrop "$SLOW_BATCHES" batches
bench_note "delivery, $LATENCY ms a request" floor bound "what the latency allows" \
	"$SLOW_BATCHES" batches
