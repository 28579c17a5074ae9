#!/bin/bash
# More than a hundred feed files with one mistake each: `check` tells every one of them
# with file, line and words that help, and offers the right word for nine typos of ten.
#
#   tests/e2e/mistakes_test.sh BUILD_DIR
set -u
. tests/e2e/lib.sh

e2e_init "$1" python3
fixtures=fixtures/hostile/feeds

rmdir "$dir/etc/feeds.d"
python3 tests/lib/mistakes.py make "$fixtures" "$dir" || exit 1
run 78 check --json
ok "each mistake is told as the table expects" \
	python3 tests/lib/mistakes.py judge "$fixtures" "$dir" "$dir/out"
# The text is for people, and has the same places.
jq -r '.feeds[].mistakes // [] | .[]' "$dir/out" | sort >"$dir/told"
run 78 check
sort "$dir/err" | comm -23 "$dir/told" - >"$dir/untold"
is "told as text as well" "" "$(head -n 3 "$dir/untold")"

# What they were made of is right.
rm "$dir/etc/feeds.d/"*
for feed in visits messages; do
	sed "s|@NAME@|$feed|; s|@DIR@|$dir|; s|= base.ini|= $dir/base.ini|; s|= rooms.csv|= $dir/rooms.csv|" \
		"$fixtures/$feed.ini" >"$dir/etc/feeds.d/$feed.ini"
	chmod 600 "$dir/etc/feeds.d/$feed.ini"
done
run 0 check
run 0 test visits
has "its own test" "$dir/out" "1 passed, 0 failed"

# Of a header the secret is looked for as any other is.
cp "$dir/etc/feeds.d/visits.ini" "$dir/visits.ini"
sed -i '/^\[target\]/a header.X-Api-Key = env:NOT_SET_ANYWHERE' "$dir/etc/feeds.d/visits.ini"
run 78 check
has "a header without its secret" "$dir/out" "[target] header.X-Api-Key: the environment variable NOT_SET_ANYWHERE"
mv "$dir/visits.ini" "$dir/etc/feeds.d/visits.ini"

# A draft that lies elsewhere, by its path; a name without a slash is none.
mv "$dir/etc/feeds.d/visits.ini" "$dir/draft.ini"
run 0 check "$dir/draft.ini"
has "the draft alone" <(paste -sd' ' "$dir/out") "visits: configuration right"
echo "bogus = 1" >>"$dir/draft.ini"
run 78 check "$dir/draft.ini"
has "its mistake" "$dir/err" "$dir/draft.ini:$(wc -l <"$dir/draft.ini"):"
pushd "$dir" >/dev/null || exit 1
run 78 check draft.ini
popd >/dev/null || exit 1
has "what was meant" "$dir/err" "no feed is named draft.ini in $dir/etc/feeds.d; a path has a slash in it: ./draft.ini"
e2e_end
