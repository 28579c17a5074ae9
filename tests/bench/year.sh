#!/bin/bash
# How long `status` and `report` take, of the ledger that a site has after a year. Medians.
#
#   FEEDS=50 DAYS=365 FILES=4 RUNS=9 tests/bench/year.sh
#
# FILES is how many files each feed gets on a day. The ledger is in memory (/dev/shm) where
# that may be, since it is written file by file.
set -u -o pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 74
. tests/bench/lib.sh

FEEDS=${FEEDS:-50}
DAYS=${DAYS:-365}
FILES=${FILES:-4}
RUNS=${RUNS:-9}
MOST_MS=1000

BENCH=$(mktemp -d "$([ -w /dev/shm ] && echo /dev/shm || echo /tmp)/emrdrop-bench.XXXXXX") || exit 74
trap 'rm -rf "$BENCH"' EXIT
bench_build
if ! cmake --preset dev >/dev/null || ! cmake --build --preset dev -j 2 --target year >/dev/null; then
	bench_fail "tests/lib/year.c does not build"
fi
mkdir -m 700 "$BENCH/etc" "$BENCH/etc/feeds.d" "$BENCH/state"
printf '[state]\ndir = %s/state\n' "$BENCH" >"$BENCH/etc/emrdrop.ini"
for ((i = 0; i < FEEDS; i++)); do
	names[i]=$(printf 'feed-%03d' "$i")
	sed -e "s|@DIR@|$BENCH|g; s|@PORT@|22|g; s|@USER@|nobody|g; s|@API@|https://127.0.0.1:9|g" \
		-e "s|^name .*|name = ${names[i]}|; s|^source  *=.*|source = ${names[i]}|" \
		tests/bench/feed.ini >"$BENCH/etc/feeds.d/${names[i]}.ini"
done
chmod 600 "$BENCH"/etc/*.ini "$BENCH"/etc/feeds.d/*
build/dev/tests/year "$BENCH/state" "$(date +%s000)" "$DAYS" "$FILES" "${names[@]}" ||
	bench_fail "no ledger"

echo "$FEEDS feeds, $("$EMRDROP" --config "$BENCH/etc" ledger export | grep -c '^{"table":"files"')" \
	"files, $(stat -c %s "$BENCH/state/ledger.mdb") bytes of ledger; medians of $RUNS"
printf '%-24s %9s %9s %10s\n' "" "wall ms" "CPU ms" "anon MiB"
for what in version status 'status --json' report 'report --days 365' 'report --json'; do
	name=${what// /_}
	for ((i = 0; i < RUNS; i++)); do
		# shellcheck disable=SC2086 # words
		bench_take "$name" "$EMRDROP" --config "$BENCH/etc" $what
	done
	awk -v name="$what" -v w="$(bench_median "$name" 1)" -v c="$(bench_median "$name" 2)" \
		-v k="$(bench_median "$name" 3)" -v most="$MOST_MS" 'BEGIN {
		printf "%-24s %9.0f %9.0f %10.1f %s\n", name, 1000 * w, 1000 * c, k / 1024,
			1000 * c < most ? "" : "more than " most " ms of CPU" }'
done
