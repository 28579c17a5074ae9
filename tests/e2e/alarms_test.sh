#!/bin/bash
# Who watches is told: pings of each run, problems once, figures whole, one trace through
# all of it; and nothing of that changes a run.
#
#   tests/e2e/alarms_test.sh BUILD_DIR
# shellcheck disable=SC2016 # what sed and jq are to expand
set -u
. tests/e2e/lib.sh

# The API's certificate is about to expire; that is looked at last.
# shellcheck disable=SC2034 # tls_make reads it
TLS_DAYS=20
e2e_init "$1" python3
clock=$(cd "$1" && pwd)/tests/clock.so
[ -f "$clock" ] || { echo "skipped: no $clock"; exit 77; }
api_start

tests/lib/hooks.py "$dir" &
SERVER_PIDS+=("$!")
e2e_until "the hooks listen" test -s "$dir/hooks.port"
hooks=http://127.0.0.1:$(<"$dir/hooks.port")
(umask 077 && echo "$hooks/ping/s3cretpath" >"$dir/ping" &&
	echo "$hooks/ping/s3cretpath/{feed}" >"$dir/ping-feed" &&
	echo "$hooks/hook/s3cretpath" >"$dir/hook")
mkdir "$dir/metrics"

# told FILTER: out of what the hooks were sent since the last `silence`.
told() {
	[ -f "$dir/hooks.log" ] || : >"$dir/hooks.log"
	jq -sc "$1" "$dir/hooks.log"
}

silence() {
	rm -f "$dir/hooks.log" "$dir/command.log"
}

pings() {
	told 'map(select(.method == "GET") | .path | ltrimstr("/ping/s3cretpath"))'
}

problems() {
	told 'map(select(.method == "POST") | .body | [.feed, .problem, .state, .count])'
}

# The command writes down what it reads, and what it was given.
cat >"$dir/command" <<END
#!/bin/sh
{ cat; echo "args \$*"; env; } >>$dir/command.log
END
chmod 700 "$dir/command"

watched() {
	site "[alarms]
ping_file = $dir/${2:-ping}
webhook_file = $dir/hook
timeout = 2s
warn_before = ${3:-10d}
$1
[metrics]
textfile = $dir/metrics
"
}

watched "on_problem = $dir/command \"two words\""
simple
rows 1 3 >"$dir/drop/a.csv"

# ---- a run that is well ----
TRACEPARENT=00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01 SECRET_OF_OURS=quoll job 0
is "pings of a good run" '["/start",""]' "$(pings)"
is "problems of a good run" '[]' "$(problems)"
is "the trace of the report" '"0af7651916cd43dd8448eb211c80319c"' "$(report .trace)"
has "the trace of the log" "$dir/err" trace=0af7651916cd43dd8448eb211c80319c
is "the trace of the pings" 2 "$(told 'map(select(.traceparent |
	test("^00-0af7651916cd43dd8448eb211c80319c-[0-9a-f]{16}-01$"))) | map(.traceparent) | unique | length')"
ok "it took some time" test "$(report '.feeds[0].took_ms >= 0')" = true
job 0
ok "without one there is a trace all the same" test "$(report .trace)" != null

# ---- figures ----
figures() {
	tests/lib/metrics.py "$dir"/metrics/*.prom >"$dir/figures" || failures=$((failures + 1))
}
# figure NAME VALUE
figure() {
	is "$1" "$2" "$(sed -n "s/^emrdrop_$1{feed=\"simple\"} //p" "$dir/figures")"
}

figures
figure runs_total 2
figure run_failures_total 0
figure files_total 1
figure rows_total 3
figure file_bytes_total "$(stat -c %s "$dir/drop/a.csv")"
figure records_delivered_total 6
figure last_exit_status 0
figure held_files 0
figure late_seconds 0
ok "the last success is now" awk -v now="$(date +%s)" -F'} ' \
	'/last_success/ { exit !($2 > now - 60 && $2 <= now + 1) }' "$dir/figures"
sed -n 's/^# TYPE emrdrop_\([a-z_]*\) .*/\1/p' "$dir/metrics/emrdrop_simple.prom" | sort >"$dir/names"
is "the manual names all of them" "" "$(sed -n '/^\.Ss \[metrics\]/,/^@options/p' deploy/man/emrdrop.conf.5.in |
	grep '^\.Cm' | grep -o '[a-z_]*' | sort | comm -13 - "$dir/names")"
is "who may read them" 644 "$(stat -c %a "$dir/metrics/emrdrop_simple.prom")"
is "nothing else lies there" emrdrop_simple.prom "$(ls -A "$dir/metrics")"
if command -v promtool >/dev/null; then
	ok "promtool takes them" promtool check metrics <"$dir/metrics/emrdrop_simple.prom"
fi

# ---- a problem begins, stands, changes and ends ----
silence
rows 10 15 | sed 's/Scheduled/Nope/' >"$dir/drop/b.csv"
SECRET_OF_OURS=quoll job 4
is "pings of a run that held a file" '["/start","/4"]' "$(pings)"
is "the problem" '[["simple","held","begun",1]]' "$(problems)"
is "which command frees it" '["emrdrop hold list"]' "$(told 'map(.body | select(.) | .command)')"
is "its exit status" '[4]' "$(told 'map(.body | select(.) | .exit)')"
is "the command reads the same" '["simple","held","begun"]' \
	"$(head -n 1 "$dir/command.log" | jq -c '[.feed, .problem, .state]')"
has "its arguments" "$dir/command.log" "args two words"
hasnt "nothing of our environment" SECRET_OF_OURS "$dir/command.log"
hasnt "no name of a file" b.csv "$dir/command.log" "$dir/hooks.log"
has "the log has it, at any level" "$dir/err" "error problem-begun"
silence
job 4
is "it is told once" '[]' "$(problems)"
is "but each run pings" '["/start","/4"]' "$(pings)"
hasnt "the log has it once" problem-begun "$dir/err"
ok "the command ran once" test ! -f "$dir/command.log"
rows 20 26 | sed 's/Scheduled/Nope/' >"$dir/drop/b.csv"
job 4
is "another file is another problem" '[["simple","held","begun",1]]' "$(problems)"
figures
figure held_files 1
figure run_failures_total 3
silence
rm "$dir/drop/b.csv"
job 0
is "it ended" '[["simple","held","ended",null]]' "$(problems)"

# ---- whoever does not answer is asked again by the next run, and changes no result ----
watched ''
silence
echo 500 >"$dir/hooks.status"
rows 10 15 | sed 's/Scheduled/Nope/' >"$dir/drop/b.csv"
job 4
has "a webhook that fails is logged" "$dir/err" webhook-failed
has "and a ping" "$dir/err" ping-failed
hasnt "no URL in the log" s3cretpath "$dir/err"
is "tries of the webhook" 3 "$(told 'map(select(.method == "POST")) | length')"
rm "$dir/hooks.status"
silence
job 4
is "the next run tells" '[["simple","held","begun",1]]' "$(problems)"
watched "on_problem = /usr/bin/tail -f /dev/null"
sed -i 's/^timeout.*/timeout = 300ms/; s/^webhook_file.*//' "$dir/etc/emrdrop.ini"
rm "$dir/drop/b.csv"
job 0
has "a command that hangs is killed" "$dir/err" "not done after"
watched "on_problem = $dir/nowhere"
sed -i 's/^webhook_file.*//' "$dir/etc/emrdrop.ini"
job 0
has "a command that is not there" "$dir/err" on-problem-failed
run 78 check
has "check finds that" "$dir/out" "[alarms] on_problem: $dir/nowhere: No such file"
watched '' insecure
(umask 077 && echo "http://watch.example/s3cretpath" >"$dir/insecure")
run 78 check
has "check finds a URL without TLS" "$dir/out" "[alarms] ping_file: its URL: must be https"
job 0
has "and a run does, and goes on" "$dir/err" "must be https"
watched "on_problem = nowhere"
run 78 check
has "a command without a path" "$dir/err" "no absolute path"

# ---- what is about to expire ----
# in_hours N COMMAND...: so much later, at half past, so that no hour ends between two runs.
ahead=$((5400 - $(date +%s) % 3600))
in_hours() {
	echo "$((ahead + $1 * 3600)) 0" >"$dir/clock"
	shift
	LD_PRELOAD=$clock CLOCK_FILE=$dir/clock ASAN_OPTIONS=verify_asan_link_order=0 "$@"
}

silence
watched '' ping 30d
rows 40 41 >"$dir/drop/e.csv"
in_hours 0 job 0
is "the API's certificate" '[["simple","expiry","begun",1]]' \
	"$(told 'map(select(.method == "POST" and .body.problem == "expiry") | .body | [.feed, .problem, .state, .count])')"
run 0 status
has "which the status names" "$dir/out" "the API's certificate expires at"
run 0 check simple --connect
has "check says so" "$dir/out" "RENEW IT"
figures
ok "the figure is 20 days ahead" awk -v now="$(date +%s)" -F'} ' \
	'/api_certificate/ { exit !($2 > now + 19 * 86400 && $2 <= now + 20 * 86400) }' "$dir/figures"
# renewed DAYS: the API has another certificate.
renewed() {
	rm "$dir/server.pem"
	TLS_DAYS=$1
	tls_make "$dir"
	# shellcheck disable=SC2119 # as it was
	api_stop
	api_start
}

silence
renewed 300
in_hours 0 job 0
is "not each run looks whether it was renewed" '[]' "$(problems)"
in_hours 1 job 0
is "it ended without a delivery" '[["simple","expiry","ended",null]]' "$(problems)"
is "nothing was sent for that" 0 "$(report '.feeds[0].requests')"
run 0 status
has "status knows" "$dir/out" "the feed is well"
renewed 20
rows 40 42 >"$dir/drop/e.csv"
job 0
in_hours 500 run 0 status
has "if nobody renews it" "$dir/out" "the API's certificate expired at"
silence
watched '' ping
job 0
is "and that is over" '["ended"]' "$(told 'map(.body | select(.) | .state)')"

# ---- a feed whose file is taken away ----
clinic west -e '$a attempts = 1' -e 's|^url *= *http.*|url = http://127.0.0.1:1/v1/batches|'
sed -i "s|^token_file.*||" "$dir/etc/feeds.d/west.ini"
rows 1 3 >"$dir/drop/west/w.csv"
silence
job 69
is "it fails" '[["west","failed","begun",1]]' "$(problems)"
mv "$dir/etc/feeds.d/west.ini" "$dir/west.ini"
run 0 status
is "it does not count" "the feed is well" "$(head -n 1 "$dir/out")"
has "what is true of it" "$dir/out" "its feed file is gone, so nothing is done for it"
has "its delivery" "$dir/out" "delivery 1 is not finished"
hasnt "no command that is refused" "--connect" "$dir/out"
hasnt "it is not stopped" STOPPED "$dir/out"
run 0 status west
has "more of it" "$dir/out" "its feed file is gone"
hasnt "no run of it" "emrdrop run" "$dir/out"
run 0 files west
has "its files are known" "$dir/out" w.csv
run 78 files nobody
run 78 pause west
silence
job 0 simple
is "a run of another feed knows nothing of it" '[]' "$(problems)"
job 0
is "a run of all tells that it ended" '[["west","failed","ended",null]]' "$(problems)"
ok "its figures go" test ! -e "$dir/metrics/emrdrop_west.prom"
silence
job 0
is "once" '[]' "$(problems)"
rows 4 9 | sed 's/Scheduled/Nope/' >"$dir/drop/west/v.csv"
sed "s|^url *= *http.*|url = $api/v1/batches\ntoken_file = $dir/token|" "$dir/west.ini" \
	>"$dir/etc/feeds.d/west.ini"
job 4
rm "$dir/etc/feeds.d/west.ini"
run 0 status
has "a file of it that is held" "$dir/out" "1 file of it stands aside in its drop"
run 0 status west --json
run 0 hold discard "$(report '.feeds[0].stuck[0].file' | tr -d '"')"
has "when that is carried out" "$dir/out" "the feed file of west is gone; once it is back"
job 0
silence
rm "$dir/drop/west/v.csv"
rows 11 12 >"$dir/drop/west/u.csv"
mv "$dir/west.ini" "$dir/etc/feeds.d/west.ini"
job 69
is "it is back" '[["west","failed","begun",1]]' "$(problems)"
silence
rm "$dir/etc/feeds.d/west.ini"
echo bogus >"$dir/etc/feeds.d/zwest.ini"
run 78 check --arrivals
is "a file that does not say whose it is may be its" '[]' "$(problems)"
rm "$dir/etc/feeds.d/zwest.ini"
run 0 check --arrivals
is "it ended, without a run" '[["west","failed","ended",null]]' "$(problems)"
# ---- at the same time, each in a process of its own: all are told, and each once ----
printf '#!/bin/sh\nsleep 1\ncat >>%s/slow.log\n' "$dir" >"$dir/slow"
chmod 700 "$dir/slow"
site "[alarms]
on_problem = $dir/slow"
mkdir "$dir/aside"
mv "$dir"/etc/feeds.d/* "$dir/aside"
for feed in one two three; do
	clinic "$feed"
done
job 0
# at_once STATUS COMMAND...: of each line of standard input a process
at_once() {
	local expected=$1 args pids=() n=0

	shift
	while read -r args; do
		# shellcheck disable=SC2086 # words
		"$emrdrop" --config "$dir/etc" "$@" $args >"$dir/out" 2>"$dir/at-once.$n" &
		pids+=("$!")
		n=$((n + 1))
	done
	for pid in "${pids[@]}"; do
		wait "$pid"
		is "one of those at the same time" "$expected" $?
	done
}
for feed in one two three; do
	printf 'x,y\n1,2\n' >"$dir/drop/$feed/bad.csv"
done
at_once 65 run < <(printf '%s\n' one two three)
is "three feeds at the same time" "one three two" "$(jq -r .feed "$dir/slow.log" | sort | paste -sd' ')"
rm "$dir/slow.log" "$dir"/drop/*/bad.csv
job 0
is "all ended" "ended ended ended" "$(jq -r .state "$dir/slow.log" | paste -sd' ')"
rm "$dir/slow.log"
for feed in one two three; do
	clinic "$feed" -e '$a bogus = 1'
done
at_once 78 check --arrivals < <(printf '\n\n\n')
is "one feed by three processes" "one three two" "$(jq -r .feed "$dir/slow.log" | sort | paste -sd' ')"
for feed in one two three; do
	clinic "$feed"
	rm "$dir/state/+alarms.$feed.lock"
done
ln -s nowhere/nothing "$dir/state/+alarms.two.lock"
rm "$dir/slow.log"
job 0
has "what can't be told is logged, and where" "$dir/err" "alarms-failed feed=two"
has "and why" "$dir/err" "+alarms.two.lock: Too many levels"
is "the others are told" "one three" "$(jq -r .feed "$dir/slow.log" | sort | paste -sd' ')"
rm "$dir/state/+alarms.two.lock" "$dir/slow.log"
job 0
is "and that by the next run" two "$(jq -r .feed "$dir/slow.log")"
rm -f "$dir/slow.log"
# ---- who takes no alarm of one feed is told of the others; who does not answer is not waited for ----
# deaf_to_one COMMAND: what it does that is told of feed one
deaf_to_one() {
	printf '#!/bin/sh\nevent=$(cat)\ncase $event in *one*) %s ;; esac\necho "$event" >>%s/slow.log\n' \
		"$1" "$dir" >"$dir/slow"
}
for feed in one two three; do
	printf 'x,y\n1,2\n' >"$dir/drop/$feed/bad.csv"
done
deaf_to_one 'exit 1'
job 65
has "one alarm that is not taken" "$dir/err" "on-problem-failed feed=one"
is "keeps no other back" "three two" "$(jq -r .feed "$dir/slow.log" | sort | paste -sd' ')"
rm "$dir/slow.log" "$dir"/drop/two/bad.csv "$dir"/drop/three/bad.csv
sed -i '$a timeout = 300ms' "$dir/etc/emrdrop.ini"
deaf_to_one 'exec sleep 60'
job 65
is "nor does one that hangs" "three two" "$(jq -r .feed "$dir/slow.log" | sort | paste -sd' ')"
printf 'x,y\n1,2\n' >"$dir/drop/two/bad.csv"
sed -i 's/^timeout.*/timeout = 100ms/' "$dir/etc/emrdrop.ini"
printf '#!/bin/sh\nexec sleep 60\n' >"$dir/slow"
rm "$dir/slow.log"
for ((i = 0; i < 4; i++)); do
	clinic "d$i"
	printf 'x,y\n1,2\n' >"$dir/drop/d$i/bad.csv"
done
job 65
# Two, where it takes long to start and end the command.
vain=$(grep -c on-problem-failed "$dir/err")
ok "three are enough" test "$vain" -ge 1 -a "$vain" -le 3
is "the others are left to the next run" $((6 - vain)) "$(grep -c "alarms-failed.*nobody took the alarm before it" "$dir/err")"
rm "$dir"/etc/feeds.d/d?.ini "$dir"/drop/*/bad.csv
sed -i '/^timeout/d' "$dir/etc/emrdrop.ini"
printf '#!/bin/sh\ncat >>%s/slow.log\n' "$dir" >"$dir/slow"
job 0
rm -f "$dir/slow.log"

# ---- one server that is down, and all of its feeds ----
for feed in one two three; do
	clinic "$feed" -e '$a attempts = 1' -e 's|^url *= *http.*|url = http://127.0.0.1:1/v1/batches|' \
		-e '/^token_file/d'
	rows 1 3 >"$dir/drop/$feed/a.csv"
done
job 69
is "they are told in the same words" 1 "$(jq -r .words "$dir/slow.log" | sort -u | wc -l)"
hasnt "without how long it took" " ms" "$dir/slow.log"
run 0 status
has "all of them count" "$dir/out" "3 of 3 feeds need somebody"
is "what is the matter is told once" 1 "$(grep -c STOPPED "$dir/out")"
has "with whom it concerns" "$dir/out" "            so are three, two"
is "and all else that ails them" 3 "$(grep -c UNFINISHED "$dir/out")"
rm "$dir"/etc/feeds.d/*
mv "$dir"/aside/* "$dir/etc/feeds.d"

# ---- pings by feed, errors of ours ----
watched '' ping-feed
silence
job 0
is "pings of a feed" '["/simple/start","/simple"]' "$(pings)"
watched '' long
(umask 077 && printf '%s/ping/s3cretpath/%02000d\n' "$hooks" 0 >"$dir/long")
silence
job 0
is "no ping goes to a URL that was cut" '[]' "$(pings)"
has "but why is told" "$dir/err" "its URL: too long"
watched '' ping-feed
silence
(umask 077 && echo another-token >"$dir/other")
simple -e 's|^token_file.*|token_file = @DIR@/other|' -e "s|@DIR@|$dir|"
rows 30 30 >"$dir/drop/d.csv"
job 77
has "which file, which secret" "$dir/err" "$dir/etc/feeds.d/simple.ini: POST"
has "where it is" "$dir/err" "renew [target] token_file, $dir/other; nothing of it was marked"
ok "who watches knows that it is the API" test "$(told 'map(.body.words | select(.)) | .[0] |
	test("ended with 77: .*simple.ini: POST .*the API does not accept our credentials")')" = true
simple
job 0
silence
api_stop
simple -e '$a attempts = 1'
rows 30 31 >"$dir/drop/d.csv"
job 69
is "pings of a run that failed" '["/simple/start","/simple/69"]' "$(pings)"
is "the API is a problem" '[["simple","failed","begun",1]]' "$(problems)"
simple -e '$a bogus = 1'
silence
job 78
is "a mistake in a feed file is another" '[["simple","failed","begun",1]]' "$(problems)"
is "and how to see it" '["emrdrop check simple"]' "$(told 'map(.body | select(.) | .command)')"
run 0 status
is "it is told once" 1 "$(grep -c STOPPED "$dir/out")"
has "with since when" "$dir/out" "STOPPED     simple, just now"
has "and what" "$dir/out" "its configuration has 1 mistake"
simple
long=$(printf '%0200d/%0200d' 0 0)
sed -i "s|/drop$|&/$long|" "$dir/etc/feeds.d/simple.ini"
silence
job 74
is "so is a drop that is gone, which only a connection shows" '["emrdrop check simple --connect"]' \
	"$(told 'map(.body | select(.) | .command)')"
is "with all of the error" true "$(told 'map(.body.words | select(.)) | .[0] | endswith("'"$long"'")')"
run 0 version
hasnt "no secret anywhere" s3cretpath "$dir/all.err" "$dir/all.out"
hasnt "no secret beside the figures" s3cretpath "$dir"/metrics/*
rm "$dir"/etc/feeds.d/*
e2e_end
