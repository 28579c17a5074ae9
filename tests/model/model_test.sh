#!/bin/bash
# Random histories of files, kills and lost answers: what the program's ledger and the API
# then hold is what the model says.
#
#   tests/model/model_test.sh BUILD [HISTORIES [SEED]]
set -u

# What is kept beside the ledger need not reach a disk.
[ -n "${TMPDIR:-}" ] || [ ! -w /dev/shm ] || export TMPDIR=/dev/shm
"$1/tests/model/emrdrop-model" "${2:-100000}" "${3:-1}"
