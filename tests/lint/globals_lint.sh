#!/bin/bash
# No mutable globals: looked up in what was built, where a const is never in .data or .bss.
set -u
. tests/lint/files.sh
build=${1:?the build folder}
lint_need objdump
shopt -s nullglob
libs=("$build"/{base,pollers,mappers,outbound,state}/lib*.a)
[ "${#libs[@]}" -gt 0 ] || {
	echo "skipped: nothing is built in $build"
	exit 77
}
objdump -t "${libs[@]}" | awk '
/file format/ { object = $1; sub(/:.*/, "", object) }
{
	for (i = 2; i <= NF; i++)
		if ($i ~ /^\.(data|bss|tdata|tbss)(\.|$)/ && $i !~ /rel\.ro/ && $(i - 1) == "O" &&
		    $NF !~ /^__odr_asan|^__gcov|^__asan|^\.L/) {
			print object ":1: " $NF " is a mutable global"
			bad = 1
		}
}
END { exit bad }' || exit 1
