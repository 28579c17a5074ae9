#!/bin/bash
# The release that is packaged: built twice, once to count where the work is while it reads
# made-up exports, and once by what was counted, with -O3 where rows are mapped. About an
# eighth faster than the release preset, and smaller; the other flags are the same.
#
#   deploy/release.sh [PRESET]    builds build/PRESET: that of the packages, or "tuned"
#
# ROWS and MESSAGES say how much is read.
set -u -o pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 74
# shellcheck source=../tests/lib/server.sh
. tests/lib/server.sh

ROWS=${ROWS:-30000}
MESSAGES=${MESSAGES:-40000}
PRESET=${1:-tuned}
BUILD=build/$PRESET
dir=$(mktemp -d "${TMPDIR:-/tmp}/emrdrop-release.XXXXXX") || exit 74
trap 'server_stop_all; rm -rf "$dir"' EXIT

# stage WHAT: configures for `train` or `use`, and builds.
stage() {
	cmake --preset "$PRESET" -DEMRDROP_PGO="$1" >"$dir/log" &&
		cmake --build --preset "$PRESET" -j "$(nproc)" >>"$dir/log" ||
		{ tail -n 20 "$dir/log" >&2; exit 1; }
}

# generator NAME: one of those that the benchmarks read, from tests/bench.
generator() {
	cc -std=c17 -O2 -D_GNU_SOURCE -I. "tests/bench/$1.c" base/civil.c base/span.c \
		-o "$dir/$1" || exit 1
}

# feed NAME FILE: one of the benchmarks, out of a folder.
feed() {
	mkdir -p "$dir/$1/etc/feeds.d" "$dir/$1/drop"
	printf '[state]\ndir = %s/state\n[run]\nmaps = %s/maps\n' "$dir/$1" "$dir" \
		>"$dir/$1/etc/emrdrop.ini"
	sed -e "s|^url .*@DIR@/drop|url = file://$dir/$1/drop|; /^key_file\|^known_hosts\|^ca_file/d" \
		-e "s|@API@|$API|; s|@DIR@|$dir|" "tests/bench/$2" >"$dir/$1/etc/feeds.d/bench.ini"
	chmod 600 "$dir/$1/etc/emrdrop.ini" "$dir/$1/etc/feeds.d/bench.ini"
}

# work NAME COMMAND...: of the feed NAME.
work() {
	local name=$1

	shift
	"$BUILD/cmd/emrdrop" --config "$dir/$name/etc" "$@" >"$dir/out" 2>&1 ||
		{ tail -n 5 "$dir/out" >&2; exit 1; }
}

sandbox() {
	head -c 24 /dev/urandom | base64 >"$dir/token"
	chmod 600 "$dir/token"
	"$BUILD/cmd/sandbox/emrdrop-sandbox" --discard --token-file "$dir/token" --port 0 \
		--port-file "$dir/port" >"$dir/sandbox.log" 2>&1 &
	SERVER_PIDS+=("$!")
	# Not $!: that is what `<(:)` started.
	until [ -s "$dir/port" ]; do
		kill -0 "${SERVER_PIDS[-1]}" || { cat "$dir/sandbox.log" >&2; exit 1; }
		read -r -t 0.05 <> <(:) || :
	done
	API=http://127.0.0.1:$(<"$dir/port")
}

# A first load, two nights of a row in 3333 changed, messages, and both without a ledger.
train() {
	local csv=$dir/csv/drop/appointments.csv hl7=$dir/hl7/drop/appointments.hl7

	sandbox
	feed csv feed.ini
	feed hl7 hl7_feed.ini
	"$dir/generate" "$ROWS" >"$csv"
	work csv run bench
	sed '7~3333s/Scheduled/Confirmed/' -i "$csv"
	work csv run bench
	sed '8~3333s/Scheduled/Confirmed/' -i "$csv"
	work csv run bench
	work csv preview bench "$csv"
	"$dir/hl7_generate" "$MESSAGES" >"$hl7"
	work hl7 run bench
	work hl7 preview bench "$hl7"
	# It writes down what it counted when it ends.
	kill "${SERVER_PIDS[0]}" && wait "${SERVER_PIDS[0]}"
	SERVER_PIDS=()
}

# Those of the tree may be writable by a group (umask 002, git archive), and are refused so.
mkdir "$dir/maps" && install -m 600 deploy/maps/*.ini "$dir/maps" || exit 74
generator generate
generator hl7_generate
find "$BUILD" -name '*.gcda' -delete 2>/dev/null || :
stage train
train
stage use
ls -l "$BUILD/cmd/emrdrop"
