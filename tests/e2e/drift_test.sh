#!/bin/bash
# An export whose columns change from day to day: what is told of it, what is held, and
# that old and new titles stand side by side wherever a person looks.
#
#   tests/e2e/drift_test.sh BUILD_DIR
# shellcheck disable=SC2016 # what awk and sed are to expand
set -u
. tests/e2e/lib.sh

e2e_init "$1"
api_start
mkdir "$dir/done" "$dir/receipts"
day=0

# known [SED...]: the feed, edited.
known() {
	simple -e "s|^after.*|after = archive:$dir/done\nfeedback = $dir/receipts|" "$@"
}

# drop [COMMAND...]: the next day's export, as the command makes it of the usual one.
drop() {
	day=$((day + 1))
	rows 1 40 "$day" | "${@:-cat}" >"$dir/drop/day$(printf %02d "$day").csv"
}

# warned WHAT LIST: the warnings of the file, as "code column type.field".
warned() {
	is "$1: warnings" "$2" "$(report '[.feeds[0].files[0].column_warnings[]? |
		select(.code | startswith("column_")) |
		[.code, .column, .type, .field] | map(select(. != null and . != "")) | join(" ")]')"
}

# sides WHAT COMMAND LINE...: the lines of old and new title that a command shows.
sides() {
	local what=$1 line

	# shellcheck disable=SC2086 # words
	run 0 $2
	shift 2
	for line; do
		ok "$what: $line" grep -qE -e "$line" "$dir/out"
	done
}

test_good() {
	drop
	job 0
	warned "the first file" '[]'
	drop
	job 0
	warned "another like it" '[]'
	run 0 files simple
	hasnt "nothing to show" "in the last good file" "$dir/out"
}

test_told() {
	drop sed '1s/First/Given name/'
	job 0
	is "renamed: delivered" '["deliver",40,0]' "$(file_report verdict rows rejected)"
	warned "renamed" '["column_renamed First patient name.given[]"]'
	sides renamed 'files simple' '^ +columns +in the last good file +in this one' \
		'^ +renamed +#3 "First" +#3 "Given name"'
	is "a patch leaves alone what it has not" '"Synthetic"' \
		"$(api_curl state | jq '.records[] | select(.id == "00001" and .type == "patient") | .data.name.given[0]')"
	has "in the receipt" "$(ls "$dir"/receipts/day03*.txt)" 'renamed  #3 "First"                  #3 "Given name"'
	is "and for programs" '"renamed"' "$(jq -c '.columns[0].change' "$dir"/receipts/day03*.json)"
	hasnt "nothing of the like before" "COLUMNS THAT CHANGED" "$dir"/receipts/day0[12]*.txt
	drop sed '1s/First/Given name/'
	job 0
	warned "the map still asks for it" '["column_missing First patient name.given[]"]'
	drop sed '1s/\r/,Notes\r/; 2,$s/\r/,seen\r/'
	job 0
	warned "added, and back" '["column_added Notes"]'
	drop awk -F, -v OFS=, '{ sub(/\r$/, ""); print $8, $1, $2, $3, $4, $5, $6, $7 "\r" }'
	job 0
	warned "reordered, and one less" '["column_missing Notes","column_order"]'
	sides reordered 'files simple' '^ +moved +#8 "Status" +#1 "Status"' '^ +missing +#9 "Notes" +-'
	drop cut -d, -f1-4,6-
	job 0
	is "without an optional one" '["deliver",40,0]' "$(file_report verdict rows rejected)"
	warned "missing" '["column_missing ZIP patient address.postal_code","column_order"]'
	drop
	job 0
	warned "it is there again" '[]'
}

# Two titles for one column: the feed knows them both.
test_known_title() {
	known \
		-e '/^\[patient\]/i [columns]\nfirst = "First", "Forename"\n' -e 's/{First}/{first}/'
	drop sed '1s/First/Forename/'
	job 0
	warned "a title that the feed lists" '[]'
	is "delivered" '["deliver",0]' "$(file_report verdict rejected)"
	drop
	job 0
}

# A column comes that the feed knows as well, beside the one that it read: ids are others in it.
test_both_titles() {
	known -e '/^\[patient\]/i [columns]\npid = "MRN", "ID"\nfirst = "Called", "First"\n' \
		-e 's/{ID}/{pid}/; s/{First}/{first}/'
	drop
	job 0
	before=$(changes)
	drop sed '1s/^/MRN,/; 2,$s/^/X/; 2,$s/\([0-9]*\),/\1,\1,/'
	job 4
	has "held" "$dir/out" 'column \"MRN\" is new, and would be read in place of \"ID\", which is still there'
	is "nothing is sent" "$before" "$(changes)"
	warned "it is told" '["column_added MRN patient id"]'
	run 0 hold discard "$(report '.feeds[0].files[0].file[:8]' | tr -d '"')"
	drop sed '1s/First/First,Called/; 2,$s/Synthetic/Synthetic,Alias/'
	job 0
	is "where no row hangs on it" '["discard","deliver"]' "$(report '[.feeds[0].files[].verdict]')"
	is "that is told alone" '["column_added Called"]' "$(report '[.feeds[0].files[1].column_warnings[] |
		select(.code | startswith("column_")) | .code + " " + .column]')"
	drop
	job 0
}

test_required() {
	local id before shown

	before=$(changes)
	drop sed '1s/Start/Begins at/'
	job 4
	is "held" '["hold",0]' "$(file_report verdict rows)"
	has "what is gone, and what stands there" "$dir/out" \
		'gone since the last good file: \"Start\" (there is \"Begins at\")'
	is "sent" 0 $(($(changes) - before))
	id=$(report '.feeds[0].files[0].file[:8]' | tr -d '"')
	sides "side by side" "hold show $id" 'HELD' '^ +renamed +#7 "Start" +#7 "Begins at"'
	has "in its receipt" "$(ls "$dir"/receipts/*"$id".held.receipt.txt)" '#7 "Begins at"'
	for shown in "hold show $id" "hold list" "status simple" status; do
		# shellcheck disable=SC2086 # words
		run 0 $shown
		has "$shown: what frees it" "$dir/out" "add the new titles to [columns] of the feed"
		hasnt "$shown: nothing that is refused" "hold approve" "$dir/out"
	done
	run 0 status simple --json
	hasnt "nor to programs" "hold approve" "$dir/out"
	has "its receipt: what to do" "$(ls "$dir"/receipts/*"$id".held.receipt.txt)" \
		"Give the columns the titles back that they had"
	hasnt "its receipt: nobody can decide" decides "$dir"/receipts/*"$id".held.receipt.*
	has "its receipt: how it was read" "$(ls "$dir"/receipts/*"$id".held.receipt.txt)" \
		"found     a header with other titles"
	run 0 hold show "$id" --json
	is "in JSON" '[["renamed",{"column":7,"title":"Start"},{"column":7,"title":"Begins at"}]]' \
		"$(report '.columns | map([.change, .before, .now])')"
	run 64 hold approve "$id"
	has "it can't be delivered as it is" "$dir/err" 'add the new titles to [columns]'
	known \
		-e '/^\[patient\]/i [columns]\nstart = "Start", "Begins at"\n' -e 's/{Start}/{start}/'
	job 0
	is "the feed knows it now" '["deliver",40]' "$(file_report verdict rows)"
	warned "and says nothing" '[]'
	rows 1 40 | sed '1s/Status/State/' >"$dir/sample.csv"
	run 4 preview simple "$dir/sample.csv"
	has "a preview says so before" "$dir/err" 'renamed  #8 "Status"'
	run 4 preview simple "$dir/sample.csv" --json
	is "in JSON" '["renamed","renamed"]' "$(report '.columns | map(.change)')"
	drop sed 's/^[^,]*,//'
	job 4
	has "the id is gone" "$dir/out" 'last good file: \"ID\"'
	id=$(report '.feeds[0].files[0].file[:8]' | tr -d '"')
	run 0 hold discard "$id"
	job 0
	is "it can be discarded" '["discard"]' "$(file_report verdict)"
	drop
	job 0
}

# A file without a header has patients' values where titles should be.
test_no_header() {
	local id

	drop sed 1d
	job 65
	is "refused" '["refuse"]' "$(file_report verdict)"
	id=$(report '.feeds[0].files[0].file[:8]' | tr -d '"')
	run 0 hold show "$id"
	hasnt "what might be a title" Testcase "$dir/out" "$dir/all.err" "$dir"/receipts/*
	run 0 hold discard "$id"
	job 0
}

test_swapped() {
	local id

	drop awk -F, -v OFS=, 'NR > 1 { t = $4; $4 = $5; $5 = t } { print }'
	job 4
	is "held" '["hold"]' "$(file_report verdict)"
	has "in words" "$dir/out" 'columns \"DOB\" and \"ZIP\" look swapped'
	id=$(report '.feeds[0].files[0].file[:8]' | tr -d '"')
	run 0 hold approve "$id"
	job 0
	is "approved: as it is, without dates of birth" '["deliver",40]' \
		"$(file_report verdict warnings)"
	drop awk -F, -v OFS=, 'NR > 1 { t = $4; $4 = $5; $5 = t } { print }'
	job 0
	is "it is the good one now" '["deliver"]' "$(file_report verdict)"
	drop
	job 4
	has "and the other way round" "$dir/out" 'columns \"DOB\" and \"ZIP\" look swapped'
	id=$(report '.feeds[0].files[0].file[:8]' | tr -d '"')
	run 0 hold approve "$id"
	job 0
	drop awk -F, -v OFS=, 'NR > 1 { t = $4; $4 = $5; $5 = t } NR < 21 { print }'
	job 0
	is "19 rows are too few to be sure" '["deliver",19]' "$(file_report verdict rows)"
	drop
	job 0
	is "nor do they make the usual contents look odd" '["deliver"]' "$(file_report verdict)"
}

# A patient that is put whole would lose the ZIP code at the API: somebody has to mean it.
test_put() {
	local id before

	known -e '/^\[patient\]/,/^$/s/^op .*/op = put/'
	drop
	job 0
	before=$(changes)
	drop sed '1s/ZIP/Zip Code/'
	job 4
	has "held" "$dir/out" 'would lose its address.postal_code'
	is "nothing is sent" "$before" "$(changes)"
	id=$(report '.feeds[0].files[0].file[:8]' | tr -d '"')
	has "side by side" "$(ls "$dir"/receipts/*"$id".held.receipt.txt)" '#5 "Zip Code"'
	run 0 hold approve "$id"
	job 0
	is "approved" '["deliver",40]' "$(file_report verdict rows)"
	drop sed '1s/ZIP/Zip Code/'
	job 0
	is "it is asked once" '["deliver",40]' "$(file_report verdict rows)"
	warned "and told each time" '["column_missing ZIP patient address.postal_code"]'
}

# Titles are sealed in the ledger; problems alone name some.
test_sealed() {
	hasnt "a title in the ledger" Forename "$dir/state/ledger.mdb"
	run 0 ledger export
	hasnt "a title in the export" Forename "$dir/out"
	ok "profiles are" grep -q '"table":"headers","what":"feed","feed":"simple","profiles":\[40,' "$dir/out"
}

known
test_good
test_told
test_known_title
test_both_titles
test_required
test_no_header
test_swapped
test_put
test_sealed
e2e_end
