#!/bin/bash
# The recipes of emrdrop-feeds(7), taken from the page as they stand: `check` finds no
# mistake, and `preview` makes of each sample what is written down here.
#
#   tests/e2e/recipes_test.sh BUILD_DIR
set -u
. tests/e2e/lib.sh

e2e_init "$1" gpg gpgconf zip
page=deploy/man/emrdrop-feeds.7
etc=$dir/etc/feeds.d

# What stands in the blocks behind a comment `KIND NAME [END]`, their mdoc undone; of
# /etc/emrdrop this test has one of its own.
block() {
	awk -v of="$1" 'substr($0, 1, 3) == ".\\\"" && substr($0, 5) == of { take = 1 }
		take && /^\.Bd/ { on = 1; next }
		on && /^\.Ed/ { exit } on' "$page" |
		sed -e 's/\\e/\\/g' -e "s|/etc/emrdrop|$dir/etc|g"
}

names() {
	sed -n "s/^\\.\\\\\" $1 //p" "$page"
}

# shellcheck disable=SC2317 # it is a trap
away() {
	gpgconf --homedir "$dir/etc/keys/pgp" --kill all
	server_stop_all
	rm -rf "$dir"
}

setup() {
	local name key

	mkdir -m 700 "$dir/etc/keys" "$dir/etc/keys/pgp"
	trap away EXIT
	grep -o '/keys/[a-z-]*' "$page" | sort -u | grep -v pgp | while read -r key; do
		(umask 077 && echo synthetic >"$dir/etc$key")
	done
	: >"$dir/etc/known_hosts"
	{
		block site
		printf '[state]\ndir = %s/state\n[run]\nmaps = %s/deploy/maps\n' "$dir" "$PWD"
	} >"$dir/etc/emrdrop.ini"
	for name in $(names feed); do
		block "feed $name" >"$etc/$name.ini"
	done
	block "beside doctors.csv" >"$etc/doctors.csv"
	GNUPGHOME=$dir/etc/keys/pgp gpg --batch --quiet --passphrase '' \
		--quick-generate-key emrdrop@example.org 2>"$dir/err" || exit 1
}

test_check() {
	run 0 check
	is "feeds that are checked" "$(names feed | wc -l)" \
		"$(grep -c ': configuration right$' "$dir/out")"
	[ "$failures" -eq 0 ] || cat "$dir/out" "$dir/err"
}

# sample NAME: the file that its feed is tried with.
sample() {
	file=$dir/$1.$2
	block "sample $1 $2" >"$file"
	case $2 in hl7) sed -i 's/$/\r/' "$file" ;; esac
	[ "$1" = packed ] || return 0
	mv "$file" "$dir/visits-1.csv"
	(cd "$dir" && zip -q packed.zip visits-1.csv) && file=$dir/packed.zip.pgp
	GNUPGHOME=$dir/etc/keys/pgp gpg --batch --quiet --trust-model always \
		-r emrdrop@example.org -o "$file" -e "$dir/packed.zip"
}

# Each sample, and the records that a person reads out of it.
test_preview() {
	local name end expected got tried=0

	while IFS='|' read -r name end expected; do
		sample "$name" "$end"
		run 0 preview "$name" "$file"
		got=$(jq -s -c 'map([.type, .id] + [.data | .start // .birth_date // .status])' "$dir/out")
		is "$name" "$expected" "$got"
		tried=$((tried + 1))
	done <<-'END'
		daily|csv|[["patient","00344122","1942-06-25"],["appointment","A-1","2026-03-09T11:45:00-05:00"],["patient","00344564","1932-07-10"],["appointment","A-2","2026-03-09T13:15:00-05:00"]]
		snapshot|csv|[["appointment","V-100","2026-03-09T09:00:00-04:00"],["appointment","V-101","2026-03-09T09:30:00-04:00"]]
		packed|csv|[["appointment","V-1","2026-03-09T08:00:00-07:00"]]
		patients|csv|[["patient","P-1","1980-07-04"],["patient","P-2","1975-11-20"]]
		visits|csv|[["appointment","K-1","2026-03-09T09:00:00-06:00"],["appointment","K-2","2026-03-09T09:30:00-06:00"]]
		report|csv|[["appointment","W-1","2026-03-09T09:00:00-05:00"],["appointment","W-2","2026-03-09T09:15:00-05:00"],["appointment","W-3","2026-03-09T09:30:00-05:00"]]
		fixed|txt|[["patient","10000001","1980-07-04"],["patient","10000002","1975-11-20"]]
	END
	for name in adt siu; do
		sample "$name" hl7
		run 0 preview "$name" "$file"
		is "types of $name" "$([ $name = adt ] && echo 'encounter patient' || echo 'appointment patient')" \
			"$(jq -r .type "$dir/out" | sort -u | paste -sd' ')"
		tried=$((tried + 1))
	done
	is "samples of the page that were tried" "$(names sample | wc -l)" "$tried"
	run 0 preview visits "$dir/visits.csv"
	is "a doctor who was looked up" 2000000010 \
		"$(jq -r 'select(.id == "K-1").data.practitioner_id' "$dir/out")"
	run 0 preview fixed "$dir/fixed.txt"
	is "a name in capitals" Testcase "$(jq -r 'select(.id == "10000001").data.name.family' "$dir/out")"
}

# A backfill takes what the days of the archive hold.
test_backfill() {
	mkdir -p "$dir/drop/processed"
	rm -f "$etc"/*.ini
	for day in 01022025 03042026 03052026; do
		block "sample daily csv" >"$dir/drop/processed/20260309T000000Z-1a2b3c4d-Appt Report $day.csv"
	done
	block "feed daily" | sed -e "s|^url .*|url = file://$dir/drop|" -e '/^key_file/d' \
		-e "s|/outbound|$dir/drop|" >"$etc/daily.ini"
	run 0 backfill daily --from 2024-03-01 --to 2026-03-04 --dry-run --json
	is "files of these days" 2 "$(report '[.feeds[].files[]] | length')"
}

setup
test_check
test_preview
test_backfill
e2e_end
