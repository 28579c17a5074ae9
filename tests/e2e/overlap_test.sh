#!/bin/bash
# Two feeds of one source of which one puts patients whole and the other patches them:
# `check` warns, in both, of what each put erases at the API, and that is what it does.
# In one feed that does both each undoes the other, and the later one stands.
#
#   tests/e2e/overlap_test.sh BUILD_DIR
set -u
. tests/e2e/lib.sh

e2e_init "$1"
api_start

# write NAME SOURCE OP LINES: a feed of patients that takes $dir/drop/NAME*.csv.
write() {
	cat >"$dir/etc/feeds.d/$1.ini" <<END
[feed]
source = $2

[source]
url        = file://$dir/drop
pattern    = $1*.csv
after      = keep
min_age    = 0
stable_for = 0

[patient]
op = $3
id = {ID}
$(printf '%b' "$4")

[target]
url        = $api/v1/batches
token_file = $dir/token
ca_file    = $dir/ca.pem
END
	chmod 600 "$dir/etc/feeds.d/$1.ini"
}

roster='name = {Name} | person "last, first"\nlanguage = en'
calls='phone.mobile = {Cell} | phone US\nlanguage = es\nextra.call = {When}\nname.family = {Last}'

warnings() {
	jq -c --arg feed "$1" '.feeds[] | select(.feed == $feed).warnings' "$dir/out"
}

# line NAME: where its [patient] stands.
line() {
	echo "$dir/etc/feeds.d/$1.ini:$(grep -n '^\[patient\]' "$dir/etc/feeds.d/$1.ini" | cut -d: -f1)"
}

test_warned() {
	write roster acme put "$roster"
	write calls acme patch "$calls"
	run 0 check --json
	is "where it is patched" "[\"$(line calls): [patient]: feed roster puts this type whole for source acme too, and each \
patient that it puts erases what is patched here alone: phone.mobile, extra.call; let both say op = patch, or one feed write them all\"]" \
		"$(warnings calls)"
	is "where it is put" "[\"$(line roster): [patient]: each patient that is put erases what feed calls of source acme alone \
patches: phone.mobile, extra.call; let both say op = patch, or one feed write them all\"]" "$(warnings roster)"
	run 0 check calls
	has "for people" "$dir/out" "warning: $(line calls): [patient]: feed roster puts"
	hasnt "of another feed" "$(line roster)" "$dir/out"
}

# The warning is true: what was patched is gone, and is not sent again.
test_erased() {
	printf 'ID,Name,Last,Cell,When\nP-1,"Testcase, Synthetic",Testcase,(415) 555-0101,mornings\n' >"$dir/drop/calls1.csv"
	job 0 calls
	cp "$dir/drop/calls1.csv" "$dir/drop/roster1.csv"
	job 0 roster
	sed 's/$/ /' "$dir/drop/calls1.csv" >"$dir/drop/calls2.csv"
	job 0 calls
	is "not sent again" '[1,0]' "$(file_report unchanged delivered)"
	is "gone" '[null,null]' \
		"$(api_curl state | jq -c '.records[] | select(.id == "P-1").data | [.phone.mobile, .extra.call]')"
}

# Nothing is at stake: both patch, the sources are others, or what is patched is put, too.
test_silent() {
	local op source fields

	while read -r op source fields; do
		write roster acme "$op" "$roster"
		write calls "$source" patch "$fields"
		run 0 check --json
		is "$op $source $fields" null "$(warnings calls)"
		is "$op $source $fields, the other" null "$(warnings roster)"
	done <<-'END'
		patch acme phone.mobile = {Cell} | phone US
		put other phone.mobile = {Cell} | phone US
		put acme name.family = {Last}
	END
	write calls acme put 'name.family = {Last}'
	run 78 check --json
	is "both put: a mistake, and no warning" '[null,1]' "$(jq -c '[(.feeds[0].warnings), (.feeds | map(.mistakes // []) | add | length)]' "$dir/out")"
}

# day NAME LEFT CHANGED NUMBER: a patient's row of that day. What the API has of it then is in `name`.
day() {
	printf 'ID,Name,Left,Changed\nP-9,%s,%s,%s\n' "$1" "$2" "$3" >"$dir/drop/both$4.csv"
	job 0 both
	name=$(api_curl state | jq -r '.records[] | select(.id == "P-9").data | .name.text + "," + .extra.left')
}

test_one_feed() {
	write both acme put 'when = {Left} empty\nname.text = {Name}\nupdated_at = {Changed}
[patient left]\nop = patch\nwhen = {Left} present\nid = {ID}\nextra.left = {Left}\nupdated_at = {Changed}'
	day Ann "" 2026-11-01T10:00:00Z 1
	day Ann moved 2026-11-02T10:00:00Z 2
	is "patched" Ann,moved "$name"
	day Ann "" 2026-11-03T10:00:00Z 3
	is "put as it was before" Ann, "$name"
	day Ann moved 2026-11-05T10:00:00Z 4
	is "patched as it was before" Ann,moved "$name"
	day Eve "" 2026-11-04T10:00:00Z 5
	is "an older put" Ann,moved "$name"
	is "is stale" '[1,0]' "$(file_report stale delivered)"
	day Ann moved 2026-11-05T10:00:00Z 6
	is "nothing new" 0 "$(report '.feeds[0].requests')"
}

test_warned
test_erased
test_one_feed
rm "$dir/etc/feeds.d/both.ini"
test_silent
e2e_end
