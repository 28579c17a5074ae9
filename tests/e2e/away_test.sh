#!/bin/bash
# Putting a file away: it can't be, or is in doubt since the clinic or a kill came in
# between; nothing is lost by it, read twice, or kept waiting.
#
#   tests/e2e/away_test.sh BUILD_DIR
set -u
. tests/e2e/lib.sh

e2e_init "$1" strace
api_start
if ! strace -o "$dir/trace" true 2>/dev/null; then
	echo "skipped: nothing can be traced here"
	exit 77
fi

# fresh [SED...]: nobody knows of anything, and the drop is empty.
fresh() {
	rm -rf "$dir"/{state,drop,done} "$dir"/etc/feeds.d/*
	mkdir "$dir"/{drop,done}
	# shellcheck disable=SC2119 # with no options
	api_fresh
	simple -e "s|^after.*|after = archive:$dir/done|" "$@"
}

# settled: how many files were put away, and how many are still in the drop, hidden or not.
settled() {
	is "$1: archived, left in the drop" "$2 $3" \
		"$(in_archive "$dir/done") $(find "$dir/drop" -type f | wc -l)"
}

# killed_at_rename: a run that dies when it has moved a file, and knows nothing of it.
killed_at_rename() {
	ASAN_OPTIONS=detect_leaks=0 strace -f -o "$dir/trace" -e trace=fsync \
		-e inject=fsync:signal=KILL:when=1 "$emrdrop" --config "$dir/etc" run \
		>"$dir/job.out" 2>"$dir/job.err" &
	job_pid=$!
}

test_overwritten_and_killed() {
	fresh -e "\$a batch_records = 2"
	job 0
	rows 21 24 >"$dir/drop/daily.csv"
	api_hold
	killed_at_rename
	e2e_until "the file was read" unfinished
	rows 31 36 >"$dir/drop/daily.csv"
	# The shell may learn here already that the run was killed, and would say so.
	{ api_go; } 2>/dev/null
	end_job 137
	settled "killed" 1 0
	job 0
	is "what came meanwhile is read" '["deliver",6,12]' "$(file_report verdict rows delivered)"
	is "all have arrived" 20 "$(changes)"
	settled "overwritten" 1 0
	fresh -e "s|^after.*|after = delete|"
	job 0
	rows 1 2 >"$dir/drop/daily.csv"
	killed_at_rename
	end_job 137
	settled "killed before it was deleted" 0 1
	job 0
	settled "deleted" 0 0
	is "delivered once" 4 "$(changes)"
}

# As above, and before the next run the clinic drops another file of that name.
test_name_taken_again() {
	fresh -e "\$a batch_records = 2"
	job 0
	rows 21 24 >"$dir/drop/daily.csv"
	api_hold
	killed_at_rename
	e2e_until "the file was read" unfinished
	rows 31 36 >"$dir/drop/daily.csv"
	# The shell may learn here already that the run was killed, and would say so.
	{ api_go; } 2>/dev/null
	end_job 137
	rows 41 41 >"$dir/drop/daily.csv"
	job 74
	is "the one that is there is read" '["deliver",1,2]' "$(file_report verdict rows delivered)"
	job 0
	is "then the one in between" '["deliver",6,12]' "$(file_report verdict rows delivered)"
	is "all have arrived" 22 "$(changes)"
	settled "both" 2 0
}

test_long_names() {
	fresh
	rows 1 2 >"$dir/drop/$(printf 'n%.0s' {1..246}).csv"
	rows 3 4 >"$dir/drop/$(printf 'é%.0s' {1..123}).csv"
	job 0
	is "delivered" '["deliver","deliver"]' "$(report '.feeds[0].files | map(.verdict)')"
	settled "names of 250 bytes" 2 0
}

test_archive_in_the_way() {
	fresh -e "s|^after.*|after = archive:$dir/done/in|"
	rmdir "$dir/done"
	: >"$dir/done"
	for n in 1 2; do
		rows "$n" "$n" >"$dir/drop/$n.csv"
		job 74
		is "file $n is delivered all the same" '["deliver",2]' "$(file_report verdict delivered)"
	done
	rm "$dir/done"
	job 0
	is "mended: nothing is read again" 0 "$(report '.feeds[0].files | length')"
	settled mended 2 0
}

# An archive that we may not write into is no reason either to leave the next one.
test_archive_not_ours() {
	fresh
	for n in 1 2; do
		rows "$n" "$n" >"$dir/drop/$n.csv"
		ASAN_OPTIONS=detect_leaks=0 strace -f -o "$dir/trace" -e trace=renameat2 \
			-e inject=renameat2:error=EACCES "$emrdrop" --config "$dir/etc" \
			run --json >"$dir/out" 2>"$dir/err"
		ran "a run that may not archive" 77 $?
		is "file $n is delivered all the same" '["deliver",2]' "$(file_report verdict delivered)"
	done
	job 0
	settled "once it may" 2 0
}

# What `check --connect` writes for a moment goes, also where it can't be written whole.
test_check_leaves_nothing() {
	fresh -e "/^pattern/a feedback = $dir/told"
	ASAN_OPTIONS=detect_leaks=0 strace -f -o "$dir/trace" -e trace=renameat2 \
		-e inject=renameat2:error=ENOSPC "$emrdrop" --config "$dir/etc" \
		check --connect >"$dir/out" 2>"$dir/err"
	ran "a check of a full disk" 74 $?
	has "it is told" "$dir/out" "feedback: renaming a file: No space left"
	is "nothing is left there" 0 "$(find "$dir/told" -type f | wc -l)"
}

test_overwritten_and_killed
test_name_taken_again
test_long_names
test_archive_in_the_way
test_archive_not_ours
test_check_leaves_nothing
e2e_end
