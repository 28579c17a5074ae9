#!/bin/bash
# How old a snapshot is, as a column of it says: neither its name nor the time when it was
# written counts then. An older one is refused, one that does not tell is held, and what was
# held is settled by one that was made later.
#
#   tests/e2e/snapshot_at_test.sh BUILD_DIR
set -u
. tests/e2e/lib.sh

e2e_init "$1" zip
api_start

# snap: `simple`, whose files tell when they were made.
contents=snapshot missing=cancel max_remove='100 %'
snap() {
	simple -e "/^source  *= simple/a contents = $contents\nmax_remove = $max_remove" \
		-e "/^pattern/a order = name:%Y%m%d" -e "/^\[appointment\]/a on_missing = $missing" \
		-e "/^\[csv\]/i [rows]\nsnapshot_at = {Export Date} | datetime \"%m/%d/%Y %H:%M\"\n"
}

fresh() {
	# shellcheck disable=SC2119 # no options
	api_fresh
	rm -rf "$dir/state" "$dir"/drop/*
	snap
}

# made TIME [ROWS]: puts it into the column of each row, or of these (as sed names them).
made() {
	sed -e "1 s/\r\$/,Export Date\r/; 1! { ${2:-2,\$} s#\r\$#,$1\r#; t" -e "s/\r\$/,\r/ }"
}

# export_of NAME WRITTEN: what comes on stdin, as it was written at that time.
export_of() {
	cat >"$dir/drop/$1.csv"
	touch -d "$2" "$dir/drop/$1.csv"
}

# last_of MS: what `status` says of the last snapshot.
last_of() {
	run 0 status --json
	is "the last snapshot" "$1" "$(report '.feeds[0].last_snapshot_ms')"
}

# New York is 5 hours behind in November.
test_older() {
	fresh
	rows 1 9 | made '11/05/2020 06:00' | export_of b_20201105 '2020-11-05T12:00Z'
	job 0
	last_of 1604574000000
	rows 1 3 | made '11/05/2020 05:59' | export_of c_20201106 '2020-11-06T12:00Z'
	job 65
	has "the older one" "$dir/out" \
		"it is older than the snapshot of 2020-11-05 11:00 UTC that was applied"
	is "it removes nothing" '"refuse"' "$(report '.feeds[0].files[0].verdict')"
	rm "$dir/drop/c_20201106.csv"
	rows 1 8 | made '11/05/2020 06:00' | export_of a_20201101 '2020-11-01T12:00Z'
	job 0
	is "one of the same minute" '["deliver",1]' "$(file_report verdict removals)"
	rows 1 7 | made '11/06/2020 06:00' 2 | export_of a_20201102 '2020-11-01T12:00Z'
	job 0
	is "a newer one, told by its first row alone" '["deliver",1]' "$(file_report verdict removals)"
	last_of 1604660400000
	run 0 status simple
	has "in words" "$dir/out" "last snapshot of 2020-11-06"
	{
		rows 1 6 | made '11/04/2020 06:00'
		rows 20 20 | made '11/07/2020 06:00' | tail -n 1
	} | export_of d '2020-11-01T12:00Z'
	job 0
	is "the newest of its rows counts" '["deliver",1]' "$(file_report verdict removals)"
	last_of 1604746800000
	job 0
	is "afterwards" 0 "$(report '.feeds[0].requests')"
}

test_untold() {
	local id

	rows 1 5 | made 'last night' | export_of e '2020-11-07T12:00Z'
	job 4
	is "no row was rejected for it" '["hold",5,0,5]' \
		"$(file_report verdict mapped rejected warnings)"
	is "where" '["not_datetime",5,2,"Export Date","snapshot_at"]' \
		"$(report '.feeds[0].files[0].column_warnings[0] | [.code, .times, .row, .column, .field]')"
	has "in words" "$dir/out" \
		'no row tells in column \"Export Date\" when it was made, so nobody can tell'
	id=$(report '.feeds[0].files[0].file' | tr -d '"')
	run 0 hold approve "${id:0:8}"
	job 0
	is "approved" '["deliver",2]' "$(file_report verdict removals)"
	last_of 1604746800000
	rows 1 5 | made '' | export_of f '2020-11-07T12:00Z'
	job 4
	is "nothing in any row" '["hold",0]' "$(file_report verdict warnings)"
	rows 1 0 | made '' | export_of g '2020-11-07T12:00Z'
	job 4
	has "no row at all" "$dir/out" "it has no rows: as the whole truth"
	rows 1 5 | export_of h '2020-11-07T12:00Z'
	job 4
	has "no such column" "$dir/out" 'gone since the last good file: \"Export Date\"'
	rm "$dir/drop/h.csv"
}

# Of those that do not tell, the ones that were written before it was made; of the others,
# those that are older.
test_superseded() {
	local max_remove='20 %'

	snap
	rows 1 90 | made '11/08/2020 06:00' | export_of i '2020-11-08T12:00Z'
	job 4
	is "i" '"deliver"' "$(report '.feeds[0].files[] | select(.rows == 90).verdict')"
	rows 1 5 | made '11/09/2020 06:00' | export_of j '2020-12-01T12:00Z'
	rows 1 5 | made '11/20/2020 06:00' | export_of k '2020-11-02T12:00Z'
	job 4
	run 0 status --json
	is "f and g were made before i; j and k are held; h is gone, and nobody speaks of it" 2 \
		"$(report '[.feeds[0].stuck[] | select(.verdict == "hold")] | length')"
	rows 1 91 | made '11/10/2020 06:00' | export_of l '2020-11-10T12:00Z'
	job 4
	job 4
	is "j is older now, and k is not" 1 "$(grep -c hold-superseded "$dir/err")"
	is "k waits" 1 "$(report '.feeds[0].held')"
	rm "$dir/drop/k.csv"
}

# pack NAME FILE...: exports in one file, in this order.
pack() {
	rm -f "$dir/drop"/* "$dir/pack.zip"
	(cd "$dir" && zip -q pack.zip "${@:2}" && mv pack.zip "drop/$1.csv")
}

# Several exports in one file, in either order: it is as old as the oldest.
test_packed() {
	local max_remove='20 %' order n=0

	fresh
	rows 21 40 >"$dir/south.rows"
	rows 1 20 | made '11/20/2020 06:00' >"$dir/north"
	made '11/19/2020 06:00' <"$dir/south.rows" >"$dir/south"
	pack a north south
	job 0
	is "both" '["deliver",40]' "$(file_report verdict rows)"
	last_of 1605783600000
	for order in "north south" "south north"; do
		n=$((n + 1))
		rows 1 $((20 - n)) | made "11/2$n/2020 06:00" >"$dir/north"
		# shellcheck disable=SC2086 # two names
		{
			rows 21 20 | made '' >"$dir/south"
			: >"$dir/none"
			pack "b$n" $order none
			job 4
			has "$order: half of it is gone" "$dir/out" "removed, more than max_remove allows (20 %)"
			made '11/18/2020 06:00' <"$dir/south.rows" >"$dir/south"
			pack "c$n" $order
			job 65
			has "$order: one is old" "$dir/out" \
				"export $((3 - n)) in it is older than the snapshot of 2020-11-"
			made '' <"$dir/south.rows" >"$dir/south"
			pack "d$n" $order
			job 4
			has "$order: one does not tell" "$dir/out" \
				"no row of export $((3 - n)) in the file tells in column \\\"Export Date\\\" when"
			made "11/2$((n + 1))/2020 06:00" <"$dir/south.rows" >"$dir/south"
			pack "e$n" $order
			job 0
		}
		is "$order: the oldest is newer" '["deliver",1]' "$(file_report verdict removals)"
		last_of $((1605870000000 + n * 86400000))
	done
	rm "$dir/drop"/*
	: >"$dir/drop/f.csv"
	job 4
	has "not even a header" "$dir/out" "it has no rows: as the whole truth"
	rm "$dir/drop/f.csv"
}

# The day of the week is that of the column, at the clinic: 05:00 UTC is midnight there.
test_weekday() {
	local day

	fresh
	for day in 02 09 16 23; do
		rows 1 40 | sed "2 s/Synthetic/Nr$day/" | made "11/$day/2020 00:00" |
			export_of "a_$day" "2020-12-24T12:00Z"
	done
	job 0
	rows 1 19 | made '11/29/2020 23:59' | export_of b '2020-12-24T12:00Z'
	job 0
	is "a Sunday" '[]' "$(report '.feeds[0].files[0].column_warnings')"
	rows 1 18 | made '11/30/2020 00:00' | export_of c '2020-12-24T12:00Z'
	job 0
	is "a Monday" '"18 rows, usually 40"' "$(report '.feeds[0].files[0].column_warnings[0].detail')"
}

test_configured() {
	local file=$dir/drop/a.csv

	contents=changes missing=ignore snap
	run 78 check
	has "changes" "$dir/err" "[rows] snapshot_at: needs contents = snapshot in [feed]"
	snap
	rows 1 2 | made '11/05/2020 06:00' >"$file"
	run 0 preview simple "$file" --row 2
	has "preview" "$dir/out" '"field":"snapshot_at"'
	has "preview" "$dir/out" '"result":"2020-11-05T06:00:00-05:00"'
	rm "$file"
}

test_older
test_untold
test_superseded
test_packed
test_weekday
test_configured
e2e_end
