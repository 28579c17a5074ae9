#!/bin/bash
# How long a person waits for an answer: each command that asks the ledger, with as many
# records and files in it as a large site has after a year or two. Medians.
#
#   ROWS=770000 FILES=5000 RUNS=9 tests/bench/questions.sh
#
# 770,000 rows are about a million records. `version` asks nothing: what it takes on a machine
# that has other work is that machine's.
set -u -o pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 74
. tests/bench/lib.sh

ROWS=${ROWS:-770000}
FILES=${FILES:-5000}
RUNS=${RUNS:-9}
MOST_MS=200

ask() {
	local i name=$1

	shift
	for ((i = 0; i < RUNS; i++)); do
		bench_take "$name" "$EMRDROP" --config "$BENCH/etc" "$@"
	done
	awk -v name="$*" -v w="$(bench_median "$name" 1)" -v c="$(bench_median "$name" 2)" \
		-v k="$(bench_median "$name" 3)" -v most="$MOST_MS" \
		-v least="$(sort -n "$BENCH/$name.txt" | head -n 1)" 'BEGIN {
		printf "%-44s %9.0f %9.0f %9.0f %10.1f %s\n", name, 1000 * w, 1000 * least,
			1000 * c, k / 1024, 1000 * w < most ? "" : "more than " most " ms" }'
}

# One file a visit, each of another content; the last one can't be read.
small_files() {
	local i

	for ((i = 1; i < FILES - 1; i++)); do
		printf '%s\n%s\n' "$title" "${visit/$id/Q-$i}" >"$SSHD_DROP/appointments_$i.csv"
	done
	echo "no such column" >"$SSHD_DROP/appointments_zz.csv"
}

bench_start "$ROWS"
{ read -r title && read -r visit; } < <("$BENCH/generate" 1)
id=A-00000001
small_files
"$EMRDROP" --config "$BENCH/etc" run bench --json >"$BENCH/first.json" 2>"$BENCH/first.err"
rc=$?
[ "$rc" -eq 65 ] || { tail -n 3 "$BENCH/first.err" >&2; bench_fail "the first run ended with $rc"; }
file=$(jq -r '.feeds[0].files[-1].file' "$BENCH/first.json")

echo "$(jq '[.feeds[0].files[].delivered] | add' "$BENCH/first.json") records," \
	"$(jq '.feeds[0].files | length' "$BENCH/first.json") files," \
	"$(stat -c %s "$BENCH/state/ledger.mdb") bytes of ledger; medians of $RUNS"
printf '%-44s %9s %9s %9s %10s\n' "" "wall ms" "least ms" "CPU ms" "anon MiB"
ask version version
ask status status
ask status_json status --json
ask files files bench
ask files_json files bench --json
ask find find bench appointment "$id"
ask unknown find bench patient nobody
ask hold hold list
ask show hold show "$file"
ask pause pause bench
ask resume resume bench
ask audit audit
ask verify audit verify
