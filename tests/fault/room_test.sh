#!/bin/bash
# Too little room: the disk of the ledger is full after every 64 KiB, and memory has a limit.
# A run succeeds, or says that there is not enough; with room again the next one completes.
#
#   tests/fault/room_test.sh BUILD_DIR
#   EMRDROP_ROWS=6000 EMRDROP_MIB=1024 tests/fault/room_test.sh BUILD_DIR
#
# EMRDROP_ROWS is for the disk, which root alone can make small. EMRDROP_MIB is the size
# of the file that is read with little memory; a build with sanitizers cannot have that,
# and that of the release preset is taken, if there is one beside it.
set -u
. tests/e2e/lib.sh

STEP=65536
build=$1
e2e_init "$build" prlimit mount umount
. tests/fault/lib.sh
# shellcheck disable=SC2034 # api_start reads it
api_scheme=http
api_start

# disk BYTES: the state folder, empty, on a disk of this size.
disk() {
	umount "$dir/state" 2>/dev/null
	mkdir -p "$dir/state"
	mount -t tmpfs -o "size=$1,mode=0700" none "$dir/state"
}

# job_in_room: a run that may fail for want of room; its status is `rc`.
job_in_room() {
	"$@" "$emrdrop" --config "$dir/etc" run --json >"$dir/out" 2>"$dir/err"
	rc=$?
	ran "$what" "$rc" "$rc"
	[ "$rc" -eq 0 ] || is "$what: how it ends" 74 "$rc"
}

# room_file: the next file, in the drop.
room_file() {
	rows $((total * rows + 1)) $((total * rows + rows)) >"$dir/drop/$total.csv"
	total=$((total + 1))
}

# no_room WORDS: what a run says that failed for want of room.
no_room() {
	fault_ended "$what" "$rc"
	[ "$rc" -eq 0 ] || ok "$what: it says that there is no room" grep -qiE "$1" "$dir/err"
}

# ulimit -f ends whom it hits with a signal, unless that is ignored.
test_file_size() {
	local k what rc=1

	for ((k = 1; rc != 0 && failures < 10; k++)); do
		what="no file larger than $((k * STEP)) bytes"
		rm -rf "$dir/state"
		room_file
		job_in_room prlimit --fsize=$((k * STEP))
		no_room 'too large|disk is full'
		fault_completes "$what" "$rc"
	done
	ok "some sizes were too small" [ "$k" -gt 4 ]
}

test_disk() {
	local k what rc=1

	if ! disk "$STEP" 2>/dev/null; then
		echo "not tested: a full disk, which takes root"
		return
	fi
	trap 'umount "$dir/state"; server_stop_all; rm -rf "$dir"' EXIT
	for ((k = 1; rc != 0 && failures < 10; k++)); do
		what="a disk of $((k * STEP)) bytes"
		disk $((k * STEP))
		room_file
		job_in_room env
		no_room 'no space|disk is full'
		mount -o remount,size=256m "$dir/state"
		fault_completes "$what" "$rc"
	done
	disk 8m
	run 0 check
	has "little room is a warning" "$dir/out" "MiB are free in the state folder $dir/state"
	run 0 check --json
	ok "in JSON too" jq -e '.room | test("MiB are free")' "$dir/out" >/dev/null
	echo "$((k - 2)) disks were too small"
	ok "some of them" [ "$k" -gt 4 ]
	umount "$dir/state"
	trap 'server_stop_all; rm -rf "$dir"' EXIT
}

# wide_rows MIB: rows of 1 KiB, to stdout.
wide_rows() {
	awk -v n=$(($1 * 1024)) 'BEGIN {
		printf "ID,Last,First,DOB,ZIP,Appt,Start,Status,Notes\r\n"
		for (i = 0; i < 46; i++) s = s "nothing about anyone "
		for (i = 1; i <= n; i++)
			printf "%07d,Testcase,Synthetic,03/04/1980,0%04d,A-%d,11/%02d/2026 10:%02d,Scheduled,%s\r\n",
				i, i % 9999, i, i % 28 + 1, i % 60, s }'
}

# limited LIMIT...: a first run of the large file with little memory.
limited() {
	what="$*"
	rm -rf "$dir/state"
	job_in_room prlimit "$@"
	[ "$rc" -eq 0 ] || ok "$what: says why" grep -qi 'memory' "$dir/err"
}

test_memory() {
	local mib=${EMRDROP_MIB:-64} m what rc

	if nm -D "$emrdrop" 2>/dev/null | grep -q __asan_init; then
		if [ ! -x build/release/cmd/emrdrop ]; then
			echo "not tested: little memory, which takes a build without sanitizers"
			return
		fi
		emrdrop=$PWD/build/release/cmd/emrdrop
	fi
	rm -rf "$dir/state" "$dir/drop"
	mkdir -p "$dir/drop"
	wide_rows "$mib" >"$dir/drop/large.csv"
	# shellcheck disable=SC2119 # with no options
	api_stop forget
	api_start --discard
	simple -e "s/^min_age.*/min_age = 0/"
	# The ledger's map is address space, and takes half of it.
	limited --as=$((1 << 30))
	is "$what" 0 "$rc"
	for m in 4 8 16 32; do
		limited --data=$((m << 20))
	done
	# 24 bytes for each of 2048 changed records a MiB, in a list that doubles.
	m=$((64 + mib * 2048 * 24 * 2 / 1048576))
	limited --data=$((m << 20))
	is "$mib MiB, with $m MiB of data" 0 "$rc"
}

rows=${EMRDROP_ROWS:-300}
EACH=$((rows * 2))
# shellcheck disable=SC2119 # with no edits
fault_init
test_disk
test_file_size
fault_compare
test_memory
e2e_end
