#!/bin/bash
# How old the rows of a mended reject file are, where the map has no event times: as old as
# what was known when their export was read, whatever became of the feed's `order` since. So
# none is lost to what was there before, none turns back what came later, and the clinic is
# told of those that came too late.
#
#   tests/e2e/mended_time_test.sh BUILD_DIR
set -u
. tests/e2e/lib.sh

e2e_init "$1"
api_start
folder=$dir/drop/told

# fresh [SED...]: `simple`, which tells the clinic.
fresh() {
	# shellcheck disable=SC2119 # as it is
	api_fresh
	rm -rf "$dir/state" "$dir/drop"
	mkdir "$dir/drop"
	configure "$@"
}

configure() {
	simple -e "s|^after.*|after = archive:$dir/drop/done\nfeedback = $folder|" "$@"
}

# export_at NAME TIME WHAT [STATUS]: rows 1 to 4 at WHAT minutes; the third with STATUS.
export_at() {
	rows 1 4 | sed -e "s/ 10:../ 10:$3/" -e "/^00003/s/Scheduled/${4:-Scheduled}/" >"$dir/drop/$1"
	touch -d "$2" "$dir/drop/$1"
}

# aside: the reject file is taken out of the folder, mended, and kept.
aside() {
	local f

	f=$(find "$folder" -name '*.rejects.csv')
	name=${f##*/}
	sed 's/Nope/Scheduled/' "$f" >"$dir/mended.csv"
	rm "$f"
}

# The time is that of a computer with a wrong clock.
drop_mended() {
	cp "$dir/mended.csv" "$dir/drop/$name"
	touch -d "2026-01-01 00:00Z" "$dir/drop/$name"
	job 0
}

# starts: the minute at which each visit begins, at the API.
starts() {
	api_curl state | jq -r '[.records[] | select(.type == "appointment") | .data.start[14:16]] | join(" ")'
}

receipt() {
	echo "$folder/${name%-*}-$(report '.feeds[0].files[0].file[:8]' | tr -d '"').receipt.txt"
}

# all_well WHAT MINUTES
all_well() {
	is "$1: taken" '[1,0,0,1]' "$(file_report rows rejected stale delivered)"
	is "$1: at the API" "$2" "$(starts)"
	has "$1: the receipt" "$(receipt)" "All is well"
}

by_date='s/^after/order = name:%Y%m%d\n&/'

# A nightly export has the date of the day before. What was known by when files were written
# is later than the date in the name of the next.
test_order_later() {
	fresh
	export_at v_20261101.csv "2026-11-02 02:00Z" 01
	job 0
	configure -e "$by_date"
	export_at v_20261102.csv "2026-11-03 02:00Z" 02 Nope
	job 3
	aside
	drop_mended
	all_well "the order came before the export" "02 02 02 02"

	fresh
	export_at v_20261101.csv "2026-11-02 02:00Z" 01
	export_at v_20261102.csv "2026-11-03 02:00Z" 02 Nope
	job 3
	aside
	configure -e "$by_date"
	drop_mended
	all_well "and after it" "02 02 02 02"
}

# The date in the name was a slip: what it was taken for counts no more than what follows.
test_slip() {
	fresh -e "$by_date"
	export_at v_20621101.csv "2026-11-02 02:00Z" 01
	job 0
	export_at v_20261102.csv "2026-11-03 02:00Z" 02 Nope
	job 3
	aside
	drop_mended
	all_well "after a date far ahead" "02 02 02 02"
}

# What a later export brought stays, and the clinic is told; what it did not bring goes in.
# By the date in the name, and by when the file was written; also of the same day or second.
test_too_late() {
	local sed later at what

	while IFS='|' read -r sed later at; do
		fresh -e "$sed"
		what="$later, $at"
		export_at v_20261101.csv "2026-11-02 02:00Z" 01
		export_at v_20261102.csv "2026-11-03 02:00Z" 02 Nope
		job 3
		aside
		export_at "$later" "$at" 03
		job 0
		drop_mended
		is "$what: not taken" '[1,0,1,0]' "$(file_report rows rejected stale delivered)"
		is "$what: what came later stays" "03 03 03 03" "$(starts)"
		has "$what: the receipt" "$(receipt)" "Something newer is known of the record already"
		has "$what: which row" "$(receipt)" "once, in row 2:"
		has "$what: how many" "$(receipt)" "1 of its records is older than what is known already, and changed nothing."
		hasnt "$what: no praise" "All is well" "$(receipt)"
	done <<-END
		$by_date|v_20261103.csv|2026-11-04 02:00Z
		|v_20261103.csv|2026-11-04 02:00Z
		$by_date|v_20261102b.csv|2026-11-03 01:00Z
		|v_20261103.csv|2026-11-03 02:00Z
	END
}

# A file without the number counts by its own name, or time.
test_other_name() {
	fresh
	export_at v_20261102.csv "2026-11-03 02:00Z" 02 Nope
	job 3
	aside
	export_at v_20261103.csv "2026-11-04 02:00Z" 03
	job 0
	cp "$dir/mended.csv" "$dir/drop/again.csv"
	job 0
	is "it is news" "03 03 02 03" "$(starts)"
}

# What the API refused and `retry` sends again is as old.
test_retry() {
	fresh
	export_at v_20261101.csv "2026-11-02 02:00Z" 01
	job 0
	configure -e "$by_date"
	export_at v_20261102.csv "2026-11-03 02:00Z" 02
	faults '{"refuse":["A-3"]}'
	job 3
	faults '{"refuse":[]}'
	run 0 retry simple --json
	is "a retry" '[1,0]' "$(file_report delivered stale | tr -d ' ')"
	is "what was refused is there" "02 02 02 02" "$(starts)"
}

test_order_later
test_slip
test_retry
test_too_late
test_other_name
e2e_end
