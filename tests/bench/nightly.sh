#!/bin/bash
# The export that comes each night, most of it as it was: a row in CHANGED_OF is another.
# Medians. A script keeps nothing from one night to the next, and so sends everything again.
# Two nights go before those that are measured: the first load, and the night in which rows
# are first found to be settled.
#
#   ROWS=1000000 CHANGED_OF=3333 NIGHTS=5 tests/bench/nightly.sh
set -u -o pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 74
. tests/bench/lib.sh
. tests/bench/node.sh

ROWS=${ROWS:-1000000}
CHANGED_OF=${CHANGED_OF:-3333}
NIGHTS=${NIGHTS:-5}

# night N: of the rows whose turn it is, the visit takes another time.
night() {
	rm -f "$SSHD_DROP"/appointments*.csv
	file=$SSHD_DROP/appointments_$1.csv
	awk -v RS='\r\n' -v ORS='\r\n' -v n="$1" -v of="$CHANGED_OF" \
		'NR % of == n { sub(/,[0-9][0-9],/, ",77,"); sub(/:[0-9][0-9]$/, ":59") } 1' \
		"$BENCH/first.csv" >"$file"
}

bench_start "$ROWS"
cp "$SSHD_DROP/appointments.csv" "$BENCH/first.csv"
bench_node || echo "the peer in Node is left out: $NODE_WHY"
bench_take first "$EMRDROP" --config "$BENCH/etc" run bench
night 2
bench_take second "$EMRDROP" --config "$BENCH/etc" run bench
for ((i = 0; i < NIGHTS; i++)); do
	night $((i + 3))
	bench_take emrdrop "$EMRDROP" --config "$BENCH/etc" run bench
	cp "$BENCH/emrdrop.out" "$BENCH/last.out"
	grep -q 'records delivered' "$BENCH/last.out" || bench_fail "emrdrop sent nothing"
	bench_sftp floor_sftp "get $file /dev/null"
	[ -n "$NODE_WHY" ] || bench_take node node "$NODE_PEER" "$SSHD_PORT" "$SSHD_USER" "$BENCH" \
		"$file" "$API/v1/batches"
	bench_take python /usr/bin/python3 tests/bench/peer.py "$SSHD_PORT" "$SSHD_USER" "$BENCH" \
		"$file" "$API/v1/batches"
done

# row_of LABEL NAME: the ratios are to emrdrop's night.
row_of() {
	awk -v label="$1" -v w="$(bench_median "$2" 1)" -v c="$(bench_median "$2" 2)" \
		-v k="$(bench_median "$2" 3)" -v mw="$(bench_median emrdrop 1)" \
		-v mc="$(bench_median emrdrop 2)" 'BEGIN {
		printf "%-36s %8.2f %8.2f %10.1f %8.2f %8.2f\n", label, w, c, k / 1024, w / mw, c / mc }'
}

echo "$ROWS rows, $(stat -c %s "$file") bytes, a row in $CHANGED_OF changed;" \
	"$BENCH_CIPHER, $BENCH_MAC; medians of $NIGHTS; the last night:"
cat "$BENCH/last.out"
printf '%-36s %8s %8s %10s %8s %8s\n' "" "wall s" "CPU s" "anon MiB" "x wall" "x CPU"
row_of "emrdrop, a night" emrdrop
row_of "emrdrop, the first load" first
row_of "emrdrop, the night behind it" second
row_of "floor: sftp get" floor_sftp
[ -n "$NODE_WHY" ] || row_of "peer: Node, everything again" node
row_of "peer: Python, everything again" python
bench_note "nightly export" ours emrdrop emrdrop "$ROWS" rows
bench_note "nightly export" floor floor_sftp "sftp get" "$ROWS" rows
[ -n "$NODE_WHY" ] || bench_note "nightly export" peer node "Node script" "$ROWS" rows
bench_note "nightly export" peer python "Python script" "$ROWS" rows
