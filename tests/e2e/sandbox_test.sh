#!/bin/bash
# emrdrop-sandbox by itself, driven with curl: it honours the delivery contract, and
# misbehaves exactly as it is told to.
#
#   tests/e2e/sandbox_test.sh BUILD_DIR
set -u

# shellcheck source=../lib/server.sh
. tests/lib/server.sh
# shellcheck source=../lib/tls.sh
. tests/lib/tls.sh

sandbox=$1/cmd/sandbox/emrdrop-sandbox
for tool in curl jq openssl "$sandbox"; do
	command -v "$tool" >/dev/null || { echo "skipped: no $tool"; exit 77; }
done
dir=$(mktemp -d) || exit 1
trap 'server_stop_all; rm -rf "$dir"' EXIT
unset http_proxy https_proxy HTTP_PROXY HTTPS_PROXY
failures=0
key1=00000000000000000000000000000001
key2=00000000000000000000000000000002
key3=00000000000000000000000000000003
sha=e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855

# is WHAT EXPECTED GOT
is() {
	[ "$2" = "$3" ] && return
	printf 'FAIL %s\n  expected %s\n  got      %s\n' "$1" "$2" "$3"
	failures=$((failures + 1))
}

pause() {
	read -r -t 0.02 <> <(:) || :
}

# start OPTION...: sets base and pid.
start() {
	rm -f "$dir/port"
	"$sandbox" --port-file "$dir/port" "$@" >"$dir/out" 2>>"$dir/err" &
	pid=$!
	SERVER_PIDS+=("$pid")
	until [ -s "$dir/port" ]; do
		kill -0 "$pid" 2>/dev/null || { cat "$dir/err"; exit 1; }
		pause
	done
	base=http://127.0.0.1:$(<"$dir/port")
}

stop() {
	kill -TERM "$pid"
	wait "$pid"
	is "ends cleanly on SIGTERM" 0 $?
}

# send METHOD PATH KEY BODY [CURL OPTION...]: prints the status; the body is in answer.
# BODY may be @FILE. The variable media is the Content-Type.
send() {
	local method=$1 path=$2 key=$3 body=$4

	shift 4
	case $body in
	@*) cp "${body#@}" "$dir/body" ;;
	*) printf %s "$body" >"$dir/body" ;;
	esac
	: >"$dir/answer"
	curl -s -o "$dir/answer" -D "$dir/headers" -w '%{http_code}' -X "$method" \
		-H "Content-Type: ${media-application/json}" -H "Idempotency-Key: $key" \
		--data-binary "@$dir/body" "$@" "$base$path"
}

post() {
	local key=$1 body=$2

	shift 2
	send POST /v1/batches "$key" "$body" "$@"
}

# batch RECORD...: the body of a batch.
batch() {
	local IFS=,

	printf '{"schema":"emrdrop/1","feed":"f","file":{"id":"x","sha256":"%s"},"pass":1,' "$sha"
	printf '"batch":"1","records":[%s]}' "$*"
}

# record N OP TYPE ID [DATA]
record() {
	printf '{"n":%s,"op":"%s","type":"%s","source":"s","id":"%s"' "$1" "$2" "$3" "$4"
	if [ $# -gt 4 ]; then
		printf ',"version":"00112233445566778899aabbccddeeff","data":%s' "$5"
	fi
	printf '}'
}

faults() {
	curl -s -o "$dir/answer" -w '%{http_code}' -d "$1" "$base/_sandbox/faults"
}

state() {
	curl -s "$base/_sandbox/state$1"
}

# data TYPE ID: the record's data as it stands.
data() {
	state '' | jq -c --arg t "$1" --arg i "$2" \
		'.records[] | select(.type == $t and .id == $i) | .data'
}

changes() {
	state '?counts=1' | jq .changes
}

# logged KEY FIELD
logged() {
	curl -s "$base/_sandbox/batches" |
		jq -r --arg k "$1" --arg f "$2" '.[] | select(.key == $k) | .[$f]'
}

test_usage() {
	local line expected

	while IFS='|' read -r line expected; do
		# shellcheck disable=SC2086
		"$sandbox" $line >/dev/null 2>"$dir/usage"
		is "exit status of $line" 64 $?
		grep -qF -e "$expected" "$dir/usage" || is "message of $line" "$expected" "$(<"$dir/usage")"
	done <<-'END'
		--prot 1|did you mean --port?
		--port|--port needs a value
		--port 65536|from 0 to 65535
		--port 12x|from 0 to 65535
		--discard=1|takes no value
		stray|only options are taken
		--cert x|--cert and --key go together
		--user x|--user and --password-file go together
		--listen 0.0.0.0|plain HTTP is only for 127.0.0.1
	END
	"$sandbox" --help >"$dir/help"
	is "--help ends well" 0 $?
	[ "$(wc -l <"$dir/help")" -le 24 ] || is "lines of --help" "at most 24" more
	is "--version" emrdrop-sandbox "$("$sandbox" --version | cut -d' ' -f1)"
	"$sandbox" --port-file "$dir/none/port" --port 0 2>/dev/null >&2
	is "a port file that can't be written" 74 $?
	"$sandbox" --dump "$dir/none.db" 2>/dev/null
	is "a dump of nothing" 74 $?
	: >"$dir/short.pem"
	"$sandbox" --cert "$dir/short.pem" --key "$dir/short.pem" 2>/dev/null
	is "a certificate that is none" 74 $?
}

# The four operations, and what stands afterwards.
test_operations() {
	start --db "$dir/state.db"
	is "first batch" 200 "$(post $key1 "$(batch \
		"$(record 1 put patient p1 '{"name":{"family":"Synthetic","given":["A","B"]},"gender":"female"}')" \
		"$(record 2 put patient p2 '{"name":{"family":"Invented"}}')" \
		"$(record 3 put appointment a1 '{"status":"booked","patient_id":"p1"}')" \
		"$(record 4 put appointment a2 '{"status":"booked"}')")")"
	is "its answer" '{"results":[]}' "$(<"$dir/answer")"
	is "second batch" 200 "$(post $key2 "$(batch \
		"$(record 1 patch patient p1 '{"name":{"given":["C"],"text":"C Synthetic"},"gender":null,"email":null}')" \
		"$(record 2 put appointment a1 '{"status":"cancelled","extra":{"t":98.6,"n":3}}')" \
		"$(record 3 delete appointment a2)" \
		"$(record 4 merge patient p1 '{"retired_id":"p2"}')")")"
	is "patch merges, null deletes" \
		'{"name":{"family":"Synthetic","given":["C"],"text":"C Synthetic"}}' \
		"$(data patient p1)"
	is "put replaces" '{"extra":{"n":3,"t":98.6},"status":"cancelled"}' "$(data appointment a1)"
	is "delete leaves a tombstone" null "$(data appointment a2)"
	is "merge retires" p1 "$(state '' | jq -r '.records[] | select(.id == "p2").retired_by')"
	is "changes of each record" 'a1=2 a2=2 p1=3 p2=1' \
		"$(state '' | jq -r '[.records[] | "\(.id)=\(.changes)"] | join(" ")')"
	is "counts" \
		'{"appointment":{"live":1,"deleted":1,"retired":0,"changes":4},"patient":{"live":1,"deleted":0,"retired":1,"changes":4}}' \
		"$(state '?counts=1' | jq -c .types)"
	is "sum of changes" 8 "$(changes)"
	is "un-retired by the reverse merge" 200 "$(post $key3 "$(batch \
		"$(record 1 merge patient p2 '{"retired_id":"p1"}')")")"
	is "who is retired now" p1 \
		"$(state '' | jq -r '.records[] | select(.retired_by) | .id')"
	is "the table's last line" "4 records, 9 changes applied" \
		"$(curl -s "$base/_sandbox/table?limit=1" | tail -n 1)"
	is "the table's newest row" p2 \
		"$(curl -s "$base/_sandbox/table?limit=1" | awk 'NR == 2 { print $2 }')"
	is "what the table leaves out" "... and 3 more" \
		"$(curl -s "$base/_sandbox/table?limit=1" | sed -n 3p)"
	state '' >"$dir/live.json"
	stop
	"$sandbox" --dump "$dir/state.db" >"$dir/dumped.json"
	cmp -s "$dir/live.json" "$dir/dumped.json"
	is "the dump equals the live state" 0 $?
}

# Two orders of arrival, one state.
test_canonical() {
	local one two

	one=$(record 1 put patient pä '{"b":1,"a":{"d":[1,2],"c":"x"}}')
	two=$(record 2 put location l1 '{"name":"Y"}')
	start
	is "one batch" 200 "$(post $key1 "$(batch "$one" "$two")")"
	state '' >"$dir/one.json"
	stop
	start
	is "the later record first" 200 "$(post $key2 "$(batch "$two")")"
	is "then the other" 200 "$(post $key1 "$(batch "${one/\"b\":1,/}")")"
	is "and its field" 200 "$(post $key3 "$(batch "${one/put/put}")")"
	state '' | sed 's/"changes":[0-9]*/"changes":0/g' >"$dir/two.json"
	sed 's/"changes":[0-9]*/"changes":0/g' "$dir/one.json" | cmp -s - "$dir/two.json"
	is "equal states give equal bytes" 0 $?
	stop
}

test_keys() {
	local body other

	body=$(batch "$(record 1 patch patient p '{"email":"a@example.org"}')")
	other=$(batch "$(record 1 patch patient p '{"email":"b@example.org"}')")
	start
	is "applied" 200 "$(post $key1 "$body")"
	is "the same again" 200 "$(post $key1 "$body")"
	is "is answered the same" '{"results":[]}' "$(<"$dir/answer")"
	is "and applied once" 1 "$(changes)"
	is "received" 2 "$(logged $key1 received)"
	is "digest in the log" "$(printf %s "$body" | sha256sum | cut -d' ' -f1)" \
		"$(logged $key1 sha256)"
	is "another body" 422 "$(post $key1 "$other")"
	is "its code" key_reused "$(jq -r .code "$dir/answer")"
	is "another path" 422 "$(send PUT /v1/records/patient/p $key1 "$body")"
	is "a key is not spent on a malformed body" 400 "$(post $key2 '{"schema":"emrdrop/1"}')"
	is "but stands for it" 422 "$(post $key2 "$body")"
	is "no key" 400 "$(post '' "$body")"
	is "code of no key" key_missing "$(jq -r .code "$dir/answer")"
	is "a key that is none" 400 "$(post 123 "$body")"
	is "code of a bad key" key_malformed "$(jq -r .code "$dir/answer")"
	is "nothing more was applied" 1 "$(changes)"
	stop
}

test_malformed() {
	local good status code at body n=16

	good=$(batch "$(record 1 put patient p '{}')" "$(record 2 put patient q '{}')")
	start
	while IFS='|' read -r from to code at; do
		body=${good/"$from"/$to}
		n=$((n + 1))
		status=$(post "$(printf %032x "$n")" "$body")
		is "$from -> $to" "400 $code $at" "$status $(jq -r '"\(.code) \(.at)"' "$dir/answer")"
	done <<-'END'
		emrdrop/1|emrdrop/2|schema_unknown|schema
		"schema":"emrdrop/1",||schema_unknown|schema
		"feed":"f"|"feed":""|malformed|feed
		"feed":"f"|"fed":"f"|malformed|null
		"id":"x",||malformed|file.id
		e3b0c442|E3b0c442|malformed|file.sha256
		"pass":1|"pass":-1|malformed|pass
		"batch":"1"|"batch":"1..0"|malformed|batch
		"n":2|"n":1|malformed|records
		"n":2|"n":"2"|malformed|records[1].n
		"n":2,||malformed|records[1].n
		"op":"put"|"op":"post"|malformed|records[0].op
		"op":"put"|"op":"delete"|malformed|records[0].data
		"op":"put"|"op":"merge"|malformed|records[0].data.retired_id
		"type":"patient"|"type":"person"|malformed|records[0].type
		"source":"s"|"source":null|malformed|records[0].source
		"id":"p"|"id":7|malformed|records[0].id
		"id":"p"|"id":"p","id":"p"|malformed|line 1 column 220
		"id":"p"|"id":"p","x":1|malformed|records[0]
		"version":"00112233445566778899aabbccddeeff",||malformed|records[0].version
		,"data":{}||malformed|records[0].data
		"data":{}|"data":[]|malformed|records[0].data
		"data":{}|"event_at":"today","data":{}|malformed|records[0].event_at
	END
	is "no JSON" 400 "$(post $key1 '{"schema":')"
	is "where it ends" "line 1 column 10" "$(jq -r .at "$dir/answer")"
	is "no object" 400 "$(post $key2 '[]')"
	is "no record" 400 "$(post ${key3/%3/c} "$(batch)")"
	is "nothing was applied" 0 "$(changes)"
	is "another media type" 415 "$(media=text/csv post $key3 "$good")"
	is "another encoding" 415 "$(post $key3 "$good" -H 'Content-Encoding: br')"
	is "no gzip" 400 "$(post $key3 "$good" -H 'Content-Encoding: gzip')"
	printf %s "$good" | gzip -n >"$dir/packed"
	head -c -1 "$dir/packed" >"$dir/cut"
	is "gzip, cut" 400 "$(post $key3 "@$dir/cut" -H 'Content-Encoding: gzip')"
	head -c $((17 << 20)) /dev/zero | gzip >"$dir/huge"
	is "17 MiB, packed" 413 "$(post $key3 "@$dir/huge" -H 'Content-Encoding: gzip')"
	is "another path" 404 "$(send POST /v2/batches $key3 "$good")"
	is "another method" 405 "$(send PUT /v1/batches $key3 "$good")"
	is "what is allowed" 204 "$(send OPTIONS /v1/batches $key3 '')"
	grep -qi '^allow: post' "$dir/headers"
	is "Allow" 0 $?
	head -c $((17 << 20)) /dev/zero >"$dir/huge"
	is "17 MiB" 413 "$(post $key3 "@$dir/huge" -H 'Expect:')"
	is "the server lives" 200 "$(post $key3 "@$dir/packed" -H 'Content-Encoding: gzip')"
	is "the same, not packed" 200 "$(post $key3 "$good")"
	is "was received twice" 2 "$(logged $key3 received)"
	stop
}

test_records() {
	start --refuse r2
	is "put" 200 "$(send PUT /v1/records/patient/a%2Fb%20c $key1 \
		"$(record 1 put patient 'a/b c' '{"email":"x@example.org"}')")"
	is "its data" '{"email":"x@example.org"}' "$(data patient 'a/b c')"
	is "delete" 200 "$(send DELETE /v1/records/patient/a%2Fb%20c $key2 \
		"$(record 2 delete patient 'a/b c')")"
	is "the tombstone" null "$(data patient 'a/b c')"
	is "refused" 200 "$(send PUT /v1/records/patient/r2 $key3 \
		"$(record 3 put patient r2 '{}')")"
	is "by its number" '[{"n":3,"status":"refused","code":"sandbox_refused"}]' \
		"$(jq -c '.results | map(del(.message))' "$dir/answer")"
	is "the path's id" 400 "$(send PUT /v1/records/patient/b ${key1/%1/a} \
		"$(record 1 put patient c '{}')")"
	is "DELETE with a put" 400 "$(send DELETE /v1/records/patient/b ${key1/%1/b} \
		"$(record 1 put patient b '{}')")"
	stop
}

test_refusals() {
	local body

	body=$(batch "$(record 1 put patient good '{}')" "$(record 2 put patient bad '{}')" \
		"$(record 3 put patient slow '{}')")
	start --refuse bad --later slow
	is "with results" 200 "$(post $key1 "$body")"
	is "the results" '2 refused 3 later' \
		"$(jq -r '[.results[] | "\(.n) \(.status)"] | join(" ")' "$dir/answer")"
	is "the rest is taken" 'good' "$(state '' | jq -r '.records[].id')"
	is "told to refuse whole batches" 200 "$(faults '{"refuse-batch":true}')"
	is "400 without results" '400 null' "$(post $key2 "$body") $(jq .results "$dir/answer")"
	is "the half without it" 200 "$(post $key3 "$(batch "$(record 1 put patient ok '{}')")")"
	is "the refusal is forgotten" 200 "$(faults '{"refuse":[],"later":[]}')"
	is "and the key good" 200 "$(post $key2 "$body")"
	is "all are taken" 'bad good ok slow' \
		"$(state '' | jq -r '[.records[].id] | join(" ")')"
	is "an unknown fault" 400 "$(faults '{"latency":1,"status-404":1}')"
	is "changes nothing" 0 "$(curl -s "$base/_sandbox/faults" | jq .latency)"
	stop
}

test_statuses() {
	local body

	body=$(batch "$(record 1 put patient p '{}')")
	start --status-429 1 --retry-after 7 --status-500 1
	is "429" 429 "$(post $key1 "$body")"
	is "Retry-After" 7 "$(tr -d '\r' <"$dir/headers" | sed -n 's/^Retry-After: //p')"
	is "then 500" 500 "$(post $key1 "$body")"
	is "nothing applied yet" 0 "$(changes)"
	is "then taken" 200 "$(post $key1 "$body")"
	is "received three times" 3 "$(logged $key1 received)"
	is "the last status" 200 "$(logged $key1 status)"
	stop
}

test_lost_answers() {
	local body

	body=$(batch "$(record 1 patch patient p '{}')")
	start --drop-after-commit 1
	is "no answer" 000 "$(post $key1 "$body")"
	is "but applied" 1 "$(changes)"
	is "and logged" "1 200" "$(logged $key1 dropped) $(logged $key1 status)"
	is "asked again" 200 "$(post $key1 "$body")"
	is "applied once" 1 "$(changes)"
	is "a cut answer" 200 "$(faults '{"cut-answer":1}')"
	is "is half an answer" '200 {"resul' "$(post $key2 "$body") $(<"$dir/answer")"
	is "every second" 200 "$(faults '{"drop-every":2}')"
	is "the first is answered" 200 "$(post $key2 "$body")"
	is "the second is not" 000 "$(post $key2 "$body")"
	is "the third is" 200 "$(post $key2 "$body")"
	is "all applied once" 2 "$(changes)"
	stop
}

test_latency() {
	local start_ms body i pids=()

	body=$(batch "$(record 1 patch patient p '{}')")
	start --latency 2000 --threads 1
	start_ms=$(date +%s%3N)
	for i in 4 5 6 7; do
		curl -s -o "$dir/answer$i" -H 'Content-Type: application/json' \
			-H "Idempotency-Key: ${key1/%1/$i}" -d "$body" "$base/v1/batches" &
		pids+=($!)
	done
	wait "${pids[@]}"
	start_ms=$(($(date +%s%3N) - start_ms))
	[ "$start_ms" -ge 2000 ] || is "latency" "2000 ms" "$start_ms ms"
	[ "$start_ms" -lt 8000 ] || is "latency of four at once" "2000 ms" "$start_ms ms"
	is "all four answered" 4 "$(changes)"
	faults '{"latency":600000}' >/dev/null
	curl -s -o /dev/null -H "Idempotency-Key: $key2" -d "$body" "$base/v1/batches" &
	stop
	wait $!
}

test_auth() {
	local body

	body=$(batch "$(record 1 put patient p '{}')")
	echo first >"$dir/token"
	echo secret >"$dir/password"
	start --token-file "$dir/token" --user me --password-file "$dir/password"
	is "no credentials" 401 "$(post $key1 "$body")"
	is "challenges" 2 "$(grep -ci '^www-authenticate' "$dir/headers")"
	is "the token" 200 "$(post $key1 "$body" -H 'Authorization: Bearer first')"
	echo second >"$dir/token"
	is "the old token" 401 "$(post $key2 "$body" -H 'Authorization: Bearer first')"
	is "the new token" 200 "$(post $key2 "$body" -H 'Authorization: Bearer second')"
	is "the password" 200 "$(post $key3 "$body" -u me:secret)"
	is "another password" 401 "$(post $key3 "$body" -u me:secrets)"
	is "refused requests are not logged" 1 "$(logged $key2 received)"
	rm "$dir/token"
	is "no token file" 500 "$(post $key2 "$body" -H 'Authorization: Bearer second')"
	stop
}

test_tls() {
	mkdir "$dir/tls"
	tls_make "$dir/tls" || exit 1
	start --cert "$dir/tls/server.pem" --key "$dir/tls/server.key"
	base=${base/http:/https:}
	is "our CA" 200 "$(post $key1 "$(batch "$(record 1 put patient p '{}')")" \
		--cacert "$dir/tls/ca.pem")"
	is "no CA" 000 "$(post $key2 "$(batch "$(record 1 put patient p '{}')")")"
	is "TLS 1.1" 000 "$(post $key2 x --cacert "$dir/tls/ca.pem" --tls-max 1.1)"
	base=${base/127.0.0.1/localhost}
	is "by name" 200 "$(post $key2 "$(batch "$(record 1 put patient p '{}')")" \
		--cacert "$dir/tls/ca.pem")"
	stop
}

test_discard() {
	local size

	start --discard
	head -c 3000000 /dev/zero >"$dir/huge"
	is "anything goes" 200 "$(post $key1 "@$dir/huge")"
	is "and again" 200 "$(post $key1 '{')"
	is "an answer that takes all" '{"results":[]}' "$(<"$dir/answer")"
	size=$((3000000 + 1))
	is "counted" "{\"requests\":2,\"bytes\":$size}" "$(state '')"
	stop
}

test_database() {
	local body

	body=$(batch "$(record 1 put patient p '{}')")
	start --db "$dir/kept.db"
	is "kept" 200 "$(post $key1 "$body")"
	stop
	start --db "$dir/kept.db"
	is "known after a restart" 200 "$(post $key1 "$body")"
	is "still applied once" 1 "$(changes)"
	stop
	is "for the owner alone" 600 "$(stat -c %a "$dir/kept.db")"
	echo "not a database" >"$dir/other.db"
	"$sandbox" --db "$dir/other.db" 2>"$dir/usage"
	is "somebody else's file" 74 $?
	is "is left alone" "not a database" "$(<"$dir/other.db")"
}

test_usage
test_operations
test_canonical
test_keys
test_malformed
test_records
test_refusals
test_statuses
test_lost_answers
test_latency
test_auth
test_tls
test_discard
test_database
cat "$dir/err"
[ ! -s "$dir/err" ] || failures=$((failures + 1))
[ "$failures" -eq 0 ] && echo "all well"
exit $((failures > 0))
