# What the tests with faults share: files of ten rows that the API never saw, and what
# must be true when a run that was disturbed is followed by one that is not. Sourced when
# e2e_init has been called.
#
# shellcheck shell=bash
# shellcheck disable=SC2154 # dir is e2e_init's

# What libraries lose of their own is theirs: libssh2 the keys of a key exchange that is not
# ended, OpenSSL what it has of a start that there was no memory for, and the C library what
# it has loaded for inject.c.
printf 'leak:%s\n' libssh2.so libcrypto.so __libc_unwind_link_get >"$dir/leaks"
export LSAN_OPTIONS=suppressions=$dir/leaks:print_suppressions=0
EACH=20 # records that come of one file
total=0 # files so far
ahead=0 # changes that the API had applied before the first of them

# fault_init [SED...]: an archive, and the feed that takes what fault_file writes.
fault_init() {
	mkdir -p "$dir/drop/done"
	simple -e "\$a batch_records = 5\nattempts = 2" \
		-e "s|^after.*|after = archive:$dir/drop/done|" "$@"
}

# answers_init [SED...]: the feed that takes what `messages` writes, and answers it.
answers_init() {
	mkdir -p "$dir/drop/done"
	cat >"$dir/answers.ini" <<-END
		[feed]
		name     = answers
		extends  = hl7-siu.ini
		timezone = America/Chicago

		[source]
		url        = file://$dir/drop
		pattern    = *.hl7
		after      = archive:$dir/drop/done
		feedback   = $dir/drop/acks
		stable_for = 0

		[hl7]
		authority = CLINIC
		ack       = batch

		[target]
		url        = @API@/v1/batches
		token_file = $dir/token
		ca_file    = $dir/ca.pem
	END
	feed "$dir/answers.ini" answers "$@"
}

# messages N: the next file of so many, in the drop of a job that knows nothing.
messages() {
	local i

	rm -rf "$dir/state" "$dir/drop/acks"
	for ((i = 1; i <= $1; i++)); do
		printf 'MSH|^~\\&|EHR|CLINIC|HUB|EMRDROP|20261101080000||SIU^S12|C-%d|P|2.5.1\r' $i
		printf 'SCH|A-%d-%d||||||||30|min|^^^202612010900||||||||||||||Booked\r' "$total" $i
		printf 'PID|1||%d-%d^^^CLINIC^MR||Testcase^Ann\r' "$total" $i
	done >"$dir/drop/$total.hl7"
	total=$((total + 1))
}

# answered WHAT N: there is one answer, with all N messages, a receipt in both forms, and
# nothing beside them.
answered() {
	is "$1: files for the clinic" 3 "$(find "$dir/drop/acks" -type f | wc -l)"
	is "$1: rows in the receipt" "$2" "$(jq .rows "$dir/drop/acks"/*.receipt.json)"
	is "$1: messages that are answered" "$2" "$(tr '\r' '\n' <"$(find "$dir/drop/acks" -name '*.ack.hl7')" |
		awk -F'|' '$1 == "MSA" && $2 == "AA" { n++ } END { print $1 == "FTS" ? n : "cut" }')"
}

# fault_file: the next file, with a name in windows-1252, in the drop of a job that knows
# nothing.
fault_file() {
	rm -rf "$dir/state"
	rows $((total * 10 + 1)) $((total * 10 + 10)) | sed '3 s/Synthetic/Zo\xeb/' >"$dir/drop/$total.csv"
	total=$((total + 1))
}

# How many changes the API applied in all; `changes` is the same, and slower.
arrived() {
	local counts

	counts=$(api_curl 'state?counts=1')
	counts=${counts#*\"changes\":}
	echo "${counts%%[!0-9]*}"
}

# fault_ended WHAT STATUS: success is success, and all else says why.
fault_ended() {
	if [ "$2" -eq 0 ]; then
		is "$1: success is success" $((ahead + total * EACH)) "$(arrived)"
	else
		ok "$1: says why" grep -qE '^emrdrop: .{10}| error .*message=.{10}' "$dir/err"
	fi
}

# fault_completes WHAT STATUS: the next run does what the one with this status left undone.
fault_completes() {
	run 0 run --json
	[ "$2" -ne 0 ] || has "$1: nothing was left to send" "$dir/out" '"requests":0'
	is "$1: what has arrived" $((ahead + total * EACH)) "$(arrived)"
	is "$1: archived" "$total" "$(in_archive "$dir/drop/done")"
}

# fault_compare: the same files again, and nobody interferes.
fault_compare() {
	batches_sound "after $total faults"
	api_curl state >"$dir/disturbed.json"
	# shellcheck disable=SC2119 # with no options
	api_fresh
	rm -rf "$dir/state"
	mv "$dir"/drop/done/* "$dir/drop/"
	job 0
	api_curl state >"$dir/undisturbed.json"
	ok "the API's state is that of undisturbed runs" \
		cmp "$dir/undisturbed.json" "$dir/disturbed.json"
}
