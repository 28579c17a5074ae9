#!/bin/bash
# One run over many feeds of one server that finds nothing new, beside a run of a site that
# has one of them alone. Medians.
#
#   FEEDS=50 FILES=20 RUNS=9 tests/bench/feeds.sh
set -u -o pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 74
. tests/bench/lib.sh

FEEDS=${FEEDS:-50}
FILES=${FILES:-20}
RUNS=${RUNS:-9}

# Each feed has a folder of its own, and files in it that were read already. They are alike,
# so that the first run has little to send.
feeds_make() {
	local i j name

	rm "$BENCH/etc/feeds.d/bench.ini"
	head -n 2 "$SSHD_DROP/appointments.csv" >"$BENCH/alike"
	for ((i = 0; i < FEEDS; i++)); do
		name=$(printf 'clinic_%03d' "$i")
		mkdir "$SSHD_DROP/$name"
		for ((j = 0; j < FILES; j++)); do
			cp "$BENCH/alike" "$SSHD_DROP/$name/appointments_$j.csv"
		done
		sed -e "s|@DIR@/drop|$SSHD_DROP/$name|; s|@DIR@|$BENCH|g" \
			-e "s|@PORT@|$SSHD_PORT|g; s|@USER@|$SSHD_USER|g; s|@API@|$API|g" \
			-e "s|= bench\$|= $name|" tests/bench/feed.ini >"$BENCH/etc/feeds.d/$name.ini"
	done
	chmod 600 "$BENCH"/etc/feeds.d/*
	mkdir -m 700 "$BENCH/one" "$BENCH/one/feeds.d"
	cp -p "$BENCH/etc/emrdrop.ini" "$BENCH/one"
	cp -p "$BENCH/etc/feeds.d/clinic_000.ini" "$BENCH/one/feeds.d"
}

bench_start 1
feeds_make
bench_take first "$EMRDROP" --config "$BENCH/etc" run
for ((i = 0; i < RUNS; i++)); do
	bench_take one "$EMRDROP" --config "$BENCH/one" run
	bench_take all "$EMRDROP" --config "$BENCH/etc" run
done

echo "$FEEDS feeds of $FILES files, nothing new; $BENCH_CIPHER, $BENCH_MAC; medians of $RUNS"
printf '%-16s %9s %9s %10s\n' "" "wall ms" "CPU ms" "anon MiB"
for name in one all; do
	awk -v name="$name" -v w="$(bench_median $name 1)" -v c="$(bench_median $name 2)" \
		-v k="$(bench_median $name 3)" 'BEGIN {
		printf "%-16s %9.0f %9.0f %10.1f\n", name == "one" ? "one of them" : "all of them",
			1000 * w, 1000 * c, k / 1024 }'
done
awk -v n="$FEEDS" -v one="$(bench_median one 1)" -v all="$(bench_median all 1)" 'BEGIN {
	printf "%d feeds cost %.1f runs over one\n", n, all / one }'
bench_note "$FEEDS feeds, nothing new" ours all emrdrop
bench_note "$FEEDS feeds, nothing new" floor one "a run over one of them"
