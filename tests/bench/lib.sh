# What the benchmarks share. Sourced with the project's root as working folder.
#
#   bench_start ROWS     builds, generates, starts sshd and the discarding sandbox
#   bench_take NAME CMD  measures one run; its line goes to $BENCH/NAME.txt
#   bench_median NAME N  the median of column N (1 wall, 2 CPU, 3 KiB)
#   bench_note STAGE ROLE NAME LABEL [WORK UNIT]   the medians of NAME for run.sh
#
# BENCH_CIPHER and BENCH_MAC are the only ones that sshd offers, so that all that is
# compared uses the same. What is measured is built as for the packages. EMRDROP and SANDBOX
# may name programs built elsewhere; BENCH_NO_BUILD=1: all is built.
#
# shellcheck shell=bash
# shellcheck source-path=SCRIPTDIR/../..
. deploy/packages.sh
. tests/lib/sshd.sh
. tests/lib/tls.sh

BENCH_CIPHER=${BENCH_CIPHER:-aes128-ctr}
BENCH_MAC=${BENCH_MAC:-hmac-sha2-256}
BENCH_TUNED=build/tuned/cmd/emrdrop
EMRDROP=${EMRDROP:-$BENCH_TUNED}
SANDBOX=${SANDBOX:-build/release/cmd/sandbox/emrdrop-sandbox}

bench_fail() {
	echo "bench: $1" >&2
	exit 1
}

bench_build() {
	local flags=(-std=c17 -O2 -D_GNU_SOURCE -I.)

	# shellcheck disable=SC2086 # lists of words
	packages_install $PACKAGES_BUILD $PACKAGES_BENCH || exit
	if [ -z "${BENCH_NO_BUILD:-}" ]; then
		cmake --preset release >/dev/null && cmake --build --preset release -j 2 >/dev/null ||
			bench_fail "the release preset does not build"
		[ "$EMRDROP" != "$BENCH_TUNED" ] || deploy/release.sh tuned >/dev/null ||
			bench_fail "deploy/release.sh tuned does not build"
	fi
	cc "${flags[@]}" tests/bench/generate.c base/civil.c base/span.c -o "$BENCH/generate" &&
		cc "${flags[@]}" tests/bench/measure.c -o "$BENCH/measure" &&
		cc "${flags[@]}" tests/bench/floor.c -lcsv -lcurl -o "$BENCH/floor" ||
		bench_fail "the bench's own programs do not build"
}

# bench_tool NAME FOLDER LIBRARY...: tests/bench/NAME.c on top of one of our folders.
bench_tool() {
	local name=$1 folder=$2

	shift 2
	cc -std=c17 -O2 -D_GNU_SOURCE -I. "tests/bench/$name.c" \
		"build/release/$folder/lib$folder.a" build/release/base/libbase.a "$@" -lsodium \
		-lcrypto -linih -pthread -o "$BENCH/$name" || bench_fail "$name does not build"
}

# bench_sandbox FOLDER OPTION...: sets API; a second one has a folder of its own.
bench_sandbox() {
	local d=$1 end=$((SECONDS + 10))

	shift
	tls_make "$d" || exit 69
	head -c 24 /dev/urandom | base64 | tr -d '+/=\n' >"$d/token"
	chmod 600 "$d/token"
	"$SANDBOX" --cert "$d/server.pem" --key "$d/server.key" \
		--token-file "$d/token" --port 0 --port-file "$d/port" "$@" 2>"$d/sandbox.log" >&2 &
	SERVER_PIDS+=("$!")
	while [ ! -s "$d/port" ]; do
		[ "$SECONDS" -lt "$end" ] || bench_fail "the sandbox does not start; $d/sandbox.log"
		read -r -t 0.05 <> <(:) || :
	done
	API=https://127.0.0.1:$(cat "$d/port")
}

# What the sandbox was sent so far: "requests bytes".
bench_sent() {
	curl -s --noproxy '*' --cacert "$BENCH/ca.pem" -H "Authorization: Bearer $(cat "$BENCH/token")" \
		"$API/_sandbox/state" | jq -r '"\(.requests) \(.bytes)"'
}

# A configuration with an empty ledger, in $BENCH/etc.
bench_config() {
	rm -rf "${BENCH:?}/etc" "$BENCH/state"
	mkdir -m 700 "$BENCH/etc" "$BENCH/etc/feeds.d" "$BENCH/state"
	printf '[state]\ndir = %s/state\n' "$BENCH" >"$BENCH/etc/emrdrop.ini"
	sed -e "s|@DIR@|$BENCH|g; s|@PORT@|$SSHD_PORT|g; s|@USER@|$SSHD_USER|g" \
		-e "s|@API@|$API|g" tests/bench/feed.ini >"$BENCH/etc/feeds.d/bench.ini"
	chmod 600 "$BENCH/etc/emrdrop.ini" "$BENCH/etc/feeds.d/bench.ini"
}

bench_start() {
	BENCH=$(mktemp -d "${TMPDIR:-/tmp}/emrdrop-bench.XXXXXX") || exit 74
	trap 'server_stop_all; rm -rf "$BENCH"' EXIT
	bench_build
	# shellcheck disable=SC2034 # read by sshd_start
	SSHD_EXTRA="Ciphers $BENCH_CIPHER
MACs $BENCH_MAC"
	sshd_start "$BENCH" || exit 69
	bench_sandbox "$BENCH" --discard
	"$BENCH/generate" "$1" >"$SSHD_DROP/appointments.csv" || bench_fail "no room for the rows"
	bench_config
	SFTP=(sftp -q -b - -P "$SSHD_PORT" -i "$SSHD_KEY" -o "UserKnownHostsFile=$SSHD_KNOWN_HOSTS"
		-o IdentitiesOnly=yes -o BatchMode=yes -B 262144 -R 128 "$SSHD_USER@127.0.0.1")
}

bench_take() {
	local name=$1 rc=0

	shift
	"$BENCH/measure" "$BENCH/line" "$@" >"$BENCH/$name.out" 2>"$BENCH/$name.err" || rc=$?
	[ "$rc" -eq 0 ] || {
		tail -n 5 "$BENCH/$name.err" >&2
		bench_fail "$name ended with $rc"
	}
	cat "$BENCH/line" >>"$BENCH/$name.txt"
}

# sftp with its commands on stdin.
bench_sftp() {
	local name=$1

	shift
	printf '%s\n' "$@" >"$BENCH/commands"
	bench_take "$name" "${SFTP[@]}" <"$BENCH/commands"
}

bench_median() {
	cut -d' ' -f"$2" "$BENCH/$1.txt" | sort -n |
		awk '{ v[NR] = $1 } END { n = int((NR + 1) / 2)
			print NR % 2 ? v[n] : (v[n] + v[n + 1]) / 2 }'
}

# bench_note STAGE ROLE NAME LABEL [WORK UNIT]: a line of JSON in $BENCH_JSON, if run.sh
# asked for it. ROLE is ours, floor or peer; WORK is how much of UNIT was done.
bench_note() {
	[ -n "${BENCH_JSON:-}" ] || return 0
	jq -nc --arg stage "$1" --arg role "$2" --arg who "$4" --argjson wall "$(bench_median "$3" 1)" \
		--argjson cpu "$(bench_median "$3" 2)" --argjson kib "$(bench_median "$3" 3)" \
		--argjson work "${5:-1}" --arg unit "${6:-run}" \
		'{$stage, $role, label: $who, wall_s: $wall, cpu_s: $cpu, anon_kib: $kib, $work, $unit}' \
		>>"$BENCH_JSON"
}

# bench_line LABEL NAME [WORK]: a row of a table: wall, CPU, memory, work a second.
bench_line() {
	awk -v label="$1" -v w="$(bench_median "$2" 1)" -v c="$(bench_median "$2" 2)" \
		-v k="$(bench_median "$2" 3)" -v n="${3:-0}" 'BEGIN {
		printf "%-34s %9.3f %9.3f %9.1f", label, w, c, k / 1024
		if (n > 0)
			printf " %12.1f", n / (w > 0 ? w : 0.001)
		print "" }'
}

bench_title() {
	printf '%-34s %9s %9s %9s %12s\n' "$1" "wall s" "CPU s" "anon MiB" "${2:-}"
}

# bench_ratio WHAT NAME COLUMN OTHER: NAME's median over OTHER's.
bench_ratio() {
	awk -v what="$1" -v a="$(bench_median "$2" "$3")" -v b="$(bench_median "$4" "$3")" \
		'BEGIN { printf "%s: %.2f\n", what, a / (b > 0 ? b : 0.001) }'
}
