#!/bin/bash
# What becomes of a file that was delivered: archived under a name of its own, deleted or
# kept; and what the clinic does meanwhile is never lost and never in the way.
#
#   tests/e2e/settle_test.sh BUILD_DIR
set -u
. tests/e2e/lib.sh

e2e_init "$1"
sshd_start "$dir" || exit 1
api_start
by_sftp
mkdir "$dir/drop/done"

# fresh [SED...]: an empty drop and ledger.
fresh() {
	rm -rf "$dir/state" "$dir"/drop/*.* "$dir"/drop/done/*
	simple -e "s|^after.*|after = archive:$dir/drop/done|" "$@"
}

test_after() {
	fresh
	rows 1 2 >"$dir/drop/daily.csv"
	job 0
	rows 1 3 >"$dir/drop/daily.csv"
	job 0
	rows 1 4 >"$dir/drop/daily.csv"
	job 0
	is "the same name each day" 3 "$(in_archive "$dir/drop/done")"
	is "in the order they were taken" "3 4 5 " "$(find "$dir/drop/done" -name '*.csv' -print0 |
		xargs -0 ls -tr | xargs -d '\n' wc -l | awk '/csv/ { printf "%s ", $1 }')"
	ok "names that tell" [ -n "$(find "$dir/drop/done" -name '20??????T??????Z-????????-daily.csv')" ]
	fresh -e "s|^after.*|after = delete|"
	rows 1 2 >"$dir/drop/daily.csv"
	job 0
	is "deleted" 0 "$(find "$dir/drop" -maxdepth 1 -type f | wc -l)"
	fresh -e 's/^after.*/after = keep/'
	rows 1 2 >"$dir/drop/daily.csv"
	job 0
	job 0
	is "kept, and known" '[1,0]' "$(report '.feeds[0] | [.known, (.files | length)]')"
	touch -d '1 hour ago' "$dir/drop/daily.csv"
	job 0
	is "another time, the same content" '["duplicate",0]' "$(file_report verdict delivered)"
}

# By a link it is found again in each run, with a longer name.
test_archive_is_the_drop() {
	fresh -e "s|^after.*|after = archive:$dir/link|"
	ln -s "$dir/drop" "$dir/link"
	rows 1 2 >"$dir/drop/daily.csv"
	job 78
	has "the reason" "$dir/out" "the archive folder is the drop itself"
	ok "it is there as it was" [ -f "$dir/drop/daily.csv" ]
	job 78
	is "nor is it read again" 0 "$(report '.feeds[0].files | length')"
	rm "$dir/link"
	job 0
	is "a folder of its own" 1 "$(in_archive "$dir/link")"
}

# The clinic overwrites the file after it was read, before it is put away: $1 rows, which
# are of the same size if they are as many, and only the time tells.
test_overwritten() {
	fresh -e "\$a batch_records = 2"
	rows 21 24 >"$dir/drop/daily.csv"
	touch -d "1 minute ago" "$dir/drop/daily.csv"
	api_hold
	start_job
	e2e_until "the file was read" unfinished
	rows 31 "$((30 + $1))" >"$dir/drop/daily.csv"
	api_go
	end_job 0
	job 0
	is "what came meanwhile is read as a new file" "$1" "$(report '.feeds[0].files[0].rows')"
	is "all have arrived" "$((4 + $1))" "$(api_curl state |
		jq '[.records[] | select(.type == "appointment" and (.id[2:] | tonumber) > 20)] | length')"
	is "the bytes that are left are archived" 1 "$(in_archive "$dir/drop/done")"
}

# Killed after the rename, before it was noted; then the very same file comes again, its
# time kept, as `cp -p` does.
test_again() {
	if ! strace -o "$dir/trace" true 2>/dev/null; then
		echo "not tested: nothing can be traced here"
		return
	fi
	by_file
	fresh
	job 0
	rows 41 42 >"$dir/drop/daily.csv"
	cp -p "$dir/drop/daily.csv" "$dir/kept.csv"
	(ASAN_OPTIONS=detect_leaks=0 strace -f -o "$dir/trace" -e trace=fsync \
		-e inject=fsync:signal=KILL:when=1 "$emrdrop" --config "$dir/etc" run \
		>"$dir/out" 2>"$dir/err"
		exit $?) 2>/dev/null
	ran "a run that is killed when it has archived" 137 $?
	is "archived" 1 "$(in_archive "$dir/drop/done")"
	cp -p "$dir/kept.csv" "$dir/drop/daily.csv"
	job 0
	is "gone from the drop" 0 "$(find "$dir/drop" -maxdepth 1 -type f | wc -l)"
	rows 43 44 >"$dir/drop/next.csv"
	job 0
	is "the next one is not kept from delivery" '["deliver",4]' "$(file_report verdict delivered)"
}

test_after
test_archive_is_the_drop
test_overwritten 4
test_overwritten 6
test_again
e2e_end
