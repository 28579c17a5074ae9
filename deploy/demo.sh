#!/bin/bash
# The whole job on this machine alone: installs what is needed, builds the release
# preset, starts a real sshd and the sandbox API on free loopback ports, and delivers
# three days of a made-up clinic's exports. Checks what it shows.
#
#   ./deploy/demo.sh          ends by itself and leaves nothing running
#   ./deploy/demo.sh --keep   leaves the servers up to play with
set -u -o pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 74
# shellcheck source=packages.sh
. deploy/packages.sh
# shellcheck source=../tests/lib/sshd.sh
. tests/lib/sshd.sh
# shellcheck source=../tests/lib/tls.sh
. tests/lib/tls.sh

EMRDROP=build/release/cmd/emrdrop
SANDBOX=build/release/cmd/sandbox/emrdrop-sandbox
FEED=northside-appointments
TABLE_ROWS=6
keep=
dir=

usage() {
	sed -n '2,7s/^#\( \|$\)//p' "$0"
	exit "$1"
}

case $#:${1-} in
0:) ;;
1:--keep) keep=yes ;;
1:-h | 1:--help) usage 0 ;;
*) usage 64 >&2 ;;
esac

title() {
	printf '\n== %s\n' "$1"
}

say() {
	printf '   %s\n' "$@"
}

# fail WHY [LOG]: the end of the log says more.
fail() {
	printf '\ndemo: %s\n' "$1" >&2
	if [ -s "${2-}" ]; then
		echo "The end of $2:" >&2
		tail -n 15 "$2" >&2
	fi
	exit 1
}

clean() {
	local rc=$?

	trap - EXIT
	server_stop_all
	[ -n "$dir" ] || exit "$rc"
	if [ "$rc" -eq 0 ]; then
		rm -rf "$dir"
	else
		echo "Nothing is left running; what was written is in $dir" >&2
	fi
	exit "$rc"
}

# Shows a command as it could be typed in this folder, and what it prints.
show() {
	local word

	printf '   $'
	for word; do
		case $word in *[!A-Za-z0-9_./:?=-]*) word=${word@Q} ;; esac
		printf ' %s' "$word"
	done
	printf '\n'
	"$@" 2>>"$dir/emrdrop.log" | sed 's/^/   | /'
}

# wants STATUS COMMAND...: shows it, and it must end so.
wants() {
	local want=$1 rc

	shift
	show "$@"
	rc=$?
	[ "$rc" -eq "$want" ] ||
		fail "that ended with $rc, not with $want" "$dir/emrdrop.log"
}

# sent N: the API must have been sent that many changes since the last look.
sent() {
	local all

	all=$(curl -sS --cacert "$dir/ca.pem" "$api/_sandbox/state?counts=1" | jq .changes) ||
		fail "the sandbox does not answer" "$dir/sandbox.log"
	[ $((all - seen)) -eq "$1" ] ||
		fail "the API was sent $((all - seen)) changes, not $1" "$dir/emrdrop.log"
	say "Changes counted at the API: $1."
	seen=$all
}

# expected DAY MEMBER: what fixtures/make.py worked out for that day.
expected() {
	jq -r ".$1.$2" fixtures/northside/counts.json
}

# The clinic's side: an export appears in the drop.
drop() {
	cp "fixtures/northside/$1/$(expected "$1" file)" "$dir/drop/northside/" ||
		fail "the export cannot be put into the drop"
	say "The clinic drops \"$(expected "$1" file)\": $2"
}

prepare() {
	title "1. Packages and program"
	# shellcheck disable=SC2086 # lists of words
	packages_install $PACKAGES_BUILD $PACKAGES_DEMO || fail "the packages are not all there"
	dir=$(mktemp -d "${TMPDIR:-/tmp}/emrdrop-demo.XXXXXX") || exit 74
	say "Building the release preset; a minute or two the first time."
	{
		cmake --preset release && cmake --build --preset release
	} >"$dir/build.log" 2>&1 || fail "the build stopped" "$dir/build.log"
	say "$("$EMRDROP" version | head -n 1)"
}

sandbox_start() {
	local end=$((SECONDS + SERVER_READY_SECONDS))

	openssl rand -hex 16 >"$dir/token"
	"$SANDBOX" --port-file "$dir/port" --cert "$dir/server.pem" --key "$dir/server.key" \
		--token-file "$dir/token" --db "$dir/sandbox.db" </dev/null \
		>"$dir/sandbox.log" 2>&1 &
	SERVER_PIDS+=("$!")
	# Not $!: that is what `<(:)` started.
	until [ -s "$dir/port" ]; do
		kill -0 "${SERVER_PIDS[-1]}" 2>/dev/null && [ "$SECONDS" -lt "$end" ] ||
			fail "emrdrop-sandbox does not start" "$dir/sandbox.log"
		read -r -t 0.05 <> <(:) || :
	done
	api=https://127.0.0.1:$(<"$dir/port")
}

configure() {
	mkdir -p "$dir/etc/feeds.d" "$dir/drop/northside"
	printf '[state]\ndir = %s\n' "$dir/state" >"$dir/etc/emrdrop.ini"
	sed -e "s|@DIR@|$dir|g" -e "s|@PORT@|$SSHD_PORT|" -e "s|@USER@|$SSHD_USER|" \
		-e "s|@API@|$api|" fixtures/northside/feed.ini >"$dir/etc/feeds.d/$FEED.ini"
}

servers() {
	title "2. A clinic's SFTP server, and an API"
	sshd_start "$dir" || fail "no SFTP server"
	tls_make "$dir" || fail "no certificates"
	sandbox_start
	configure
	say "$SSHD_URL/northside" "$api/v1/batches" \
		"$dir/etc/feeds.d/$FEED.ini, made from fixtures/northside/feed.ini"
	wants 0 "$EMRDROP" check --config "$dir/etc" --connect
}

days() {
	title "3. The first export"
	drop day1 "400 rows"
	wants 0 "$EMRDROP" run --config "$dir/etc"
	sent "$(expected day1 delivered)"
	wants 0 curl -sS --cacert "$dir/ca.pem" "$api/_sandbox/table?limit=$TABLE_ROWS"

	title "4. A second run finds nothing"
	wants 0 "$EMRDROP" run --config "$dir/etc"
	sent 0

	title "5. The next export: all rows again, 3 of them changed and 1 new"
	drop day2 "401 rows"
	wants 0 "$EMRDROP" run --config "$dir/etc"
	sent 4
	wants 0 curl -sS --cacert "$dir/ca.pem" "$api/_sandbox/table?limit=4"

	title "6. An export with 2 bad rows: the rest is delivered"
	drop day3 "402 rows, a status nobody has agreed on, a date that does not exist"
	wants 3 "$EMRDROP" run --config "$dir/etc"
	sent "$(expected day3 delivered)"
	say "Exit status 3: delivered, but for the rows named above."
}

# The rows that were not taken, with their reasons in front.
rejects() {
	find "$dir/drop/northside/receipts" -name "*.rejects.csv"
}

# Mended by hand in a spreadsheet, as a rule.
mend() {
	sed 's|W/L|Scheduled|; s|02/30/2026|03/02/2026|' "$1" >"$dir/drop/northside/${1##*/}"
}

mended() {
	title "7. What the clinic got back, mended and dropped again"
	wants 0 head -n 9 "$(find "$dir/drop/northside/receipts" -name "*$(expected day3 file)-*.receipt.txt")"
	wants 0 grep -aoE '^[0-9]+,[^,]*,[^,]*\]' "$(rejects)"
	mend "$(rejects)" || fail "the reject file cannot be mended"
	wants 0 "$EMRDROP" run --config "$dir/etc"
	sent 1
	say "The other row says again what the API has since the first day."
}

# What shows a manual page here: a bare Debian has nothing that does.
pager() {
	if command -v man >/dev/null; then
		echo "man -l"
	elif command -v mandoc >/dev/null; then
		echo "mandoc -l"
	else
		echo "apt install man-db, then man -l"
	fi
}

next_steps() {
	cat <<-END

		What to do next
		  1. ./deploy/demo.sh --keep                     the same, and the servers stay up
		  2. README.md                                   the feed file explained, cron, exit codes
		  3. $(pager) build/release/deploy/man/emrdrop.conf.5
		                                                 every option and the map language
		  4. $EMRDROP preview --help    the records that your own export would give
		  5. $EMRDROP check --connect   once /etc/emrdrop/feeds.d has your feed
		  6. ./tests/run.sh                              all tests, with sanitizers
	END
}

keep_steps() {
	cat <<-END

		The servers stay up. In $PWD:
		  a new export   cp FILE "$dir/drop/northside/"      (names: Appt Report MMDDYYYY.csv)
		  the job        $EMRDROP run --config $dir/etc
		  what is stuck  $EMRDROP status --config $dir/etc
		  the drop       sftp -P $SSHD_PORT -i $dir/client -o UserKnownHostsFile=$dir/known_hosts $SSHD_USER@127.0.0.1
		  the API        curl --cacert $dir/ca.pem $api/_sandbox/table
		  misbehave      curl --cacert $dir/ca.pem -d '{"status-429":3}' $api/_sandbox/faults
		  the job's log  $dir/emrdrop.log
		  stop it all    kill ${SERVER_PIDS[*]}; rm -r $dir
	END
}

trap clean EXIT
trap 'exit 130' INT TERM HUP
export no_proxy=127.0.0.1 NO_PROXY=127.0.0.1
api=
seen=0

prepare
umask 077
servers
days
mended
if [ -n "$keep" ]; then
	keep_steps
	trap - EXIT
else
	next_steps
fi
