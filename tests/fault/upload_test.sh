#!/bin/bash
# Clinics that upload slowly, several at a time, straight into the drop, on a server whose
# clock is wrong; and jobs that overlap. No file is read before it is whole, none twice,
# and none is missed. What finds that out is shown to find it out.
#
#   tests/fault/upload_test.sh BUILD_DIR
#   EMRDROP_UPLOADS=200 tests/fault/upload_test.sh BUILD_DIR     # so many files
set -u
. tests/e2e/lib.sh

files=${EMRDROP_UPLOADS:-40}
WRITERS=10
PAUSE=0.5     # s: the longest pause within a file that is meant to be there
STABLE=1s     # how long a file must be as it is
STOOD_STILL=900 # ms: a writer that was held up so long proves nothing

e2e_init "$1" /usr/bin/python3
sshd_start "$dir" || exit 1
api_start
by_sftp

# fresh STABLE_FOR MIN_AGE: an empty drop, and nobody knows of anything.
fresh() {
	started=0
	rm -rf "$dir"/{state,drop,runs,hold} "$dir"/etc/feeds.d/*
	mkdir -p "$dir/drop/done" "$dir/runs"
	# shellcheck disable=SC2119 # with no options
	api_fresh
	simple -e "s|^after.*|after = archive:$dir/drop/done|" -e "s/^stable_for.*/stable_for = $1/" \
		-e "s/^min_age.*/min_age = $2/"
}

# one_run: in the background; its report and its status are kept.
run_ids=()
one_run() {
	started=$((started + 1))
	(
		"$emrdrop" --config "$dir/etc" run --json >"$dir/runs/$started.out" \
			2>"$dir/runs/$started.err"
		echo $? >"$dir/runs/$started.rc"
	) &
	run_ids+=("$!")
}

# Two that begin at the same time, and a moment until the next two.
tick() {
	local i

	one_run
	one_run
	for ((i = 0; i < 8; i++)); do
		e2e_pause
	done
	while [ "$(jobs -rp | wc -l)" -gt 6 ]; do
		e2e_pause
	done
}

# shellcheck disable=SC2317 # e2e_until calls it
all_archived() {
	tick
	[ "$(in_archive "$dir/drop/done")" -ge "$1" ]
}

# judge: what became of each file, a line for each that was not read once and whole.
# $dir/written has what the writers say; an archived name tells the id that the file was
# read under, and the reports how many bytes it had then.
judge() {
	find "$dir/drop/done" -type f -printf '%f\n' | sed 's/^[^-]*Z-*[0-9]*-\([0-9a-f]\{8\}\)-/\1 /' \
		>"$dir/archived"
	cat "$dir"/runs/*.out | jq -r '.feeds[].files[] | select(.verdict == "deliver" and .closed) |
		"\(.file[0:8]) \(.bytes)"' >"$dir/read"
	awk -v still="$STOOD_STILL" '
		FILENAME ~ /read$/ { bytes[$1] = bytes[$1] " " $2; next }
		FILENAME ~ /archived$/ { ids[$2] = ids[$2] " " $1; got[$2] = got[$2] bytes[$1]; next }
		{
			late = $4 * 1000 >= still
			if (got[$1] != " " $3)
				print (late ? "late " : "bad ") $1 ": bytes " $3 ", read" got[$1]
			else if (late)
				print "late " $1
		}' "$dir/read" "$dir/archived" "$dir/written"
}

# count WORD: lines of the judgement.
count() {
	grep -c "^$1 " "$dir/judged"
}

test_uploads() {
	local writers

	fresh "$STABLE" "$STABLE"
	/usr/bin/python3 tests/fault/writers.py "$dir/drop" "$files" "$WRITERS" "$PAUSE" >"$dir/written" &
	writers=$!
	SERVER_PIDS+=("$writers")
	while kill -0 "$writers" 2>/dev/null; do
		tick
	done
	wait "$writers"
	e2e_until "all files are archived" all_archived "$files"
	wait "${run_ids[@]}"
	ok "no sanitizer complains" \
		[ -z "$(cat "$dir"/runs/*.err | grep -E '==[0-9]+==|Sanitizer: |runtime error: ')" ]
	judge >"$dir/judged"
	if [ "$(count late)" -gt $((files / 2)) ]; then
		echo "skipped: the writers of $(count late) files were held up by this machine"
		exit 77
	fi
	is "files that were not read once and whole" "" "$(grep '^bad' "$dir/judged")"
	echo "$files files, $started runs, $(cat "$dir"/runs/*.rc | sort | uniq -c |
		awk '{ printf "%s%d ended with %d", (NR > 1) ? ", " : "", $1, $2 }'); $(count late) writers held up"
}

# What the API holds is what the whole files give, and each record came once.
test_content() {
	api_curl state >"$dir/slow.json"
	is "records" $(($(awk '{ n += $5 } END { print n }' "$dir/written") * 2)) "$(changes)"
	is "records changed more than once" 0 \
		"$(api_curl state | jq '[.records[] | select(.changes > 1)] | length')"
	(cd "$dir/drop/done" && for f in *; do
		echo "${f#*Z-*-} $(sha256sum <"$f")"
	done) | cut -d' ' -f1,2 | sort >"$dir/archived.sha"
	cut -d' ' -f1,2 "$dir/written" | sort | diff - "$dir/archived.sha" >"$dir/diff"
	is "what was archived is what was written" "" "$(<"$dir/diff")"
	is "statuses of all runs" "0 75" "$(cat "$dir"/runs/*.rc | sort -un | paste -sd' ')"
	rm -rf "$dir/state"
	# shellcheck disable=SC2119 # with no options
	api_fresh
	mv "$dir"/drop/done/* "$dir/drop/"
	job 0
	api_curl state >"$dir/whole.json"
	ok "the API's state is that of whole files" cmp "$dir/whole.json" "$dir/slow.json"
}

# shellcheck disable=SC2317 # e2e_until calls it
early() {
	started=$((started + 1))
	"$emrdrop" --config "$dir/etc" run --json >"$dir/runs/$started.out" 2>"$dir/err"
	[ "$(in_archive "$dir/drop/done")" -eq "$WRITERS" ]
}

# The same with one look for enough, while all writers wait in the middle of a file: each
# of these files is read too early, and the judgement says so.
test_judge() {
	local writers

	fresh 0 0
	/usr/bin/python3 tests/fault/writers.py "$dir/drop" "$WRITERS" "$WRITERS" "$PAUSE" "$dir/hold" \
		>"$dir/written" &
	writers=$!
	SERVER_PIDS+=("$writers")
	e2e_until "half of each file was taken for all of it" early
	: >"$dir/hold"
	wait "$writers"
	STOOD_STILL=99999 judge >"$dir/judged"
	is "files that were read too early" "$WRITERS" "$(count bad)"
}

test_judge
test_uploads
test_content
e2e_end
