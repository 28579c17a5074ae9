#!/bin/bash
# The first load of a big file: emrdrop, its floor (what the libraries and tools it stands
# on need for the same bytes) and its peers (a good Python script; where node and npm are there,
# a hasty one in Node), side by side. Medians.
#
#   ROWS=1000000 RUNS=3 tests/bench/first_load.sh
set -u -o pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 74
. tests/bench/lib.sh
. tests/bench/node.sh

ROWS=${ROWS:-1000000}
RUNS=${RUNS:-3}

bench_start "$ROWS"
file=$SSHD_DROP/appointments.csv
token=$(cat "$BENCH/token")
bench_node || echo "the peer in Node is left out: $NODE_WHY"
for ((i = 0; i < RUNS; i++)); do
	bench_config
	read -r requests bytes < <(bench_sent)
	bench_take emrdrop "$EMRDROP" --config "$BENCH/etc" run bench
	read -r requests_after bytes_after < <(bench_sent)
	requests=$((requests_after - requests)) bytes=$((bytes_after - bytes))
	[ "$requests" -gt 0 ] || bench_fail "emrdrop sent nothing"

	bench_sftp floor_sftp "get $file /dev/null"
	bench_take floor_csv "$BENCH/floor" csv "$file"
	BENCH_TOKEN=$token bench_take floor_post "$BENCH/floor" post "$API/v1/batches" \
		"$BENCH/ca.pem" "$bytes" "$requests"
	bench_take peer /usr/bin/python3 tests/bench/peer.py "$SSHD_PORT" "$SSHD_USER" "$BENCH" \
		"$file" "$API/v1/batches"
	[ -n "$NODE_WHY" ] || bench_take node node "$NODE_PEER" "$SSHD_PORT" "$SSHD_USER" "$BENCH" \
		"$file" "$API/v1/batches"
done

row() {
	printf '%-34s %8.2f %8.2f %10.1f %12.0f\n' "$@"
}

# row_of LABEL NAME
row_of() {
	local wall

	wall=$(bench_median "$2" 1)
	row "$1" "$wall" "$(bench_median "$2" 2)" \
		"$(awk -v k="$(bench_median "$2" 3)" 'BEGIN { print k / 1024 }')" \
		"$(awk -v r="$ROWS" -v w="$wall" 'BEGIN { print r / w }')"
}

echo "$ROWS rows, $(stat -c %s "$file") bytes; sent $bytes bytes in $requests requests;" \
	"$BENCH_CIPHER, $BENCH_MAC; medians of $RUNS"
printf '%-34s %8s %8s %10s %12s\n' "" "wall s" "CPU s" "anon MiB" "rows/s"
row_of emrdrop emrdrop
row_of "floor: sftp get" floor_sftp
row_of "floor: libcsv, empty callbacks" floor_csv
row_of "floor: libcurl, the same bytes" floor_post
row_of "peer: Python, $(sed -n 's/ records.*//p' "$BENCH/peer.out") records" peer
[ -n "$NODE_WHY" ] || row_of "peer: Node, $(sed -n 's/ records.*//p' "$BENCH/node.out") records" node
for n in 1 2; do
	mine=$(bench_median emrdrop $n)
	floor=$(for f in sftp csv post; do bench_median floor_$f $n; done | awk '{ s += $1 } END { print s }')
	peer=$(bench_median peer $n)
	[ $n -eq 1 ] && what=wall || what=CPU
	awk -v what="$what" -v mine="$mine" -v floor="$floor" -v peer="$peer" 'BEGIN {
		printf "%s: floor in sum %.2f s; emrdrop takes %.2f of it; Python takes %.2f times emrdrop\n",
			what, floor, mine / floor, peer / mine }'
	[ -n "$NODE_WHY" ] || awk -v what="$what" -v mine="$mine" -v node="$(bench_median node $n)" \
		'BEGIN { printf "%s: Node takes %.2f times emrdrop\n", what, node / mine }'
done

bench_note "first load" ours emrdrop emrdrop "$ROWS" rows
bench_note "first load" floor floor_sftp "sftp get" "$ROWS" rows
bench_note "first load" floor floor_csv "libcsv, empty callbacks" "$ROWS" rows
bench_note "first load" floor floor_post "libcurl, the same bytes" "$ROWS" rows
bench_note "first load" peer peer "Python script" "$ROWS" rows
[ -n "$NODE_WHY" ] || bench_note "first load" peer node "Node script" "$ROWS" rows
