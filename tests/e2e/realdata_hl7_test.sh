#!/bin/bash
# HL7 files that others wrote: each gives the verdict, the counts, the first problem and
# the warnings that tests/realdata/hl7.tsv says, and what others made of some of them is
# compared with what we make. Nothing of the data is in the project: EMRDROP_REALDATA is
# the folder that it lies in.
#
#   tests/e2e/realdata_hl7_test.sh BUILD_DIR
set -u
. tests/e2e/lib.sh

data=${EMRDROP_REALDATA:-}
for folder in cosyte-hl7 rethinkhealth-hl7v2 fhir-converter-pairs reportstream-dates; do
	[ -d "$data/$folder" ] || { echo "skipped: no $folder (set EMRDROP_REALDATA)"; exit 77; }
done
e2e_init "$1" python3
site $'[run]\nmaps = '"$PWD/deploy/maps"
api_start
export PYTHONDONTWRITEBYTECODE=1
tables=tests/realdata
feed $tables/feed.ini realdata
feed $tables/feed.ini cut -e '/^unterminated/d' -e 's/realdata/cut/'
feed $tables/dates.ini dates
mkdir "$dir/drop/realdata" "$dir/drop/cut"

# The rows of a table, without its comments.
rows_of() {
	grep -v '^#' "$tables/$1"
}

# status_of VERDICT REJECTED: how a run ends that read this one file.
status_of() {
	case $1:$2 in
	deliver:0 | empty:*) echo 0 ;;
	deliver:*) echo 3 ;;
	hold:*) echo 4 ;;
	refuse:*) echo 65 ;;
	esac
}

# warned FILE EXPECTED GOT: lists with commas, or "-"; what ends in "?" may be missing.
warned() {
	local code expected=,$2, got=,$3,

	for code in ${3//,/ }; do
		[[ $code = - || $expected = *,$code,* || $expected = *,$code\?,* ]] ||
			is "$1: warnings" "$2" "$3"
	done
	for code in ${2//,/ }; do
		[[ $code = *\? || $code = - || $got = *,$code,* ]] || is "$1: warnings" "$2" "$3"
	done
}

# told: counts, first rejection and warnings of a preview; the clock's are told elsewhere.
told() {
	jq -r '([.problems[] | select(.rejected)][0] // {code: "-", row: 0}) as $bad |
		[.rows, .mapped, .filtered, .rejected, $bad.code, $bad.row,
		([.problems[] | select(.rejected | not) | .code | select(. != "time_future")] |
			unique | join(",") | if . == "" then "-" else . end)] | @tsv' "$dir/out"
}

# look FEED FILE VERDICT ROWS MAPPED FILTERED REJECTED CODE ROW WARNINGS: with a preview.
look() {
	local feed=$1 file=$2 verdict=$3 status=0 got

	shift 3
	[ "$4" = 0 ] || status=3
	[ "$verdict" != refuse ] || status=65
	[ "$verdict" != hold ] || status=4
	run "$status" preview "$feed" "$data/$file" --json
	if [ "$verdict" = refuse ]; then
		ok "$file: the preview is JSON" jq -e . "$dir/out" >/dev/null
		return
	fi
	IFS=$'\t' read -r -a got < <(told)
	is "$file: rows, mapped, filtered, rejected, problem, its row" \
		"$1 $2 $3 $4 $5 $6" "${got[*]:0:6}"
	warned "$file" "$7" "${got[6]:-}"
}

# alone FEED FILE VERDICT REJECTED: a run with nothing else in the drop. What is held or
# refused sends nothing and says why.
alone() {
	local feed=$1 file=$2 verdict=$3

	rm -rf "$dir/state" "$dir/drop/$feed"/*
	cp "$data/$file" "$dir/drop/$feed/"
	job "$(status_of "$verdict" "$4")" "$feed"
	is "$file: verdict" "\"$verdict\"" "$(report '.feeds[0].files[0].verdict')"
	case $verdict in
	hold | refuse)
		is "$file: requests" 0 "$(report '.feeds[0].requests')"
		ok "$file: a reason" [ "$(report '.feeds[0].files[0].reason | length')" -gt 10 ]
		;;
	esac
}

# What is delivered is put down first, and read by one run. The names keep the order.
delivered=()
while IFS=$'\t' read -r file verdict rows mapped filtered rejected code row warnings _; do
	look realdata "$file" "$verdict" "$rows" "$mapped" "$filtered" "$rejected" \
		"$code" "$row" "$warnings"
	if [ "$verdict" != deliver ]; then
		alone realdata "$file" "$verdict" "$rejected"
		continue
	fi
	delivered+=("$file	$rows	$mapped	$filtered	$rejected")
done < <(rows_of hl7.tsv)

# A file whose count is wrong says both numbers.
alone realdata cosyte-hl7/batch/count-mismatch.hl7 hold 0
ok "count-mismatch: both numbers" \
	jq -e '.feeds[0].files[0].reason | test("\\b3\\b") and test("\\b2\\b")' "$dir/out" >/dev/null

# No file was forgotten.
is "files in the table" \
	"$(cd "$data" && find cosyte-hl7 rethinkhealth-hl7v2 fhir-converter-pairs reportstream-dates \
		-type f \( -name '*.hl7' -o -name '*.ndhl7' \) | sort)" \
	"$(rows_of hl7.tsv | cut -f 1 | sort)"

# All that is delivered, in one run, and again.
rm -rf "$dir/state" "$dir/drop/realdata"/*
for ((i = 0; i < ${#delivered[@]}; i++)); do
	file=${delivered[i]%%	*}
	cp "$data/$file" "$dir/drop/realdata/$(printf '%03d' "$i")-${file##*/}"
done
job 3 realdata
is "delivered in one run" "$(printf '%s\n' "${delivered[@]}" | cut -f 2-)" \
	"$(jq -r '.feeds[0].files[] | [.rows, .mapped, .filtered, .rejected] | @tsv' "$dir/out")"
is "verdicts" '["deliver"]' "$(report '.feeds[0].files | map(.verdict) | unique')"
is "records refused or left" '[0,0]' \
	"$(report '.feeds[0].files | [(map(.refused) | add), (map(.pending) | add)]')"
batches_sound "one run"
job 0 realdata
is "requests of a second run" 0 "$(report '.feeds[0].requests')"

# A last segment without its terminator, where the feed does not say that it counts.
while IFS=$'\t' read -r file verdict rows mapped filtered rejected code row warnings _; do
	look cut "$file" "$verdict" "$rows" "$mapped" "$filtered" "$rejected" \
		"$code" "$row" "$warnings"
	alone cut "$file" "$verdict" "$rejected"
done < <(rows_of hl7_cut.tsv)

# compared STATUS FEED FILE SCRIPT ARGUMENT...: a preview, then what the script says of it.
compared() {
	local status=$1 feed=$2 file=$3 script=$4

	shift 4
	run "$status" preview "$feed" "$data/$file" --json
	"$tables/$script" "$dir/out" "$data/$file" "$@" || failures=$((failures + 1))
}

for message in "$data"/fhir-converter-pairs/*.hl7; do
	compared 0 realdata "fhir-converter-pairs/${message##*/}" fhir_pairs.py \
		"${message%.hl7}-expected.json"
done
while IFS=$'\t' read -r file digits birth_date birth_time _; do
	compared 0 dates "reportstream-dates/$file" dates.py \
		"$data/reportstream-dates/${file%.hl7}.fhir" "$digits" "$birth_date" "$birth_time"
done < <(rows_of dates.tsv)
e2e_end
