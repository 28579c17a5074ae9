#!/bin/bash
# Each word that the parsers of the map language know is in the manual: transforms and their
# words, keys of sections, words of conditions, directives of formats, fields of records.
set -u
pages=(deploy/man/emrdrop.conf.5.in deploy/man/emrdrop-hl7.7)
bad=0

# table FILE NAME: the lines of a table, from the one that begins it to its end.
table() {
	sed -n "/$2\[.*= {/,/};/p" "$1"
}

# quoted: each "word" of standard input.
quoted() {
	grep -oE '"[a-z0-9_]+"' | tr -d '"' | sort -u
}

# told WHAT LEAST: each word of standard input, of which there are so many at least.
told() {
	local n=0 word bad=0

	while read -r word; do
		n=$((n + 1))
		grep -qE -- "(^|[^A-Za-z0-9_%])$word([^A-Za-z0-9_]|\$)" "${pages[@]}" && continue
		echo "$1: $word is not in the manual"
		bad=1
	done
	[ "$n" -ge "$2" ] || {
		echo "$1: $n words found, $2 at least are known: the table has moved"
		bad=1
	}
	return "$bad"
}

while read -r what least; do
	case $what in
	transform) table mappers/transform.c registry | grep -oE 'name = "[a-z0-9_]+"' | quoted ;;
	key) table mappers/map_section.c section_keys | quoted ;;
	condition) grep -oE 'scan_take_word\(s, "[a-z]+"' mappers/condition.c | quoted ;;
	time) { table mappers/transform_time.c names && grep -oE 'SPAN_LIT\("[a-z]+"\)' \
		mappers/transform_time.c; } | quoted ;;
	format) table base/civil_parse.c directives | grep -oE "\['[A-Za-z]'\]" | tr -d "[]'" | sed 's/^/%/' ;;
	otherwise) grep -oE 'scan_take_word\(&word, "[a-z]+"' mappers/value.c | quoted ;;
	field) grep -oE '"[a-z_]+(\[\])?(\.[a-z_]+(\[\])?)*"' base/schema.c | tr -d '"' | sed 's/\[\]//g; s/.*\.//' | sort -u ;;
	esac | told "$what" "$least" || bad=1
done <<'END'
transform 40
key 6
condition 5
time 5
format 16
otherwise 2
field 80
END
exit "$bad"
