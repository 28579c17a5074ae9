#!/bin/bash
# Mistakes in the configuration and on the command line: file and line, all at once, and
# the right exit status from every command.
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
	rm "$dir/etc/feeds.d/simple.ini"
	run 78 run --json
	has "no feed file" "$dir/out" "feeds.d"
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
		status now --json
		run --config
	END
	for line in run check preview status version; do
		run 0 "$line" --help
		ok "lines of $line --help" [ "$(wc -l <"$dir/out")" -le 24 ]
		ok "examples of $line --help" [ "$(grep -c '^  emrdrop ' "$dir/out")" -ge 2 ]
	done
}

test_mistakes
test_usage
e2e_end
