#!/bin/bash
# `trigger --amqp` against a real RabbitMQ behind TLS: what a message may say, what becomes of
# those that fail, and a storm: each message twice and in no order, four workers, one of them
# and the broker killed in the middle. EMRDROP_EVENTS and EMRDROP_FEEDS make the storm larger.
set -u
. tests/e2e/lib.sh
. tests/lib/rabbitmq.sh
e2e_init "$1" "$RABBITMQ_BIN" epmd /usr/bin/python3 shuf
/usr/bin/python3 -c 'import pika' 2>/dev/null || { echo "skipped: no python3-pika"; exit 77; }
api_start
rabbitmq_start "$dir" || exit 1
(umask 077 && echo synthetic-password >"$dir/amqp-password")

amqp() {
	tests/lib/amqp.py "$AMQP_PORT" "$dir/ca.pem" "$@"
}

# shellcheck disable=SC2317 # e2e_until calls it
counted() {
	[ "$(amqp count)" = "$1" ]
}

# trigger_site LINE...: [trigger] of the machine.
trigger_site() {
	site "$(printf '%s\n' '[trigger]' 'queue = work' 'dead_letter = dead' \
		"password_file = $dir/amqp-password" "ca_file = $dir/ca.pem" \
		'timeout = 10s' "$@")"
}

# drain STATUS [OPTION...]
drain() {
	local expected=$1

	shift
	run "$expected" trigger --amqp "$AMQP_URL" --drain --json "$@"
}

# numbers MESSAGES DONE LATER DEAD JOBS, of the last drain
numbers() {
	is "messages, done, later, dead, jobs: $1" "$2" \
		"$(report '[.messages, .done, .later, .dead, .jobs]')"
}

# ---- who answers, and who asks ----
simple -e "\$a attempts = 1"
trigger_site
drain 78
has "an exchange that is not there" "$dir/err" dead_letter
amqp declare
trigger_site "ca_file = /etc/ssl/certs/ca-certificates.crt"
sed -i "0,/^ca_file/{/^ca_file/d}" "$dir/etc/emrdrop.ini"
drain 76
has "another CA" "$dir/err" 'verification failed'
trigger_site
tls_cert "$dir" other 'DNS:elsewhere.example'
other_port=$(server_free_port)
openssl s_server -accept "$other_port" -cert "$dir/other.pem" -key "$dir/other.key" -quiet \
	</dev/null >/dev/null 2>&1 &
SERVER_PIDS+=("$!")
server_wait "$other_port" "$!"
run 76 trigger --amqp "${AMQP_URL/$AMQP_PORT/$other_port}" --drain
has "another's certificate" "$dir/err" 'verification failed'
(umask 077 && echo wrong >"$dir/amqp-password")
drain 77
hasnt "the password" wrong "$dir/err"
(umask 077 && echo synthetic-password >"$dir/amqp-password")
run 77 trigger --amqp "${AMQP_URL}elsewhere" --drain
drain 0
numbers "an empty queue" '[0,0,0,0,0]'

# ---- what becomes of messages ----
rows 1 3 >"$dir/drop/a.csv"
rows 4 6 >"$dir/drop/b.csv"
amqp publish <<-'LINES'
	1 {"feed":"simple","file":"a.csv"}	traceparent=00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01
	1 {"feed":"simple"}
	1 no JSON
	1 {"feed":"unheard"}	mine=kept
	1 {"feed":"simple","file":"PATIENT.txt"}
LINES
drain 3
numbers "what makes sense, and what does not" '[5,2,0,3,2]'
is "delivered" 12 "$(changes)"
is "dead letters" '0 0 3' "$(amqp count)"
hasnt "a file's name is told to nobody" PATIENT "$dir/err"
amqp dead >"$dir/dead"
is "they are as they were" '["no JSON","{\"feed\":\"unheard\"}","{\"feed\":\"simple\",\"file\":\"PATIENT.txt\"}"]' \
	"$(jq -c 'map(.body)' "$dir/dead")"
is "with why, and with what they had" \
	'{"emrdrop-reason":"it names a feed that is not configured","emrdrop-tries":1,"mine":"kept"}' \
	"$(jq -cS '.[1].headers' "$dir/dead")"

# The API is away: later, so many times, then dead.
api_stop
trigger_site 'retry_delay = 1s' 'tries = 3'
rows 7 9 >"$dir/drop/c.csv"
amqp publish <<<'1 {"feed":"simple","file":"c.csv"}'
drain 0
numbers "for later" '[1,0,1,0,1]'
for n in 2 3; do
	e2e_until "it comes back" counted '1 0 0'
	drain $((n == 3 ? 3 : 0))
done
numbers "after the last try" '[1,0,0,1,1]'
is "why it is dead" '[3,true]' "$(amqp dead |
	jq -c '.[0].headers | [.["emrdrop-tries"], (.["emrdrop-reason"] | contains("the API is unavailable"))]')"
api_start

# A file that is too fresh, beside one that is refused: its message comes back until it is taken,
# and that of the other is done. It does not come back while the others are at work.
trigger_site 'retry_delay = 10s'
sed -i 's|^min_age.*|min_age = 1h|' "$dir/etc/feeds.d/simple.ini"
rows 10 12 >"$dir/drop/new.csv"
echo 'no export at all' >"$dir/drop/a-refused.csv"
touch -d '2 hours ago' "$dir"/drop/[abc]*.csv
amqp publish <<-'LINES'
	1 {"feed":"simple","file":"new.csv"}
	1 {"feed":"simple","file":"a-refused.csv"}
	1 {"feed":"simple"}
LINES
drain 0
numbers "two for later" '[3,1,2,0,3]'
e2e_until "they come back" counted '2 0 0'
sed -i 's|^min_age.*|min_age = 0|' "$dir/etc/feeds.d/simple.ini"
drain 0
numbers "both are done" '[2,2,0,0,2]'
is "delivered, once" 24 "$(changes)"
rm "$dir/drop/a-refused.csv"
trigger_site

# Nobody would get the dead letter: it stays where it is.
amqp unbind
amqp publish <<<'1 no JSON'
drain 78
has "what to do" "$dir/err" 'bind one'
is "it stays" '1 0 0' "$(amqp count)"
amqp declare
drain 3
amqp dead >/dev/null
drain 0

# ---- the storm ----
events=${EMRDROP_EVENTS:-40}
feeds=${EMRDROP_FEEDS:-4}
each=$((events / feeds))
trigger_site 'retry_delay = 500ms' 'tries = 1000' 'jobs = 2' 'prefetch = 10' 'heartbeat = 10s'
rm -f "$dir"/etc/feeds.d/simple.ini
api_stop forget
api_start
for ((f = 1; f <= feeds; f++)); do
	mkdir -p "$dir/drop/f$f"
	feed fixtures/hostile/csv/feed.ini "f$f" -e "s|^name .*|name = f$f|" \
		-e "s|^source  *=.*|source = f$f|" -e "s|/drop/hostile\$|/drop/f$f|" \
		-e "s|^after.*|after = archive:$dir/done/f$f|"
done

# exports FROM TO: files of each feed; each moves that feed's one appointment on by a minute.
# Tells of each twice, in no order.
exports() {
	/usr/bin/python3 - "$dir" "$feeds" "$1" "$2" <<-'PYTHON' |
		import os, sys
		where, feeds, first, last = sys.argv[1], *map(int, sys.argv[2:])
		for f in range(1, feeds + 1):
		    for k in range(first, last + 1):
		        with open(where + "/.new", "w", newline="\r\n") as out:
		            out.write("ID,Last,First,DOB,ZIP,Appt,Start,Status\n"
		                      "P-%d,Testcase,Synthetic,03/04/1980,00001,A-%d,12/%02d/2026 %02d:%02d,"
		                      "Scheduled\n" % (f, f, k // 1440 + 1, k // 60 % 24, k % 60))
		        os.utime(where + "/.new", (1790000000 + k,) * 2)
		        os.rename(where + "/.new", "%s/drop/f%d/e-%05d.csv" % (where, f, k))
		        print('2 {"feed":"f%d","file":"e-%05d.csv"}' % (f, k))
	PYTHON
		shuf --random-source=tests/e2e/amqp_test.sh | amqp publish
}

workers=()
worker() {
	"$emrdrop" --config "$dir/etc" trigger --amqp "$AMQP_URL" --wait --json \
		>"$dir/worker$1.out" 2>>"$dir/workers.err" &
	workers[$1]=$!
	SERVER_PIDS+=("$!")
}

# shellcheck disable=SC2317 # e2e_until calls them
changed_enough() {
	[ "$(changes)" -ge "$1" ]
}

# shellcheck disable=SC2317
all_done() {
	[ "$(changes)" -ge $((feeds + events)) ] && [ "$(amqp count)" = '0 0 0' ]
}

# shellcheck disable=SC2317
nothing_left() {
	drain 0
	[ "$(amqp count)" = '0 0 0' ]
}

E2E_WAIT=$((120 + events))
began=$(date +%s%N)
exports 1 $((each / 2))
for w in 1 2 3 4; do worker "$w"; done
e2e_until "work has begun" changed_enough $((feeds + 1))
kill -9 "${workers[1]}"
{ wait "${workers[1]}"; } 2>/dev/null
server_forget "${workers[1]}"
e2e_until "half of the first half" changed_enough $((feeds + events / 4))
rabbitmq_kill
worker 1
rabbitmq_again "$dir" || { echo "FAIL the broker does not come back"; exit 1; }
exports $((each / 2 + 1)) "$each"
e2e_until "all of it" all_done
took=$((($(date +%s%N) - began) / 1000000))
for w in 1 2 3 4; do
	kill -TERM "${workers[w]}"
	wait "${workers[w]}"
	is "how worker $w ended" 0 $?
	server_forget "${workers[w]}"
	ok "worker $w: JSON" jq -e . "$dir/worker$w.out" >/dev/null
done
has "the broker was missed" "$dir/workers.err" 'broker-lost'
has "and found again" "$dir/workers.err" 'broker-back'
is "the sanitizers' words" '' "$(grep -E '==[0-9]+==|Sanitizer: |runtime error: ' "$dir/workers.err")"
# What a worker had put off at the very end comes back while the first drain is over.
e2e_until "no message is left, none is dead" nothing_left
is "each file once, in its order: changes of each appointment" "[$each]" \
	"$(api_curl state | jq -c '[.records[] | select(.type == "appointment") | .changes] | unique')"
is "the last one stands" "[\"$(printf '2026-12-%02dT%02d:%02d' $((each / 1440 + 1)) $((each / 60 % 24)) $((each % 60)))\"]" \
	"$(api_curl state | jq -c '[.records[] | select(.type == "appointment") | .data.start[:16]] | unique')"
is "files that are put away" "$events" "$(in_archive "$dir/done")"
is "files that are left" 0 "$(in_archive "$dir/drop/f1")"
batches_sound "the storm"
echo "$events files, $((events * 2)) messages, $feeds feeds, 4 workers: $took ms;" \
	"jobs, by worker: $(jq -s -c 'map(.jobs)' "$dir"/worker?.out)," \
	"for later: $(jq -s -c 'map(.later)' "$dir"/worker?.out)"
e2e_end
