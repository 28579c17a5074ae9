#!/bin/bash
# Instructions that emrdrop itself executes, by callgrind, a row, a message, an idle run and
# a start: the same on any machine, so that a change that costs is seen without a clock.
#
#   tests/bench/instructions.sh          compares with what is kept in instructions.tsv, and
#                                        fails where more than 3 % are too many
#   tests/bench/instructions.sh keep     writes what it counted there, for this compiler
#
# The program is the `counts` preset's, which is built if it is not there. Counts are kept for
# each compiler and processor family; with another one nothing is compared.
set -u -o pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 74
. tests/lib/server.sh

KEPT=tests/bench/instructions.tsv
MOST=3 # percent
ROWS=3000
CHANGED=100
MESSAGES=1000
# Under valgrind the ledger's map must be smaller, which it is where memory is limited.
LIMIT_KIB=12000000

count_skip() {
	echo "skipped: $1"
	exit 77
}

count_fail() {
	echo "instructions: $1" >&2
	exit 1
}

count_build() {
	local log=$dir/build.log

	{ cmake --preset counts && cmake --build --preset counts -j 2; } >"$log" 2>&1 || {
		tail -n 5 "$log"
		count_fail "the counts preset does not build"
	}
	emrdrop=$PWD/build/counts/cmd/emrdrop
	sandbox=$PWD/build/counts/cmd/sandbox/emrdrop-sandbox
	"$cc" -std=c17 -O1 -D_GNU_SOURCE -I. tests/bench/generate.c base/civil.c base/span.c \
		-o "$dir/generate" &&
		"$cc" -std=c17 -O1 -D_GNU_SOURCE -I. tests/bench/hl7_generate.c base/civil.c base/span.c \
			-o "$dir/hl7_generate" || count_fail "the generators do not build"
}

# A key of the site that is always the same, so that digests sort the same way.
count_site() {
	mkdir -m 700 "$dir/etc" "$dir/etc/feeds.d" "$dir/state" && mkdir "$dir/drop" || exit 74
	(umask 077 && printf '%064d\n' 7 >"$dir/state.key" && echo synthetic-token >"$dir/token")
	printf '[state]\ndir = %s/state\nkey_file = %s\n[run]\nmaps = %s/deploy/maps\n' \
		"$dir" "$dir/state.key" "$PWD" >"$dir/etc/emrdrop.ini"
	"$dir/generate" "$ROWS" >"$dir/rows.csv"
	"$dir/hl7_generate" "$MESSAGES" >"$dir/messages.hl7"
}

count_api() {
	local end=$((SECONDS + 30))

	"$sandbox" --discard --token-file "$dir/token" --port 0 --port-file "$dir/port" \
		>"$dir/sandbox.log" 2>&1 &
	SERVER_PIDS+=("$!")
	while [ ! -s "$dir/port" ]; do
		[ "$SECONDS" -lt "$end" ] || count_fail "the sandbox does not start"
		read -r -t 0.05 <> <(:) || :
	done
}

# count_feed FROM NAME: a feed of tests/bench, on a folder, with one request at a time.
count_feed() {
	sed -e "s|^name .*|name = $2|; s|^source .*|source = $2|" \
		-e "s|^url .*sftp:.*|url = file://$dir/drop|; /^key_file/d; /^known_hosts/d; /^ca_file/d" \
		-e "s|@API@|http://127.0.0.1:$(cat "$dir/port")|; s|@DIR@|$dir|g" \
		-e '$a in_flight = 1' "$1" >"$dir/etc/feeds.d/$2.ini"
	chmod 600 "$dir/etc/feeds.d/$2.ini" "$dir/etc/emrdrop.ini"
}

# count STAGE PER ARGUMENT...: a line of $dir/counted.tsv.
count() {
	local stage=$1 per=$2 all

	shift 2
	(ulimit -v "$LIMIT_KIB" && exec valgrind -q --tool=callgrind --compress-strings=no \
		--compress-pos=no --callgrind-out-file="$dir/profile" "$emrdrop" \
		--config "$dir/etc" "$@") >"$dir/out" 2>"$dir/err" || {
		tail -n 3 "$dir/err"
		count_fail "$stage: ended with an error"
	}
	all=$(python3 tests/bench/count.py "$dir/profile" "$emrdrop") || exit 1
	[ "$all" -gt 0 ] || count_fail "$stage: nothing was counted"
	printf '%s\t%s\t%d\n' "$compiler" "$stage" $((all / per)) >>"$dir/counted.tsv"
}

count_all() {
	count "row: parse, map, JSON" "$ROWS" preview rows "$dir/rows.csv"
	count "message: parse, map, JSON" "$MESSAGES" preview messages "$dir/messages.hl7"
	rm "$dir/etc/feeds.d/messages.ini"
	cp "$dir/rows.csv" "$dir/drop/appointments_1.csv"
	count "row: from file to API" "$ROWS" run
	sed "2,$((CHANGED + 1)) s/,p\\./,q./" "$dir/rows.csv" >"$dir/drop/appointments_2.csv"
	count "row: of an export with 3 % changed" "$ROWS" run
	count "idle run" 1 run
	count "start: check of a feed" 1 check rows
}

count_keep() {
	{
		grep -v "^$compiler	" "$KEPT" 2>/dev/null
		cat "$dir/counted.tsv"
	} >"$dir/kept.tsv" && cp "$dir/kept.tsv" "$KEPT"
	cat "$dir/counted.tsv"
}

count_compare() {
	awk -F '\t' -v most="$MOST" 'NR == FNR { kept[$1 FS $2] = $3; next }
		{ was = kept[$1 FS $2]
		  if (!was) { print $2 ": no count is kept"; bad = 1; next }
		  change = 100 * ($3 - was) / was
		  printf "%-36s %10d, kept %10d: %+.1f %%\n", $2, $3, was, change
		  if (change > most) bad = 1 }
		END { exit bad }' "$KEPT" "$dir/counted.tsv" ||
		count_fail "more than $MOST % above what is kept: mend it, or say why in the commit that keeps it (tests/bench/instructions.sh keep)"
}

for tool in valgrind python3 cmake "${CC:-cc}"; do
	command -v "$tool" >/dev/null || count_skip "no $tool"
done
cc=${CC:-cc} # as cmake takes it
name=gcc
echo | "$cc" -dM -E - | grep -q __clang__ && name=clang
compiler="$(uname -m) $name $("$cc" -dumpfullversion -dumpversion 2>/dev/null)"
[ "${1:-}" = keep ] || grep -q "^$compiler	" "$KEPT" || count_skip "no counts are kept for $compiler"
dir=$(mktemp -d "${TMPDIR:-/tmp}/emrdrop-count.XXXXXX") || exit 74
trap 'server_stop_all; rm -rf "$dir"' EXIT
count_build
count_site
count_api
count_feed tests/bench/feed.ini rows
count_feed tests/bench/hl7_feed.ini messages
count_all
if [ "${1:-}" = keep ]; then count_keep; else count_compare; fi
