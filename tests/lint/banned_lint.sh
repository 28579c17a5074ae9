#!/bin/bash
# Calls and flags that are not used here; each with the reason.
set -u
. tests/lint/files.sh
lint_need python3
lint_files '*.c' '*.h' | python3 tests/lint/banned.py || exit 1
