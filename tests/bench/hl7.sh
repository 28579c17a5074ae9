#!/bin/bash
# A batch of HL7 messages (SIU^S12): parse, map and JSON alone, beside a good Python
# splitter and, where java and mvn are there, HAPI; the whole job over SFTP to HTTPS, beside
# the same splitter; and the memory for four times as many messages. Medians.
#
#   MESSAGES=100000 RUNS=3 tests/bench/hl7.sh
#
# HAPI reads a smaller file, HAPI_MESSAGES of them: first once to warm up, then with the
# clock on, which is read inside, so that the start of the JVM and most of its compiling
# are not counted. Compare messages a CPU second.
set -u -o pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 74
. tests/bench/lib.sh

MESSAGES=${MESSAGES:-100000}
HAPI_MESSAGES=${HAPI_MESSAGES:-20000}
RUNS=${RUNS:-3}

# hl7_config FILE: a configuration with an empty ledger; the folder holds FILE alone.
hl7_config() {
	bench_config
	printf '[run]\nmaps = %s/deploy/maps\n' "$PWD" >>"$BENCH/etc/emrdrop.ini"
	sed -e "s|@DIR@|$BENCH|g; s|@PORT@|$SSHD_PORT|g; s|@USER@|$SSHD_USER|g" \
		-e "s|@API@|$API|g" tests/bench/hl7_feed.ini >"$BENCH/etc/feeds.d/bench.ini"
	ln -f "$1" "$SSHD_DROP/appointments.hl7"
}

# hl7_quiet NAME CMD: bench_take, with what CMD prints thrown away as it comes.
hl7_quiet() {
	local name=$1

	shift
	# shellcheck disable=SC2016 # the inner shell's
	bench_take "$name" /bin/bash -c 'exec "$@" >/dev/null' quiet "$@"
}

hl7_preview() {
	hl7_quiet "$1" "$EMRDROP" --config "$BENCH/etc" preview bench "$2"
}

hl7_run() {
	hl7_config "$2"
	bench_take "$1" "$EMRDROP" --config "$BENCH/etc" run bench
}

# Is HAPI there, built? Else HAPI_WHY says why not.
hl7_hapi_build() {
	local tool

	for tool in java mvn; do
		command -v "$tool" >/dev/null || {
			HAPI_WHY="$tool is not installed"
			return 1
		}
	done
	cp -r tests/bench/hl7_hapi "$BENCH/hapi" &&
		mvn -q -B -f "$BENCH/hapi/pom.xml" compile dependency:copy-dependencies \
			>"$BENCH/hapi.log" 2>&1 && return
	HAPI_WHY="mvn cannot build it: $(grep -m 1 ERROR "$BENCH/hapi.log" | cut -c 1-200)"
	return 1
}

# hl7_hapi OUT: wall and CPU are those that it measured itself, memory is the process's.
hl7_hapi() {
	local wall cpu kib target=$BENCH/hapi/target

	# Of the collectors, the serial one takes the least CPU here.
	bench_take hapi_jvm java -XX:+UseSerialGC -cp "$target/classes:$target/lib/*" \
		Hapi "$BENCH/hapi.hl7" "$1" "$HAPI_MESSAGES"
	read -r _ wall cpu <"$BENCH/hapi_jvm.out"
	read -r _ _ kib _ <"$BENCH/line"
	echo "$wall $cpu $kib 0" >>"$BENCH/hapi.txt"
}

# Both peers must write the same, or they do not do the same work.
hl7_peers_agree() {
	/usr/bin/python3 tests/bench/hl7_splitter.py "$BENCH/hapi.hl7" \
		>"$BENCH/splitter.jsonl" 2>/dev/null || bench_fail "the splitter failed"
	cmp -s "$BENCH/splitter.jsonl" "$BENCH/hapi.jsonl" ||
		bench_fail "HAPI and the splitter wrote different records"
	rm -f "$BENCH/splitter.jsonl" "$BENCH/hapi.jsonl"
}

# hl7_wrote CMD: "records bytes" of what CMD prints.
hl7_wrote() {
	"$@" 2>/dev/null | wc -lc | awk '{ print $1, $2 }'
}

bench_start 1
cc -std=c17 -O2 -D_GNU_SOURCE -I. tests/bench/hl7_generate.c base/civil.c base/span.c \
	-o "$BENCH/hl7_generate" || bench_fail "the generator does not build"
rm -f "$SSHD_DROP/appointments.csv"
"$BENCH/hl7_generate" "$MESSAGES" >"$BENCH/one.hl7" &&
	"$BENCH/hl7_generate" $((4 * MESSAGES)) >"$BENCH/four.hl7" &&
	"$BENCH/hl7_generate" "$HAPI_MESSAGES" >"$BENCH/hapi.hl7" ||
	bench_fail "no room for the messages"
HAPI_WHY=
hl7_hapi_build && {
	hl7_hapi "$BENCH/hapi.jsonl"
	hl7_peers_agree
	rm -f "$BENCH/hapi.txt"
}

for ((i = 0; i < RUNS; i++)); do
	hl7_config "$BENCH/one.hl7"
	hl7_preview preview "$BENCH/one.hl7"
	hl7_quiet splitter /usr/bin/python3 tests/bench/hl7_splitter.py "$BENCH/one.hl7"
	[ -n "$HAPI_WHY" ] || hl7_hapi /dev/null
	hl7_preview preview_four "$BENCH/four.hl7"

	read -r requests bytes < <(bench_sent)
	hl7_run run "$BENCH/one.hl7"
	read -r requests_after bytes_after < <(bench_sent)
	requests=$((requests_after - requests)) bytes=$((bytes_after - bytes))
	[ "$requests" -gt 0 ] || bench_fail "emrdrop sent nothing"
	bench_sftp floor_sftp "get $SSHD_DROP/appointments.hl7 /dev/null"
	BENCH_TOKEN=$(cat "$BENCH/token") bench_take floor_post "$BENCH/floor" post \
		"$API/v1/batches" "$BENCH/ca.pem" "$bytes" "$requests"
	bench_take script /usr/bin/python3 tests/bench/hl7_peer.py "$SSHD_PORT" "$SSHD_USER" \
		"$BENCH" "$SSHD_DROP/appointments.hl7" "$API/v1/batches"
	hl7_run run_four "$BENCH/four.hl7"
done
read -r records written < <(hl7_wrote "$EMRDROP" --config "$BENCH/etc" preview bench \
	"$BENCH/one.hl7")
read -r peer_records peer_written < <(hl7_wrote /usr/bin/python3 tests/bench/hl7_splitter.py \
	"$BENCH/one.hl7")

# row_of LABEL NAME MESSAGES
row_of() {
	awk -v label="$1" -v n="$3" -v w="$(bench_median "$2" 1)" -v c="$(bench_median "$2" 2)" \
		-v k="$(bench_median "$2" 3)" 'BEGIN {
		printf "%-36s %9d %8.2f %8.2f %9.1f %9.0f %11.0f\n", label, n, w, c, k / 1024,
			n / (w > 0 ? w : 0.001), n / (c > 0 ? c : 0.001) }'
}

# ratio_of LABEL NAME MESSAGES: how many times its messages a CPU second emrdrop reads.
ratio_of() {
	awk -v label="$1" -v n="$3" -v c="$(bench_median "$2" 2)" -v mine="$(bench_median preview 2)" \
		-v all="$MESSAGES" 'BEGIN {
		printf "messages a CPU second: emrdrop %.1f times %s\n", all / mine / (n / c), label }'
}

# job_ratio_of WHAT COLUMN: how many times emrdrop's the splitter's whole job takes.
job_ratio_of() {
	awk -v what="$1" -v theirs="$(bench_median script "$2")" -v mine="$(bench_median run "$2")" 'BEGIN {
		printf "SFTP to HTTPS, %s: the splitter takes %.2f times emrdrop\n", what, theirs / mine }'
}

# memory_of LABEL NAME: NAME_four beside NAME.
memory_of() {
	awk -v label="$1" -v one="$(bench_median "$2" 3)" -v four="$(bench_median "$2_four" 3)" 'BEGIN {
		printf "%s: 4 times the messages take %.2f times the memory\n", label, four / one }'
}

echo "$MESSAGES messages, $(stat -c %s "$BENCH/one.hl7") bytes; medians of $RUNS;" \
	"over SFTP with $BENCH_CIPHER, $BENCH_MAC, sent $bytes bytes in $requests requests"
echo "written: emrdrop $records records, $written bytes;" \
	"the splitter $peer_records records, $peer_written bytes;" \
	"from SFTP to HTTPS $(cat "$BENCH/script.out")"
printf '%-36s %9s %8s %8s %9s %9s %11s\n' "" messages "wall s" "CPU s" "anon MiB" "msgs/s" \
	"msgs/CPU s"
row_of "parse, map, JSON: emrdrop preview" preview "$MESSAGES"
row_of "  the same, four times as many" preview_four $((4 * MESSAGES))
row_of "  peer: Python splitter" splitter "$MESSAGES"
if [ -z "$HAPI_WHY" ]; then
	row_of "  peer: HAPI, warm" hapi "$HAPI_MESSAGES"
else
	echo "  peer: HAPI is skipped: $HAPI_WHY"
fi
row_of "SFTP to HTTPS: emrdrop run" run "$MESSAGES"
row_of "  the same, four times as many" run_four $((4 * MESSAGES))
row_of "  peer: Python splitter" script "$MESSAGES"
row_of "  floor: sftp get" floor_sftp "$MESSAGES"
row_of "  floor: libcurl, the same bytes" floor_post "$MESSAGES"
ratio_of "the splitter" splitter "$MESSAGES"
[ -n "$HAPI_WHY" ] || ratio_of "HAPI" hapi "$HAPI_MESSAGES"
job_ratio_of wall 1
job_ratio_of CPU 2
memory_of preview preview
memory_of run run

bench_note "HL7: parse, map, JSON" ours preview emrdrop "$MESSAGES" messages
bench_note "HL7: parse, map, JSON" peer splitter "Python splitter" "$MESSAGES" messages
[ -n "$HAPI_WHY" ] || bench_note "HL7: parse, map, JSON" peer hapi "HAPI, warm" \
	"$HAPI_MESSAGES" messages
bench_note "HL7: from SFTP to HTTPS" ours run emrdrop "$MESSAGES" messages
bench_note "HL7: from SFTP to HTTPS" peer script "Python splitter" "$MESSAGES" messages
bench_note "HL7: from SFTP to HTTPS" floor floor_sftp "sftp get" "$MESSAGES" messages
bench_note "HL7: from SFTP to HTTPS" floor floor_post "libcurl, the same bytes" "$MESSAGES" messages
