#!/bin/bash
# Makes deploy/report.png, which README.md shows: the page of eight feeds that nobody has,
# as Chromium draws it.
#
#   deploy/report_image.sh BUILD_DIR      a build with the tests in it (the dev preset)
set -eu
cd "$(dirname "${BASH_SOURCE[0]}")/.."
build=$(cd "$1" && pwd)
feeds=(harbor-results northside-appointments lakeside-patients riverbend-referrals
	hilltop-schedule lakeside-appointments northside-messages oakdale-slots)
now=$(date -ud '2026-11-26 23:00' +%s)
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

mkdir -m 700 "$dir/etc" "$dir/etc/feeds.d" "$dir/state"
printf '[state]\ndir = %s/state\n' "$dir" >"$dir/etc/emrdrop.ini"
for name in "${feeds[@]}"; do
	sed -e "s|@DIR@|$dir|g; s|@PORT@|22|g; s|@USER@|nobody|g; s|@API@|https://api.example|g" \
		-e "s|^name .*|name = $name|; s|^source  *=.*|source = $name|" \
		fixtures/hostile/csv/feed.ini >"$dir/etc/feeds.d/$name.ini"
done
for name in lakeside-appointments northside-messages; do
	printf '[expect]\ndays = Mon-Sat\nby = 06:30\ntimezone = UTC\n' >>"$dir/etc/feeds.d/$name.ini"
done
chmod 600 "$dir"/etc/*.ini "$dir"/etc/feeds.d/*
"$build/tests/year" "$dir/state" "${now}000" 40 2 "${feeds[@]}"
echo $((now - $(date +%s))) 0 >"$dir/clock"
env TZ=America/Chicago LD_PRELOAD="$build/tests/clock.so" CLOCK_FILE="$dir/clock" \
	ASAN_OPTIONS=verify_asan_link_order=0 \
	"$build/cmd/emrdrop" --config "$dir/etc" report --out "$dir/page.html"
chromium --headless --no-sandbox --disable-gpu --hide-scrollbars --user-data-dir="$dir/chromium" \
	--window-size=1240,1100 --screenshot="$dir/page.png" "file://$dir/page.html" 2>/dev/null
# Few colours are enough for it, and make it small.
if command -v pngquant >/dev/null; then
	pngquant --force --output "$dir/page.png" 64 "$dir/page.png"
fi
cp "$dir/page.png" deploy/report.png
ls -l deploy/report.png
