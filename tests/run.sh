#!/bin/bash
# Installs what the tests need, builds with the sanitizers on, runs everything.
#   ./tests/run.sh [ARGUMENT...]      arguments go to ctest, e.g. -R unit
set -u -o pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 74
. deploy/packages.sh

fail() {
	echo "tests/run.sh: $1" >&2
	exit 1
}

# shellcheck disable=SC2086 # lists of words
packages_install $PACKAGES_BUILD $PACKAGES_TEST || fail "the packages are not all there"
# What a group can write to (umask 002, git archive) is refused, and tests read these where they are.
find deploy/maps fixtures tests -name '*.ini' -perm /022 -exec chmod go-w {} + || fail "chmod"
cmake --preset dev >/dev/null || fail "cmake could not configure the dev preset"
cmake --build --preset dev -j 2 || fail "the build stopped"
# What bench.instructions counts: built here, so that the test itself is short.
cmake --preset counts >/dev/null && cmake --build --preset counts -j 2 >/dev/null ||
	fail "the counts preset does not build"
if ctest --test-dir build/dev -j 2 --output-on-failure --no-tests=error "$@"; then
	echo "tests/run.sh: all tests passed"
else
	fail "some tests did not pass; the list is above, their full output in build/dev/Testing"
fi
