#!/bin/bash
# Each header compiles alone.
set -u
. tests/lint/files.sh
cc=${CC:-cc}
lint_need "$cc"
lint_need pkg-config
read -ra flags < <(pkg-config --cflags libssh2 libcurl lmdb libsodium jansson libpcre2-8 \
	libmicrohttpd sqlite3 2>/dev/null | tr '\n' ' ')
rc=0
while read -r header; do
	# Prototypes only: what is static in a header may stay unused.
	printf '#include "%s"\n' "$header" |
		"$cc" -std=c17 -D_GNU_SOURCE -DEMRDROP_VERSION='""' -I. "${flags[@]}" -Wall -Wextra \
			-Werror -fsyntax-only -x c - || {
		echo "$header:1: does not compile alone"
		rc=1
	}
done < <(lint_files '*.h')
exit "$rc"
