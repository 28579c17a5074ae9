#!/bin/bash
# A run that finds nothing new, beside `sftp -b` listing the same folder. Medians.
#
#   FILES=200 RUNS=15 tests/bench/idle.sh
set -u -o pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 74
. tests/bench/lib.sh

FILES=${FILES:-200}
RUNS=${RUNS:-15}

bench_start 200
# All were read already. They are alike, so that the first run has little to send.
head -n 2 "$SSHD_DROP/appointments.csv" >"$BENCH/alike"
for ((i = 1; i < FILES; i++)); do
	cp "$BENCH/alike" "$SSHD_DROP/appointments_$i.csv"
done
bench_take first "$EMRDROP" --config "$BENCH/etc" run bench
for ((i = 0; i < RUNS; i++)); do
	bench_take emrdrop "$EMRDROP" --config "$BENCH/etc" run bench
	bench_sftp sftp "ls -l $SSHD_DROP"
done

echo "$FILES files in the folder, all known; $BENCH_CIPHER, $BENCH_MAC; medians of $RUNS"
printf '%-12s %9s %9s %10s\n' "" "wall ms" "CPU ms" "anon MiB"
for name in emrdrop sftp; do
	awk -v name="$name" -v w="$(bench_median $name 1)" -v c="$(bench_median $name 2)" \
		-v k="$(bench_median $name 3)" 'BEGIN {
		printf "%-12s %9.0f %9.0f %10.1f\n", name, 1000 * w, 1000 * c, k / 1024 }'
done
bench_note "idle run, $FILES files" ours emrdrop emrdrop
bench_note "idle run, $FILES files" peer sftp "sftp -b, ls"
