#!/bin/bash
# `run --file`, and the events that `trigger --event -` takes on standard input.
set -u
. tests/e2e/lib.sh
e2e_init "$1" strace
api_start

# event STATUS JSON [OPTION...]
event() {
	local expected=$1 json=$2 rc

	shift 2
	"$emrdrop" --config "$dir/etc" trigger --event - "$@" <<<"$json" \
		>"$dir/out" 2>"$dir/err"
	rc=$?
	ran "trigger: ${json:0:60}" "$expected" "$rc"
}

export_file() {
	rows "$2" "$3" >"$dir/drop/$1"
}

simple -e "\$a attempts = 1" -e "s|^pattern.*|pattern = *.csv\nevent_path = clinic-bucket/outbound other/|" \
	-e 's|^stable_for.*||' -e 's|^\[source\]|[source]\nstable_for = 0|'
grep -q '^stable_for' "$dir/etc/feeds.d/simple.ini" || { echo "FAIL the feed"; exit 1; }

# ---- run --file: nothing behind the file is taken, and nothing is overtaken ----
for n in 1 2 3 4; do export_file "e-$n.csv" $((n * 10)) $((n * 10 + 1)); done
run 0 run simple --json --file e-2.csv
is "two files were taken" 2 "$(report '.feeds[0].files | length')"
run 0 run simple --json --file - <<<e-3.csv
is "the third alone" 1 "$(report '.feeds[0].files | length')"
run 0 run simple --json --file e-3.csv
is "it needs nothing more" 0 "$(report '.feeds[0].files | length')"
run 0 run simple --json --file e-0.csv
is "what is not there needs nothing" 0 "$(report '.feeds[0].files | length')"
run 64 run simple --file e-1.txt
has "a name of another kind" "$dir/err" '[source] pattern'
run 64 run --file e-1.csv
run 64 run simple --file - <<<''
sed -i 's|^stable_for.*|stable_for = 1h|' "$dir/etc/feeds.d/simple.ini"
run 75 run simple --file e-4.csv
is "one that is not ready is to be asked for again" '' "$(grep -v ' not-ready ' "$dir/err")"
has "which is logged" "$dir/err" "not-ready feed=simple files=1"
sed -i 's|^stable_for.*|stable_for = 0|' "$dir/etc/feeds.d/simple.ini"

# ---- events ----
event 0 '{"feed":"simple","file":"e-4.csv"}' --json
ok "pure JSON" jq -e . "$dir/out" >/dev/null
is "what was done" '{"messages":1,"done":1,"later":0,"dead":0,"jobs":1,"exit":0}' \
	"$(report 'del(.run, .reports)')"
is "the job's report" 1 "$(report '.reports[0].feeds[0].files | length')"
event 0 '{"feed":"simple"}'
has "words for a person" "$dir/out" '1 message: 1 done, 0 for later, 0 dead; 1 job'
event 65 '{"feed":"unheard"}' --json
has "why" "$dir/err" 'it names a feed that is not configured'
is "the error is JSON too" '{"dead":1,"exit":65}' "$(report '{dead, exit}')"
event 65 'no JSON'
event 65 '{"feed":"simple","file":"../../e-1.csv"}'
event 65 '{"feed":"simple","file":"PATIENT-NAME.txt"}'
hasnt "a file's name is told to nobody" PATIENT-NAME "$dir/err" "$dir/out"

# S3, and what is not a file of the feed.
s3='{"Records":[{"eventSource":"aws:s3","eventName":"ObjectCreated:Put","s3":{"bucket":{"name":"clinic-bucket"},"object":{"key":"KEY"}}}]}'
export_file 'new visits.csv' 60 61
event 0 "${s3/KEY/outbound/new+visits.csv}" --json
is "a file in a bucket" 1 "$(report '.reports[0].feeds[0].files | length')"
for key in outbound/done/x.csv outbound/readme.txt; do
	event 0 "${s3/KEY/$key}" --json
	is "$key is no file of the feed" 0 "$(report .jobs)"
done
event 65 "${s3/KEY/inbound/x.csv}"
has "no feed has that folder" "$dir/err" event_path

# The marker of a file speaks of the file.
sed -i 's|^stable_for.*|stable_for = 0\nmarker = .done|' "$dir/etc/feeds.d/simple.ini"
export_file marked.csv 70 71
event 75 '{"feed":"simple","file":"marked.csv"}'
: >"$dir/drop/marked.csv.done"
event 0 "${s3/KEY/outbound/marked.csv.done}" --json
is "marked" 1 "$(report '.reports[0].feeds[0].files | length')"
sed -i '/^marker/d' "$dir/etc/feeds.d/simple.ini"

# SQS: each message is answered by itself, whatever became of the others.
export_file s-1.csv 80 81
sqs=$(jq -cn --arg s3 "${s3/KEY/outbound/s-1.csv}" '{Records: [
	{messageId: "m-1", eventSource: "aws:sqs", body: $s3},
	{messageId: "m-2", eventSource: "aws:sqs", body: "{\"feed\":\"unheard\"}"},
	{messageId: "m-3", eventSource: "aws:sqs", body: "{\"feed\":\"simple\"}"}]}')
event 0 "$sqs"
is "the one that failed" '{"batchItemFailures":[{"itemIdentifier":"m-2"}]}' "$(report .)"

# A message without a file comes back for one that is too fresh.
sed -i 's|^stable_for.*|stable_for = 1h|' "$dir/etc/feeds.d/simple.ini"
export_file fresh.csv 90 91
event 75 '{"feed":"simple"}'
has "why it is for later" "$dir/err" 'a file is not ready yet'

# The same where other files are refused or held, or had rows that were rejected: what became of
# those is no answer to who asks for this one, nor to who asks for all.
sed -i -e 's|^stable_for.*|stable_for = 0|' -e 's|^min_age.*|min_age = 1h|' \
	-e 's|^max_files.*||' "$dir/etc/feeds.d/simple.ini"
for_file='{"feed":"simple","file":"fresh.csv"}'
for_all='{"feed":"simple"}'

# old NAME: a file of standard input's rows that is ready
old() {
	cat >"$dir/drop/$1"
	touch -d '2 hours ago' "$dir/drop/$1"
}

# settled STATUS EVENT, later STATUS EVENT: what becomes of it if the feed itself ends so
settled() {
	event "$1" "$2" --json
	is "$1: it is done" '[1,0,false]' "$(report '[.done, .later, .reports[0].feeds[0].again]')"
}

later() {
	event 75 "$2" --json
	is "$1: it is for later" '[0,1,75]' "$(report '[.done, .later, .exit]')"
	is "the feed's own end" "[$1,1,true]" \
		"$(report '.reports[0].feeds[0] | [.exit, .waiting, .again]')"
}

old a-refused.csv <<<'no export at all'
later 65 "$for_file"
later 65 "$for_all"
event 0 "$(jq -cn --arg file "$for_file" --arg all "$for_all" '{Records: [
	{messageId: "m-1", eventSource: "aws:sqs", body: $file},
	{messageId: "m-2", eventSource: "aws:sqs", body: "{\"feed\":\"simple\",\"file\":\"a-refused.csv\"}"},
	{messageId: "m-3", eventSource: "aws:sqs", body: $all}]}')"
is "those that come back" '{"batchItemFailures":[{"itemIdentifier":"m-1"},{"itemIdentifier":"m-3"}]}' \
	"$(report .)"
run 75 run simple --json --file fresh.csv
is "a scheduler asks again too" '[65,75]' "$(report '[.feeds[0].exit, .exit]')"
settled 65 '{"feed":"simple","file":"a-refused.csv"}'
run 65 run simple
rm "$dir/drop/a-refused.csv"
bad 101 106 | old a-some.csv
later 3 "$for_file"
bad 104 109 | old a-more.csv
later 3 "$for_all"
bad 107 112 | old a-most.csv
settled 3 '{"feed":"simple","file":"a-most.csv"}'

# Behind a held file a person decides first, and the next run goes on. Where files may overtake
# it, that is no reason.
bad 112 114 | sed '2d; 4d' | old a-held.csv
settled 4 "$for_file"
settled 4 "$for_all"
is "it stands behind" 1 "$(report '.reports[0].feeds[0].behind')"
sed -i '/^\[\(patient\|appointment\)\]/a updated_at = {Start} | datetime "%m/%d/%Y %H:%M"' "$dir/etc/feeds.d/simple.ini"
later 4 "$for_file"
later 4 "$for_all"
settled 4 '{"feed":"simple","file":"a-held.csv"}'
rm "$dir/drop/a-held.csv"
sed -i '/^updated_at/d' "$dir/etc/feeds.d/simple.ini"

# More than one run takes.
sed -i 's|^min_age.*|min_age = 0\nmax_files = 1|' "$dir/etc/feeds.d/simple.ini"
rows 115 116 | old a-first.csv
event 75 "$for_all" --json
is "one of two" '[1,true]' "$(report '.reports[0].feeds[0] | [(.files | length), .again]')"
sed -i '/^max_files/d' "$dir/etc/feeds.d/simple.ini"

# The API is away: later; what a job ends with is what its event ends with.
api_stop
event 69 '{"feed":"simple","file":"fresh.csv"}'
api_start
event 0 '{"feed":"simple","file":"fresh.csv"}'

# The trace goes to the job, and the name of the file to no argument of it.
trace=00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01
strace -f -v -s 400 -e execve -o "$dir/trace" "$emrdrop" --config "$dir/etc" trigger \
	--event - >/dev/null 2>"$dir/err" <<<"{\"feed\":\"simple\",\"file\":\"fresh.csv\",\"traceparent\":\"$trace\"}"
# Only root may look into a process that is not dumpable.
[ "$(id -u)" -ne 0 ] || has "the job's trace" "$dir/trace" "TRACEPARENT=$trace"
hasnt "the file's name in arguments" fresh.csv "$dir/trace"

# ---- how it is called ----
run 64 trigger
run 64 trigger --event file
run 64 trigger --event - --lambda
run 64 trigger --event - --wait
run 64 trigger --amqp amqps://u@h/v
run 64 trigger --amqp amqps://u@h/v
has "what is missing" "$dir/err" "needs one of --drain and --wait"
run 64 trigger --amqp amqp://u@h/v --drain
run 64 trigger --amqp amqps://u:secret@h/v --drain
hasnt "the password" secret "$dir/err"
run 78 trigger --amqp amqps://u@h/v --drain
has "what is missing" "$dir/err" '[trigger] queue'

# Each file was delivered once.
is "records changed more than once" 0 \
	"$(api_curl state | jq '[.records[] | select(.changes > 1)] | length')"
is "all of them" 52 "$(changes)"
e2e_end
