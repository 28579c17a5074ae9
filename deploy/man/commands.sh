#!/bin/sh
# Makes emrdrop(1) and a page of each command, of the commands' own --help and of the
# prose beside this script.
#
#   deploy/man/commands.sh EMRDROP FOLDER
set -eu

here=$(cd "$(dirname "$0")" && pwd)
emrdrop=$1
to=$2
date=$(sed -n '1s/^\.Dd //p' "$here/emrdrop.1.in")

# "run        look at the drops": a command and its summary.
"$emrdrop" --help | sed -n '/^Options/q; s/^  \([a-z][a-z]*\)  *\([a-z`].*\)$/\1 \2/p' >"$to/commands"
[ -s "$to/commands" ] || {
	echo "$0: $emrdrop --help names no commands" >&2
	exit 1
}

# The prose is of commands that there are.
for prose in "$here"/commands/*.mdoc; do
	name=$(basename "$prose" .mdoc)
	grep -q "^$name " "$to/commands" || {
		echo "$prose: emrdrop has no command of this name" >&2
		exit 1
	}
done

while read -r name summary; do
	"$emrdrop" "$name" --help >"$to/help"
	awk -v name="$name" -v summary="$summary" -v date="$date" \
		-v prose="$here/commands/$name.mdoc" \
		-f "$here/command_page.awk" "$to/help" >"$to/emrdrop-$name.1"
done <"$to/commands"

# shellcheck disable=SC2016 # awk's own words
awk -v list="$to/commands" '
$0 != "@commands" { print; next }
{
	print ".Bl -tag -width template"
	while ((getline line < list) > 0) {
		name = substr(line, 1, index(line, " ") - 1)
		print ".It Cm " name
		print substr(line, index(line, " ") + 1) ":"
		print ".Xr emrdrop-" name " 1"
	}
	print ".El"
}' "$here/emrdrop.1.in" | sed 's/^\([^.].*\)`\([^`]*\)`/\1\\(oq\2\\(cq/' >"$to/emrdrop.1"
rm "$to/help"
