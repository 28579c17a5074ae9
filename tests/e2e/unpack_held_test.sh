#!/bin/bash
# An archive of which one export is held: all of it is read, nothing of it is sent, and once
# it is approved all of it is delivered. What can't be approved alone can't be in an archive.
#
#   tests/e2e/unpack_held_test.sh BUILD_DIR
# shellcheck disable=SC2119 # as they are
set -u
. tests/e2e/lib.sh
. tests/lib/packed.sh

e2e_init "$1" zip
api_start

# fresh [SED...]: `simple`, which takes any name.
fresh() {
	api_fresh
	rm -rf "$dir/state" "$dir"/drop/*
	simple -e 's|^pattern .*|pattern = *|' "$@"
}

# total FIRST LAST SAID: rows, with a footer that says so many.
total() {
	rows "$1" "$2"
	echo "Total: $3"
}

# pack NAME FILE...: in this order, into the drop.
pack() {
	(cd "$dir" && zip -q "drop/$1" "${@:2}")
}

# held WHY: nothing is sent, and the reason begins so.
held() {
	reasons "$1"
	is "nothing is sent: $1" "$before" "$(changes)"
}

test_footer() {
	local order

	for order in "wrong right" "right wrong" "wrong inner.zip" "inner.zip right"; do
		fresh -e '/^\[csv\]/a footer = "Total: {count}"' -e "s|^after .*|after = delete|"
		total 1 3 4 >"$dir/wrong"
		total 4 8 5 >"$dir/right"
		rm -f "$dir/inner.zip"
		case $order in
		wrong*zip) (cd "$dir" && zip -q inner.zip right) ;;
		inner*) (cd "$dir" && zip -q inner.zip wrong) ;;
		esac
		before=$(changes)
		# shellcheck disable=SC2086 # two names
		pack a.zip $order
		job 4
		is "$order: all is read" '["hold",8,16,0]' "$(file_report verdict rows records delivered)"
		held "says 4 rows, but 3 are there"
		approve
		job 0
		is "$order: all is delivered" '["deliver",8,16]' "$(file_report verdict rows delivered)"
		is "$order: it is deleted then" "" "$(ls "$dir/drop")"
	done
	before=$(changes)
	total 9 11 4 >"$dir/wrong"
	pack alone.zip wrong
	job 4
	held "the footer (row 5) says 4 rows"
	approve
	job 0
	is "the only one" '["deliver",3,6]' "$(file_report verdict rows delivered)"
}

# What is worse than held: the reason is that of the export that can't be approved, or read.
test_worse() {
	local id

	fresh -e '/^\[csv\]/a footer = "Total: {count}"'
	total 1 30 30 >"$dir/drop/0.csv"
	job 0
	before=$(changes)
	total 31 33 4 >"$dir/first"
	total 34 38 5 | sed '1s/Appt/Visit No/' >"$dir/second"
	total 39 40 2 >"$dir/third"
	pack a.zip first second third
	job 4
	held 'export 2 in the file: columns that every row needs are gone since the last good file: \"Appt\"'
	id=$(report '.feeds[0].files[0].file' | tr -d '"')
	run 64 hold approve "$id"
	has "as it is alone" "$dir/err" "cannot be delivered as it is"
	run 0 hold show "$id"
	ok "its columns are shown" grep -qE '^ +renamed +#6 "Appt" +#6 "Visit No"' "$dir/out"
	simple -e 's|^pattern .*|pattern = *|' -e '/^\[csv\]/a footer = "Total: {count}"' \
		-e '/^\[patient\]/i [columns]\nappt = "Appt", "Visit No"\n' -e 's/{Appt}/{appt}/'
	job 4
	held "export 1 in the file: the footer (row 5) says 4 rows"
	approve
	job 0
	is "with the title in [columns]" '["deliver",10,20]' "$(file_report verdict rows delivered)"
	before=$(changes)
	echo "a,b" >"$dir/other"
	pack b.zip first other
	job 65
	held "export 2 in the file: columns of the map are not in the header"
	is "it is refused" '"refuse"' "$(report '.feeds[0].files[0].verdict')"
}

# Columns that look swapped hold the file, and removals wait for the decision; a file that
# may have been cut removes nothing.
test_snapshot() {
	# shellcheck disable=SC2016 # awk's
	local swap='NR > 1 { t = $4; $4 = $5; $5 = t } { print }'

	fresh "${snapshot[@]}" -e '/^\[csv\]/a footer = "Total: {count}"'
	rows 1 60 >"$dir/all"
	{ head -n 31 "$dir/all" && echo "Total: 30"; } >"$dir/north"
	{ sed 2,31d "$dir/all" && echo "Total: 30"; } >"$dir/south"
	pack a.zip north south
	job 0
	before=$(changes)
	total 31 58 28 | awk -F, -v OFS=, "$swap" >"$dir/south"
	pack b.zip north south
	job 4
	held "export 2 in the file: columns "
	approve
	job 0
	is "swapped, all of it is there" '["deliver",58,2]' "$(file_report verdict rows removals)"
	total 31 50 28 >"$dir/south"
	pack c.zip south north
	job 4
	reasons "export 1 in the file: the footer (row 22) says 28 rows"
	approve
	job 0
	is "cut, it removes nothing" '["deliver",50,0]' "$(file_report verdict rows removals)"
}

# message N PATIENT
message() {
	printf 'MSH|^~\\&|EHR|CLINIC|EMRDROP|HUB|202506010801%02d||SIU^S12|M%s|P|2.5.1\r' "$1" "$1"
	printf 'SCH|A%s||||||||30|min|^^^20260701090000\rPID|1||%s^^^CLINIC^MR||Test^P%s\r' "$1" "$2" "$1"
}

test_messages() {
	# shellcheck disable=SC2119 # as it is
	api_fresh
	rm -rf "$dir/state" "$dir"/etc/feeds.d/* "$dir"/drop/*
	mkdir "$dir/drop/hl7"
	site "[run]"$'\n'"maps = $PWD/deploy/maps"
	feed fixtures/hl7/cases/feed.ini hl7-cases -e "s|@CASE@|c|g" -e 's|^pattern.*|pattern = *|' \
		-e "s|^\[source\]|&\nfeedback = $dir/told|" -e 's|^\[hl7\]|&\nack = batch|'
	{ printf 'BHS|^~\\&|a\r' && message 1 101 && printf 'BTS|2\r'; } >"$dir/m1"
	{ printf 'BHS|^~\\&|a\r' && message 2 102 && message 3 103 && printf 'BTS|2\r'; } >"$dir/m2"
	before=$(changes)
	pack hl7/a.zip m1 m2
	job 4
	held "export 1 in the file: BTS-1 in segment 5 says 2 messages, but 1 are there"
	approve
	job 0
	is "messages" '["deliver",3,6]' "$(file_report verdict rows delivered)"
	is "each is answered, by a number of its own" "3 3" "$(cat "$dir"/told/*.ack.hl7 | tr '\r' '\n' |
		awk -F '|' '/^MSH/ { n++; ids += !seen[$10]++ } END { print n, ids }')"
}

test_footer
test_worse
test_snapshot
test_messages
e2e_end
