# What the crash tests share: scenarios. Each is a world (state folder, drop, archive, the
# clinic's folder) and an API as they are before the run that is disturbed, and
# what both are once an undisturbed run is done. Sourced:
#
#   . tests/crash/lib.sh
#   crash_init BUILD_DIR
#   for name in $scenarios; do
#   	scenario "$name"           # start/, start.db, undisturbed.json, undisturbed.txt
#   	restore                    # the world and the API as they were
#   	...
#   	run_until_done WHAT
#   	as_undisturbed WHAT
#
# A new scenario is a function lay_NAME, and its name in `scenarios`: it installs its feeds,
# has them run as often as it likes, and leaves new files in the drop. If it is not `run`
# that is disturbed, it says so in `work`; if an undisturbed one does not end with 0, in `well`.
#
# shellcheck shell=bash
# shellcheck source-path=SCRIPTDIR/../..
. tests/e2e/lib.sh

# shellcheck disable=SC2034 # for those who source this
scenarios='first changes snapshot hl7 rejects backfill retry'
# shellcheck disable=SC2034
remote_scenarios='sftp'
RUNS_MAX=10 # until all is delivered, while answers are dropped

crash_init() {
	e2e_init "$1" strace
	if ! strace -o "$dir/trace" true 2>/dev/null; then
		echo "skipped: nothing can be traced here"
		exit 77
	fi
	# The sanitizer's leak check is a tracer too.
	export ASAN_OPTIONS=detect_leaks=0
	# One trace for all runs, so that the receipts of a disturbed one say the same.
	export TRACEPARENT=00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01
	# shellcheck disable=SC2034 # for those who source this
	powercut=${emrdrop%/cmd/emrdrop}/tests/crash/powercut
	world=$dir/world
	site $'[run]\nmaps = '"$PWD/deploy/maps"
	sed -i "s|^dir .*|dir = $world/state|" "$dir/etc/emrdrop.ini"
	api_start
}

# ---- scenarios ----

# csv [SED...]: the feed of the CSV scenarios, 10 rows a batch.
# shellcheck disable=SC2120 # most have it as it is
csv() {
	simple -e "s|/drop\$|/world/drop|; s|^after.*|after = archive:$world/done|" \
		-e "\$a batch_records = 20\nin_flight = 2\nattempts = 2" "$@"
}

# The first run of all: the ledger is made.
lay_first() {
	# shellcheck disable=SC2119
	csv
	rows 1 40 >"$world/drop/1.csv"
}

# Of 40 records known, half have changed, and there are new ones.
lay_changes() {
	lay_first
	job 0
	{
		rows 1 20
		rows 21 60 Married | tail -n +2
	} >"$world/drop/2.csv"
}

# A full export that lacks half of what an earlier one had: removals.
lay_snapshot() {
	csv -e "/^source  *= simple/a contents = snapshot\nmax_remove = 100 %" \
		-e "/^pattern/a order = name:%Y%m%d" -e "/^\[appointment\]/a on_missing = delete"
	rows 1 60 >"$world/drop/a_20261102.csv"
	job 0
	{
		rows 1 20
		rows 21 30 Married | tail -n +2
	} >"$world/drop/a_20261103.csv"
}

# Two old files, of records that are known and that are not; and one that has just come.
lay_backfill() {
	lay_first
	job 0
	mkdir -p "$world/old"
	rows 31 60 Old >"$world/old/a.csv"
	rows 51 80 Older >"$world/old/b.csv"
	touch -d '2024-02-01 12:00 UTC' "$world/old/a.csv"
	touch -d '2024-01-01 12:00 UTC' "$world/old/b.csv"
	rows 101 110 >"$world/drop/2.csv"
	work=(backfill simple "$world/old/a.csv" "$world/old/b.csv")
}

# Rows that are not taken, and come back in a file of their own, before theirs is removed.
lay_rejects() {
	csv -e "s|^after.*|after = delete\nfeedback = $world/acks|"
	rows 1 10 >"$world/drop/0.csv"
	job 0
	rows 1 40 | sed -e '/^000[13]5/s/Scheduled/Nope/' -e '/^00025/s/Testcase/=1+"/' \
		>"$world/drop/1.csv"
	well=3
}

# Two exports with rows that the API refused, and removals: the second one has them again.
lay_retry() {
	lay_snapshot
	faults '{"refuse":["00003","00013","00023","00028","A-40","A-50","A-60"]}'
	job 3
	{
		rows 1 20
		rows 21 30 Married | tail -n +2
		rows 61 63 | tail -n +2
	} | sed 's/,Testcase,Synthetic,\(.*,A-[0-9]*3,\)/,Testcase,Renamed,\1/' >"$world/drop/a_20261104.csv"
	job 3
	work=(retry simple)
}

# siu N CONTROL APPOINTMENT
siu() {
	printf 'MSH|^~\\&|EHR|CLINIC|HUB|EMRDROP|2026110108%02d00||SIU^S12|%s|P|2.5.1\r' "$1" "$2"
	printf 'SCH|%s||||||||30|min|^^^2026120%d0900||||||||||||||Booked\r' "$3" "$1"
	printf 'PID|1||770%d^^^CLINIC^MR||Testcase^Ann\r' "$1"
}

# A batch of messages, which is answered with acknowledgements.
lay_hl7() {
	local n

	cat >"$dir/acks.ini" <<-END
		[feed]
		name     = acks
		extends  = hl7-siu.ini
		timezone = America/Chicago

		[source]
		url        = file://$world/drop
		pattern    = *.hl7
		after      = archive:$world/done
		feedback   = $world/acks
		stable_for = 0

		[hl7]
		authority = CLINIC
		ack       = batch

		[target]
		url           = @API@/v1/batches
		token_file    = $dir/token
		ca_file       = $dir/ca.pem
		batch_records = 4
		in_flight     = 2
		attempts      = 2
	END
	feed "$dir/acks.ini" acks
	for n in 1 2 3 4 5 6 7 8; do
		siu "$n" "C-$n" "A-$n"
	done >"$world/drop/1.hl7"
}

# The same over SFTP, where what others see is done by a server. (It is not in the trace.)
# More files come behind it, so that they are fetched together.
lay_sftp() {
	by_sftp
	lay_hl7
	siu 9 C-9 A-9 >"$world/drop/2.hl7"
	siu 9 C-10 A-10 >"$world/drop/3.hl7"
	by_file
}

# ---- killed ----

# points CALL...: "CALL N" for the N calls of each that the last traced run made.
points() {
	local call n i

	for call; do
		n=$(grep -cE "^[0-9]+ +$call\\(" "$dir/trace")
		for ((i = 1; i <= n; i++)); do
			echo "$call $i"
		done
	done
}

# some K SEED: K lines of stdin, or all if they are fewer; the same for the same seed.
some() {
	awk -v k="$1" -v seed="$2" 'BEGIN { srand(seed) } { print rand() "\t" $0 }' |
		sort -n | head -n "$1" | cut -f 2
}

# ---- before and after ----

# scenario NAME: lays it, keeps it, and lets one run do all of it.
scenario() {
	work=(run)
	well=0
	rm -rf "$world" "$dir"/etc/feeds.d/*
	mkdir -p "$world/drop" "$world/done" "$world/acks"
	# shellcheck disable=SC2119 # no options
	api_fresh
	"lay_$1"
	api_stop
	rm -rf "$dir/start"
	cp -a "$world" "$dir/start"
	cp "$dir/api.db" "$dir/start.db"
	api_start
	run "$well" "${work[@]}" --json
	api_curl state >"$dir/undisturbed.json"
	undisturbed_changes=$(changes)
	undisturbed_problems=$(problems)
	files >"$dir/undisturbed.txt"
	totals >"$dir/undisturbed.sum"
	ok "$1: the run sent something" [ "$(received)" -gt 3 ]
}

# restore [OPTION...]: the world and the API as before; options are the sandbox's.
restore() {
	rm -rf "$world"
	cp -a "$dir/start" "$world"
	restore_api "$dir/start.db" "$@"
}

# restore_api DB [OPTION...]
restore_api() {
	local db=$1

	shift
	api_stop forget
	cp "$db" "$dir/api.db"
	api_start "$@"
}

# A receipt, without when which file was read.
whatever_file_it_is() {
	sed -E 's/[0-9a-f]{32}/ID/; s/"read_ms":[0-9]+//; s/^(  read  |  number) .*//'
}

# Every file of the world: its folder, its name without time and id, and what it says.
# What is known of the rows of the last file is a cache, and may be lost.
files() {
	local f

	find "$world" -type f ! -path "$world/state/rows/*" | sort | while read -r f; do
		case $f in
		*/state/*) echo "${f#"$world/"}" ;;
		*.ack.hl7) echo "${f#"$world/"} $(tr '\r' '\n' <"$f" | grep -E '^(MSA|BTS|FTS)' | cksum)" ;;
		*.receipt.*) echo "${f#"$world/"} $(whatever_file_it_is <"$f" | cksum)" ;;
		*) echo "${f#"$world/"} $(cksum <"$f")" ;;
		esac
	done | sed -E 's/[0-9]{8}T[0-9]{6}Z-[0-9a-f]{8}-/TIME-ID-/; s/-[0-9a-f]{8}\.(ack|re)/-ID.\1/' | sort
}

# What `status` counts, and that nothing waits.
totals() {
	"$emrdrop" --config "$dir/etc" status --json |
		jq -c '.feeds[0] | [.files, .delivered, .rejected, .refused, .refused_left, .unfinished,
			.stuck]'
}

# well STATUS: the status that a run should have ended with: it may have had nothing to do.
well() {
	[ "$1" -eq 0 ] && echo 0 || echo "$well"
}

# run_until_done WHAT: runs until one ends well; only a dropped answer may keep it from that.
run_until_done() {
	local n rc

	for ((n = 1; n <= RUNS_MAX; n++)); do
		"$emrdrop" --config "$dir/etc" "${work[@]}" --json >"$dir/out" 2>"$dir/err"
		rc=$?
		ran "$1: run $n" "$([ "$rc" -eq 69 ] && echo 69 || well "$rc")" "$rc"
		[ "$rc" -eq 69 ] || return
	done
	is "$1: runs until all is delivered" "at most $RUNS_MAX" "$n"
}

# How many problems the ledger keeps of all files.
problems() {
	"$emrdrop" --config "$dir/etc" ledger export | grep -c '"table":"problems"'
}

# as_undisturbed WHAT: the API and the world are what one undisturbed run makes of them.
as_undisturbed() {
	api_curl state >"$dir/disturbed.json"
	ok "$1: the API's state" cmp "$dir/undisturbed.json" "$dir/disturbed.json"
	is "$1: changes applied" "$undisturbed_changes" "$(changes)"
	batches_sound "$1"
	files >"$dir/disturbed.txt"
	ok "$1: the files" diff "$dir/undisturbed.txt" "$dir/disturbed.txt"
	is "$1: totals" "$(<"$dir/undisturbed.sum")" "$(totals)"
	is "$1: problems that are kept" "$undisturbed_problems" "$(problems)"
}
