#!/bin/bash
# One run at a time, and whatever time it is: runs that overlap, an owner of the lock that
# is dead or suspended, and clocks that are set.
#
#   tests/e2e/lock_test.sh BUILD_DIR
set -u
. tests/e2e/lib.sh

DAY=86400
DECADE=$((3652 * DAY))
e2e_init "$1" strace
clock=$(cd "$1" && pwd)/tests/clock.so
[ -f "$clock" ] || { echo "skipped: no $clock"; exit 77; }
# A certificate has its time, too, and it is another's.
# shellcheck disable=SC2034 # api_start reads it
api_scheme=http
api_start

# From here on emrdrop's clocks are what `clocks` says.
cat >"$dir/emrdrop" <<-END
	#!/bin/sh
	export ASAN_OPTIONS="verify_asan_link_order=0:\$ASAN_OPTIONS"
	exec env LD_PRELOAD=$clock CLOCK_FILE=$dir/clock $emrdrop "\$@"
END
chmod +x "$dir/emrdrop"
emrdrop=$dir/emrdrop

# clocks WALL [MONO]: seconds that they are ahead from now on.
clocks() {
	echo "$1 ${2:-0}" >"$dir/clock.new"
	mv "$dir/clock.new" "$dir/clock"
}

fresh() {
	clocks 0
	# shellcheck disable=SC2119 # with no options
	api_fresh
	rm -rf "$dir"/{state,drop,done,drop2}
	mkdir -p "$dir"/{drop,drop2,done}
	rm -f "$dir"/etc/feeds.d/*
	simple -e "\$a batch_records = 10\nin_flight = 1" "$@"
	number=0
}

# More feeds, out of another drop: one of the same source, which tells of patients alone,
# and one of another source.
more_feeds() {
	feed "$dir/etc/feeds.d/simple.ini" second -e "s|/drop$|/drop2|" \
		-e 's/^name  *= simple/name = second/' -e '/^\[appointment\]/,/^$/d' \
		-e '/^\[code /,/^$/d'
	feed "$dir/etc/feeds.d/simple.ini" other -e "s|/drop$|/drop2|" \
		-e 's/^name  *= simple/name = other/' -e 's/^source  *= simple/source = other/'
	rows 501 502 >"$dir/drop2/a.csv"
}

# busy FEED: a run of it ends at once.
busy() {
	local began=$SECONDS

	job 75 "$1"
	ok "$1: why" grep -qE "another run is at work on source simple: process $job_pid, since 20[0-9-]+ [0-9:]+Z" "$dir/err"
	ok "$1: at once" [ $((SECONDS - began)) -lt 20 ]
}

# Stops the job, but goes on with it if that was in the middle of a commit: LMDB has one
# writer, and all others would wait for it until it goes on.
# shellcheck disable=SC2317 # e2e_until calls it
stopped_well() {
	kill -STOP "$job_pid" || return 1
	timeout 2 "$emrdrop" --config "$dir/etc" pause simple >/dev/null 2>&1 &&
		"$emrdrop" --config "$dir/etc" resume simple >/dev/null 2>&1 && return
	kill -CONT "$job_pid"
	return 1
}

# in_the_middle: a job that is stopped when some of its 12 batches were taken. The API takes
# no more before it stops, however long that takes; whoever waits for it then loses its
# connection.
in_the_middle() {
	export_new
	faults '{"latency":1000}'
	start_work run simple
	e2e_until "the API has some batches" received_enough 2
	faults '{"latency":600000}'
	e2e_until "it is stopped where others may write" stopped_well
	api_stop
	api_start
	run 0 status simple
	has "a pass is open" "$dir/out" UNFINISHED
}

test_overlap() {
	fresh
	more_feeds
	in_the_middle
	busy simple
	busy second
	job 0 other
	is "another source is delivered" '[2,4]' "$(file_report rows delivered)"
	job 75
	is "a run of all says who was busy" '{"other":0,"second":75,"simple":75}' \
		"$(report '[.feeds[] | {(.feed): .exit}] | add')"
	run 0 hold list
	run 0 find simple patient 00101
	has "questions are answered" "$dir/out" "not known"
}

# The one that was stopped is killed.
test_dead_owner() {
	end_job 137 KILL
	job 75 second
	has "a dead owner: not before it is gone on with" "$dir/err" "unfinished delivery from the same source"
	run 0 status second
	has "a dead owner: the other feed waits" "$dir/out" "UNFINISHED  delivery 1 of feed simple"
	run 0 check --arrivals
	hasnt "a dead owner: nobody is needed yet" problem-begun "$dir/err"
	clocks 4000
	run 0 check --arrivals
	has "a dead owner: after an hour somebody is" "$dir/err" "problem-begun feed=second problem=failed"
	has "a dead owner: and what to type" "$dir/err" 'command="emrdrop run simple"'
	run 0 status second
	has "a dead owner: as status says" "$dir/out" "BLOCKED  delivery 1 of feed simple"
	clocks 0
	job 0 simple
	has "a dead owner: it goes on" "$dir/err" pass-resumed
	job 0 second
	is "a dead owner: the other feed of its source" '["deliver"]' "$(file_report verdict)"
	rm "$dir"/etc/feeds.d/second.ini
	known=$(changes)
	is "a dead owner: all arrived" 126 "$known"
	whole "a dead owner"
}

test_side_by_side() {
	rows 601 660 >"$dir/drop2/b.csv"
	export_new
	faults '{"latency":50}'
	start_work run simple
	job 0 other
	is "side by side: one" '[60,120]' "$(file_report rows delivered)"
	end_job 0
	is "side by side: the other" '[60,120]' "$(file_report rows delivered)"
	faults '{"latency":0}'
	known=$(changes)
	whole "side by side"
}

# Five minutes pass, and its connections are gone: it goes on, under the same keys.
test_suspended() {
	fresh
	in_the_middle
	busy simple
	clocks 300 300
	busy simple
	kill -CONT "$job_pid"
	end_job 0
	is "suspended: all is delivered" '[60,120]' "$(file_report rows delivered)"
	whole "suspended"
}

# shellcheck disable=SC2317 # e2e_until calls it
# Half a minute passes at each look, until the job has ended.
passed() {
	mono=$((mono + 31))
	clocks 0 "$mono"
	! kill -0 "$job_pid" 2>/dev/null
}

# Stopped in the middle of a commit: whoever would write waits for half a minute and says
# so, who reads does not wait, and all goes on when it does.
test_stopped_writer() {
	local writer mono=0

	strace -o "$dir/trace" true 2>/dev/null || return 0
	rm "$dir/trace"
	fresh
	more_feeds
	job 0
	rows 701 702 >"$dir/drop2/b.csv"
	export_new
	ASAN_OPTIONS=detect_leaks=0 strace -f -o "$dir/trace" -e trace=fdatasync \
		-e inject=fdatasync:signal=STOP:when=2 \
		"$emrdrop" --config "$dir/etc" run simple --json >"$dir/writer.out" 2>"$dir/writer.err" &
	writer=$!
	SERVER_PIDS+=("$writer")
	e2e_until "it is stopped" grep -qs "stopped by SIGSTOP" "$dir/trace"
	run 0 status
	start_work run other
	e2e_until "it waits no longer" passed
	end_job 75
	has "stopped in a commit: why" "$dir/err" "ledger.mdb: another process has had it locked"
	pkill -CONT -P "$writer"
	wait "$writer"
	is "stopped in a commit: it goes on" 0 $?
	server_forget "$writer"
	clocks 0
	known=132
	job 0
	whole "stopped in a commit"
}

# What is known of the feed, but for how its last run ended.
feed_state() {
	"$emrdrop" --config "$dir/etc" ledger export |
		jq -c 'select(.table == "feeds") | del(.last_error, .last_exit, .failing, .last_words)'
}

# Somebody spoils the feed file while a run is at work; the next one says so, and when it
# comes to write that, the other has moved the feed on.
test_mistake_meanwhile() {
	local other known

	strace -o "$dir/trace" true 2>/dev/null || return 0
	fresh -e "s|^after.*|after = archive:$dir/done|"
	rows 1 2 >"$dir/drop/a.csv"
	job 0
	api_hold
	rows 11 12 >"$dir/drop/b.csv"
	rows 21 22 >"$dir/drop/c.csv"
	start_job
	e2e_until "b is under way" unfinished
	cp "$dir/etc/feeds.d/simple.ini" "$dir/good.ini"
	echo 'nonsense = 1' >>"$dir/etc/feeds.d/simple.ini"
	# The first flock(2) is of the folder, the second its turn to write.
	ASAN_OPTIONS=detect_leaks=0 strace -f -o "$dir/trace" -e trace=flock \
		-e inject=flock:delay_enter=6000000:when=2 \
		"$emrdrop" --config "$dir/etc" run >"$dir/other.out" 2>"$dir/other.err" &
	other=$!
	api_go
	end_job 0
	is "a mistake meanwhile: the run is well" '[4,4]' "$(report '.feeds[0].files | map(.delivered)')"
	known=$(feed_state)
	ok "a mistake meanwhile: it is not written yet" kill -0 "$other"
	wait "$other"
	is "a mistake meanwhile: it is told" 78 $?
	is "a mistake meanwhile: what the run did stands" "$known" "$(feed_state)"
	run 0 status simple
	has "a mistake meanwhile: it is known" "$dir/out" "ended with 78"
	mv "$dir/good.ini" "$dir/etc/feeds.d/simple.ini"
	rows 31 32 >"$dir/drop/d.csv"
	job 0
	run 0 files simple --json
	is "a mistake meanwhile: passes have numbers of their own" '[1,2,3,4]' \
		"$(jq -c '.files | map(.pass) | sort' "$dir/out")"
	run 0 status simple
	hasnt "a mistake meanwhile: mended" "ended with" "$dir/out"
}

# A run that does not end: who finds it at work long after its deadline says so, once.
test_hangs() {
	fresh
	export_new
	api_hold
	start_job
	e2e_until "a pass is open" unfinished
	kill -STOP "$job_pid"
	clocks 7100 7100
	job 75
	hasnt "it may end yet" problem-begun "$dir/err"
	clocks 7300 7300
	job 75
	has "it is told" "$dir/err" 'problem-begun feed=simple problem=failed words="a run is at work past its deadline'
	has "what to look at" "$dir/err" "command=\"ps -o pid,stat,etime,args -p $job_pid\""
	job 75
	hasnt "and told once" problem-begun "$dir/err"
	run 0 status
	has "it is not well" "$dir/out" "1 of 1 feed needs somebody"
	has "but blocked" "$dir/out" "BLOCKED     simple, 2 h ago"
	has "by which process" "$dir/out" "before it ends: process $job_pid; if \`ps\` says T"
	run 0 status simple
	has "all of it" "$dir/out" "  BLOCKED  a run is at work past its deadline"
	kill -CONT "$job_pid"
	end_job 137 KILL
	clocks 0
	api_go
	job 0
	has "and that it is over" "$dir/err" "problem-ended feed=simple problem=failed"
}

# died TIMES: so many runs that are killed in mid-delivery.
died() {
	local i

	for ((i = 0; i < $1; i++)); do
		start_job
		e2e_until "it is at work" grep -qs "^$job_pid " "$dir/state/simple.lock"
		e2e_until "a pass is open" unfinished
		end_job 137 KILL
	done
}

# Runs that die tell nobody: the next one does, and who asks whether files came.
test_dies() {
	fresh
	export_new
	api_hold
	died 2
	run 0 check --arrivals
	hasnt "two may be the machine's" problem-begun "$dir/err"
	died 1
	has "the log has each" "$dir/err" "runs-died feed=simple source=simple count=2"
	hasnt "the third tells nobody, either" problem-begun "$dir/err"
	died 1
	has "the next one does" "$dir/err" 'problem-begun feed=simple problem=failed words="its last 3 runs did not come to their end'
	run 0 check --arrivals
	hasnt "and that once" problem-begun "$dir/err"
	run 0 status
	has "it is not well" "$dir/out" "1 of 1 feed needs somebody"
	has "but blocked" "$dir/out" "its last 4 runs did not come to their end"
	api_go
	job 0
	has "and that it is over" "$dir/err" "problem-ended feed=simple problem=failed"
	job 0
	hasnt "a run that ends is none that died" runs-died "$dir/err"
	api_hold
	export_new
	died 1
	run 0 status
	has "one that died" "$dir/out" "the feed is well"
	clocks 3700
	run 0 check --arrivals
	has "but nobody goes on with it" "$dir/err" "delivery 2 of feed simple is not finished: no run goes on with it"
	run 0 status
	has "it is not well" "$dir/out" "BLOCKED     simple, 1 h ago"
	run 0 status simple
	has "nor by its name" "$dir/out" "BLOCKED  delivery 2"
	run 0 pause simple
	run 0 check --arrivals
	has "if it is not meant to" "$dir/err" "problem-ended feed=simple problem=failed"
	run 0 resume simple
	clocks 0
	api_go
	job 0
	known=240
	whole "runs that died"
}

# Runs of a feed that die while they read, though another of its source, before it, is well.
test_one_dies() {
	local i

	fresh
	more_feeds
	rm "$dir/etc/feeds.d/other.ini"
	rows 601 602 >"$dir/drop/b.csv"
	for ((i = 0; i < 4; i++)); do
		strace -f -o "$dir/trace" -P "$dir/drop" -e trace=openat -e inject=openat:signal=KILL:when=2 \
			"$emrdrop" --config "$dir/etc" run >"$dir/out" 2>"$dir/err"
		is "killed" 137 $?
	done
	has "that is told of it" "$dir/err" "problem-begun feed=simple problem=failed"
	hasnt "and not of the other" feed=second "$dir/err"
	job 0
	has "it is over" "$dir/err" "problem-ended feed=simple problem=failed"
	run 0 status
	has "all is well" "$dir/out" "all 2 feeds are well"
}

# When it goes on its deadline has passed, by the clock that nobody sets.
test_past_deadline() {
	fresh
	in_the_middle
	clocks $((-DAY)) 4000
	kill -CONT "$job_pid"
	end_job 69
	has "past its deadline: why" "$dir/err" deadline
	clocks 0
	job 0
	has "past its deadline: the next run" "$dir/err" pass-resumed
	whole "past its deadline"
}

# step NAME SECONDS: the wall clock is set, and later it is set right.
step() {
	local id

	clocks "$2"
	job 0
	is "$1: nothing is sent twice" '[0,0]' "$(report '.feeds[0] | [.requests, (.files | length)]')"
	export_new
	job 0
	is "$1: what is new is delivered" 120 "$(report '.feeds[0].files[0].delivered')"
	id=$(report .run)
	ok "$1: the run has an id: $id" grep -qE '^"[0-7][0-9A-HJKMNP-TV-Z]{25}"$' <<<"$id"
	run 0 status --json
	is "$1: status" "[]" "$(report .feeds[0].stuck)"
	clocks 0
	whole "$1"
	export_new
	job 0
	is "$1, and right again: what is new is delivered" 120 "$(report '.feeds[0].files[0].delivered')"
	whole "$1, and right again"
	run 0 status
	run 0 audit verify
	run 0 find simple patient 00101
	has "$1: what is live is known" "$dir/out" taken
}

test_steps() {
	fresh
	export_new
	job 0
	step "a day behind" $((-DAY))
	step "a day ahead" "$DAY"
	step "1970" $((1000 - $(date +%s)))
	step "ten years ahead" "$DECADE"
	run 0 files simple --json
	ok "ten years ahead: what lies in the drop is not forgotten" \
		[ "$(jq '.files | length' "$dir/out")" -ge 9 ]
}

# waits WHAT, taken WHAT: what the run makes of the one file that is new.
waits() {
	job 0
	is "$1: left alone" '[1,0]' "$(report '.feeds[0] | [.waiting, (.files | length)]')"
}

taken() {
	job 0
	is "$1: taken" '[0,1]' "$(report '.feeds[0] | [.waiting, (.files | length)]')"
}

# Two looks are as far apart as they must be by a clock that was not set between them: a
# look in the future is none, and one that is set back blocks nothing.
test_looks() {
	fresh -e 's/^stable_for.*/stable_for = 1h/'
	job 0
	export_new
	waits "seen"
	clocks $((-DAY))
	waits "a day behind"
	clocks $((-DAY + 3000))
	waits "a day behind, not yet"
	clocks $((-DAY + 3700))
	taken "a day behind, later"
	clocks "$DAY"
	export_new
	waits "seen a day ahead"
	clocks 0
	waits "and right again"
	clocks 3000
	waits "right again, not yet"
	clocks 3700
	taken "right again, later"
}

# A file is an hour old by its time stamp; if that is in the future, by when it was seen.
test_ages() {
	fresh -e 's/^min_age.*/min_age = 1h/'
	export_new
	clocks $((-DAY))
	waits "from the future"
	clocks $((-DAY + 3000))
	waits "from the future, not yet"
	clocks $((-DAY + 3700))
	taken "from the future, later"
	export_new
	clocks $((1000 - $(date +%s)))
	waits "in 1970"
	clocks 3700
	taken "in its own time"
}

# A time of a change that is more than a day ahead is dropped, with a warning; the row is not.
test_events() {
	local october

	fresh -e '/^\[appointment\]/a updated_at = {Start} | datetime "%m/%d/%Y %H:%M"'
	october=$(($(date -d 2026-10-01 +%s) - $(date +%s)))
	clocks "$october"
	export_new
	job 0
	is "in the future: delivered" '[120,60]' "$(file_report delivered warnings)"
	has "in the future: told" "$dir/out" time_future
	clocks $((october + 90 * DAY))
	export_new
	job 0
	is "in the past: delivered" '[120,0]' "$(file_report delivered warnings)"
	is "whose times are known" 60 "$(api_curl state | jq '[.records[] | select(.event_at)] | length')"
	whole "events"
}

test_overlap
test_dead_owner
test_side_by_side
test_suspended
test_hangs
test_dies
test_one_dies
test_past_deadline
test_stopped_writer
test_mistake_meanwhile
test_steps
test_looks
test_ages
test_events
clocks 0
e2e_end
