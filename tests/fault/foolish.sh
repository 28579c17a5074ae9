# What the tests with foolish exports share: cut, doubled, of another day, clinic or format.
# Of each is said what the run says and sends, what frees the feed, and that the next good
# export is all that the API has. Sourced when e2e_init has been called; then
#
#   cases CONTENTS [RULE] <<'END'
#   NAME;MAKE;DAY;STATUS;VERDICT;SENT;WORDS;FREED
#   END
#
# MAKE is a command that writes the export that is dropped, named after today or DAY days
# from then (0, -2). SENT is how many changes the API gets of it, WORDS stand in the report,
# and FREED is what is done about it: approve, discard, mend (the clinic overwrites it), or -.
# RULE is one more for the date of birth. In `only` is how the cases begin that are wanted.
#
# shellcheck shell=bash
# shellcheck disable=SC2154 # dir is e2e_init's
day=0
first_day=$(date -u -d '100 days ago' +%Y-%m-%d)

# feed_of CONTENTS RULE: the simple feed; how old a file is stands in its name.
feed_of() {
	local edits=(-e '/^pattern/a order = name:%Y%m%d' -e "s/^birth_date.*/& $2/")

	[ "$1" = changes ] || edits+=(-e '/^source  *= simple/a contents = snapshot'
		-e '/^\[appointment\]/a on_missing = cancel')
	simple "${edits[@]}" -e "s|^after.*|after = archive:$dir/done|"
}

# file_of DAY: where the export of this day lies.
file_of() {
	echo "$dir/drop/appts_$(date -u -d "$first_day + $1 days" +%Y%m%d).csv"
}

# export_of DAY: one patient has another name every day.
export_of() {
	rows 1 60 | sed "2 s/Testcase/Day$1/"
}

today() {
	export_of "$day"
}

# swap I J: exchanges these two columns of what comes on stdin, but not their titles.
swap() {
	awk -F, -v OFS=, -v i="$1" -v j="$2" 'NR > 1 { sub(/\r$/, ""); t = $i; $i = $j; $j = t
		sub(/$/, "\r") } { print }'
}

# Every third row has a status that nobody knows.
bad_third() {
	awk -F, -v OFS=, 'NR > 1 && NR % 3 == 0 { $8 = "Nope\r" } { print }'
}

# What a file says, as ID,Last,First,DOB,ZIP,Appt,Start, sorted.
said() {
	tail -n +2 "$1" | tr -d '\r' | awk -F, -v OFS=, '{
		split($4, d, "/"); split($7, s, "[/ ]")
		print $1, $2, $3, d[3] "-" d[1] "-" d[2], $5, $6,
			s[3] "-" s[1] "-" s[2] "T" s[4] ":00" }' | sort
}

# What the API holds, in the same form: appointments that are not cancelled.
held() {
	api_curl state | jq -r '(.records | map({"\(.type)/\(.id)": .data}) | add) as $all |
		.records[] | select(.type == "appointment" and .data.status == "booked") |
		.data.patient_id as $p | $all["patient/\($p)"] as $who |
		[$p, $who.name.family, $who.name.given[0], $who.birth_date,
			$who.address.postal_code, .id, .data.start[:19]] | join(",")' | sort
}

# good: the next day's export is delivered, and a snapshot is then all that the API has.
good() {
	day=$((day + 1))
	today >"$dir/good.csv"
	cp "$dir/good.csv" "$(file_of "$day")"
	job 0
	said "$dir/good.csv" >"$dir/said"
	held >"$dir/held"
	if [ "$contents" = changes ]; then
		comm -12 "$dir/said" "$dir/held" >"$dir/both"
		mv "$dir/both" "$dir/held"
	fi
	ok "$1, then a good export: what the API has" cmp "$dir/said" "$dir/held"
}

# freed WHAT HOW: what a person, or the clinic, does about it; then nothing waits.
freed() {
	case $2 in
	-)
		return
		;;
	approve | discard)
		run 0 hold "$2" "$id"
		"$emrdrop" --config "$dir/etc" run --json >"$dir/out" 2>"$dir/err"
		is "$1: $2" "[\"${2/approve/deliver}\"]" "$(file_report verdict)"
		;;
	mend)
		today >"$(file_of "$day")"
		job 0
		is "$1: mended" '["deliver"]' "$(file_report verdict)"
		;;
	esac
	run 0 hold list
	has "$1: nothing waits" "$dir/out" "no file waits for a decision"
}

# foolish NAME MAKE DAY STATUS VERDICT SENT WORDS FREED: one line of the table.
foolish() {
	local what="$contents: $1" before id name

	day=$((day + 1))
	before=$(changes)
	name=$(file_of $((day + $3)))
	eval "$2" >"$name"
	job "$4"
	id=$(report '.feeds[0].files[0].file[:8]' | tr -d '"')
	is "$what: verdict" "\"$5\"" "$(report '.feeds[0].files[0].verdict')"
	is "$what: sent" "$6" $(($(changes) - before))
	[ "$7" = - ] || has "$what: in words" "$dir/out" "$7"
	freed "$what" "$8"
	good "$what"
}

# The first two exports of each feed are good.
cases() {
	local name make of status verdict sent words free

	contents=$1
	# shellcheck disable=SC2119 # with no options
	api_fresh
	rm -rf "${dir:?}"/{state,drop,done}
	mkdir -p "$dir"/{drop,done}
	feed_of "$contents" "${2:-}"
	good "$contents"
	good "$contents"
	while IFS=';' read -r name make of status verdict sent words free; do
		[[ $name == "$only"* ]] || continue
		foolish "$name" "$make" "$of" "$status" "$verdict" "$sent" "$words" "$free"
	done
}
