# What the end-to-end tests share: a real sshd, the sandbox behind TLS, a configuration
# and a ledger of their own in one temporary folder, and a few words to say what is
# expected. Sourced with the project's root as working folder:
#
#   . tests/e2e/lib.sh
#   e2e_init BUILD_DIR [TOOL...]     # dir, emrdrop, sandbox; ends with 77 without a tool
#   ...
#   e2e_end
#
# Nothing here sleeps: e2e_until looks again until its condition holds.
#
# shellcheck shell=bash
# shellcheck source-path=SCRIPTDIR/../..
. tests/lib/sshd.sh
. tests/lib/tls.sh

E2E_WAIT=60 # seconds that any condition may take to come true
failures=0
runs=0

e2e_init() {
	local build=$1 tool

	shift
	build=$(cd "$build" && pwd) || exit 1
	emrdrop=$build/cmd/emrdrop
	sandbox=$build/cmd/sandbox/emrdrop-sandbox
	for tool in curl jq openssl "$SSHD_BIN" "$emrdrop" "$sandbox" "$@"; do
		command -v "$tool" >/dev/null || { echo "skipped: no $tool"; exit 77; }
	done
	dir=$(mktemp -d "${e2e_base:-/tmp}/emrdrop-e2e.XXXXXX") || exit 1
	trap 'server_stop_all; rm -rf "$dir"' EXIT
	unset http_proxy https_proxy HTTP_PROXY HTTPS_PROXY SSH_AUTH_SOCK
	export LC_ALL=C
	# What a group can write to is refused, whatever the user's own umask is.
	umask 022
	mkdir -p "$dir/drop" "$dir/etc/feeds.d"
	by_file
	tls_make "$dir" || exit 1
	(umask 077 && echo synthetic-token >"$dir/token")
	site ''
}

# site LINES: emrdrop.ini, with a state folder that the first run makes.
site() {
	printf '[state]\ndir = %s/state\n%s\n' "$dir" "$1" >"$dir/etc/emrdrop.ini"
	chmod 600 "$dir/etc/emrdrop.ini"
}

e2e_pause() {
	read -r -t 0.03 <> <(:) || :
}

# e2e_until WHAT COMMAND...: looks until the command succeeds; ends the test if it never does.
e2e_until() {
	local what=$1 end=$((SECONDS + E2E_WAIT))

	shift
	until "$@"; do
		if [ "$SECONDS" -ge "$end" ]; then
			echo "FAIL never came true: $what"
			[ ! -f "$dir/err" ] || tail -n 5 "$dir/err"
			exit 1
		fi
		e2e_pause
	done
}

# is WHAT EXPECTED GOT
is() {
	[ "$2" = "$3" ] && return
	printf 'FAIL %s\n  expected %.300s\n  got      %.300s\n' "$1" "$2" "$3"
	failures=$((failures + 1))
}

# ok WHAT COMMAND...: the command succeeds.
ok() {
	local what=$1

	shift
	"$@" && return
	printf 'FAIL %s\n  %s\n' "$what" "$*"
	failures=$((failures + 1))
}

# has WHAT FILE TEXT: the text stands in the file.
has() {
	grep -qF -e "$3" "$2" && return
	printf 'FAIL %s\n  not there: %s\n  in: %s\n' "$1" "$3" "$(head -c 600 "$2")"
	failures=$((failures + 1))
}

# hasnt WHAT TEXT FILE...: the text stands in none of them.
hasnt() {
	local what=$1 text=$2 where

	shift 2
	where=$(grep -laF -e "$text" "$@") || return 0
	printf 'FAIL %s\n  found %s in %s\n' "$what" "$text" "$where"
	failures=$((failures + 1))
}

# Whatever a test did to it, the ledger is sound in the end.
e2e_end() {
	if [ -f "$dir/state/ledger.id" ]; then
		site ''
		run 0 ledger verify
		[ "$(wc -l <"$dir/out")" = 1 ] || head -n 20 "$dir/out"
	fi
	if [ "$failures" -eq 0 ]; then
		echo "all well after $runs runs"
	fi
	exit $((failures > 0))
}

# ---- the sandbox ----

# shellcheck disable=SC2317 # e2e_until calls it
api_settled() {
	[ -s "$dir/port" ] || ! kill -0 "$api_pid" 2>/dev/null
}

# api_start OPTION...: on a free port, or again on the port that it had; with TLS, unless
# api_scheme is http.
api_scheme=https
api_start() {
	local i tls=()

	rm -f "$dir/port"
	[ "$api_scheme" = http ] || tls=(--cert "$dir/server.pem" --key "$dir/server.key")
	for ((i = 0; i < SERVER_START_TRIES; i++)); do
		"$sandbox" "${tls[@]}" --db "$dir/api.db" \
			--token-file "$dir/token" --port "${api_port:-$(server_free_port)}" \
			--port-file "$dir/port" "$@" >"$dir/sandbox.out" 2>>"$dir/sandbox.err" &
		api_pid=$!
		e2e_until "the sandbox listens, or ends" api_settled
		[ ! -s "$dir/port" ] || break
	done
	SERVER_PIDS+=("$api_pid")
	api_port=$(<"$dir/port")
	api=$api_scheme://127.0.0.1:$api_port
}

api_stop() {
	kill -TERM "$api_pid"
	wait "$api_pid"
	server_forget "$api_pid"
	[ $# -eq 0 ] || rm -f "$dir"/api.db*
}

# An API that never heard of anything.
api_fresh() {
	api_stop forget
	api_start "$@"
}

api_curl() {
	local path=$1

	shift
	curl -s --cacert "$dir/ca.pem" -H "Authorization: Bearer synthetic-token" "$@" \
		"$api/_sandbox/$path"
}

faults() {
	is "faults $1" 200 "$(api_curl faults -o /dev/null -w '%{http_code}' -d "$1")"
}

# api_hold: the API answers nothing more, however long a test takes to do what it must do
# before that. api_go: it answers again, also what was held, which comes once more.
api_hold() {
	faults '{"latency":600000}'
}

api_go() {
	api_stop
	api_start
}

# How many changes the API applied, in all.
changes() {
	api_curl 'state?counts=1' | jq .changes
}

# received: how many requests came in, repeated ones too.
received() {
	api_curl batches | jq 'map(.received) | add // 0'
}

# Each key stands for one body, and what was taken was taken under one key.
batches_sound() {
	is "$1: no body was taken under two keys" 0 \
		"$(api_curl batches | jq '[.[] | select(.status == 200)] | length - (map(.sha256) | unique | length)')"
	is "$1: no key was used with another body" 0 \
		"$(api_curl batches | jq 'map(select(.status == 422)) | length')"
}

# api_state FILE: what the API holds, as {"type/id": data}.
api_state() {
	api_curl state | jq -S '.records | map(select(.data) | {"\(.type)/\(.id)": .data}) | add' >"$1"
}

# ---- emrdrop ----

# feed FILE NAME [SED...]: installs a feed file, its places filled in, then edited.
feed() {
	local from=$1 to=$dir/etc/feeds.d/$2.ini

	shift 2
	sed -e "s|@DIR@|$dir|g; s|@PORT@|${SSHD_PORT:-22}|g; s|@USER@|${SSHD_USER:-nobody}|g" \
		-e "s|@API@|$api|g" "$from" | sed "${by[@]}" | sed -e '' "$@" >"$to"
	chmod 600 "$to"
}

# by_file, by_sftp: the way of the feeds that are installed from now on.
by_file() {
	by=(-e '')
}

by_sftp() {
	by=(-e "s|^url .*file://\(.*\)|url = sftp://$SSHD_USER@127.0.0.1:$SSHD_PORT\1\n&|"
		-e "s|\nurl.*|\nkey_file = $SSHD_KEY\nknown_hosts = $SSHD_KNOWN_HOSTS|")
}

# rows FROM TO [SUFFIX]: a file in the layout of the simple feed, to stdout.
rows() {
	printf 'ID,Last,First,DOB,ZIP,Appt,Start,Status\r\n'
	awk -v from="$1" -v to="$2" -v s="${3:-}" 'BEGIN { for (i = from; i <= to; i++)
		printf "%05d,Testcase%s,Synthetic,03/04/1980,0%04d,A-%d,11/%02d/2026 10:%02d,Scheduled\r\n",
			i, s, i % 9999, i, i % 28 + 1, i % 60 }'
}

# bad FROM TO: rows of which each third has a code that nobody knows.
bad() {
	rows "$1" "$2" | awk -F, -v OFS=, 'NR % 3 == 0 { $8 = "Nope\r" } { print }'
}

# clinic NAME [SED...]: such a feed with a folder and a source of its own.
clinic() {
	local name=$1

	shift
	mkdir -p "$dir/drop/$name"
	feed fixtures/hostile/csv/feed.ini "$name" -e "s/^name .*/name = $name/" \
		-e "s/^source  *=.*/source = $name/" -e "s|/drop/hostile\$|/drop/$name|" "$@"
}

# simple [SED...]: the feed that takes what `rows` writes, out of $dir/drop.
simple() {
	feed fixtures/hostile/csv/feed.ini simple -e 's|^name .*|name = simple|' \
		-e 's|^source  *=.*|source = simple|' -e 's|/drop/hostile$|/drop|' "$@"
}

# flip FILE AT: one bit of the byte there is another.
flip() {
	local byte

	byte=$(od -An -tu1 -j "$2" -N 1 "$1")
	printf '%b' "\\x$(printf %02x $((byte ^ 64)))" |
		dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}

# run STATUS ARGUMENT...: runs emrdrop; stdout goes to $dir/out, stderr to $dir/err.
run() {
	local expected=$1 rc

	shift
	"$emrdrop" --config "$dir/etc" "$@" >"$dir/out" 2>"$dir/err"
	rc=$?
	ran "emrdrop $*" "$expected" "$rc"
}

# ran WHAT EXPECTED STATUS: what must be true after any run.
ran() {
	runs=$((runs + 1))
	cat "$dir/err" >>"$dir/all.err"
	cat "$dir/out" >>"$dir/all.out"
	is "exit status of $1" "$2" "$3"
	[ "$2" = "$3" ] || tail -n 3 "$dir/err"
	if grep -E '==[0-9]+==|Sanitizer: |runtime error: ' "$dir/err"; then
		cat "$dir/err"
		failures=$((failures + 1))
	fi
}

# job STATUS [ARGUMENT...]: `emrdrop run --json`.
job() {
	local expected=$1

	shift
	run "$expected" run --json "$@"
	ok "the report is JSON: $*" jq -e . "$dir/out" >/dev/null
}

# start_job: the same in the background; its id is in job_pid.
start_job() {
	start_work run
}

# start_work COMMAND...: another command so.
start_work() {
	# It may be killed before its shell has made them.
	: >"$dir/job.out"
	: >"$dir/job.err"
	"$emrdrop" --config "$dir/etc" "$@" --json >"$dir/job.out" 2>"$dir/job.err" &
	job_pid=$!
}

# end_job STATUS [SIGNAL [OR]]: OR is the status of a job that was faster.
end_job() {
	local rc

	[ $# -eq 1 ] || kill -"$2" "$job_pid" 2>/dev/null
	{ wait "$job_pid"; } 2>/dev/null
	rc=$?
	mv "$dir/job.out" "$dir/out"
	mv "$dir/job.err" "$dir/err"
	[ "$rc" = "${3:-$1}" ] || set -- "$1"
	ran "the job in the background" "${3:-$1}" "$rc"
}

# killed_at CALL N WELL: a run that strace kills before its Nth such call. Fails if it
# makes no N of them, and ends with WELL.
killed_at() {
	local rc

	(strace -f -o "$dir/trace" -e "trace=$1" -e "inject=$1:signal=KILL:when=$2" \
		"$emrdrop" --config "$dir/etc" run --json >"$dir/out" 2>"$dir/err"
		exit $?) 2>/dev/null
	rc=$?
	[ "$rc" -eq "$3" ] || is "how $1 $2 ended" 137 "$rc"
	ran "a run that is killed at $1 $2" "$rc" "$rc"
	[ "$rc" -ne "$3" ]
}

# Is a pass open?
unfinished() {
	"$emrdrop" --config "$dir/etc" status --json 2>/dev/null |
		jq -e '.feeds[0].unfinished' >/dev/null
}

# received_enough N: has the API got N requests?
received_enough() {
	[ "$(received)" -ge "$1" ]
}

# report FILTER: out of the last report.
report() {
	jq -c "$1" "$dir/out"
}

# file_report FIELD...: of the first file of the first feed, as a JSON list.
file_report() {
	local IFS=,

	jq -c ".feeds[0].files[0] | [${*/#/.}]" "$dir/out"
}

# export_new: 60 rows that the API never saw, in 6 batches; `known` is what it will hold.
number=0
export_new() {
	number=$((number + 1))
	rows $((number * 100 + 1)) $((number * 100 + 60)) >"$dir/drop/export-$number.csv"
	known=$((number * 120))
}

# whole WHAT: everything arrived, each change once.
whole() {
	is "$1: changes applied" "$known" "$(changes)"
	is "$1: records changed more than once" 0 \
		"$(api_curl state | jq '[.records[] | select(.changes > 1)] | length')"
	batches_sound "$1"
	job 0
	is "$1: requests of one more run" 0 "$(report '.feeds[0].requests')"
}

in_archive() {
	find "$1" -type f | wc -l
}
