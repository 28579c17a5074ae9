#!/bin/bash
# The layout of C files is clang-format's. Version 19 is in Debian 12 and 13; others lay
# out some lines in another way.
set -u
. tests/lint/files.sh
tool=${CLANG_FORMAT:-clang-format-19}
lint_need "$tool"
lint_files '*.c' '*.h' | xargs -r -d '\n' "$tool" --dry-run -Werror || exit 1
