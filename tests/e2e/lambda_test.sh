#!/bin/bash
# `trigger --lambda`, against a stand-in that follows the published runtime interface.
set -u
# Not below /tmp: a ledger there does not last.
# shellcheck disable=SC2034 # e2e_init reads it
e2e_base=/var/tmp
. tests/e2e/lib.sh
e2e_init "$1" python3
api_start
simple -e "\$a attempts = 1" -e 's|^pattern.*|pattern = *.csv\nevent_path = clinic-bucket/outbound|'

# runtime EVENT...: the runtime, with these to hand out.
runtime() {
	local i

	printf '%s\n' "$@" >"$dir/events"
	: >"$dir/answers"
	for ((i = 0; i < SERVER_START_TRIES; i++)); do
		runtime_port=$(server_free_port)
		python3 tests/lib/lambda_runtime.py "$runtime_port" "$dir/events" "$dir/answers" \
			2>"$dir/runtime.err" &
		runtime_pid=$!
		server_wait "$runtime_port" "$runtime_pid" && break
	done
	SERVER_PIDS+=("$runtime_pid")
	export AWS_LAMBDA_RUNTIME_API=127.0.0.1:$runtime_port
}

runtime_stop() {
	server_stop "$runtime_pid"
	server_forget "$runtime_pid"
}

# shellcheck disable=SC2317 # e2e_until calls it
answered() {
	[ "$(wc -l <"$dir/answers")" -ge "$1" ] || ! kill -0 "$job_pid" 2>/dev/null
}

# answer N FILTER
answer() {
	sed -n "$1p" "$dir/answers" | jq -c "$2"
}

# ---- a ledger that would not last is refused before the first event ----
runtime '{"feed":"simple"}'
short=$(mktemp -d /tmp/emrdrop-lambda.XXXXXX)
for place in "$short" /dev/shm "$dir/nowhere"; do
	printf '[state]\ndir = %s\n' "$place" >"$dir/etc/emrdrop.ini"
	run 74 trigger --lambda
	has "$place: what it needs" "$dir/err" 'a local disk that outlives its instances'
done
rmdir "$short"
site ''
mkdir -m 700 "$dir/state"
run 74 trigger --lambda --json
has "never a new ledger" "$dir/err" 'run` has made'
is "the function's log has why" 4 "$(grep -c '"init"' "$dir/answers")"
is "nothing was done" 0 "$(changes)"
runtime_stop

# ---- invocations ----
run 0 run
(unset AWS_LAMBDA_RUNTIME_API && run 64 trigger --lambda &&
	has "outside of Lambda" "$dir/err" 'is not set' && exit "$failures") || failures=1
rows 1 3 >"$dir/drop/a.csv"
rows 4 6 >"$dir/drop/b.csv"
s3='{"Records":[{"eventSource":"aws:s3","eventName":"ObjectCreated:Put","s3":{"bucket":{"name":"clinic-bucket"},"object":{"key":"outbound/b.csv"}}}]}'
runtime '{"feed":"simple","file":"a.csv"}' '{"feed":"unheard"}' "$s3" \
	"$(jq -cn --arg s3 "$s3" '{Records: [{messageId: "m-1", eventSource: "aws:sqs", body: "?"},
		{messageId: "m-2", eventSource: "aws:sqs", body: $s3}]}')"
start_work trigger --lambda
e2e_until "all are answered" answered 4
is "a file by name" '["response",{}]' "$(answer 1 '[.kind, .body]')"
is "nonsense is an error" '["error","Emrdrop.Event"]' "$(answer 2 '[.kind, .type]')"
is "with words" '"it names a feed that is not configured"' "$(answer 2 .body.errorMessage)"
is "a file by its bucket" '["response",{}]' "$(answer 3 '[.kind, .body]')"
is "each message of a batch" '["response",{"batchItemFailures":[{"itemIdentifier":"m-1"}]}]' \
	"$(answer 4 '[.kind, .body]')"
is "each under its own id" 4 "$(jq -r .id "$dir/answers" | sort -u | wc -l)"
end_job 3 TERM
is "what it says in the end" '{"messages":4,"done":3,"later":0,"dead":1,"jobs":3,"exit":3}' \
	"$(report 'del(.run)')"
runtime_stop
is "delivered once" 12 "$(changes)"

# ---- an invocation that is cut is none ----
runtime cut
run 74 trigger --lambda
has "what was seen" "$dir/err" 'an invocation that is cut'
is "it is not answered" 0 "$(wc -l <"$dir/answers")"
runtime_stop

# ---- the API is away: Lambda is told to try again ----
api_stop
rows 7 9 >"$dir/drop/c.csv"
runtime '{"feed":"simple","file":"c.csv"}'
start_work trigger --lambda
e2e_until "it is answered" answered 1
is "later" '["error","Emrdrop.Later"]' "$(answer 1 '[.kind, .type]')"
api_start
runtime_stop
end_job 74
has "a runtime that is gone" "$dir/err" "Lambda's runtime interface"
e2e_end
