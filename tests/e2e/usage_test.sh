#!/bin/bash
# Mistakes in the configuration and on the command line: file and line, all at once, and
# the right exit status from every command. What `preview --row` and `status` print.
#
#   tests/e2e/usage_test.sh BUILD_DIR
set -u
. tests/e2e/lib.sh

e2e_init "$1"
api_start

# mistake LINE TEXT: what check and run say of a feed file.
mistake() {
	run 78 check
	has "check: $2" "$dir/err" "simple.ini:$1: "
	has "check: $2" "$dir/err" "$2"
	run 78 run
	has "run: $2" "$dir/err" "simple.ini:$1: "
	job 78
	is "the code" '"config"' "$(report '.feeds[0].error.code')"
}

test_mistakes() {
	simple -e 's/^stable_for/stable_fro/'
	mistake 13 "stable_for"
	simple -e 's/^name\.given .*/name.given = [{First}/'
	mistake 23 "name.given"
	simple -e 's/^charset .*/charset = klingon/'
	mistake 17 "charset"
	simple -e 's|^url .*= https:.*|url = http://api.example/v1|'
	mistake 37 "https"
	simple -e 's/^birth_date .*/birth_date = {DOB} | dat "%m"/' -e 's/^pattern.*/pattern = a\/b/'
	mistake 24 "date"
	has "all mistakes at once" "$dir/all.err" "simple.ini:10: "
	simple -e 's/^booked = .*/bookd = Scheduled/'
	mistake 34 "bookd"
	simple
	chmod 666 "$dir/etc/feeds.d/simple.ini"
	run 78 run
	has "who may write" "$dir/err" "chmod go-w"
	simple
	site $'[rnu]\ndeadline = 1h'
	run 78 run --json
	has "emrdrop.ini" "$dir/err" "emrdrop.ini:3"
	site ''
	run 78 run --json nofeed
	has "a feed that is not" "$dir/out" "no feed is named nofeed"
	cp -rp "$dir/etc" "$dir/[x]"
	ok "a folder whose name looks like a pattern" "$emrdrop" --config "$dir/[x]" check
	rm "$dir/etc/feeds.d/simple.ini"
	run 78 run --json
	has "no feed file" "$dir/out" "no feed file: $dir/etc/feeds.d/*.ini"
	mv "$dir/etc/feeds.d" "$dir/feeds.d"
	: >"$dir/etc/feeds.d"
	run 78 run --json
	has "no folder of them" "$dir/out" "feeds.d: cannot be read: Not a directory"
	rm "$dir/etc/feeds.d"
	mv "$dir/feeds.d" "$dir/etc/feeds.d"
	# Only what is not there at all is left to the defaults.
	rm "$dir/etc/emrdrop.ini"
	ln -s emrdrop.ini "$dir/etc/emrdrop.ini"
	run 78 status --json
	has "emrdrop.ini cannot be read" "$dir/out" "/emrdrop.ini: "
	rm "$dir/etc/emrdrop.ini"
	site ''
}

# refused NAME ARGUMENT...: it is a mistake of usage, and the option is named.
refused() {
	local name=$1

	shift
	run 64 "$@"
	has "$*" "$dir/err" "\`$name\` is no option of"
}

test_usage() {
	local line

	simple
	while read -r line; do
		# shellcheck disable=SC2086
		run 64 $line
		ok "$line says something" [ -s "$dir/err" ]
		[[ $line != *--json* ]] || ok "$line: JSON" jq -e .error "$dir/out" >/dev/null
	done <<-'END'
		rum
		run --dri-run
		run --row 3
		check --dry-run
		preview
		preview simple --json
		preview simple a b
		preview simple a --row 0
		preview simple a --row x --json
		report now
		report --days 0 --json
		report --days 401
		report --days x
		status --days 7
		run --config
		rum --json
		--json rum
		--json
		run --dri-run --json
		run --json -xy
	END
	run 64
	has "no command" "$dir/err" "emrdrop COMMAND [options]"
	run 64 rum --json
	is "in JSON" '["usage",64]' "$(report '[.error.code, .exit]')"
	has "the nearest" "$dir/out" 'did you mean'
	run 0 --json --help
	refused -x run -xy
	refused -x run --json -xy feed
	refused -y run feed -y
	refused -c run -c
	refused --dri-run run --dri-run --json
	refused --json=1 run --json=1 feed
	refused --row run --row 3
	refused --dry-run check feed --dry-run
	refused --config run feed --config
	refused --row preview a b --row
	for line in run check preview status report version; do
		run 0 "$line" --help
		ok "lines of $line --help" [ "$(wc -l <"$dir/out")" -le 24 ]
		ok "examples of $line --help" [ "$(grep -c '^  emrdrop ' "$dir/out")" -ge 2 ]
	done
}

# One field a line, whatever a cell ends with.
test_preview() {
	simple
	rows 1 2 | sed 's|Testcase|"Test,\\"|' >"$dir/a.csv"
	run 0 preview simple "$dir/a.csv" --row 2
	has "the value" "$dir/out" '"family":"Test,\\"'
	is "records and fields" '["appointment","patient"] 10' \
		"$(jq -sc 'map(select(.op).type) | sort' "$dir/out") $(grep -c '^{"type":' "$dir/out")"
	while read -r line; do
		ok "one object: $line" jq -e . <<<"$line" >/dev/null
	done <"$dir/out"
}

test_status() {
	local looked

	simple
	rows 1 4 | sed 's/Scheduled/Nope/' >"$dir/drop/a.csv"
	job 4
	run 0 status simple
	looked=$(sed -n 's/^  last looked \(.*Z\), last delivered.*/\1/p' "$dir/out")
	ok "a look" [ -n "$looked" ]
	has "what was known then" "$dir/out" "  stuck, as of the last look $looked:"
	run 0 status --json
	is "in JSON" '["hold",true]' "$(report '.feeds[0] | [.stuck[0].verdict, .last_look_ms > 0]')"
	command -v cc >/dev/null || return
	cc -shared -fPIC -o "$dir/nomem.so" -x c - <<-'END'
		void *reallocarray(void *p, unsigned long n, unsigned long size);
		void *
		reallocarray(void *p, unsigned long n, unsigned long size)
		{
			return p = (void *)(n = size = 0);
		}
	END
	export LD_PRELOAD=$dir/nomem.so ASAN_OPTIONS=verify_asan_link_order=0
	"$emrdrop" --config "$dir/etc" status --json >"$dir/out" 2>"$dir/err"
	looked=$?
	unset LD_PRELOAD ASAN_OPTIONS
	ran "status without memory" 74 "$looked"
	is "it says so" '"memory"' "$(report .error.code)"
}

test_mistakes
test_usage
test_preview
test_status
# A slip in the folder's name never leads to the ledger of the machine's other site.
for command in "status" "hold list" "run" "check" "audit"; do
	# shellcheck disable=SC2086 # words
	"$emrdrop" --config "$dir/none" $command >"$dir/out" 2>"$dir/err"
	ran "$command of no site" 78 $?
	has "$command: what is not there" "$dir/err" "--config $dir/none: No such file"
done
e2e_end
