#!/bin/bash
# An export that comes each night, most of it as it was: rows that are known by their bytes
# are not read again, and nobody can tell but by the clock. What is expected is counted by
# hand, as if each row were read.
#
#   tests/e2e/known_rows_test.sh BUILD_DIR
set -u
. tests/e2e/lib.sh

e2e_init "$1"
api_start
site '[log]
level = debug'

fresh() {
	rm -rf "$dir/state" "$dir"/drop/*
	# shellcheck disable=SC2119 # it wants none of them
	api_fresh
	simple "$@"
	night=0
}

# came KNOWN DELIVERED UNCHANGED [REJECTED] <EXPORT: a night.
came() {
	night=$((night + 1))
	rm -f "$dir"/drop/*
	cat >"$dir/drop/night-$night.csv"
	job "$((${4:-0} > 0 ? 3 : 0))"
	is "night $night: delivered, unchanged, rejected" "[$2,$3,${4:-0}]" \
		"$(file_report delivered unchanged rejected)"
	is "night $night: rows known" "$1" \
		"$(sed -n 's/.* rows-known feed=simple rows=\([0-9]*\).*/\1/p' "$dir/err")"
}

# The last rows of a file are those that the parser would never see: of the first ones
# each is looked at.
test_nights() {
	fresh
	came 0 800 0 < <(rows 1 400)
	came 0 2 800 < <(rows 1 401)
	# Behind a row that is another one more is read, until the place is found.
	came 398 3 801 < <(rows 1 402 | sed 's|^00300,Testcase|00300,Renamed|')
	came 400 2 804 < <(rows 1 403 | sed 's|^00300,Testcase|00300,Renamed|')
	# The same behind a gap, and behind rows that were put in.
	came 301 4 606 < <(
		rows 1 50
		rows 501 502 | tail -n +2
		rows 51 99 | tail -n +2
		rows 200 403 | tail -n +2 | sed 's|^00300,Testcase|00300,Renamed|'
	)
	is "what the API has of row 300" '"Renamed"' \
		"$(api_curl state | jq '.records[] | select(.type == "patient" and .id == "00300") | .data.name.family')"
	is "changes" $((800 + 2 + 3 + 2 + 4)) "$(changes)"
}

# Of an export that covers another span of days, what is left is found far ahead.
test_span() {
	fresh
	came 0 5000 0 < <(rows 1 2500)
	came 0 2 5000 < <(rows 1 2501)
	came 436 0 1002 < <(rows 2001 2501)
	came 501 2 1002 < <(rows 2001 2502)
}

# Two rows of one patient that say different things go out night after night, in order.
test_two_rows() {
	fresh
	twice() {
		rows 1 "$1"
		rows 3 3 | sed '1d; s/Testcase/Second/; s/A-3/A-903/'
	}
	came 0 12 0 < <(twice 5)
	came 0 4 10 < <(twice 6)
	came 4 4 12 < <(twice 7)
	is "the last row counts" '"Second"' \
		"$(api_curl state | jq '.records[] | select(.type == "patient" and .id == "00003") | .data.name.family')"
}

# What a row in front of it changed is changed back by a row that is known.
test_changed_back() {
	fresh
	came 0 10 0 < <(rows 1 5)
	came 0 2 10 < <(rows 1 6)
	came 4 5 11 < <(
		rows 1 1
		rows 2 2 | sed '1d; s/Testcase/Changed/; s/A-2/A-902/'
		rows 2 7 | tail -n +2
	)
	is "changed back" '"Testcase"' \
		"$(api_curl state | jq '.records[] | select(.type == "patient" and .id == "00002") | .data.name.family')"
	came 5 2 14 < <(rows 1 8)
	# Behind it: the row that was known is the one that must not be the next time.
	came 7 1 17 < <(
		rows 1 8
		rows 2 2 | sed '1d; s/Testcase/Changed/; s/A-2/A-902/'
	)
	came 7 4 16 < <(
		rows 1 9
		rows 2 2 | sed '1d; s/Testcase/Changed/; s/A-2/A-902/'
	)
}

# What has something to tell is told each time; a row that is left out is known at once.
test_other_meaning() {
	fresh -e '/^\[patient\]/i [rows]\nwhen = {Status} not in Skip\n'
	mixed() {
		rows 1 "$1" | sed -e '3s|03/04/1980|31/31/1980|' -e '4s/Scheduled/Skip/' \
			-e '5s/Scheduled/Nope/' -e '6s|,Synthetic,|,"Syn\r\nthetic",|' -e '7s/Testcase/M\xf6ck/'
	}
	came 0 12 0 1 < <(mixed 8)
	came 1 2 12 1 < <(mixed 9)
	came 6 2 14 1 < <(mixed 10)
	is "a warning once more" '[{"code":"not_date","times":1}]' \
		"$(report '.feeds[0].files[0].column_warnings | map({code, times})')"
	# The same bytes under another map, or under other titles.
	simple -e 's/^birth_date/# &/' -e '/^\[patient\]/i [rows]\nwhen = {Status} not in Skip\n'
	came 0 7 9 1 < <(mixed 10)
	came 0 10 8 1 < <(mixed 11 | sed '1s/First,DOB/DOB,First/')
}

# Another feed's pass, or a retry, may have changed what is known.
test_others() {
	fresh
	came 0 10 0 < <(rows 1 5)
	came 0 2 10 < <(rows 1 6)
	came 5 2 12 < <(rows 1 7)
	feed fixtures/hostile/csv/feed.ini other -e 's|^name .*|name = other|' \
		-e 's|^source  *=.*|source = simple|' -e 's|/drop/hostile$|/drop/other|' \
		-e '/^\[appointment\]/,/^$/d'
	mkdir "$dir/drop/other"
	rows 1 1 >"$dir/drop/other/a.csv"
	run 0 run other
	rm -rf "$dir/drop/other" "$dir/etc/feeds.d/other.ini"
	came 0 2 14 < <(rows 1 8)
	came 7 2 16 < <(rows 1 9)
}

# A row that ends in a CR alone is not known by its bytes, but what it changes counts.
test_ends() {
	local end

	for end in '\n' '\r'; do
		fresh
		came 0 10 0 < <(rows 1 5)
		came 0 2 10 < <(rows 1 6)
		came 4 4 12 < <(rows 1 7 | awk -v end="$end" '/^00003,/ {
			first = $0; sub(/Testcase/, "Renamed", first); sub(/\r$/, "", first)
			printf "%s%s", first, end } { print }')
		is "the last row of the record counts" Testcase "$(api_curl state |
			jq -r '.records[] | select(.id == "00003").data.name.family')"
	done
}

# spent <EXPORT: a night whose rows are all known records; `cpu` is its processor time in ms.
spent() {
	local TIMEFORMAT='%U %S'

	night=$((night + 1))
	rm -f "$dir"/drop/*
	cat >"$dir/drop/night-$night.csv"
	{ time "$emrdrop" --config "$dir/etc" run >"$dir/out" 2>"$dir/err"; } 2>"$dir/spent"
	has "night $night" "$dir/out" "0 records delivered"
	cpu=$(awk '{ print int(1000 * ($1 + $2)) }' "$dir/spent")
}

# An export that says in each row when it was made: to look for rows that are never there must
# not cost more than to read them.
test_all_new() {
	local first least cpu made

	fresh -e '/^\[appointment\]/,/^$/d'
	stamped() {
		rows 1 30000 | sed "1s/Status/&,Made/; 2,\$s/\r/,$1\r/"
	}
	came 0 30000 0 < <(stamped 1)
	spent < <(stamped 2)
	first=$cpu
	# The least of three: others are at work here, too.
	for made in 3 4 5; do
		spent < <(stamped "$made")
		least=$((cpu < ${least:=$cpu} ? cpu : least))
	done
	ok "$least ms, where nothing was known $first" [ "$least" -lt $((2 * first)) ]
}

# What is kept is of no use to who can't prove it, and of no harm if it can't be kept.
test_damage() {
	fresh
	came 0 10 0 < <(rows 1 5)
	came 0 2 10 < <(rows 1 6)
	flip "$dir/state/rows/simple" 100
	came 0 2 12 < <(rows 1 7)
	truncate -s -1 "$dir/state/rows/simple"
	came 0 2 14 < <(rows 1 8)
	rm -r "$dir/state/rows"
	echo synthetic >"$dir/state/rows"
	came 0 2 16 < <(rows 1 9)
	rm "$dir/state/rows"
	came 0 2 18 < <(rows 1 10)
	came 9 2 20 < <(rows 1 11)
	is "its mode" 600 "$(stat -c %a "$dir/state/rows/simple")"
	hasnt "it holds no value" Testcase -r "$dir/state/rows"
}

test_nights
test_span
test_two_rows
test_changed_back
test_other_meaning
test_others
test_ends
test_all_new
test_damage
e2e_end
