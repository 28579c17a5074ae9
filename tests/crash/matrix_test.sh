#!/bin/bash
# kill -9 before every call of a run that reaches a disk or a peer, and at random moments,
# while the API drops every third answer after it has committed. Each time the next runs end
# with what one undisturbed run makes of it: no batch lost, none applied twice, no key with
# two bodies, no file left behind.
#
#   tests/crash/matrix_test.sh BUILD_DIR [POINTS [MOMENTS [SEED [SCENARIO...]]]]
#
# Of each scenario, or of those that are named, POINTS of its points are tried ("all": every
# one) and MOMENTS moments.
set -u
. tests/crash/lib.sh

want=${2:-8}
moments=${3:-2}
seed=${4:-1}
only=${*:5}
calls='openat mkdir mkdirat write writev pwrite64 ftruncate fdatasync fsync rename renameat
	renameat2 unlink unlinkat flock connect sendto sendmsg recvfrom'
crash_init "$1"
sshd_start "$dir" || exit 1
kills=0
resent=0

# killed OPTION...: in a shell of its own, which alone tells of the signal.
killed() {
	(strace -f -o "$dir/trace" "$@" "$emrdrop" --config "$dir/etc" "${work[@]}" --json \
		>"$dir/out" 2>"$dir/err"
		exit $?) 2>/dev/null
}

# aftermath WHAT STATUS: the run is dead, or was faster.
aftermath() {
	ran "$1" "$(case $2 in 0 | 69 | 137 | "$well") echo "$2" ;; *) echo "137, 69 or $well" ;; esac)" "$2"
	[ "$2" -ne 137 ] || kills=$((kills + 1))
	[ ! -f "$world/state/ledger.id" ] || run 0 ledger verify
	run_until_done "$1"
	as_undisturbed "$1"
	resent=$((resent + $(api_curl batches | jq 'map(.received - 1) | add // 0')))
}

test_points() {
	local call n

	restore
	# "?": there may be none of this name on this machine.
	# shellcheck disable=SC2086 # words
	killed -e "trace=$(printf '?%s,' $calls)"
	# shellcheck disable=SC2086 # words
	points $calls >"$dir/all"
	some "${want/all/1000000}" "$seed" <"$dir/all" >"$dir/points"
	echo "$1: $(wc -l <"$dir/points") of $(wc -l <"$dir/all") points"
	while read -r call n <&3; do
		restore --drop-every 3
		killed -e "trace=$call" -e "inject=$call:signal=KILL:when=$n"
		aftermath "$1, killed at $call $n" $?
	done 3<"$dir/points"
}

# The moments are even over a run's time.
test_moments() {
	local i rc start took us

	restore
	start=${EPOCHREALTIME/./}
	run "$well" "${work[@]}" --json
	took=$((${EPOCHREALTIME/./} - start))
	for ((i = 0; i < moments; i++)); do
		restore --drop-every 3
		us=$((took * (2 * i + 1) / (2 * moments)))
		start_work "${work[@]}"
		read -r -t "$((us / 1000000)).$(printf %06d $((us % 1000000)))" <> <(:) || :
		kill -KILL "$job_pid" 2>/dev/null
		{ wait "$job_pid"; } 2>/dev/null
		rc=$?
		mv "$dir/job.out" "$dir/out"
		mv "$dir/job.err" "$dir/err"
		aftermath "$1, killed at moment $i of $moments" "$rc"
	done
}

for name in ${only:-$scenarios $remote_scenarios}; do
	scenario "$name"
	test_points "$name"
	test_moments "$name"
done
echo "$kills kills, $resent batches sent again"
ok "some runs were killed, and some batches sent again" [ "$((kills > 0 && resent > 0))" = 1 ]
e2e_end
