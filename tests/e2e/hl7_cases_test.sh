#!/bin/bash
# Each named hard case of HL7 gives what its expected.json says: the report of each of its
# files, what a preview shows, and what the API holds in the end.
#
#   tests/e2e/hl7_cases_test.sh BUILD_DIR [CASE...]
#
# A case has a ledger and a source of its own; the API is the same for all.
set -u
. tests/e2e/lib.sh

e2e_init "$1" python3
shift
export TZ=Asia/Tokyo # the machine's zone never counts
folder=fixtures/hl7/cases
drop=$dir/drop/hl7
site "[run]"$'\n'"maps = $PWD/deploy/maps"
api_start

# take CASE N EXIT PREVIEW: drops the case's next file and runs the job.
take() {
	local got=$dir/got/$1/$2

	cp "$folder/$1/$2.hl7" "$drop/"
	job "$3"
	cp "$dir/out" "$got.json"
	cp "$dir/err" "$got.err"
	[ "$4" = true ] || return
	run "$3" preview hl7-cases "$drop/$2.hl7"
	cp "$dir/out" "$got.preview"
}

# one CASE
one() {
	local ini=$folder/$1/feed.ini before=$failures steps i

	rm -rf "$dir/state" "$drop"
	mkdir -p "$drop" "$dir/got/$1"
	[ -f "$ini" ] || ini=$folder/feed.ini
	feed "$ini" hl7-cases -e "s|@CASE@|$1|g"
	mapfile -t steps < <(jq -r '.files[] | "\(.exit) \(has("preview") or has("never"))"' \
		"$folder/$1/expected.json")
	ok "$1: files" [ "${#steps[@]}" -gt 0 ]
	for i in "${!steps[@]}"; do
		take "$1" $((i + 1)) "${steps[i]% *}" "${steps[i]#* }"
	done
	[ "$failures" -eq "$before" ] || echo "  in case $1"
}

if [ $# -eq 0 ]; then
	for path in "$folder"/*/; do
		set -- "$@" "$(basename "$path")"
	done
fi
for name; do
	one "$name"
done
api_curl state >"$dir/held.json"
python3 tests/lib/hl7_expect.py "$folder" "$dir/got" "$dir/held.json" "$@" ||
	failures=$((failures + 1))
batches_sound "all cases"
hasnt "no name of a patient in the log" Testcase "$dir/all.err"
hasnt "no name of a patient in a report" Testcase "$dir"/got/*/*.json
e2e_end
