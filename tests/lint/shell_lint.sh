#!/bin/bash
# Nothing that shellcheck would say. Files without #! are sourced by bash.
set -u
. tests/lint/files.sh
lint_need shellcheck
# SC2015: "a && b || fail" is meant so.
rc=0
while read -r f; do
	shell=bash
	case $(head -n 1 "$f") in "#!/bin/sh"*) shell="sh" ;; esac
	shellcheck -e SC2015 -f gcc -x -P SCRIPTDIR -P . -s "$shell" "$f" || rc=1
done < <(lint_files '*.sh' run)
exit "$rc"
