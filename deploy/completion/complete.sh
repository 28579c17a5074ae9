#!/bin/sh
# What may stand next on a command line of emrdrop; for the completions of all shells.
#
#   complete.sh WORD... CURRENT
#
# The words are those behind `emrdrop`, the last one is begun, and may be empty. Each
# candidate is a line, with a description behind a tab; "/files" asks for names of files.
# Everything but the names of feeds is asked of `emrdrop --help`.
set -u

tab=$(printf '\t')

# The lines of `emrdrop --help` that name commands.
commands() {
	emrdrop --help 2>/dev/null |
		sed -n "/^Options/q; s/^  \\([a-z][a-z]*\\)  *\\([^ A-Z].*\\)\$/\\1$tab\\2/p"
}

options() {
	sed -n "s/^  \\(--[a-z-]*\\)\\( [A-Z]*\\)\\{0,1\\}  *\\([^ ].*\\)\$/\\1$tab\\3/p"
}

# feeds DIR: their names, which may be other than those of their files.
feeds() {
	for file in "$1"/feeds.d/*.ini; do
		[ -r "$file" ] || continue
		name=$(sed -n '/^\[feed\]/,/^\[[^f]/s/^name *= *\([^ ]*\) *$/\1/p' "$file" | head -n 1)
		[ -n "$name" ] || name=$(basename "$file" .ini)
		echo "$name"
	done
}

# takes_value OPTION: by the help; before the command is known, --config alone does.
takes_value() {
	[ "$1" = --config ] || printf '%s\n' "$help" | grep -q "^[^A-Z]*$1 [A-Z]\|^emrdrop.* $1 [A-Z]"
}

# The words that the usage lines have at place $1, behind those in $2.
usage() {
	printf '%s\n' "$help" | sed '/^$/q' | awk -v at="$1" -v typed="$2" '
	{
		gsub(/\[options\]|\[--[a-z]*\]|--[a-z]+ [A-Z]+/, "")
		n = split($0, word, " ") - 2
		split(typed, arg, "\n")
		for (i = 1; i < at && i <= n; i++) {
			if (word[i + 2] ~ /^[a-z|]+$/ && !index("|" word[i + 2] "|", "|" arg[i] "|"))
				next
		}
		w = at <= n ? word[at + 2] : word[n + 2]
		if (n < 1 || (at > n && w !~ /\.\.\./))
			next
		gsub(/[][.]/, "", w)
		gsub(/\|/, "\n", w)
		print w
	}' | sort -u
}

config=/etc/emrdrop
command='' help='' wants='' typed='' places=1

while [ $# -gt 1 ]; do
	if [ -n "$wants" ]; then
		[ "$wants" != --config ] || config=$1
		wants=
	elif case $1 in -*) true ;; *) false ;; esac then
		! takes_value "$1" || wants=$1
	elif [ -z "$command" ]; then
		command=$1
		help=$(emrdrop "$command" --help 2>/dev/null)
	else
		typed="$typed$1
"
		places=$((places + 1))
	fi
	shift
done

case $wants,${1:-},$command in
--config,*) echo /files ;;
-*) ;;
,-*,) emrdrop --help 2>/dev/null | options ;;
,-*,*)
	printf '%s\n' "$help" | options
	printf '%s\n' "$help" | sed '/^$/q' | grep -o -e '--[a-z-]* [A-Z]' | sed 's/ .*//'
	echo "--help${tab}what it does, with examples"
	;;
,*,) commands ;;
*)
	for word in $(usage "$places" "$typed"); do
		case $command,$word in
		*,FEED) feeds "$config" ;;
		preview,FILE | profile,FILE | *,SAMPLE) echo /files ;;
		*,*[A-Z]*) ;;
		*) echo "$word" ;;
		esac
	done
	;;
esac
