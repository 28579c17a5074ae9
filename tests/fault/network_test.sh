#!/bin/bash
# A bad network between the job and the drop, and between the job and the API: delays,
# thin lines, bytes that come one by one, connections that are reset, cut or stalled at
# any place, once or always. The run ends in time, and says whose fault it is; the next
# one completes what was begun, and nothing arrives twice.
#
#   tests/fault/network_test.sh BUILD_DIR
#   EMRDROP_OFFSETS=20 tests/fault/network_test.sh BUILD_DIR [drop|answers|api]
#
# drop: a CSV file is read and archived; answers: what is written for the clinic as well;
# api: the same file as in drop, and the network behind it is good.
#
# EMRDROP_PATIENCE makes all time limits so many times as long, for a busy machine, and
# EMRDROP_KINDS says what is done, of `slow`, `slice`, `reset`, `cut` and `stall`.
#
# EMRDROP_OFFSETS is the number of places where a connection is broken, in each direction
# and each way; with more than one of them it is broken for good, too, not just once.
set -u
. tests/e2e/lib.sh

patience=${EMRDROP_PATIENCE:-1}
kinds=${EMRDROP_KINDS:-slow slice reset cut stall}
DEADLINE=$((5 * patience)) # s; a run may take as much more
PLACES=20  # that there are
places=${EMRDROP_OFFSETS:-1}
build=$1
e2e_init "$build"
. tests/fault/lib.sh
proxy=$build/tests/proxy
[ -x "$proxy" ] || { echo "skipped: no $proxy"; exit 77; }
sshd_start "$dir" || exit 1
api_start

# shellcheck disable=SC2317 # e2e_until calls it
proxy_settled() {
	[ -s "$dir/proxy.port" ] || ! kill -0 "$proxy_pid" 2>/dev/null
}

# proxy_start KIND [WAY AT [TIMES [LENGTH]]]: see proxy.c; between the job and `behind`,
# instead of the one before, on the same port.
proxy_port=0
proxy_start() {
	[ -z "${proxy_pid:-}" ] || server_stop "$proxy_pid"
	rm -f "$dir/proxy.port" "$dir/proxy.out"
	"$proxy" "$dir/proxy.port" "$proxy_port" "$behind" "$@" >"$dir/proxy.out" &
	proxy_pid=$!
	e2e_until "the proxy listens, or ends" proxy_settled
	SERVER_PIDS=("$SSHD_PID" "$api_pid" "$proxy_pid")
	proxy_port=$(<"$dir/proxy.port")
}

# bytes WAY: how many went that way in the connections of the last run that are over.
bytes() {
	awk -v column="$([ "$1" = up ] && echo 1 || echo 2)" '
		$column > most { most = $column } END { print most + 0 }' "$dir/proxy.out"
}

# shellcheck disable=SC2317 # e2e_until calls it
told() {
	[ -s "$dir/proxy.out" ]
}

# victim_file: the next file; one for the drop takes a while to be read.
victim_file() {
	case $victim in
	drop)
		fault_file
		cat "$dir/padding" >>"$dir/drop/$((total - 1)).csv"
		;;
	answers) messages 40 ;;
	api) fault_file ;;
	esac
}

# measure: for each direction how many bytes a clean run sends, and how many of them
# before there is anything to do, which is what `check --connect` does.
measure() {
	local way

	proxy_start clean
	run 0 check --connect
	e2e_until "the connection is over" told
	for way in up down; do
		before[$way]=$(bytes $way)
	done
	victim_file
	proxy_start clean
	run 0 run
	e2e_until "the connection is over" told
	for way in up down; do
		whole[$way]=$(bytes $way)
	done
	echo "$victim: up ${before[up]} of ${whole[up]} bytes, down ${before[down]} of ${whole[down]}"
}

# place WAY N: the Nth of PLACES offsets: before the first byte, eight while the connection
# is made, nine while it is worked with, and two at the very end.
place() {
	local b=${before[$1]} w=${whole[$1]}

	if [ "$2" -lt 9 ]; then
		echo $((b * $2 / 9))
	elif [ "$2" -lt 18 ]; then
		echo $((b + (w - b) * ($2 - 8) / 11))
	else
		echo $((w - 60 * (20 - $2)))
	fi
}

# disturbed WHAT ALLOWED KIND...: a run behind such a proxy, and the next one.
disturbed() {
	local what="$victim: ${*:3}" allowed=$2 began rc took

	victim_file
	proxy_start "${@:3}"
	began=$(date +%s%3N)
	"$emrdrop" --config "$dir/etc" run --json >"$dir/out" 2>"$dir/err"
	rc=$?
	took=$(($(date +%s%3N) - began))
	ran "$what" "$rc" "$rc"
	cat "$dir/err" >>"$dir/$1.err"
	ended[rc]=$((${ended[rc]:-0} + 1))
	ok "$what: $took ms" [ "$took" -lt $((2 * DEADLINE * 1000)) ]
	grep -qw "$rc" <<<"$allowed" || { grep -q 'error=deadline' "$dir/err" && [ "$rc" -eq 69 ]; } ||
		is "$what: how it ends" "$allowed" "$rc $(tail -n 1 "$dir/err")"
	fault_ended "$what" "$rc"
	proxy_start clean
	fault_completes "$what" "$rc"
	[ "$victim" != answers ] || answered "$what" 40
}

# broken KIND WAY: at all the places, once; and then for good.
broken() {
	local k n at allowed

	for ((k = 0; k < places; k++)); do
		# Few places are others for each kind and way.
		n=$(((k * PLACES / places + turn) % PLACES))
		at=$(place "$2" "$n")
		allowed=0
		# The next run is the second try of the drop's first connection, and of an answer.
		case $victim in
		drop) [ "$n" -ge 9 ] || allowed="0 $fault" ;;
		answers) allowed="0 $fault" ;;
		esac
		disturbed once "$allowed" "$1" "$2" "$at" 1
		[ "$places" -le 1 ] && [ "$1$2$k" != stallup0 ] ||
			disturbed always "0 $fault" "$1" "$2" "$at" 0
	done
	turn=$((turn + 3))
}

# wanted KIND: is it to be done?
wanted() {
	[[ " $kinds " == *" $1 "* ]]
}

bad_network() {
	local kind way

	turn=4
	measure
	for kind in 'delay up 10' 'rate up 400000' 'linger up 200'; do
		# shellcheck disable=SC2086 # words
		wanted slow && disturbed slow 0 $kind
	done
	for way in up down; do
		for ((k = 0; k < places; k++)); do
			wanted slice &&
				disturbed slow 0 slice $way "$(place $way $((k * PLACES / places)))" 0 300
		done
		for kind in reset cut stall; do
			wanted $kind && broken $kind $way
		done
	done
	echo "$victim: statuses$(for rc in "${!ended[@]}"; do echo -n " $rc: ${ended[$rc]} times"; done)"
}

# victim NAME STATUS PORT: who is behind the bad network, and what its loss costs.
victim() {
	victim=$1 fault=$2 behind=$3
	total=0
	ended=()
	rm -rf "$dir"/{once,always,slow}.err "$dir/drop" "$dir"/etc/feeds.d/*
	mkdir -p "$dir/drop/done"
	proxy_start clean
}

# settings LINES: the site's; undisturbed runs have the time that they need.
settings() {
	site "[run]
maps = $PWD/deploy/maps
$1"
}

compare() {
	proxy_start clean
	settings ''
	fault_compare
	settings "deadline = ${DEADLINE}s"
}

# behind_proxy: feeds that are installed from now on get their files through it.
behind_proxy() {
	SSHD_PORT=$proxy_port
	sshd_known_hosts "$dir" "$proxy_port"
	by_sftp
}

test_drop() {
	victim drop 74 "$sshd_port"
	behind_proxy
	fault_init "${edits[@]}"
	bad_network
	[ "$places" -lt $PLACES ] || [ -n "${EMRDROP_KINDS:-}" ] ||
		for words in 'SSH handshake' login 'no SFTP service' 'looking up'; do
		has "places that were met" "$dir/always.err" "$words"
	done
	compare
}

test_answers() {
	victim answers 74 "$sshd_port"
	behind_proxy
	answers_init -e "/^stable_for/a timeout = ${patience}s"
	EACH=80
	bad_network
	compare
}

test_api() {
	local real=$api

	victim api 69 "$api_port"
	by_file
	EACH=20
	api=https://127.0.0.1:$proxy_port
	fault_init "${edits[@]}"
	api=$real
	bad_network
	wanted reset && ok "some batches were sent again" \
		[ "$(api_curl batches | jq 'map(select(.received > 1)) | length')" -gt 2 ]
	compare
}

declare -A before whole
declare -a ended
sshd_port=$SSHD_PORT
settings "deadline = ${DEADLINE}s"
awk 'BEGIN { for (i = 0; i < 100; i++) s = s "no patient in here "
	for (i = 0; i < 200; i++) printf "X%d,%s,,,,,,SKIP\r\n", i, s }' >"$dir/padding"
edits=(-e 's/^\[csv\]/[rows]\nwhen = {Status} not in SKIP\n&/'
	-e "s/^pattern/timeout = ${patience}s\n&/"
	-e "\$a in_flight = 1\ntimeout = ${patience}s\nconnect_timeout = ${patience}s")
for name in ${2:-drop answers api}; do
	case $name in
	drop) test_drop ;;
	answers) test_answers ;;
	api) test_api ;;
	esac
	# shellcheck disable=SC2119 # with no options
	api_fresh
done
e2e_end
