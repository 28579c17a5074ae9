#!/bin/bash
# Files that are expected: late, here again, held, strange; told once, and known from the
# ledger alone, while no job runs. Clocks are set: all of this happens in November 2026.
#
#   tests/e2e/arrivals_test.sh BUILD_DIR
# shellcheck disable=SC2016 # what sed and jq are to expand
set -u
. tests/e2e/lib.sh

e2e_init "$1"
clock=$(cd "$1" && pwd)/tests/clock.so
[ -f "$clock" ] || { echo "skipped: no $clock"; exit 77; }
# A certificate has its time, too, and it is another's.
# shellcheck disable=SC2034 # api_start reads it
api_scheme=http
api_start

printf '#!/bin/sh\nexec env LD_PRELOAD=%s CLOCK_FILE=%s ASAN_OPTIONS=%s %s "$@"\n' \
	"$clock" "$dir/clock" verify_asan_link_order=0 "$emrdrop" >"$dir/emrdrop"
chmod +x "$dir/emrdrop"
emrdrop=$dir/emrdrop

# at TIME: it is so late from now on, in UTC, or some seconds later.
at() {
	echo "$(($(date -ud "$1" +%s) - $(date +%s))) 0" >"$dir/clock.new"
	mv "$dir/clock.new" "$dir/clock"
}

# drop NAME TIME < FILE
drop() {
	cat >"$dir/drop/$1"
	touch -d "$2 UTC" "$dir/drop/$1"
}

# arrival STATUS FILTER EXPECTED WHAT
arrival() {
	run "$1" check --arrivals --json
	is "$4" "$3" "$(jq -c ".feeds[0] | $2" "$dir/out")"
	is "$4: the status in the answer" "$1" "$(jq .exit "$dir/out")"
}

# expecting BY [SED...]
expecting() {
	local by_when=$1

	shift
	simple -e "\$a \\\\n[expect]\nby = $by_when\ntimezone = America/Chicago" "$@"
}
usual="Mon-Fri 06:00, Sat 09:00"

# cron COMMAND: the line of the shipped crontab, as cron runs it: what it would mail goes to
# $dir/mail, and what logger was handed to the end of $dir/journal.
mkdir "$dir/bin"
printf '#!/bin/sh\nexec %s --config %s/etc "$@"\n' "$emrdrop" "$dir" >"$dir/bin/emrdrop"
printf '#!/bin/sh\ncat >>%s/journal\n' "$dir" >"$dir/bin/logger"
chmod +x "$dir/bin/emrdrop" "$dir/bin/logger"
cron() {
	local line

	line=$(grep -E "^[0-9*/,-].* emrdrop $1" deploy/cron/emrdrop | sed -E 's/^([^ ]+ +){5}emrdrop +//')
	is "one line of the crontab runs $1" 1 "$(wc -l <<<"$line")"
	env -i PATH="$dir/bin:$PATH" /bin/sh -c "$line" >"$dir/mail" 2>&1
	runs=$((runs + 1))
}

# 16 November 2026 is a Monday; 06:00 in Chicago is 12:00 UTC.
at "2026-11-16 11:00"
expecting "$usual"
run 74 check --arrivals
has "without a ledger nobody knows" "$dir/err" ledger
job 0
arrival 0 .state '"none"' "nothing was due yet"
has "when the first is due" <(jq -r '.feeds[0].next_ms / 1000 | todate' "$dir/out") 2026-11-16T12:00:00Z

# ---- nobody runs any more ----
at "2026-11-16 12:29"
arrival 0 .state '"none"' "grace is not over"
at "2026-11-16 12:31"
arrival 5 '[.state, .missed, .unseen]' '["late",1,true]' "it is late"
has "it is told" "$dir/err" "problem-begun feed=simple problem=late"
has "that nobody looked" "$dir/err" "no run has looked into the drop since"
arrival 5 .state '"late"' "it still is"
hasnt "it is told once" problem-begun "$dir/err"
run 5 check --arrivals simple
has "in words" "$dir/out" "simple: late: due by 2026-11-16 12:00:00Z; no run has looked"
has "what to type" "$dir/out" "emrdrop run simple"
hasnt "cron has nothing to mail" problem "$dir/err"

# ---- figures that can't be written keep nothing from being told ----
site "$(printf '[metrics]\ntextfile = %s' "$dir/nowhere")"
arrival 5 .state '"late"' "it is late without them"
has "that is logged" "$dir/err" "watch-failed feed=simple"
run 78 check
has "check finds the folder" "$dir/out" "[metrics] textfile: $dir/nowhere: No such file"
site ''

# ---- it comes late ----
drop a.csv "2026-11-16 13:00" < <(rows 1 100)
at "2026-11-16 13:05"
job 0
has "the run that read it says so" "$dir/err" "problem-ended feed=simple problem=late"
arrival 0 '[.state, .rows, .got]' '["in_time",100,1]' "it came"
hasnt "and that once" problem-ended "$dir/err"

# ---- what came is held: here, and not delivered ----
drop b.csv "2026-11-17 11:00" < <(bad 101 250)
at "2026-11-17 11:30"
job 4
at "2026-11-17 13:00"
arrival 4 '[.state, .held]' '["not_delivered",1]' "it is held"
run 4 check --arrivals simple
has "when it was read" "$dir/out" "; last file read 2026-11-17 11:30:0"
run 0 hold discard "$("$emrdrop" --config "$dir/etc" status --json | jq -r '.feeds[0].stuck[0].file')"
job 0
arrival 0 .state '"in_time"' "somebody decided"

# ---- strange ----
expecting "$usual" -e '$a min_rows = 50, Wed 60'
drop c.csv "2026-11-18 11:00" < <(rows 301 355)
at "2026-11-18 11:30"
job 0
at "2026-11-18 13:00"
arrival 5 '[.state, .rows, .min_rows]' '["strange",55,60]' "too few for a Wednesday"
has "it is told" "$dir/err" "problem-begun feed=simple problem=strange"

# ---- two days without, one of them a holiday; then the weekend's own time ----
expecting "$usual" -e '$a holidays = 2026-11-20'
at "2026-11-19 13:00"
job 0
arrival 5 '[.state, .unseen, .missed]' '["late",false,1]' "somebody looked, and nothing came"
at "2026-11-20 13:00"
arrival 5 '.missed' 1 "nothing is due on a holiday"
at "2026-11-21 16:00"
arrival 5 '.missed' 2 "but on Saturday"

# ---- by the shipped crontab: mail once, whichever command finds it first ----
at "2026-11-21 16:30"
drop d.csv "2026-11-21 16:10" < <(bad 400 520)
cron 'run '
has "the run finds a problem" "$dir/mail" "problem-begun feed=simple problem=held"
has "the log has it, too" "$dir/journal" "problem-begun feed=simple problem=held"
is "nothing else is mailed" 0 "$(grep -vc problem- "$dir/mail")"
has "but logged" "$dir/journal" file-held
cron 'check --arrivals'
is "it is mailed once" "" "$(<"$dir/mail")"
cron 'run '
is "by the next run neither" "" "$(<"$dir/mail")"
rm "$dir/drop/d.csv"
cron 'run '
has "that it ended is mailed" "$dir/mail" "problem-ended feed=simple problem=held"
cron 'check --arrivals'
is "once" "" "$(<"$dir/mail")"
at "2026-11-23 12:31"
cron 'check --arrivals'
has "what no run finds" "$dir/mail" "problem-begun feed=simple problem=late"
cron 'run '
is "is told by no run then" "" "$(<"$dir/mail")"
at "2026-11-21 16:00"

# ---- a reject file that comes back is no export, whether it is taken or not ----
expecting "$usual" -e '$a holidays = 2026-11-20' -e "/^\[source\]/a feedback = $dir/told"
drop d.csv "2026-11-23 11:00" < <(rows 401 500 | sed '5,9s/Scheduled/Nope/')
at "2026-11-23 11:30"
job 3
at "2026-11-23 13:00"
arrival 0 '[.state, .rows]' '["in_time",100]' "the export came"
rejects=$(echo "$dir"/told/d.csv-*.rejects.csv)
drop "${rejects##*/}" "2026-11-24 02:00" < <(sed 's/Nope/Scheduled/' "$rejects")
at "2026-11-24 02:05"
job 0
is "it is taken" '["deliver",5,10]' "$(file_report verdict rows delivered)"
drop "Copy of ${rejects##*/}" "2026-11-24 02:10" < <(rows 401 500)
at "2026-11-24 02:15"
job 65
at "2026-11-24 13:00"
arrival 5 '[.state, .missed]' '["late",1]' "and the export of the day after lacks"
has "it is told" "$dir/err" "problem-begun feed=simple problem=late"
drop e.csv "2026-11-24 13:00" < <(rows 401 500)
at "2026-11-24 13:30"
job 65
arrival 0 '[.state, .refused]' '["in_time",0]' "it came; another that can't be read is not it"
rm "$dir/drop/Copy of ${rejects##*/}"
job 0
at "2026-11-25 13:00"
arrival 5 .state '"late"' "on Wednesday none comes"

# ---- another calendar forgets what was due by the old one ----
expecting 06:00
arrival 0 .state '"none"' "another calendar"
has "which is told" "$dir/err" "problem-ended feed=simple problem=late"
at "2026-11-26 12:31"
arrival 5 '[.state, .missed]' '["late",1]' "what came before it is not what is due next"
drop l.csv "2026-11-26 12:40" < <(rows 401 450)
at "2026-11-26 12:45"
job 0
arrival 0 .state '"in_time"' "this is"

# ---- it has come, and waits: beside it lies the marker of an older file ----
expecting 06:00 -e 's/^stable_for.*/marker = .done/'
drop m.csv.done "2026-11-26 11:00" </dev/null
drop m.csv "2026-11-27 11:40" < <(rows 401 455)
at "2026-11-27 12:10"
job 0
is "it waits" '[1,1]' "$(report '.feeds[0] | [.waiting, .old_markers]')"
at "2026-11-27 12:31"
arrival 5 '[.state, .unseen, .old_markers]' '["late",false,1]' "late, though it lies there"
has "it is told" "$dir/err" "has not come; but 1 file is there since 2026-11-27 12:10:0"
run 5 check --arrivals
has "in words" "$dir/out" "Z, its marker is older than it"
run 0 status --json
is "an upload does not take so long" '[1,["late","old_marker"]]' \
	"$(jq -c '[.sick, [.feeds[0].ailments[].state]]' "$dir/out")"
drop m.csv.done "2026-11-27 12:35" </dev/null
at "2026-11-27 12:36"
job 0
arrival 0 '[.state, .old_markers]' '["in_time",0]' "its own marker has come"

# ---- it lies there, and grows ----
expecting 06:00 -e 's/^stable_for.*/stable_for = 2h/'
drop f.csv "2026-11-28 11:59" < <(rows 501 510)
at "2026-11-28 12:00"
job 0
rows 511 520 | tail -n +2 >>"$dir/drop/f.csv"
at "2026-11-28 12:31"
job 0
has "the run tells that it lies there" "$dir/err" \
	"has not come; but 1 file is there since 2026-11-28 12:00:0"
has "and whom to ask" "$dir/err" "emrdrop status simple"
arrival 5 '[.state, .waiting, .waits_for]' '["late",1,"changes"]' "not ready is not come"
hasnt "it is told once" problem-begun "$dir/err"
run 5 check --arrivals
has "but it lies there" "$dir/out" "    1 file is there since 2026-11-28 12:00:0"
run 0 status
has "status says so, too" "$dir/out" ", still changing"
hasnt "in one line" WAITING "$dir/out"
has "its headline" "$dir/out" "1 of 1 feed needs somebody"
rm "$dir/drop/f.csv"

# ---- a file that was read while the clock was ahead is none of all the days before ----
expecting 07:00
at "2026-11-29 10:00"
job 0
at "2027-01-29 10:00"
drop g.csv "2026-11-29 09:30" < <(rows 521 530)
job 0
at "2026-11-29 13:31"
arrival 5 '[.state, .missed]' '["late",1]' "the clock is right again"
at "2026-12-01 13:31"
arrival 5 .missed 3 "and nothing comes"
drop h.csv "2026-12-01 13:40" < <(rows 531 540)
at "2026-12-01 13:45"
job 0
arrival 0 .state '"in_time"' "but here it is"

simple
run 0 check --arrivals
has "a feed without" "$dir/out" "no feed expects a file"
expecting Mon-Fri
run 78 check
has "a mistake" "$dir/err" "[expect] by: ends without a value"
run 78 check --arrivals
chmod 666 "$dir/etc/feeds.d/simple.ini"
run 78 check --arrivals
has "a file that is not read" "$dir/err" "simple.ini: others can write to it"
hasnt "nobody knows what it expects" "no feed expects" "$dir/out"
chmod 600 "$dir/etc/feeds.d/simple.ini"
run 64 run --arrivals
at "2026-11-21 16:00"

# ---- a feed file with a mistake keeps nothing from being asked of those before and behind ----
rm "$dir"/etc/feeds.d/*
for feed in aaa bbb ccc; do
	clinic "$feed" -e '$a \\n[expect]\nby = 06:00\ntimezone = America/Chicago'
done
job 0
at "2026-11-22 13:00"
echo 'nonsense = 1' >>"$dir/etc/feeds.d/bbb.ini"
run 78 check --arrivals --json
is "the others are asked" '[["aaa","late"],["ccc","late"]]' \
	"$(jq -c '.feeds | map([.feed, .state])' "$dir/out")"
for feed in "aaa problem=late" "bbb problem=failed" "ccc problem=late"; do
	has "what is told" "$dir/err" "problem-begun feed=$feed"
done
run 78 check --arrivals
hasnt "and that once" problem-begun "$dir/err"
rm "$dir"/etc/feeds.d/*
e2e_end
