#!/bin/bash
# `report` and the one screen of `status`, of a ledger with six feeds that are ill, each
# in another way, and two that are well: the page is sound, needs nothing else, says
# nothing of anybody, and its figures are those of the ledger. Where there is a Chromium,
# it is looked at.
#
#   tests/e2e/report_test.sh BUILD_DIR
#
# EMRDROP_DAYS and EMRDROP_FILES say how many days the ledger has (40), and how many files
# a feed gets on each of them (2).
set -u
. tests/e2e/lib.sh

e2e_init "$1" python3 script
year=$(cd "$1" && pwd)/tests/year
clock=$(cd "$1" && pwd)/tests/clock.so
check=$PWD/tests/lib/page_check.py
feeds=(harbor-results northside-appointments lakeside-patients riverbend-referrals
	hilltop-schedule lakeside-appointments northside-messages oakdale-slots)
api=https://127.0.0.1:9
export TZ=America/Chicago
# A Thursday evening, whenever the test is run.
now=$(date -ud '2026-11-26 23:00' +%s)
echo $((now - $(date +%s))) 0 >"$dir/clock"
cat >"$dir/emrdrop" <<-END
	#!/bin/sh
	export ASAN_OPTIONS="verify_asan_link_order=0:\$ASAN_OPTIONS"
	exec env LD_PRELOAD=$clock CLOCK_FILE=$dir/clock $emrdrop "\$@"
END
chmod +x "$dir/emrdrop"
emrdrop=$dir/emrdrop

make_ledger() {
	local name

	mkdir -m 700 "$dir/state"
	for name in "${feeds[@]}"; do
		feed fixtures/hostile/csv/feed.ini "$name" -e "s|^name .*|name = $name|" \
			-e "s|^source  *=.*|source = $name|"
	done
	for name in lakeside-appointments northside-messages; do
		printf '[expect]\ndays = Mon-Sat\nby = 06:30\ntimezone = UTC\n' \
			>>"$dir/etc/feeds.d/$name.ini"
	done
	"$year" "$dir/state" "${now}000" "${EMRDROP_DAYS:-40}" "${EMRDROP_FILES:-2}" \
		"${feeds[@]}" || exit 1
}

# id_of FEED: the first digits of the file of the feed that stands aside.
id_of() {
	jq -r ".feeds[] | select(.feed == \"$1\").ailments[0].file[:8]" "$dir/report.json"
}

# late FEED: the days on which files were late, and by how many minutes.
late() {
	jq -c "[.feeds[] | select(.feed == \"$1\").days[] | select(.late > 0) |
		\"\(.day) \(.latest_minutes)\"]" "$dir/report.json"
}

test_page() {
	run 0 ledger export
	cp "$dir/out" "$dir/export"
	run 0 report --json --out "$dir/page.html"
	cp "$dir/out" "$dir/report.json"
	is "the page" "" "$("$check" "$dir/page.html" "$dir/report.json" "$dir/export" 2>&1)"
	"$check" --text "$dir/page.html" >"$dir/text"
	has "the first line" "$dir/text" "5 of 8 feeds need somebody"
	has "the zone" "$dir/text" "America/Chicago (UTC-0"
	has "why" "$dir/text" "the API answers 401"
	has "a code is to be seen as it is" "$dir/text" "Appt Status <new>"
	has "of the held file" "$dir/text" "emrdrop hold approve $(id_of northside-appointments)"
	has "of the refused one" "$dir/text" "emrdrop hold discard $(id_of lakeside-patients)"
	hasnt "which nobody can approve" "approve $(id_of lakeside-patients)" "$dir/text"
	has "of refused records" "$dir/text" "emrdrop retry riverbend-referrals"
	has "of the paused one" "$dir/text" "emrdrop resume hilltop-schedule"
	hasnt "no file's name" Quoll "$dir/page.html" "$dir/report.json"
	is "the sickest first" '["stopped","blocked","refused","late","not_taken","paused","well","well"]' \
		"$(jq -c '[.feeds[].state]' "$dir/report.json")"
	is "which days lacked files" '["2026-11-24 1440","2026-11-25 1440","2026-11-26 1440"]' \
		"$(late lakeside-appointments)"
	is "which had them late" \
		'["2026-11-03 156","2026-11-10 156","2026-11-17 156","2026-11-24 156"]' \
		"$(late northside-messages)"
	is "the slowest" '["hilltop-schedule"]' "$(jq -c '[.slowest[0].feed]' "$dir/report.json")"
	is "the columns are in order" true "$(jq -c '[.rejected_columns[].rows] |
		length > 3 and . == (sort | reverse)' "$dir/report.json")"
	! command -v tidy >/dev/null || is "tidy" "" "$(tidy -qe --show-info no "$dir/page.html" 2>&1)"
}

test_where() {
	is "its mode" 640 "$(stat -c %a "$dir/page.html")"
	chmod 644 "$dir/page.html"
	run 0 report --out "$dir/page.html" --days 400
	is "nothing else is printed" 0 "$(wc -c <"$dir/out")"
	is "the mode stays" 644 "$(stat -c %a "$dir/page.html")"
	is "nothing is left beside it" 1 "$(find "$dir" -maxdepth 1 -name 'page.html*' | wc -l)"
	has "weeks" "$dir/page.html" "A bar is 8 days"
	run 0 report --days 1 --out -
	is "one day" 1 "$(grep -c '<!DOCTYPE html>' "$dir/out")"
	run 64 report --out "$dir" --json
	is "a folder" '"usage"' "$(report .error.code)"
	run 74 report --out "$dir/none/page.html"
	has "no folder" "$dir/err" "$dir/none/page.html: "
	TZ=:Nowhere/Land run 0 report
	has "of an unknown zone" "$dir/out" "Times are UTC"
}

# on_screen COLUMNS ROWS: `status` on a terminal of that size, in $dir/screen.
on_screen() {
	script -qec "stty cols $1 rows $2; exec $emrdrop --config $dir/etc status" /dev/null \
		</dev/null | tr -d '\r' >"$dir/screen"
}

test_screen() {
	local line

	run 0 status
	has "the first line" "$dir/out" "5 of 8 feeds need somebody"
	is "states, the sickest first" "STOPPED BLOCKED REFUSED LATE NOT PAUSED well well" \
		"$(sed -n 's/^\([A-Zw][A-Za-z]*\) .*/\1/p' "$dir/out" | paste -sd ' ')"
	is "each with its command" 6 "$(grep -c '^            emrdrop ' "$dir/out")"
	hasnt "no colours, and no names of files" $'\033' "$dir/out"
	hasnt "no names of files" Quoll "$dir/out"
	run 0 status northside-appointments
	has "the feed has its file's name" "$dir/out" '"Quoll, Jane.csv"'
	run 78 status nobody
	TERM=xterm NO_COLOR='' on_screen 60 18
	has "colours on a terminal" "$dir/screen" $'\033[1;31mSTOPPED'
	is "no line is wider" 60 "$(sed 's/\x1b\[[0-9;]*m//g' "$dir/screen" |
		awk 'length > 60 { exit 1 } END { print 60 }')"
	ok "nor are there more" [ "$(wc -l <"$dir/screen")" -le 17 ]
	has "what is left out" "$dir/screen" "more: emrdrop status | less"
	for line in "TERM=xterm NO_COLOR=1" "TERM=dumb NO_COLOR="; do
		# shellcheck disable=SC2086,SC2163 # words, NAME=VALUE
		(export $line && on_screen 100 60)
		hasnt "no colours with $line" $'\033' "$dir/screen"
		is "all of it: $line" 6 "$(grep -c '^            emrdrop ' "$dir/screen")"
	done
}

# looked NAME OPTION...: what Chromium shows of the page.
looked() {
	local to=$dir/$1.png

	shift
	chromium --headless --no-sandbox --disable-gpu --hide-scrollbars \
		--user-data-dir="$dir/chromium" --screenshot="$to" "$@" "file://$dir/page.html" \
		>"$dir/chromium.out" 2>&1
}

# Much is paper, some is ink, and the worst and the charts have colours of their own.
seen() {
	local n

	read -ra n < <("$check" --colours "$dir/$1.png" "${@:2}")
	ok "$1: ${n[*]}" [ "${n[0]}" -gt 100000 ] && ok "$1: bad" [ "${n[1]}" -gt 100 ] &&
		ok "$1: bars" [ "${n[2]}" -gt 300 ] && ok "$1: letters" [ "${n[3]}" -gt 3000 ]
}

test_looks() {
	command -v chromium >/dev/null || { echo "no chromium: the page was not looked at"; return; }
	run 0 report --out "$dir/page.html"
	looked light --window-size=1000,900
	seen light ffffff b3261e 6f7b88
	looked narrow --window-size=390,2000
	seen narrow ffffff b3261e 6f7b88
	chromium --headless --no-sandbox --disable-gpu --user-data-dir="$dir/chromium" \
		--dump-dom "file://$dir/page.html" >"$dir/dom" 2>/dev/null
	has "as it was understood" "$dir/dom" "<code>emrdrop retry riverbend-referrals</code>"
	cmp -s <("$check" --text "$dir/dom") <("$check" --text "$dir/page.html")
	is "nothing was dropped or mended" 0 $?
}

make_ledger
test_page
test_where
test_screen
test_looks
e2e_end
