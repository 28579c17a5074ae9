#!/bin/bash
# Manual pages are sound, and every option of the program is in emrdrop.conf(5).
#
#   tests/lint/man_lint.sh BUILD_DIR
set -u
. tests/lint/files.sh
lint_need mandoc
bad=0

mandoc -Tlint -Wwarning deploy/man/*.[1-8] "$1"/deploy/man/*.[1-8] || bad=1

# mdoc takes quotation marks of its arguments off, and JSON is none without them.
! grep -n '^\.[A-Z].*{"' deploy/man/*.[1-8]* deploy/man/commands/* || bad=1

# A table that the manual's maker is not given would be in no page.
while IFS=: read -r file table; do
	grep -q "{\"[a-z0-9]*\", $table}" deploy/man/conf_manual.c && continue
	echo "$file: the table $table is not in deploy/man/conf_manual.c"
	bad=1
done < <(grep -rHo --include='*.c' '^\(static \)\?const struct conf_option [a-z0-9_]*' base cmd \
	pollers mappers outbound state | sed 's/:.* /:/')

# So it is with transforms, whose words stand in the language.
while read -r name; do
	grep -q "^\.It Cm \(.* \)\?$name\( \|$\)" deploy/man/emrdrop.conf.5.in && continue
	echo "mappers/transform.c: deploy/man/emrdrop.conf.5.in has no transform $name"
	bad=1
done < <(sed -n '/^static const struct transform registry/,/^};/s/.*\.name = "\([a-z0-9_]*\)".*/\1/p' \
	mappers/transform.c)
exit "$bad"
