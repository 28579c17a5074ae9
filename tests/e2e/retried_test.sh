#!/bin/bash
# What the API refused is known for as long as it is refused, and `retry` can send it:
# removals, rows that several exports repeat, rows of snapshots and of backfilled files. What
# `status` says is true after a retry, and the files' books balance.
#
#   tests/e2e/retried_test.sh BUILD_DIR
set -u
. tests/e2e/lib.sh

e2e_init "$1"
api_start
snapshot=(-e "/^source  *= simple/a contents = snapshot\nmax_remove = 100 %")

# fresh [OPTION...]: nobody knows anything of the feed, nor the API.
fresh() {
	rm -rf "$dir/state" "$dir/drop" "$dir/done" "$dir/old"
	mkdir "$dir/drop" "$dir/done" "$dir/old"
	# shellcheck disable=SC2119 # no options
	api_fresh
	simple -e "s|^after.*|after = archive:$dir/done|" "$@"
	day=0
}

# export_of < ROWS: the next day's.
export_of() {
	day=$((day + 1))
	cat >"$dir/drop/day$day.csv"
	touch -d "2026-11-$((10 + day)) 12:00 UTC" "$dir/drop/day$day.csv"
}

# left N WHAT: so many refused records are told, and every file's books balance.
left() {
	run 0 status simple --json
	is "$2: what status tells" "$1" "$(jq '.feeds[0].refused_left' "$dir/out")"
	run 0 ledger export
	is "$2: the books" "" "$(jq -r 'select(.table == "files") | select(.records + .removals !=
		.delivered + .unchanged + .duplicate + .stale + .refused) | .file' "$dir/out")"
}

# retried STATUS DELIVERED WHAT
retried() {
	run "$1" retry simple --json
	is "$3: delivered" "$2" "$(report '.feeds[0].files | map(.delivered) | add // 0')"
}

api_has() {
	api_curl state | jq -r --arg id "$1" '.records[] | select(.id == $id) | .op'
}

# Three exports repeat a row that is refused: the first retry that brings it in settles all.
test_repeated() {
	fresh "$@"
	faults '{"refuse":["A-701"]}'
	for n in 703 704 705; do
		rows 701 $n | export_of
		job 3
	done
	left 3 "refused"
	retried 3 0 "refused again"
	left 3 "refused again"
	faults '{"refuse":[]}'
	retried 0 1 "taken"
	left 0 "taken"
	retried 0 0 "nothing is left"
	is "no file is read" 0 "$(report '.feeds[0].files | length')"
}

# A newer row replaced the one that was refused; or was refused in its turn.
test_replaced() {
	fresh "$@"
	faults '{"refuse":["A-701"]}'
	rows 701 704 | export_of
	job 3
	rows 701 704 | sed 's/10:41/11:41/' | export_of
	job 3
	faults '{"refuse":[]}'
	retried 0 1 "the newer one"
	left 0 "the newer one"
	faults '{"refuse":["A-702"]}'
	rows 701 704 | sed 's/10:41/11:41/; s/10:42/11:42/' | export_of
	job 3
	faults '{"refuse":[]}'
	rows 701 704 | sed 's/10:41/11:41/; s/10:42/12:42/' | export_of
	job 0
	run 0 status simple
	has "status says what a retry does" "$dir/out" "what nothing newer has replaced is sent by"
	retried 0 0 "nothing is sent"
	is "by no request" 0 "$(report '.feeds[0].requests')"
	left 0 "replaced"
}

# A removal is remembered as refused, and `retry` sends it: of the newest snapshot alone.
test_removal() {
	fresh "${snapshot[@]}" -e "/^\[appointment\]/a on_missing = $1"
	rows 1 9 | export_of
	job 0
	faults '{"refuse":["A-5"]}'
	rows 1 9 | grep -v A-5 | export_of
	job 3
	is "$1: refused" '[1,0,1]' "$(file_report removals delivered refused)"
	for n in 10 11; do
		rows 1 $n | grep -v A-5 | export_of
		job 3
		is "$1: is not sent by itself" '[1,1]' "$(file_report removals refused)"
	done
	left 3 "$1: refused"
	retried 3 0 "$1: refused again"
	is "$1: by the newest" '[0,0,1]' "$(report '.feeds[0].files | map(.refused)' | tr -d ' \n')"
	left 1 "$1: refused again"
	faults '{"refuse":[]}'
	retried 0 1 "$1: taken"
	is "$1: gone" "$2" "$(api_has A-5)"
	left 0 "$1: taken"
	rows 1 11 | grep -v A-5 | sed s/Testcase/Later/ | export_of
	job 0
	is "$1: it is gone" 0 "$(file_report removals | tr -d '[]')"
}

# What came back is not removed by a retry of what lacked it; when it goes again, it is told.
test_came_back() {
	fresh "${snapshot[@]}" -e "/^\[appointment\]/a on_missing = delete"
	rows 1 9 | export_of
	job 0
	faults '{"refuse":["A-5"]}'
	rows 1 9 | grep -v A-5 | export_of
	job 3
	faults '{"refuse":[]}'
	rows 1 10 | export_of
	job 0
	retried 0 0 "it is there again"
	is "there again: nothing is removed" "put" "$(api_has A-5)"
	left 0 "there again"
	rows 1 11 | grep -v A-5 | export_of
	"$emrdrop" --config "$dir/etc" run --json >"$dir/out" 2>"$dir/err"
	run 0 retry simple --json
	is "gone again: removed, by the run or a retry" "delete" "$(api_has A-5)"
	left 0 "gone again"
}

# What was refused, and is in the newest export no more, is brought in by no retry; but by an
# export that has it again.
test_gone() {
	fresh "${snapshot[@]}" -e "/^\[appointment\]/a on_missing = cancel\n$1"
	faults '{"refuse":["A-5"]}'
	rows 1 9 | export_of
	job 3
	rows 1 9 | grep -v A-5 | export_of
	job 0
	is "gone: there is nothing to remove" '[0,0]' "$(file_report removals delivered)"
	faults '{"refuse":[]}'
	retried 0 0 "gone"
	left 0 "gone"
	rows 1 9 | export_of
	job 0
	is "there again" "put" "$(api_has A-5)"
	faults '{"refuse":["A-5"]}'
	rows 1 9 | grep -v A-5 | export_of
	job 3
	faults '{"refuse":[]}'
	retried 0 1 "its removal"
	faults '{"refuse":["A-5"]}'
	rows 1 9 | sed s/10:05/11:05/ | export_of
	job 3
	rows 1 9 | grep -v A-5 | export_of
	job 0
	faults '{"refuse":[]}'
	retried 0 0 "gone again"
	is "gone again" "patch" "$(api_has A-5)"
	left 0 "gone again"
}

# A mended reject file is no snapshot: the newest one is the one before it, still.
test_mended() {
	local f

	fresh "${snapshot[@]}" -e "/^\[appointment\]/a on_missing = delete" -e "/^\[source\]/a feedback = $dir/old"
	rows 1 9 | export_of
	job 0
	faults '{"refuse":["A-5"]}'
	rows 1 9 | grep -v A-5 | sed '/,A-7,/ s/Scheduled/Nope/' | export_of
	job 3
	f=$(ls "$dir"/old/*.rejects.csv)
	sed '/A-5/d; s/Nope/Scheduled/' "$f" >"$dir/drop/${f##*/}"
	job 0
	faults '{"refuse":[]}'
	retried 3 1 "behind a mended file"
	is "removed" "delete" "$(api_has A-5)"
	left 0 "behind a mended file"
}

# Of a file that was backfilled.
test_backfilled() {
	fresh
	faults '{"refuse":["A-5"]}'
	rows 1 9 >"$dir/old/a.csv"
	run 3 backfill simple "$dir/old/a.csv" --json
	faults '{"refuse":[]}'
	retried 0 1 "a backfilled file"
	left 0 "a backfilled file"
}

# An older file that is delivered afterwards takes nothing back of what was refused, nor of
# what was never answered: `retry` sends that, still, and the API keeps this.
test_older() {
	fresh -e '/^\[target\]/a attempts = 1'
	rows 1 9 | sed s/10:05/12:05/ | export_of
	rows 1 9 >"$dir/old/a.csv"
	touch -d "2026-11-01 12:00 UTC" "$dir/old/a.csv"
	faults '{"refuse":["A-5"]}'
	job 3
	faults '{"refuse":[]}'
	run 0 backfill simple "$dir/old/a.csv" --json
	is "of an older file" '[0,18]' "$(file_report delivered stale)"
	retried 0 1 "behind an older file"
	left 0 "behind an older file"
	rows 1 9 | sed s/10:06/12:06/ | export_of
	faults '{"drop-after-commit":1}'
	job 69
	rm "$dir"/drop/*
	job 3
	run 0 backfill simple "$dir/old/a.csv" --json
	is "in doubt: nothing of an older file is sent" 0 "$(report '.feeds[0].requests')"
}

# What was approved by hand is not held once more.
test_approved() {
	fresh
	rows 1 60 | sed '/^000[1-3]/ s/Scheduled/Nope/' | export_of
	job 4
	run 0 files simple --json
	run 0 hold approve "$(jq -r '.files[0].file' "$dir/out")"
	faults '{"refuse":["A-5"]}'
	job 3
	faults '{"refuse":[]}'
	retried 3 1 "an approved file"
	left 0 "an approved file"
}

# The map is another: what the file gives was not refused, and nobody knows what is newer.
test_other_map() {
	fresh
	faults '{"refuse":["A-5"]}'
	rows 1 9 | export_of
	job 3
	faults '{"refuse":[]}'
	sed -i 's/^\[appointment\]/&\nreason = "other"/' "$dir/etc/feeds.d/simple.ini"
	retried 3 0 "another map"
	has "it is told" "$dir/err" "retry-left"
	left 1 "another map"
	rows 1 10 | export_of
	job 0
	retried 0 0 "it came by itself"
	left 0 "it came by itself"
}

# The archived file is another: it is told, and nothing is done by it.
test_replaced_file() {
	fresh
	faults '{"refuse":["A-5"]}'
	rows 1 9 | export_of
	job 3
	faults '{"refuse":[]}'
	sed -i s/Testcase/Testcast/ "$dir"/done/*
	retried 74 0 "another file"
	has "it is told" "$dir/err" "file-skipped"
	left 1 "another file"
	job 0
}

test_repeated
test_repeated "${snapshot[@]}"
test_replaced
test_replaced "${snapshot[@]}"
test_removal delete delete
test_removal cancel patch
test_came_back
test_gone ''
test_gone 'missing_window = start'
test_mended
test_backfilled
test_older
test_approved
test_other_map
test_replaced_file
e2e_end
