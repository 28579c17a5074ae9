# The files of the project: tracked, and new ones that git does not ignore. Sourced by
# the lint scripts with the root as working folder.
#
# shellcheck shell=bash

# lint_files PATTERN...: e.g. lint_files '*.c' '*.h'; no pattern: all files.
lint_files() {
	local args=() pattern

	if git ls-files >/dev/null 2>&1; then
		git ls-files -co --exclude-standard -- "$@" | sort -u | while read -r f; do
			[ ! -f "$f" ] || echo "$f"
		done
		return
	fi
	for pattern in "${@:-*}"; do
		args+=(-o -name "$pattern")
	done
	find . \( -name .git -o -name 'build*' -type d -o -name __pycache__ \) -prune -o \
		-type f \( "${args[@]:1}" \) -print | sed 's|^\./||' | sort
}

lint_need() {
	command -v "$1" >/dev/null && return
	echo "skipped: $1 is not installed"
	exit 77
}
