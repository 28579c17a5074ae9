#!/bin/bash
# Manual pages are sound.
set -u
. tests/lint/files.sh
lint_need mandoc
shopt -s nullglob
pages=(deploy/man/*.[1-8])
[ "${#pages[@]}" -gt 0 ] || {
	echo "skipped: no manual pages"
	exit 77
}
mandoc -Tlint -Wwarning "${pages[@]}" || exit 1
