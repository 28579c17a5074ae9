#!/bin/bash
# All benchmarks, one after the other: one table of what each stage takes, its floor and its
# peers; the same in tests/bench/bench.json, and as a chart in tests/bench/bench.svg. An hour
# or so; `short` takes a tenth of everything and writes to a temporary folder alone.
#
#   tests/bench/run.sh [short] [SCRIPT...]     without SCRIPT all of them
set -u -o pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 74

to=tests/bench
if [ "${1:-}" = short ]; then
	shift
	to=$(mktemp -d "${TMPDIR:-/tmp}/emrdrop-bench-short.XXXXXX") || exit 74
	export ROWS=50000 MESSAGES=5000 HAPI_MESSAGES=2000 MIB=50 FILES=100 BATCHES=200 FEEDS=10 MANY=1000 TIMES=20 RUNS=3
fi
[ $# -gt 0 ] || set -- first_load nightly hl7 idle start feeds fetch delivery

BENCH_JSON=$(mktemp "${TMPDIR:-/tmp}/emrdrop-bench.XXXXXX") || exit 74
export BENCH_JSON
trap 'rm -f "$BENCH_JSON"' EXIT
for name in "$@"; do
	echo "== $name"
	"tests/bench/$name.sh" || exit
	export BENCH_NO_BUILD=1 # once is enough
	echo
done
python3 tests/bench/report.py "$BENCH_JSON" "$to/bench.json" "$to/bench.svg" || exit
echo "written: $to/bench.json, $to/bench.svg"
