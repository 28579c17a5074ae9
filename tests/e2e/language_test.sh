#!/bin/bash
# The map language on an odd export: one feed with every transform, tables out of CSV
# files, names in one cell and columns that repeat. What the API then holds was written
# by hand; what `preview --row` explains, and what `check` says of mistakes.
#
#   tests/e2e/language_test.sh BUILD_DIR
set -u
. tests/e2e/lib.sh

e2e_init "$1"
api_start

# odd [SED...]: installs the feed.
odd() {
	cat >"$dir/odd.ini" <<-'END'
		[feed]
		name     = odd
		timezone = America/Chicago
		source   = northside

		[source]
		url        = file://@DIR@/drop
		pattern    = *.csv
		stable_for = 0

		[columns]
		mrn = "Record #"

		[patient]
		op             = patch
		id             = {mrn} | not_scientific
		name           = {Patient} | person "last, first middle" "first middle last"
		gender         = {Sex} | code gender
		race           = {Race} | split ";" | title
		language       = {Lang} | language
		address.city   = {Place} | split "," 1
		address.state  = {Place} | split "," 2 | state
		address.postal_code = {ZIP} | zip
		address.country = {Country} | country
		sms_consent    = {Texts} | bool "Sure, OK" Never
		interpreter_required = {Interp} | bool
		deceased_at    = {Died} | epoch s
		general_practitioner_id = {Doctor | extract /^Dr\. (.*?)(?: \(|$)/} | lookup doctors
		telecom[1..2].value  = {Phone #} | phone US
		telecom[1..2].system = phone
		extra.ssn      = {SSN} | hash
		extra.account  = {Account} | substr 1 3
		extra.card     = {Account} | regex /^.*(\d{2})$/ "**$1"
		extra.balance  = {Balance} | money USD . ,
		extra.diagnosis = {Diagnosis} | icd10
		extra.problem  = {Problem} | snomed

		[coverage]
		op            = patch
		each          = 1..2
		id            = {mrn}-#
		patient_id    = {mrn}
		order         = #
		plan_name     = {Ins# Plan}
		subscriber_id = {Ins# ID}

		[observation]
		op         = patch
		id         = {mrn}-weight
		when       = {Weight} present
		patient_id = {mrn}
		code       = {Test} | loinc | else reject
		value      = {Weight} | unit lb kg 1
		unit       = kg

		[observation sugar]
		op         = patch
		id         = {mrn}-sugar
		when       = {Sugar} present
		patient_id = {mrn}
		code       = 2345-7
		value      = {Sugar} | number , .

		[code gender]
		file  = gender.csv
		key   = theirs
		value = ours

		[lookup doctors]
		file  = doctors.csv
		key   = Name
		value = NPI

		[target]
		url        = @API@/v1/batches
		token_file = @DIR@/token
		ca_file    = @DIR@/ca.pem
	END
	feed "$dir/odd.ini" odd "$@"
}

tables() {
	printf 'theirs,ours\nF,female\nM,male\n' >"$dir/etc/feeds.d/gender.csv"
	printf 'NPI;Name\r\n2000000001;Ann Jones\r\n2000000002;Li\r\n' \
		>"$dir/etc/feeds.d/doctors.csv"
	chmod 600 "$dir"/etc/feeds.d/*.csv
}

titles='Record #,Patient,Sex,Race,Lang,Place,ZIP,Country,Texts,Interp,Died,Doctor,Phone 1,Phone 2,SSN,Account,Balance,Diagnosis,Problem,Ins1 Plan,Ins1 ID,Ins2 Plan,Ins2 ID,Weight,Test,Sugar'

rows_odd() {
	cat <<-END
		$titles
		001,"TESTCASE, ANN Q",f,white;ASIAN,Spanish,"Austin, Texas",021551234,usa,sure,Y,1783272600,Dr. Ann Jones (CARD),(206) 555-0101,,900-00-0001,AB1234,"(\$1,234.50)",e119,76164006,Gold,A1,,,180,58410-2,"1.234,50"
		002,Dr. Bea van der Mock,M,,en_us,"Boston,Massachusetts",2155,Atlantis,never,x,,Dr. Nobody,,206 555 0102,900-00-0001,AB1235,€5,banana,76164007,,,Silver,S2,5 lb 8 oz,58410-2,
		003,Cher,Q,,Klingon,Nowhere,ABC,DE,maybe,maybe,never,Li,12,,,,,,,,,,,80 kg,58410-3,
		004,"Sample, Cy, Jr.",,,,,02155-1234,,,,,Dr. Li,,,,,,,,,,,,tall,58410-2,x
		005,,,,,,,,,,,,,,,,,,,,,,,,,
	END
}

# Written by hand, but for the digest that stands for HASH.
expected() {
	cat <<-'END'
		{"patient/001": {"name": {"family": "TESTCASE", "given": ["ANN", "Q"]},
		  "gender": "female", "race": ["White", "Asian"], "language": "es",
		  "address": {"city": "Austin", "state": "TX", "postal_code": "02155-1234", "country": "US"},
		  "sms_consent": true, "interpreter_required": true,
		  "deceased_at": "2026-07-05T17:30:00Z", "general_practitioner_id": "2000000001",
		  "telecom": [{"system": "phone", "value": "+12065550101"}],
		  "extra": {"ssn": "HASH", "account": "AB1", "card": "**34", "balance": "-1234.50",
		    "diagnosis": "E11.9", "problem": "76164006"}},
		 "patient/002": {"name": {"prefix": "Dr.", "given": ["Bea"], "family": "van der Mock"},
		  "gender": "male", "language": "en-US", "address": {"city": "Boston", "state": "MA"},
		  "sms_consent": false, "interpreter_required": true,
		  "telecom": [{"system": "phone", "value": "+12065550102"}],
		  "extra": {"ssn": "HASH", "account": "AB1", "card": "**35", "problem": "76164007"}},
		 "patient/004": {"name": {"family": "Sample", "given": ["Cy"], "suffix": "Jr."},
		  "address": {"postal_code": "02155-1234"}, "general_practitioner_id": "2000000002"},
		 "patient/005": {},
		 "coverage/001-1": {"patient_id": "001", "order": 1, "plan_name": "Gold", "subscriber_id": "A1"},
		 "coverage/002-2": {"patient_id": "002", "order": 2, "plan_name": "Silver", "subscriber_id": "S2"},
		 "observation/001-weight": {"patient_id": "001", "code": "58410-2", "value": "81.6", "unit": "kg"},
		 "observation/002-weight": {"patient_id": "002", "code": "58410-2", "value": "2.5", "unit": "kg"},
		 "observation/004-weight": {"patient_id": "004", "code": "58410-2", "unit": "kg"},
		 "observation/001-sugar": {"patient_id": "001", "code": "2345-7", "value": "1234.50"},
		 "observation/004-sugar": {"patient_id": "004", "code": "2345-7"}}
	END
}

# row FIELD: what `preview --row` explains of a field, from $dir/explained.
row() {
	jq -c --arg f "$1" 'select(.field == $f) | [.columns, [.steps[] | [.transform, .result]], .result]' \
		"$dir/explained"
}

test_delivery() {
	local hash

	rows_odd >"$dir/drop/odd.csv"
	run 0 check odd
	job 3
	is "the books" '[5,4,0,1]' "$(file_report rows mapped filtered rejected)"
	api_state "$dir/state.json"
	hash=$(jq -r '."patient/001".extra.ssn' "$dir/state.json")
	ok "a digest" grep -qxE '[0-9a-f]{32}' <<<"$hash"
	is "what the API holds" "$(expected | sed "s/HASH/$hash/" | jq -S .)" \
		"$(jq -S . "$dir/state.json")"
	run 3 preview odd "$dir/drop/odd.csv" --json
	is "preview hashes as the run did" "\"$hash\"" \
		"$(jq '.records[] | select(.id == "001" and .type == "patient").data.extra.ssn' "$dir/out")"
	is "problems, by row" \
		'["loinc_check_digit:true:4","no_match:false:4","not_country:false:3","not_icd10:false:3","not_language:false:4","not_listed:false:3","not_money:false:3","not_number:false:5"]' \
		"$(jq -c '[.problems[] | select(.code | test("check|match|country|icd10|language|listed|measure|money|number")) | "\(.code):\(.rejected):\(.row)"] | map(select(test("snomed") | not)) | unique' "$dir/out")"
}

test_explain() {
	run 3 preview odd "$dir/drop/odd.csv" --row 2
	grep '^{"type":' "$dir/out" >"$dir/explained"
	is "a list" '[["Race"],[["split",["white","ASIAN"]],["title","White"],["title","Asian"]],["White","Asian"]]' \
		"$(row 'race[]')"
	is "a name" '[["Patient"],[["person","TESTCASE, ANN Q"]],"TESTCASE, ANN Q"]' "$(row name)"
	is "steps in braces" '[["Doctor"],[["extract","Ann Jones"],["lookup","2000000001"]],"2000000001"]' \
		"$(row general_practitioner_id)"
	is "a group, and an empty one" '[["Phone 1"],[["phone","+12065550101"]],"+12065550101"]
[["Phone 2"],[],null]' "$(row 'telecom[].value')"
	is "what fails" '[["Country"],[["country",null]],null]' "$(
		run 3 preview odd "$dir/drop/odd.csv" --row 3
		grep '^{"type":' "$dir/out" >"$dir/explained"
		row address.country
	)"
}

# mistake LINE TEXT [SED...]: what check says of the feed file so edited.
mistake() {
	local line=$1 text=$2

	shift 2
	odd "$@"
	run 78 check odd
	has "check: $text" "$dir/err" "odd.ini:$line: "
	has "check: $text" "$dir/err" "$text"
}

test_mistakes() {
	mistake 20 "did you mean language?" -e 's/| language/| langage/'
	mistake 17 "no order" -e 's/"first middle last"/"first, last"/'
	mistake 41 "needs a #" -e 's/{mrn}-#/{mrn}/'
	mistake 40 "no range" -e 's/1\.\.2$/2..1/'
	mistake 28 "[lookup doctors]" -e 's/lookup doctors$/lookup docters/'
	mistake 65 "gender.txt" -e 's/gender\.csv/gender.txt/'
	mistake 71 "did you mean \"Name\"" -e 's/= Name/= Nam/'
	odd
	printf 'theirs,ours\nF,female\nL,lady\n' >"$dir/etc/feeds.d/gender.csv"
	run 78 check odd
	has "the table's own line" "$dir/err" 'gender.csv:3: [code gender] L: gender cannot be "lady"'
	tables
	run 0 check odd
}

odd
tables
test_delivery
test_explain
test_mistakes
hasnt "no cell in a log or message" "900-00-0001" "$dir/all.err"
e2e_end
