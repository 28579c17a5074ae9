#!/bin/bash
# A run that finds nothing new, beside `sftp -b` listing the same folder: of a few files, and
# of many. Medians.
#
#   FILES=200 MANY=10000 RUNS=15 tests/bench/idle.sh
set -u -o pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 74
. tests/bench/lib.sh

FILES=${FILES:-200}
MANY=${MANY:-10000}
RUNS=${RUNS:-15}

# idle_known FROM TO: so many files lie there, and all were read already. They are alike, so
# that reading them has little to send.
idle_known() {
	local i

	for ((i = $1; i < $2; i++)); do
		cp "$BENCH/alike" "$SSHD_DROP/appointments_$i.csv"
	done
	bench_take first "$EMRDROP" --config "$BENCH/etc" run bench
}

# idle_take N: both, of N files.
idle_take() {
	local i

	for ((i = 0; i < RUNS; i++)); do
		bench_take "emrdrop_$1" "$EMRDROP" --config "$BENCH/etc" run bench
		bench_sftp "sftp_$1" "ls -l $SSHD_DROP"
	done
	for name in emrdrop sftp; do
		awk -v name="$name, $1 files" -v w="$(bench_median "${name}_$1" 1)" \
			-v c="$(bench_median "${name}_$1" 2)" -v k="$(bench_median "${name}_$1" 3)" 'BEGIN {
			printf "%-22s %9.0f %9.0f %10.1f\n", name, 1000 * w, 1000 * c, k / 1024 }'
	done
	bench_note "idle run, $1 files" ours "emrdrop_$1" emrdrop
	bench_note "idle run, $1 files" peer "sftp_$1" "sftp -b, ls"
}

bench_start 200
head -n 2 "$SSHD_DROP/appointments.csv" >"$BENCH/alike"
echo "a folder of known files; $BENCH_CIPHER, $BENCH_MAC; medians of $RUNS"
printf '%-22s %9s %9s %10s\n' "" "wall ms" "CPU ms" "anon MiB"
idle_known 1 "$FILES"
idle_take "$FILES"
idle_known "$FILES" "$MANY"
idle_take "$MANY"
for n in "$FILES" "$MANY"; do
	bench_ratio "$n files: emrdrop over sftp" "emrdrop_$n" 1 "sftp_$n"
done
bench_ratio "$MANY files over $FILES" "emrdrop_$MANY" 1 "emrdrop_$FILES"
