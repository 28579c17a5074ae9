#!/bin/bash
# How many lines of the ledger and of the job the tests run, by gcov: of each file of state/
# and of cmd/job.c, and of all together. Ends with 1 if that is under 95 %.
#
#   tests/coverage.sh [-l] [BUILD]     # -l: and which lines are not run
#
# Builds the `coverage` preset in BUILD (build/coverage), and takes about 12 minutes. What is
# killed leaves no counts, and without memory nothing is counted: `model`, `unit.nomem` and
# the test of room are left out, as they would add nothing.
set -u -o pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 74
least=95
lines=
[ "${1:-}" != -l ] || { lines=1; shift; }
build=${1:-build/coverage}

# With a base folder ccache makes the names of sources relative, and gcov does not find them.
unset CCACHE_BASEDIR
cmake --preset coverage -B "$build" >/dev/null && cmake --build "$build" -j 2 >/dev/null || exit 1
find "$build" -name '*.gcda' -delete
export EMRDROP_FAULTS=${EMRDROP_FAULTS:-50}
ctest --test-dir "$build" -j 1 -R '^(unit|e2e|fault|crash)\.' -E '^(fault\.room_test|unit\.nomem)' \
	--output-on-failure >"$build/coverage.log" ||
	{ tail -n 40 "$build/coverage.log"; exit 1; }

# counted GCDA...: "FILE LINE COUNT" of the source itself; headers stand in many.
counted() {
	gcov -t "$@" 2>/dev/null | awk -F: '
		$2 + 0 == 0 && $3 == "Source" { file = $4; sub(/.*\/(state|cmd)\//, "", file) }
		$2 + 0 > 0 && file ~ /\.c$/ { n = $1; gsub(/[ *]/, "", n)
			if (n != "-") print file, $2 + 0, n ~ /^[0-9]/ ? 1 : 0 }'
}

counted "$build"/state/CMakeFiles/state.dir/*.gcda "$build"/cmd/CMakeFiles/job.dir/job.c.gcda |
	awk -v least="$least" -v lines="$lines" '
		{ n[$1]++; all++; run[$1] += $3; sum += $3 }
		$3 == 0 { missed[$1] = missed[$1] " " $2 }
		END {
			for (f in n) {
				printf "%-18s %4d of %4d %6.1f %%\n", f, run[f], n[f], 100 * run[f] / n[f] | "sort"
				if (lines && missed[f])
					printf "%-18s not:%s\n", f, missed[f] | "sort"
			}
			close("sort")
			if (all == 0)
				exit 1
			printf "%-18s %4d of %4d %6.1f %%\n", "together", sum, all, 100 * sum / all
			exit sum * 100 < all * least
		}'
