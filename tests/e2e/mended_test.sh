#!/bin/bash
# A reject file, mended by a script and dropped again over real SFTP: what was mended goes
# in, nothing else changes, and what is still wrong comes back; also out of a spreadsheet
# that saves it with another delimiter and character set, and in a feed of snapshots.
#
#   tests/e2e/mended_test.sh BUILD_DIR
set -u
. tests/e2e/lib.sh

e2e_init "$1" /usr/bin/python3
sshd_start "$dir" || exit 1
by_sftp
api_start
folder=$dir/drop/told

# fresh [SED...]: `simple`, which tells the clinic.
fresh() {
	# shellcheck disable=SC2119 # as it is
	api_fresh
	rm -rf "$dir/state" "$dir/drop"
	mkdir "$dir/drop"
	simple -e "s|^after.*|after = archive:$dir/drop/done\nfeedback = $folder|" "$@"
}

# drop_again [SED...]: the reject file, mended so, under the name that it has.
drop_again() {
	local f

	f=$(find "$folder" -name '*.rejects.csv')
	sed -e '' "$@" "$f" >"$dir/drop/${f##*/}"
	rm "$f"
}

# as_if_right WHAT FILE...: the API holds what it would if these had been dropped at once.
as_if_right() {
	local what=$1 f

	shift
	api_state "$dir/mended.json"
	fresh
	for f; do
		cp "$f" "$dir/drop/"
	done
	job 0
	api_state "$dir/right.json"
	ok "$what: as if it had been right" diff "$dir/right.json" "$dir/mended.json"
}

break_some() {
	sed -e '/^00003/s/Scheduled/Nope/' -e '/^00005/s/Testcase/Test,case/' \
		-e '/^00006/s/Testcase/=1+1/; /^00006/s/Scheduled/Nope/' \
		-e "/^00007/s/Testcase/'-x/; /^00007/s/Scheduled/Nope/" -e '/^00009/s/Synthetic/"Synth/'
}

test_mended() {
	fresh
	rows 1 12 | break_some >"$dir/drop/a.csv"
	job 3
	is "at first" '[12,5,14]' "$(file_report rows rejected delivered)"
	before=$(changes)
	# All but one are mended; the guards stay as they are.
	drop_again -e 's/Nope/Scheduled/' -e 's/Test,case/"Test,case"/'
	is "it is named after the file" 1 "$(find "$dir/drop" -name 'a.csv-????????.rejects.csv' | wc -l)"
	job 0
	is "all of it goes in" '[5,0,10,"delimiter=, charset=utf-8 mended=yes"]' \
		"$(file_report rows rejected delivered found)"
	is "and nothing else" 10 $(($(changes) - before))
	is "a formula is what it was" '["'"'"'-x","=1+1","Test,case"]' "$(api_curl state | jq -c '[.records[] |
		select(.id == "00006", .id == "00007", .id == "00005").data.name.family] | sort')"
	is "the receipt says so" 1 "$(grep -l "came back mended" "$folder"/*.receipt.txt | wc -l)"
	rows 1 12 | sed -e '/^00005/s/Testcase/"Test,case"/' -e '/^00006/s/Testcase/=1+1/' \
		-e "/^00007/s/Testcase/'-x/" -e '/^00009/s/Synthetic/"""Synth"/' >"$dir/b.csv"
	as_if_right mended "$dir/b.csv"
}

# What is still wrong comes back once more, with the columns that the first file had.
test_again() {
	fresh
	rows 1 30 | sed '/^0000[1-4]/s/Scheduled/Nope/' >"$dir/drop/a.csv"
	job 3
	drop_again -e '2s/Nope/Scheduled/'
	job 3
	is "most of it is wrong again" '["deliver",4,3,2]' "$(file_report verdict rows rejected delivered)"
	is "named after the first file" 1 "$(find "$folder" -name 'a.csv-????????.rejects.csv' | wc -l)"
	is "its columns" "_row,_column,_problem,_remedy,$(rows 1 0 | tr -d '\r')" \
		"$(head -n 1 "$folder"/*.rejects.csv | tr -d '\r\357\273\277')"
	is "its rows" "3 4 5" "$(sed 1d "$folder"/*.rejects.csv | cut -d , -f 1 | paste -sd ' ')"
	drop_again -e 's/Nope/Scheduled/'
	job 0
	rows 1 30 >"$dir/b.csv"
	as_if_right again "$dir/b.csv"
}

# A spreadsheet moved our columns behind, and saved it as it saves.
test_resaved() {
	fresh
	rows 1 9 | sed -e 's/Testcase/Müller/' -e '/^0000[357]/s/Scheduled/Nope/' \
		-e "/^00005/s/Synthetic/-Zoë/" | iconv -f UTF-8 -t WINDOWS-1252 >"$dir/drop/a.csv"
	job 3
	is "as it was sent" charset=windows-1252 "$(report '.feeds[0].files[0].found' | grep -o 'charset=[a-z0-9-]*')"
	/usr/bin/python3 -c '
import csv, sys
rows = list(csv.reader(open(sys.argv[1], encoding="utf-8-sig", newline="")))
out = csv.writer(open(sys.argv[2], "w", encoding="cp1252", newline=""), delimiter=";", quoting=csv.QUOTE_ALL)
for r in rows:
    out.writerow([c.replace("Nope", "Scheduled") for c in r[4:]] + r[3::-1] + ["", ""])' \
		"$(find "$folder" -name '*.rejects.csv')" "$dir/drop/Copy of it.csv"
	job 0
	is "found" '[3,0,"delimiter=; charset=windows-1252 mended=yes"]' "$(file_report rows rejected found)"
	rows 1 9 | sed -e 's/Testcase/Müller/' -e "/^00005/s/Synthetic/-Zoë/" >"$dir/b.csv"
	as_if_right resaved "$dir/b.csv"
}

# A row that was wrong one day, and the next was again as it had been before: what comes
# back mended is of the day between. The last export may say so by a row that it repeats.
test_day_between() {
	local what=$1 name

	shift
	fresh "$@"
	rows 1 3 >"$dir/drop/s_20201101.csv"
	job 0
	rows 1 3 | sed '/^00002/{s/Testcase/Wrong/;s/Scheduled/Nope/}' >"$dir/drop/s_20201102.csv"
	job 3
	name=$(find "$folder" -name 's_20201102*.rejects.csv')
	sed 's/Nope/Scheduled/' "$name" >"$dir/aside.csv"
	rm "$name"
	name=${name##*/}
	rows 1 4 >"$dir/drop/s_20201103.csv"
	job 0
	mv "$dir/aside.csv" "$dir/drop/$name"
	job 0
	is "$what: it came too late" 0 "$(file_report delivered | jq '.[0]')"
	is "$what: what is repeated since stands" Testcase \
		"$(api_curl state | jq -r '.records[] | select(.id == "00002").data.name.family')"
	rows 1 4 | sed '/^00003/s/Testcase/Later/' >"$dir/drop/s_20201104.csv"
	job 0
	is "$what: the next export" 1 "$(file_report delivered | jq '.[0]')"
}

snap() {
	fresh -e "/^source  *= simple/a contents = snapshot" -e "/^pattern/a order = name:%Y%m%d" \
		-e "/^\[appointment\]/a on_missing = cancel"
}

cancelled() {
	api_curl state | jq -c '[.records[] | select(.data.status == "cancelled") | .id] | sort'
}

# It is changes, not the whole truth: it removes nothing, and is not the newest snapshot.
test_snapshot() {
	snap
	rows 1 40 | sed '/^0000[357]/s/Scheduled/Nope/' >"$dir/drop/s_20201102.csv"
	job 3
	rows 1 40 | sed -e '/,A-20,/d' -e '/^00007/s/Scheduled/Nope/' >"$dir/drop/s_20201103.csv"
	rm -f "$dir"/aside*
	mv "$(find "$folder" -name 's_20201102*.rejects.csv')" "$dir/aside.csv"
	name=$(basename "$(find "$folder" -name 's_20201102*.txt')" .receipt.txt).rejects.csv
	job 3
	is "the second day" '["A-20"]' "$(cancelled)"
	run 0 status --json
	status=$(report '.feeds[0] | [.last_snapshot_ms, .removals]')
	before=$(changes)
	sed 's/Nope/Scheduled/; /^4,/s/Testcase/Older/' "$dir/aside.csv" >"$dir/drop/$name"
	job 0
	is "it is taken, not refused as older" '["deliver",3,0,0]' "$(file_report verdict rows rejected removals)"
	is "nothing is removed" '["A-20"]' "$(cancelled)"
	is "what a later export has stays" Testcase \
		"$(api_curl state | jq -r '.records[] | select(.id == "00003").data.name.family')"
	is "of the first day: what the second does not have" 2 $(($(changes) - before))
	run 0 status --json
	is "the last snapshot is the second day's" "$status" "$(report '.feeds[0] | [.last_snapshot_ms, .removals]')"
	rows 1 40 | sed '/,A-20,/d' >"$dir/drop/s_20201104.csv"
	job 0
	is "the next snapshot is one again" '["A-20"]' "$(cancelled)"
	rows 1 0 | sed 's/^/_row,_column,_problem,_remedy,/' >"$dir/drop/s_none.csv"
	job 0
	is "none left to mend is nothing" '"empty"' "$(report '.feeds[0].files[0].verdict')"
}

# Rows of it that give no record, because they are still wrong or are left out, are no more
# than that; what comes behind it is taken.
test_snapshot_no_record() {
	fresh -e "/^source  *= simple/a contents = snapshot" -e "/^pattern/a order = name" \
		-e "/^\[appointment\]/a on_missing = cancel" \
		-e '/^\[patient\]/i [rows]\nwhen = {Status} not in Blocked\n'
	rows 1 40 | sed '/^0000[3-5]/s/Scheduled/Nope/' >"$dir/drop/b.csv"
	job 3
	rows 1 41 | sed '/^00005/s/Scheduled/Blocked/' >"$dir/drop/c.csv"
	drop_again -e '2s/Nope/Scheduled/' -e '4s/Nope/Blocked/'
	job 3
	is "still wrong, left out, and the next export" '["deliver",3,1,1,2],["deliver",41,1,0,4]' \
		"$(report '.feeds[0].files[] | [.verdict, .rows, .filtered, .rejected, .delivered]' | paste -sd,)"
	drop_again -e 's/Nope/Blocked/'
	job 0
	is "all are left out" '[1,1,0,0]' "$(file_report rows filtered rejected removals)"
	is "nothing is removed" '[]' "$(cancelled)"
}

# warned: of the columns of the first file.
warned() {
	report '.feeds[0].files[0].column_warnings | map("\(.code) \(.column)")'
}

# The last export is the one before it, still: its columns are the ones that are known, and
# its content is that which was taken last.
test_last_export() {
	fresh
	rows 1 30 | sed '/^00003/s/Scheduled/Nope/' >"$dir/a.csv"
	cp "$dir/a.csv" "$dir/drop/"
	job 3
	# Somebody took a column out.
	drop_again -E -e 's/,[^,]*((,[^,]*){3})$/\1/' -e 's/Nope/Scheduled/'
	job 0
	is "it is told what it lacks" '["column_missing ZIP"]' "$(warned)"
	cp "$dir/a.csv" "$dir/drop/b.csv"
	job 3
	is "the very export once more" '["duplicate",1]' "$(file_report verdict rejected)"
	rows 1 31 >"$dir/drop/c.csv"
	job 0
	is "the next one is no other" '["deliver",0]' "$(file_report verdict rejected)"
	is "it has the columns of the last" '[]' "$(warned)"
}

# Where the name does not fit, the receipt says which would.
test_pattern() {
	fresh -e 's/^pattern.*/pattern = visits.txt/'
	rows 1 9 | sed '/^00003/s/Scheduled/Nope/' >"$dir/drop/visits.txt"
	job 3
	has "the name to use" "$folder"/*.txt "under a name that fits visits.txt."
	drop_again -e 's/Nope/Scheduled/'
	mv "$dir/drop"/*.rejects.csv "$dir/drop/visits.txt"
	job 0
	is "it is taken" '[1,0,2]' "$(file_report rows rejected delivered)"
}

# pack NAME FILE...: as a zip in the drop.
pack() {
	/usr/bin/python3 -c '
import os, sys, zipfile
with zipfile.ZipFile(sys.argv[1], "w", zipfile.ZIP_DEFLATED) as z:
    for path in sys.argv[2:]:
        z.write(path, os.path.basename(path))' "$dir/drop/$1" "${@:2}"
}

# The second reading goes the way of the first: out of an archive, and of several exports.
test_packed() {
	fresh -e 's/^pattern.*/pattern = *.csv *.zip/'
	rows 1 9 | sed '/^00003/s/Scheduled/Nope/' >"$dir/one.csv"
	rows 11 19 | sed '/^00015/s/Scheduled/Nope/' >"$dir/two.csv"
	pack all.zip "$dir/one.csv" "$dir/two.csv"
	job 3
	is "two exports" '[18,2,32]' "$(file_report rows rejected delivered)"
	is "one header, rows numbered on" "_row 4 16" \
		"$(tr -d '\357\273\277' <"$(find "$folder" -name '*.rejects.csv')" | cut -d , -f 1 | paste -sd ' ')"
	drop_again -e 's/Nope/Scheduled/'
	job 0
	rows 1 9 >"$dir/three.csv"
	rows 11 19 >"$dir/four.csv"
	as_if_right packed "$dir/three.csv" "$dir/four.csv"
}

# It is the cells that make a header: line ends, quotes, delimiters and marks may be others.
test_packed_otherwise() {
	fresh -e 's/^pattern.*/pattern = *.csv *.zip/'
	rows 1 9 | sed '/^00003/s/Scheduled/Nope/' >"$dir/one.csv"
	{
		printf '\357\273\277'
		rows 11 19 | sed -e '1s/[^,\r]\{1,\}/"&"/g' -e '/^00015/s/Scheduled/Nope/' -e 's/\r$//'
	} >"$dir/two.csv"
	rows 21 29 | sed -e 's/,/;/g' -e '/^00025/s/Scheduled/Nope/' -e '/^00025/s/Testcase/Test,case/' \
		>"$dir/three.csv"
	rows 1 0 | sed 's/\r/,Notes\r/' >"$dir/none.csv"
	pack all.zip "$dir/none.csv" "$dir/one.csv" "$dir/two.csv" "$dir/three.csv"
	job 3
	is "four exports" '[27,3,48]' "$(file_report rows rejected delivered)"
	is "all in one, as the first has it" "_row,ZIP 5,'00003 17,'00015 27,'00025" \
		"$(tr -d '\357\273\277\r' <"$(find "$folder" -name '*.rejects.csv')" |
			sed -nE "s/^([0-9_row]+),.*,([^,]*)(,[^,]*){3}\$/\1,\2/p" | paste -sd ' ')"
	is "its lines end as the first has it" 4 "$(grep -c $'\r$' "$folder"/*.rejects.csv)"
	drop_again -e 's/Nope/Scheduled/'
	job 0
	is "it goes in" '[3,0,6]' "$(file_report rows rejected delivered)"
	rows 1 9 >"$dir/four.csv"
	rows 11 19 >"$dir/five.csv"
	rows 21 29 | sed '/^00025/s/Testcase/"Test,case"/' >"$dir/six.csv"
	as_if_right "packed otherwise" "$dir/four.csv" "$dir/five.csv" "$dir/six.csv"
}

# Rows of exports with other columns don't fit into one file; nobody looks for it then.
test_packed_apart() {
	local night

	fresh -e 's/^pattern.*/pattern = *.csv *.zip/'
	rows 1 9 >"$dir/one.csv"
	rows 11 19 | sed -e '1s/\r/,Notes\r/; 2,$s/\r/,seen\r/' -e '/^00015/s/Scheduled/Nope/' >"$dir/two.csv"
	for night in "one two" "two one"; do
		# shellcheck disable=SC2086 # two names
		(cd "$dir" && pack "${night/ /-}.zip" ${night/ /.csv }.csv)
		job 3
		is "$night" '["deliver",18,1]' "$(file_report verdict rows rejected)"
		hasnt "$night: nothing is lost" rejects-lost "$dir/err"
	done
	is "there is none" 0 "$(find "$folder" -name '*.rejects.csv' | wc -l)"
	is "the receipts don't name one" 0 "$(cat "$folder"/*.txt | grep -c 'rejects\.csv\|is in the reject file')"
	is "they say why" 2 "$(cat "$folder"/*.txt | grep -c "There is no reject file: the exports that are packed")"
	is "and what to do" 2 "$(cat "$folder"/*.txt | grep -c "Correct these rows in the system that they come from")"
	is "for programs" '[false,false]' "$(jq -s -c 'map(.reject_file)' "$folder"/*.json)"
}

# A mended file is no export, whichever comes first, also where rows are known by their bytes.
test_packed_with_an_export() {
	local night

	fresh -e 's/^pattern.*/pattern = *.csv *.zip/'
	for night in 40 41; do
		rows 1 "$night" | sed '/^00003/s/Scheduled/Nope/' >"$dir/drop/$night.csv"
		job 3
	done
	sed 's/Nope/Scheduled/' "$(find "$folder" -name '41*.rejects.csv')" >"$dir/one.csv"
	rows 1 42 >"$dir/two.csv"
	before=$(changes)
	pack behind.zip "$dir/one.csv" "$dir/two.csv"
	pack before.zip "$dir/two.csv" "$dir/one.csv"
	job 65
	is "an export behind it, or before it" 2 "$(jq -c '.feeds[0].files[].reason' "$dir/out" |
		grep -c "a reject file is packed together with other exports: drop it by itself")"
	is "nothing is sent" "$before" "$(changes)"
}

# What Excel makes of a reject file that is opened by a double click, and saved: numbers
# lose their zeros and long ones their digits, and dates are written as it writes them. A
# cell with an apostrophe is text.
excel() {
	/usr/bin/python3 -c '
import csv, re, sys
def seen(c):
    if re.fullmatch(r"[0-9]+(\.[0-9]+)?", c):
        return "%.10g" % float(c) if len(c) < 12 else "%.5E" % float(c)
    m = re.fullmatch(r"(\d+)/(\d+)/(\d{4})(.*)", c)
    return "%d/%d/%s%s" % (int(m[1]), int(m[2]), m[3], m[4]) if m else c
rows = list(csv.reader(open(sys.argv[1], encoding="utf-8-sig", newline="")))
out = csv.writer(open(sys.argv[2], "w", encoding="utf-8-sig", newline=""))
out.writerow(rows[0])
for r in rows[1:]:
    out.writerow([seen(c).replace("Nope", "Scheduled") for c in r])' "$1" "$2"
}

# Nobody is made another patient by it.
test_double_click() {
	fresh
	rows 1 9 | sed -e '/^0000[357]/s/Scheduled/Nope/' -e '/^00007/s/,A-7,/,123456789012345,/' >"$dir/drop/a.csv"
	job 3
	f=$(find "$folder" -name '*.rejects.csv')
	excel "$f" "$dir/drop/${f##*/}"
	job 0
	is "all are taken" '[3,0,6]' "$(file_report rows rejected delivered)"
	rows 1 9 | sed '/^00007/s/,A-7,/,123456789012345,/' >"$dir/b.csv"
	as_if_right "double click" "$dir/b.csv"
}

# without COLUMNS: drops the reject file mended and without these of ours.
without() {
	local f

	f=$(find "$folder" -name '*.rejects.csv')
	sed 's/Nope/Scheduled/' "$f" | /usr/bin/python3 -c '
import csv, io, sys
rows = list(csv.reader(io.TextIOWrapper(sys.stdin.buffer, encoding="utf-8-sig", newline="")))
keep = [i for i, t in enumerate(rows[0]) if t not in sys.argv[1:]]
csv.writer(sys.stdout).writerows([r[i] for i in keep] for r in rows)' "$@" >"$dir/drop/${f##*/}"
}

# Who has no use for our columns takes them out: two are enough, and none is told.
test_columns_out() {
	fresh
	rows 1 9 | sed '/^00003/s/Scheduled/Nope/' >"$dir/drop/a.csv"
	job 3
	before=$(changes)
	without _row _column _problem _remedy
	job 65
	is "without them" '"refuse"' "$(report '.feeds[0].files[0].verdict')"
	has "why" "$folder"/*.refused.receipt.txt "it has the name of a reject file, but not the columns _row,"
	is "nothing is sent" "$before" "$(changes)"
	rm -f "$dir/drop"/*.csv
	without _problem _remedy
	job 0
	is "with two" '[1,0,2]' "$(file_report rows rejected delivered)"
	rows 1 9 >"$dir/b.csv"
	as_if_right "columns out" "$dir/b.csv"
}

test_mended
test_again
test_double_click
test_columns_out
test_packed
test_packed_otherwise
test_packed_apart
test_packed_with_an_export
test_resaved
test_snapshot
test_day_between "a feed of changes" -e "/^pattern/a order = name:%Y%m%d"
test_day_between "a snapshot" -e "/^source  *= simple/a contents = snapshot" \
	-e "/^pattern/a order = name:%Y%m%d"
test_snapshot_no_record
test_last_export
test_pattern
e2e_end
