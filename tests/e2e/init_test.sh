#!/bin/bash
# From a sample to a feed: `profile` prints no value, `init` drafts a feed file that
# `check` refuses for its TODO lines alone, and that gives records once they are filled
# in.
#
#   tests/e2e/init_test.sh BUILD_DIR
set -u
. tests/e2e/lib.sh

e2e_init "$1" /usr/bin/script iconv gzip
api_start
site $'[run]\nmaps = '"$PWD/deploy/maps"

canaries='quoll|1917|900-00|5550199'

# silent WHAT: no canary came out of the last run.
silent() {
	is "$1: what came out" "" \
		"$(grep -aihoE ".{0,40}($canaries).{0,20}" "$dir/out" "$dir/err" | head -n 3)"
}

# canary_rows N [HEADER]: rows that are nothing but canaries.
canary_rows() {
	[ $# -eq 1 ] || echo "$2"
	awk -v n="$1" 'BEGIN { for (i = 1; i <= n; i++)
		printf "QUOLL%d,Quollname%d,08/13/1917,900-00-%04d,quoll%d@example.org,(206) 555-0199\n", i, i, i, i }'
}

# odd FILE: profile and init of it print no canary.
odd() {
	run 0 profile "$1"
	silent "profile $1"
	run 0 profile "$1" --json
	silent "profile --json $1"
	run 0 init odd "$1" --dry-run
	silent "init $1"
}

test_canaries() {
	canary_rows 3 >"$dir/a.csv"
	odd "$dir/a.csv"
	has "no header" "$dir/out" "header = no"
	canary_rows 90 "MRN,Last Name,DOB,SSN,Status,Sex" >"$dir/b.csv"
	odd "$dir/b.csv"
	has "titles" "$dir/out" "name.family = {Last Name}"
	# One patient in all rows: few values, each of them often, but no codes.
	{ echo "MRN,Last Name,DOB,SSN,Status,Sex" && canary_rows 1 | awk '{ for (i = 0; i < 90; i++) print }'; } \
		>"$dir/c.csv"
	run 0 profile "$dir/c.csv"
	silent "one patient"
	{ echo "Quoll, Ann: all visits" && canary_rows 9 "MRN,Last Name,DOB,SSN,Email,Cell" && echo "QUOLL total"; } \
		>"$dir/d.csv"
	odd "$dir/d.csv"
	has "a title row and a total" "$dir/out" "header_match = auto"
	has "what may be a total with a name" "$dir/out" '# footer = "TEXT"'
	is "no footer of so many rows" "" "$(grep '^footer' "$dir/out")"
	{ canary_rows 2 "MRN,Last Name,DOB,SSN,Email,Cell" && printf '"QUOLL"x,y\nz,"quoll\n' && canary_rows 3; } |
		gzip >"$dir/e.csv"
	odd "$dir/e.csv"
	run 74 profile "$dir/none.csv"
	printf 'quoll\0\1\2\n' >"$dir/f.csv"
	"$emrdrop" profile "$dir/f.csv" >"$dir/out" 2>"$dir/err"
	silent "no text"
}

test_profile() {
	run 0 profile "fixtures/northside/day1/Appt Report 03042026.csv" --json
	is "what the file is" '[400,",","windows-1252",1,24]' \
		"$(jq -c '[.rows, .delimiter, .charset, .header, (.columns | length)]' "$dir/out")"
	is "types" '["digits","text","date","phone","email","time","code","datetime"]' \
		"$(jq -c '[.columns[] | select(.title | IN("MRN", "Appt ID", "DOB", "Cell", "Email", "Appt Time", "Status", "Last Modified")).type]' "$dir/out")"
	is "formats" '["%m/%d/%Y","%Y-%m-%d"]' \
		"$(jq -c '[.columns[] | select(.title == "DOB").formats[].format]' "$dir/out")"
	run 64 profile fixtures/hl7/sample.hl7
	has "messages have no columns, but a draft" "$dir/err" "emrdrop init NAME FILE"
	has "messages" "$dir/err" "preview FEED FILE --fields"
	run 64 profile "$dir/b.csv" --reveal
	has "not to a file" "$dir/err" "only to a terminal"
	/usr/bin/script -qec "$emrdrop profile $dir/b.csv --reveal" /dev/null >"$dir/terminal"
	has "on a terminal" "$dir/terminal" 'shortest "QUOLL1"'
}

# mistakes NAME: how many check finds, and that each is at a TODO.
mistakes() {
	local line file=$dir/etc/feeds.d/$1.ini

	run 78 check "$1"
	while IFS=: read -r _ line _; do
		ok "$1: line $line is a TODO" grep -q 'TODO$' <(sed -n "${line}p" "$file")
	done < <(grep "^$file:" "$dir/err")
	is "$1: each TODO is refused" "$(grep -c '= TODO$' "$file")" "$(grep -c "^$file:" "$dir/err")"
}

# fill NAME: what a person does to a draft; five lines.
fill() {
	sed -i -e "s|^key_file = TODO|stable_for = 0|" -e "0,/^url = TODO/s||url = file://$dir/drop|" \
		-e "s|^url = TODO|url = $api/v1/batches|" \
		-e "s|^token_file = TODO|token_file = $dir/token\nca_file = $dir/ca.pem|" \
		-e "s|^timezone = TODO|timezone = America/Chicago|" "$dir/etc/feeds.d/$1.ini"
}

# drafted NAME SAMPLE RECORDS STATUS: a draft, checked, filled in, checked and previewed.
drafted() {
	run 0 init "$1" "$2"
	mistakes "$1"
	fill "$1"
	run 0 check "$1"
	run "$4" preview "$1" "$2"
	is "records of $1" "$3" "$(wc -l <"$dir/out")"
}

# rule NAME TEXT NOTE: a line of a draft, and the comment above it.
rule() {
	has "$1" "$dir/etc/feeds.d/$1.ini" "$2"
	is "$1: note of $2" "$3" "$(grep -B1 -xF -e "$2" "$dir/etc/feeds.d/$1.ini" | head -n 1)"
}

test_northside() {
	# 14 rows without MRN, and 88 more whose status is x, CANC, BLOCK or HOLD.
	drafted north "fixtures/northside/day1/Appt Report 03042026.csv" 884 4
	has "what a run would do" "$dir/err" "102 of 400 rows were rejected, more than max_reject allows"
	rule north 'pattern = "Appt Report *.csv"' "# likely: the sample's name, with a star for each number"
	rule north 'id = {MRN} | not_scientific' '# likely: 14 of 400 rows have none, and would be rejected'
	rule north 'birth_date = {DOB} | date "%m/%d/%Y" "%Y-%m-%d"' '# sure: by its title'
	rule north 'start = {Appt Date} {Appt Time} | datetime "%m/%d/%Y %I:%M %p"' '# sure: by its title'
	rule north 'phone.home = {Home Phone}' '# not sure: 226 of 226 rows do not fit'
	rule north 'charset = auto' '# likely: found in each file; here windows-1252'
	rule north '# order = name:%m%d%Y' '# (%m is the month, %d the day), older files can go first:'
	has "a word to fill in" "$dir/etc/feeds.d/north.ini" '# ? = "CANC: <24h"'
	has "a column not used" "$dir/etc/feeds.d/north.ini" '#   #9 "Area", integer'
	is "sections" 'feed source csv patient appointment practitioner code gender code appointment-status target' \
		"$(sed -n 's/^\[\(.*\)\]$/\1/p' "$dir/etc/feeds.d/north.ini" | paste -sd' ')"
	cp "$dir/etc/feeds.d/north.ini" "$dir/before.ini"
	run 64 init north "$dir/b.csv"
	has "never over a file" "$dir/err" "stays as it is"
	ok "it stays as it is" cmp "$dir/before.ini" "$dir/etc/feeds.d/north.ini"
	is "nothing is left over" 1 "$(find "$dir/etc/feeds.d" -type f | wc -l)"
	run 64 init North "$dir/b.csv"
	rm "$dir/etc/feeds.d/north.ini"
}

test_lakeside() {
	drafted lakep fixtures/lakeside/patients/patients_2026-03-06.csv 120 0
	rule lakep 'id = {"Patient No."} | not_scientific' '# sure: by its title'
	rule lakep 'delimiter = auto' '# sure: found in each file; here ";"'
	has "our word for theirs" "$dir/etc/feeds.d/lakep.ini" 'other = diverse'
	rm "$dir/etc/feeds.d/lakep.ini"
	drafted lakea fixtures/lakeside/appointments/appointments_2026-03-06.csv 888 3
	has "a sentence" "$dir/etc/feeds.d/lakea.ini" 'noshow = "did not come"'
	rm "$dir/etc/feeds.d/lakea.ini"
}

# Semicolons, windows-1252, a column that any number fits both ways, and a total.
test_western() {
	{
		echo 'Bericht;;;;'
		echo 'Patient ID;Last Name;First Name;DOB;Sex'
		for i in 1 2 3 4 5 6; do
			echo "000$i;Müller;Zoë;0$i/0$((i + 1))/1980;$((i % 2))"
		done
		echo 'Total;6'
	} | iconv -f utf-8 -t windows-1252 >"$dir/west.csv"
	drafted west "$dir/west.csv" 6 0
	rule west 'birth_date = {DOB} | date "%m/%d/%Y"' \
		'# not sure: all rows fit with day and month changed too; %m/%d/%Y is taken'
	rule west 'footer = "Total*{count}"' '# not end so is held'
	rule west 'charset = auto' '# likely: found in each file; here windows-1252'
	rule west 'header_match = auto' '# likely: row 2 is the header, what stands above it is none'
	has "words to fill in" "$dir/etc/feeds.d/west.ini" '# ? = 1'
	is "its name" '"Müller"' "$(jq -s '.[0].data.name.family' "$dir/out")"
	# A spreadsheet has saved it with commas, as UTF-8; then the total was taken off.
	iconv -f windows-1252 -t utf-8 "$dir/west.csv" | tr ';' ',' >"$dir/saved.csv"
	run 0 preview west "$dir/saved.csv"
	is "the saved ones" 6 "$(wc -l <"$dir/out")"
	is "the saved name" '"Müller"' "$(jq -s '.[0].data.name.family' "$dir/out")"
	sed -i '$d' "$dir/saved.csv"
	run 4 preview west "$dir/saved.csv"
	is "no row is lost without the total" 6 "$(wc -l <"$dir/out")"
	rm "$dir/etc/feeds.d/west.ini"
}

# A row too short, a total filled up with cells, and words that mean now this and now that.
test_total() {
	cat >"$dir/total.csv" <<-'END'
		Appt #,Chart,Last Name,Appt Date,Status
		1,100,Testcase,3/4/2026 9:00 AM,Scheduled
		2,101,Sample,3/14/2026 9:00 AM,sched
		3,101,Sample
		4,101,Sample,3/14/2026 9:30 AM,Sch
		5,101,Sample,3/15/2026 9:30 AM,Rescheduled
		6,101,Sample,3/16/2026 9:30 AM,Left w/o being seen
		Total appointments:,6,,,
	END
	run 0 init total "$dir/total.csv"
	mistakes total
	is "by their lines" "$(grep -o ':[0-9]*:' "$dir/err" | sort -t: -k2n)" \
		"$(grep -o ':[0-9]*:' "$dir/err")"
	is "each says that it is still TODO" 5 "$(grep -c 'is still TODO: ' "$dir/err")"
	rule total 'footer = "Total appointments:*{count}"' '# not end so is held'
	has "the short row" "$dir/etc/feeds.d/total.ini" "which would be rejected: 1"
	rule total 'booked = Scheduled, sched, Sch' '# likely: ask the clinic about Sch'
	rule total '# ? = Rescheduled' \
		'# not sure: cancelled, for the old time is over, or booked, for there is a new one'
	rule total '# ? = "Left w/o being seen"' '# not sure: noshow, cancelled or arrived'
	fill total
	run 3 preview total "$dir/total.csv"
	has "the total is no row" "$dir/err" "6 rows: 3 mapped, 0 filtered, 3 rejected"
	# One number that is not the rows' makes no footer.
	sed -i 's/:,6/:,7/' "$dir/total.csv"
	run 0 init other "$dir/total.csv" --dry-run
	has "to decide" "$dir/out" '# footer = "Total appointments:*{count}"'
	is "and none that counts" "" "$(grep '^footer' "$dir/out")"
	rm "$dir/etc/feeds.d/total.ini"
}

# A value that nothing but a person can doubt.
test_todo() {
	printf 'MRN,Last Name\n1,Ann\n2,Bea\n' >"$dir/todo.csv"
	run 0 init todo "$dir/todo.csv"
	fill todo
	run 0 check todo
	sed -i 's/^name.family = .*/name.family = TODO: which column/' "$dir/etc/feeds.d/todo.ini"
	run 78 check todo
	is "one mistake" 1 "$(grep -c "^$dir/etc" "$dir/err")"
	rm "$dir/etc/feeds.d/todo.ini"
}

# Names in one cell, a date and a time apart, a provider without an id.
test_cells() {
	cat >"$dir/cells.csv" <<-'END'
		Appt #,Chart,Patient Name,Phone,Provider,Date,Time,Length,Status
		1,100,"Testcase, Fern Q",2065550101,Dr. Mock,3/4/2026,9:00 AM,30,Scheduled
		2,101,"Sample, Basil",2065550102,Dr. Mock,3/14/2026,10:00 AM,30,Canceled
	END
	drafted cells "$dir/cells.csv" 4 0
	is "the first appointment" '["100","2026-03-04T09:00:00-06:00",30,"booked",[{"display":"Dr. Mock"}]]' \
		"$(jq -cs '.[1].data | [.patient_id, .start, .duration_minutes, .status, .practitioner]' "$dir/out")"
	is "the first patient" '{"family":"Testcase","given":["Fern","Q"]}' \
		"$(jq -cs '.[0].data.name' "$dir/out")"
	rule cells 'name = {Patient Name} | person "last, first middle" "first middle last"' '# sure: by its title'
	rm "$dir/etc/feeds.d/cells.ini"
	sed -i 's/Sample, Basil/Basil/' "$dir/cells.csv"
	run 0 init cells "$dir/cells.csv"
	rule cells 'name = {Patient Name} | person "last, first middle" "first middle last"' \
		'# not sure: 1 of 2 rows do not fit'
	rm "$dir/etc/feeds.d/cells.ini"
}

# What no column is surely the id of has none: neither a name, nor what else differs in each row.
test_no_id() {
	printf 'Name,DOB\n"Sample, Ann",1980-01-02\n"Testcase, Bo",1981-01-02\n' >"$dir/noid.csv"
	run 0 init noid "$dir/noid.csv"
	mistakes noid
	rule noid 'id = TODO' '# emrdrop.conf(5)'
	printf 'Patient,Encounter,Date\nSample,9001,2026-03-04\nTestcase,9002,2026-03-04\n' >"$dir/visits.csv"
	run 0 init visits "$dir/visits.csv"
	rule visits 'id = TODO' '# emrdrop.conf(5)'
	printf 'Slot,Start\nS-1,2026-03-04 09:00\nS-2,2026-03-04 09:30\n' >"$dir/slots.csv"
	run 0 init slots "$dir/slots.csv"
	mistakes slots
	has "no patient is made of a slot" "$dir/etc/feeds.d/slots.ini" 'id = TODO'
	printf 'Provider ID,NPI,Provider Name\nP1,2000000010,Dr. Mock\nP2,2800000715,Dr. Fix\n' >"$dir/prov.csv"
	drafted prov "$dir/prov.csv" 2 0
	is "nor of a provider" '["practitioner"]' "$(jq -cs 'map(.type) | unique' "$dir/out")"
	rm "$dir"/etc/feeds.d/{noid,visits,slots,prov}.ini
}

# A visit may be told by its encounter; where nothing tells it, that is said.
test_visit_id() {
	cat >"$dir/visit.csv" <<-'END'
		Encounter Id,MRN,Last Name,Appt Date,Appt Time,Status
		E-1,100,Testcase,03/04/2026,09:00,Scheduled
		E-2,101,Sample,03/14/2026,10:00,Cancelled
	END
	drafted visit "$dir/visit.csv" 4 0
	rule visit 'id = {Encounter Id} | not_scientific' '# likely: its title says it in part'
	rm "$dir/etc/feeds.d/visit.ini"
	sed '1s/MRN/Appt ID,MRN/; 2,$s/,/,A&/' "$dir/visit.csv" >"$dir/both.csv"
	run 0 init both "$dir/both.csv"
	rule both 'id = {Appt ID} | not_scientific' '# sure: by its title'
	sed -e '1s/.*/Id,Patient,Start/; s/,\(10[01]\),.*/,P-000\1,2026-03-04T09:00:00Z/' "$dir/visit.csv" >"$dir/uuid.csv"
	run 0 init uuid "$dir/uuid.csv"
	rule uuid 'patient_id = {Patient} | not_scientific' '# sure: the patient of this row'
	rule uuid 'id = {Id} | not_scientific' '# likely: its title says it in part'
	hasnt "a number is no name" "name = {" "$dir/etc/feeds.d/uuid.ini"
	cut -d, -f2- "$dir/visit.csv" >"$dir/bare.csv"
	run 0 init bare "$dir/bare.csv"
	has "no id" "$dir/etc/feeds.d/bare.ini" "no column is surely its id"
	rule bare 'op = patch' '# likely: this export does not know all of a patient'
	rm "$dir"/etc/feeds.d/{both,uuid,bare}.ini
}

# Columns have numbers alone, and only what they hold says what they are.
test_no_header() {
	awk 'BEGIN { for (i = 1; i <= 9; i++)
		printf "K%d,t%d@example.org,(206) 555-0%d,WA,9810%d,1234567893\n", i, i, 100 + i, i }' \
		>"$dir/bare.csv"
	drafted bare "$dir/bare.csv" 18 0
	rule bare 'id = {#1} | not_scientific' '# not sure: no title says so, only the values'
	rule bare 'email = {#2} | email' '# not sure: no title says so, only the values'
	rule bare 'phone.home = {#3} | phone US' '# not sure: no title says so, only the values'
	rule bare 'address.state = {#4} | state' '# not sure: no title says so, only the values'
	rule bare 'address.postal_code = {#5} | zip' '# not sure: no title says so, only the values'
	rule bare 'npi = {#6} | npi' '# not sure: no title says so, only the values'
	rm "$dir/etc/feeds.d/bare.ini"
	# No title is used where each stands there twice: the header is known by its row.
	printf 'Visits\n\nMRN,MRN,Email,Email\n1,1,a@example.org,\n2,2,b@example.org,\n' >"$dir/twice.csv"
	drafted twice "$dir/twice.csv" 2 0
	rule twice 'delimiter = ","' '# likely: found in 2 rows of 4 columns'
	rule twice 'skip_top = 2' '# likely: row 3 is the header, what stands above it is none'
	rule twice 'email = {#3} | email' '# not sure: its title stands there more than once'
	rm "$dir/etc/feeds.d/twice.ini"
}

test_messages() {
	drafted hl fixtures/hl7/sample.hl7 4 3
	rule hl 'authority = LAKESIDE' '# sure: PID-3.4 of 3 in 3 messages'
	rule hl 'extends = hl7-siu.ini' '# sure: SIU 3, ADT 0, ORU 0, others 0, unreadable 0'
	rm "$dir/etc/feeds.d/hl.ini"
	run 0 init hl fixtures/hl7/sample.hl7 --dry-run --json
	is "as JSON" '["hl",null,5]' "$(jq -c '[.feed, .path, .todo]' "$dir/out")"
	ok "and no file" [ ! -e "$dir/etc/feeds.d/hl.ini" ]
}

# The date in the sample's name: its format, if it can be no other; `check` takes the line.
test_order() {
	local name want

	printf 'MRN,Last Name\n1,Ann\n2,Bea\n' >"$dir/sample.csv"
	while IFS='|' read -r name want; do
		cp "$dir/sample.csv" "$dir/$name"
		run 0 init order "$dir/$name"
		is "the order of $name" "$want" "$(grep -E '^(# )?order = ' "$dir/etc/feeds.d/order.ini")"
		fill order
		run 0 check order
		rm "$dir/$name" "$dir/etc/feeds.d/order.ini"
	done <<-'END'
		visits_20260304.csv|order = name:%Y%m%d
		visits 2026-03-04 full.csv|order = name:%Y-%m-%d
		visits.2026.03.04.csv|order = name:%Y.%m.%d
		v2_20260304_113000.csv|order = name:%Y%m%d_%H%M%S
		20260304T1130.csv|order = name:%Y%m%dT%H%M
		202603041130.csv|order = name:%Y%m%d%H%M
		20260304113059.csv|order = name:%Y%m%d%H%M%S
		visits_20260304_0001.csv|order = name:%Y%m%d
		Appt 03252026.csv|order = name:%m%d%Y
		25-03-2026.csv|order = name:%d-%m-%Y
		04Mar2026.csv|order = name:%d%b%Y
		20112011.csv|order = name:%d%m%Y
		Appt 03042026.csv|# order = name:%m%d%Y
		03-03-2026.csv|# order = name:%m-%d-%Y
		visits_120260304.csv|
		visits_260304.csv|
		visits_19800704.csv|
		visits_20990101.csv|
		visits_20261304.csv|
		visits.csv|
	END
}

# What it is for: the older file goes first, whatever its name and its time say.
test_order_run() {
	local day

	cp "$dir/sample.csv" "$dir/a_25032026.csv"
	run 0 init order "$dir/a_25032026.csv"
	fill order
	sed -i 's/^op = patch/op = put/' "$dir/etc/feeds.d/order.ini"
	mkdir -p "$dir/drop"
	for day in 01042026 31032026; do
		sed "s/Ann/Ann$day/" "$dir/sample.csv" >"$dir/drop/a_$day.csv"
	done
	job 0
	is "the newer one last" '"Ann01042026"' "$(api_curl state | jq '.records[] | select(.id == "1").data.name.family')"
	rm -r "$dir/drop" "$dir/etc/feeds.d/order.ini"
}

test_order
test_order_run
test_canaries
test_profile
test_northside
test_lakeside
test_western
test_total
test_todo
test_cells
test_no_id
test_visit_id
test_no_header
test_messages
e2e_end
