#!/bin/bash
# The example that `template` writes is taken by the map it was made for, for every feed
# of rows that there is here; the guide says what the map wants.
#
#   tests/e2e/template_test.sh BUILD_DIR
set -u
. tests/e2e/lib.sh

e2e_init "$1"

# filled FILE: a feed file of the fixtures, without the test's own places.
filled() {
	mkdir -p "$dir/feeds/$(dirname "$1")"
	sed -e "s|@API@|https://127.0.0.1:9|; s|@DIR@|$dir|g; s|@PORT@|22|; s|@[A-Z_]*@|x|g" \
		"$1" >"$dir/feeds/$1"
	chmod 600 "$dir/feeds/$1"
}

# accepted FEED-FILE: its example gives a record for each row, and no problem.
accepted() {
	run 0 template "$1"
	cp "$dir/out" "$dir/example"
	run 0 preview "$1" "$dir/example" --json
	is "what becomes of the example for $1" '[2,2,2,[]]' "$(jq -c \
		'[.rows, .mapped, (.records | map(.origin.row) | unique | length), .problems]' "$dir/out")"
}

test_fixtures() {
	local file

	find fixtures tests/bench -name '*.ini' ! -path '*/hl7/*' ! -name 'hl7_*' \
		! -path '*/hostile/feeds/*' | sort >"$dir/list"
	ok "there are feed files" [ "$(wc -l <"$dir/list")" -ge 24 ]
	while read -r file; do
		filled "$file"
	done <"$dir/list"
	while read -r file; do
		accepted "$dir/feeds/$file"
	done <"$dir/list"
}

# JSON is UTF-8, whatever the files are.
test_charset() {
	local utf16=$dir/feeds/fixtures/hostile/csv/feeds/utf16.ini

	run 0 template "$utf16"
	is "in UTF-16" "ID," "$(head -c 6 "$dir/out" | iconv -f utf-16le -t utf-8)"
	run 0 template "$utf16" --json
	is "in JSON" "ID," "$(jq -r '.example[:3]' "$dir/out")"
}

# By hand, from the feed file.
test_northside() {
	local feed=$dir/feeds/fixtures/northside/feed.ini

	cat >"$dir/wanted" <<-'END'
		MRN,Last Name,First Name,Middle,DOB,Sex,Cell,Area,Home Phone,Email,Street,City,State,ZIP,Appt ID,Status,Appt Date,Appt Time,Minutes,Reason,Provider ID,Last Modified,Provider NPI,Provider Name
		EXAMPLE-1,Sample,Test,Test,05/17/1980,F,(312) 555-0142,312,555-0142,test1@example.org,Example,Example,IL,60601,EXAMPLE-1,Confirmed,03/18/2025,09:30 AM,30,Example,EXAMPLE-1,03/18/2025 09:30,2000000002,Test Sample
		EXAMPLE-2,Sample,Example,Example,11/23/1975,M,(312) 555-0143,312,555-0143,test2@example.org,Example,Example,IL,60602,EXAMPLE-2,Scheduled,03/19/2025,02:15 PM,45,Example,EXAMPLE-2,03/19/2025 14:15,2000000010,Example Sample
	END
	run 0 template "$feed"
	is "the example for northside" "$(cat "$dir/wanted")" "$(tr -d '\r' <"$dir/out")"
	run 0 template "$feed" --guide
	has "its titles" "$dir/out" '"MRN" or "Medical Record #" or "Patient ID"'
	has "what it becomes" "$dir/out" 'becomes:   patient.id, appointment.patient_id'
	has "dates" "$dir/out" 'date as month/day/year, such as 03/18/2025'
	has "times" "$dir/out" 'time as hour (01 to 12):minute AM or PM, such as 09:30 AM'
	has "an example" "$dir/out" 'example:   EXAMPLE-1'
	has "codes" "$dir/out" '"CANC: <24h" means cancelled'
	is "required columns" $'"MRN" or "Medical Record #" or "Patient ID"\n"Appt ID"\n"Status"\n"Appt Date"\n"Appt Time"' \
		"$(grep -B1 'required:  yes' "$dir/out" | grep '^"')"
	run 0 template "$feed" --json
	is "the guide as data" '["MRN","Medical Record #","Patient ID"] true' \
		"$(jq -r '.columns[0] | "\(.titles | tojson) \(.required)"' "$dir/out")"
	is "the same example" "$(cat "$dir/wanted")" "$(jq -r .example "$dir/out" | tr -d '\r' | sed '/^$/d')"
}

# A map with one of everything that is hard to make up.
odd_feed() {
	cat >"$dir/feeds/odd.ini" <<-END
		[feed]
		timezone = America/Chicago
		[source]
		url     = file://$dir/drop
		pattern = *.csv
		[csv]
		delimiter    = tab
		charset      = windows-1252
		skip_top     = 1
		header_match = "Extra one" "Größe"
		footer       = "* rows: {count}"
		[rows]
		when = {Type} in NEW, OLD and {State of it} not in GONE
		[patient]
		op          = patch
		id          = {Number} | strip_leading 0 | max_length 6
		name        = {Name} | person "last, first middle"
		birth_date  = {Born} | date "%d.%m.%y" past
		height      = {Größe}
		contact[1..2].name = {Contact #}
		extra.size  = {Größe} | number ","
		extra.digits = {Note} | extract /No ([0-9]+)/ | required
		language    = {Tongue} | language
		address.city  = {Place} | split "," 1
		address.state = {Place} | split "," 2 | state
		[appointment]
		when       = {Visit} present
		id         = {Visit}
		patient_id = {Number}
		status     = {State of it} | code states
		start      = {At} | epoch s
		all_day    = {Whole day} | bool ja nein
		[code states]
		cancelled = GONE
		booked    = HERE, THERE
		[target]
		url = https://127.0.0.1:9/
		token_file = $dir/token
	END
	sed -i '/^height /d' "$dir/feeds/odd.ini"
	sed "$@" "$dir/feeds/odd.ini" >"$dir/feeds/one.ini"
	chmod 600 "$dir/feeds/"*.ini
}

test_odd() {
	odd_feed -e 's/ | required//'
	accepted "$dir/feeds/one.ini"
	is "the character set" "Größe" "$(iconv -f windows-1252 -t utf-8 "$dir/example" | grep -o 'Größe' | head -n 1)"
	is "states that the rows may have" $'HERE\nTHERE' \
		"$(jq -r '.records[] | select(.type == "appointment") | .data.status_raw' "$dir/out")"
	is "the count" 'End rows: 2' "$(tail -n 1 "$dir/example" | tr -d '\r')"
	is "split names" '["Sample",["Test","A"]]' \
		"$(jq -c '.records[0].data.name | [.family, .given]' "$dir/out")"
	is "a part of a cell" '{"city":"Example","state":"IL"}' \
		"$(jq -c '.records[0].data.address' "$dir/out")"
	run 0 template "$dir/feeds/one.ini" --guide
	has "in words" "$dir/out" 'part 2, divided by ",": a US state, such as IL'
	has "what could not be made up" "$dir/out" 'none could be made up'
	# A text that only a pattern knows can't be made up.
	odd_feed -e s/nothing//
	run 78 template "$dir/feeds/one.ini"
	has "the column is named" "$dir/err" 'no example can be made: column Note'
	odd_feed -e 's/ | required//' -e 's/^when = {Type} in.*/when = {Type} matches \/^X[0-9]+$\//'
	run 78 template "$dir/feeds/one.ini"
	has "what leaves it out" "$dir/err" 'when'
}

test_refusals() {
	run 64 template fixtures/hl7/clinic.ini
	has "messages" "$dir/err" 'no template'
	run 78 template nofeed
	run 64 template
	odd_feed -e 's/^status .*/staus = {A}/'
	run 78 template "$dir/feeds/one.ini" --json
	has "mistakes" "$dir/err" 'did you mean status?'
	is "the code" config "$(jq -r .error.code "$dir/out")"
}

test_fixtures
test_charset
test_northside
test_odd
test_refusals
e2e_end
