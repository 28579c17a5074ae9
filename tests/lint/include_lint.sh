#!/bin/bash
# Includes go one way: cmd -> {pollers, mappers, outbound, state} -> base. They name
# the path from the root; a file's own header comes first, then the system's, then ours.
set -u
. tests/lint/files.sh
# shellcheck disable=SC2016 # awk's own words
lint_files '*.c' '*.h' | xargs -r -d '\n' awk '
function complain(why) { print FILENAME ":" FNR ": " why; bad = 1 }
FNR == 1 {
	split(FILENAME, part, "/")
	room = part[1]
	own = FILENAME
	sub(/\.c$/, ".h", own)
	has_own = FILENAME ~ /\.c$/ && (getline line < own) > 0
	close(own)
	seen = ours = 0
}
/^#[ \t]*include[ \t]*</ {
	if (ours)
		complain("a system header after one of ours")
	if (!seen && has_own)
		complain("the header of this file comes first")
	seen = 1
}
/^#[ \t]*include[ \t]*"/ {
	path = $0
	sub(/^[^"]*"/, "", path)
	sub(/".*/, "", path)
	split(path, part, "/")
	to = part[1]
	if (path !~ /\//)
		complain("write the path from the root: \"room/" path "\"")
	else if (room ~ /^(pollers|mappers|outbound|state)$/ && to != room && to != "base")
		complain(room " must not include " to)
	else if (room == "base" && to != "base")
		complain("base must not include " to)
	if (!seen && has_own && path != own)
		complain("the header of this file comes first")
	# A file without a header of its own may open with the one that it implements.
	if (path != own && (has_own || seen))
		ours = 1
	seen = 1
}
END { exit bad }' || exit 1
