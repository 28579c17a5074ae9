#!/bin/bash
# With --json standard output is one JSON object and nothing else, of every command and
# whatever goes wrong: on the command line, in the configuration, in the ledger, with a run
# at work. The exit status in it is the real one.
#
#   tests/e2e/json_test.sh BUILD_DIR
set -u
. tests/e2e/lib.sh

e2e_init "$1" flock
api_start
# A command, and arguments that are right for the feed `simple`.
commands=$(
	cat <<-END
		run
		run --dry-run
		check
		check --connect
		preview simple $dir/sample.csv
		profile $dir/sample.csv
		init drafted $dir/sample.csv --dry-run
		template simple
		template simple --guide
		test simple
		status
		backfill simple old.csv
		retry simple
		hold list
		hold show 1a2b3c4d
		hold approve 1a2b3c4d
		hold discard 1a2b3c4d
		files simple
		find simple patient 1
		pause simple
		resume simple
		forget simple 1a2b3c4d
		audit
		audit verify
		report
		report --days 7
		trigger --event -
		check --arrivals
		ledger verify
		ledger export
		ledger compact
		version
	END
)

# These give a line of JSON for each of what they list.
lines_of_json() {
	case $1 in "audit" | "ledger export") return 0 ;; esac
	return 1
}

# pure WHAT LINE [STATUS...]: one object, whose exit is the status, which is one of these.
pure() {
	local what=$1 line=$2 rc

	shift 2
	# shellcheck disable=SC2086 # a command and its arguments
	timeout 60 "$emrdrop" --config "$dir/etc" $line --json >"$dir/out" 2>"$dir/err" </dev/null
	rc=$?
	ran "$what: $line" "$rc" "$rc"
	if [ "$rc" -eq 0 ] && lines_of_json "$line"; then
		ok "$what: $line: lines of JSON" jq -e -s . "$dir/out" >/dev/null
	else
		is "$what: $line: one object, and its exit" "object $rc" \
			"$(jq -rs --arg rc "$rc" 'if length == 1 then
				"\(.[0] | type) \(.[0].exit // $rc)" else "\(length) values" end' \
				"$dir/out" 2>&1)"
	fi
	case $line,$rc in
	check* | *,[034]) ;;
	*) ok "$what: $line: people are told, too" [ -s "$dir/err" ] ;;
	esac
	[ $# -eq 0 ] || case " $* " in *" $rc "*) ;; *) is "$what: $line" "$*" "$rc" ;; esac
}

# all WHAT [STATUS...]: every command so.
all() {
	local line

	while read -r line; do
		pure "$1" "$line" "${@:2}"
	done <<<"$commands"
}

test_usage() {
	local name

	for name in $("$emrdrop" --help | sed -n '/^Options/q; s/^  \([a-z][a-z]*\)  .*/\1/p'); do
		pure "usage" "$name --no-such-option" 64
		pure "usage" "$name a b c d e f --row" 64
		has "it is among those that are tried" <(printf '%s\n' "$commands") "$name"
	done
}

test_configuration() {
	simple
	echo 'nonsense = 1' >>"$dir/etc/emrdrop.ini"
	all "a bad emrdrop.ini" 0 64 65 74 78
	site ''
	simple -e 's/^stable_for/stable_fro/'
	all "a bad feed file" 0 64 65 74 78
	rm "$dir"/etc/feeds.d/*
	all "no such feed" 0 64 65 74 78
	simple
}

# Nobody has run yet; then a run has its lock; then the ledger is none.
test_ledger() {
	all "no ledger"
	rm -rf "$dir/state"
	rows 1 2 >"$dir/drop/a.csv"
	job 0
	all "a ledger"
	faults '{"latency":60000}'
	rows 11 12 >"$dir/drop/b.csv"
	start_job
	e2e_until "the API was asked" unfinished
	pure "busy" "run" 75
	pure "busy" "retry simple" 75
	pure "busy" "backfill simple old.csv" 75
	pure "busy" "ledger compact" 75
	pure "busy" "status" 0
	end_job 137 KILL
	faults '{"latency":0}'
	cp "$dir/state/ledger.mdb" "$dir/ledger.mdb"
	head -c 65536 /dev/zero >"$dir/state/ledger.mdb"
	all "no ledger any more"
	rm "$dir/state/ledger.mdb"
	all "a ledger that is gone"
	cp "$dir/ledger.mdb" "$dir/state/ledger.mdb"
	job 0
}

# What can't be reached, and what is not as it should be.
test_peers() {
	api_stop
	rows 21 22 >"$dir/drop/c.csv"
	simple -e '/^\[target\]/a attempts = 1'
	pure "no API" run 69
	pure "no API" "check --connect" 69
	simple -e "s|^url .*= file:.*|url = file://$dir/nowhere|"
	pure "no drop" run 74
	pure "no drop" "check --connect" 74
	api_start
	simple
	printf 'ID,Last\n1,x\n' >"$dir/drop/d.csv"
	pure "a file that can't be read" run 65
	rm "$dir/drop/d.csv"
	bad 1 3 | sed 's/Scheduled/Nope/' >"$dir/drop/e.csv"
	pure "a file that is held" run 4
	pure "a sample that is held" "preview simple $dir/drop/e.csv" 4
	rm "$dir"/drop/e.csv
	job 0
}

simple
rows 1 3 >"$dir/sample.csv"
test_usage
test_configuration
test_ledger
test_peers
e2e_end
