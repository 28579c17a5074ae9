#!/bin/bash
# How long functions and files may be, how many parameters, how deep; prints the sizes.
set -u
. tests/lint/files.sh
lint_need python3
lint_files '*.c' '*.h' | python3 tests/lint/length.py || exit 1
