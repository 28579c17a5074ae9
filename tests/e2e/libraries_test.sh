#!/bin/bash
# Libraries that are loaded when something needs them: what needs none does without them,
# and what does names the package, loses nothing, and goes on once it is there.
#
#   tests/e2e/libraries_test.sh BUILD_DIR
set -u
. tests/e2e/lib.sh

e2e_init "$1"
api_start
mkdir "$dir/broken"
for name in libcurl.so.4 libarchive.so.13 librabbitmq.so.4; do
	echo "no library" >"$dir/broken/$name"
done

without() {
	LD_LIBRARY_PATH=$dir/broken "$@"
}

test_version() {
	run 0 version
	is "what is linked is told" 2 "$(wc -l <"$dir/out")"
	has "its own" "$dir/out" "emrdrop "
	has "SSH algorithms" "$dir/out" "; kex "
	run 0 version --libraries
	is "four kinds, and its own" 5 "$(wc -l <"$dir/out")"
	for name in libcurl/ OpenSSL/ libarchive "zlib " "gpgme " "gpg 2" "librabbitmq 0"; do
		has "what is loaded" "$dir/out" "$name"
	done
	is "as JSON" "emrdrop http ledger_format queue sftp unpack" \
		"$("$emrdrop" version --libraries --json | jq -r 'keys | join(" ")')"
	is "without them" "emrdrop ledger_format sftp" \
		"$("$emrdrop" version --json | jq -r 'keys | join(" ")')"
	without run 0 version --libraries
	for name in libcurl4 libarchive13 librabbitmq4; do
		has "what lacks" "$dir/out" "can't be used: install the package $name"
	done
	has "and the others" "$dir/out" "libssh2 1."
	env PATH="$dir" "$emrdrop" version --libraries >"$dir/no-gpg"
	has "without gpg" "$dir/no-gpg" "no gpg: install the packages gpg and gpg-agent"
}

# A feed is read and judged, its URL too, and a sample shown, before anything is sent.
test_idle() {
	simple
	export_new
	without run 0 check simple
	without run 0 preview simple "$dir/drop/export-$number.csv"
	mv "$dir/drop/export-$number.csv" "$dir/later.csv"
	without job 0
	without run 0 status
	simple -e 's|^url .*v1.*|url = http://api.example/v1|'
	without run 78 check simple
	has "the URL is judged" "$dir/err" "[target] url: must be https"
}

test_needed() {
	simple
	mv "$dir/later.csv" "$dir/drop/export-$number.csv"
	without job 78
	has "which package" "$dir/err" "libcurl.so.4 can't be used: install the package libcurl4"
	is "nothing is taken" 0 "$(changes)"
	job 0
	is "until it is there" "$known" "$(changes)"
	whole "after it lacked"
}

test_version
test_idle
test_needed
e2e_end
