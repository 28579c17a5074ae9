#!/bin/bash
# What powercut makes of a trace that is written down here: what no sync made sure may be
# gone, what one did never is, and a call that it does not know is an error.
#
#   tests/crash/disk_test.sh BUILD_DIR
set -u
powercut=$1/tests/crash/powercut
[ -x "$powercut" ] || { echo "skipped: no $powercut"; exit 77; }
dir=$(mktemp -d /tmp/emrdrop-disk.XXXXXX) || exit 1
trap 'rm -rf "$dir"' EXIT
failures=0

# hex TEXT: as strace -xx shows it.
hex() {
	printf %s "$1" | od -An -v -tx1 | tr -d ' \n' | sed 's/../\\x&/g'
}

# call TEXT: a line of the trace; @X@ stands for X in hexadecimal.
call() {
	local s=$1 line=

	while [[ $s == *@*@* ]]; do
		line+=${s%%@*}
		s=${s#*@}
		line+=$(hex "${s%%@*}")
		s=${s#*@}
	done
	echo "7  $line$s" >>"$dir/trace"
}

# after WHAT SEED EXPECTED: the files and their bytes after a cut here; of what was not
# sure, with seed 0 nothing arrived, with 1 all of it.
after() {
	local got f

	"$powercut" cut /r "$dir/start" "$dir/trace" "$dir/out" "$2" || exit 1
	got=$(cd "$dir/out" && find . -type f | sort | while read -r f; do
		printf '%s=%s ' "${f#./}" "$(tr '\0' 0 <"$f")"
	done)
	[ "$got" = "$3" ] && return
	printf 'FAIL %s\n  expected %s\n  got      %s\n' "$1" "$3" "$got"
	failures=$((failures + 1))
}

mkdir "$dir/start"
printf old >"$dir/start/a"

call 'openat(AT_FDCWD<@/@>, "@/r/a@", O_RDWR) = 3<@/r/a@>'
call 'pwrite64(3<@/r/a@>, "@NEW@", 3, 0) = 3'
call 'pwrite64(3<@/r/a@>, "@+@", 1, 3) = 1'
after "a write without a sync" 0 "a=old "
after "a write that arrived" 1 "a=NEW+ "
call 'fdatasync(3<@/r/a@>) = 0'
after "a write that was synced" 0 "a=NEW+ "

call 'rename("@/r/a@", "@/r/b@") = 0'
call 'fsync(3<@/r/b@>) = 0'
after "a file's fsync says nothing of its name" 0 "a=NEW+ "
after "a rename that arrived" 1 "b=NEW+ "
call 'openat(AT_FDCWD<@/@>, "@/r@", O_RDONLY|O_DIRECTORY) = 4<@/r@>'
call 'fsync(4<@/r@>) = 0'
after "a rename that was synced" 0 "b=NEW+ "

call 'openat(AT_FDCWD<@/@>, "@/r/b@", O_WRONLY|O_DSYNC) = 5<@/r/b@>'
call 'lseek(3<@/r/b@>, 8191, SEEK_SET) = 8191'
call 'writev(3<@/r/b@>, [{iov_base="@y@", iov_len=1}, {iov_base="@z@", iov_len=1}], 2) = 2'
call 'pwrite64(5<@/r/b@>, "@x@", 1, 0) = 1'
after "O_DSYNC makes its own page sure, and no other" 0 \
	"b=xEW+$(printf '0%.0s' $(seq 8189)) "
call 'fsync(3<@/r/b@>) = -1 EIO (Input/output error)'
call 'fsync(3<@/r/b@> <unfinished ...>'
echo "8  +++ exited with 0 +++" >>"$dir/trace"
after "a sync that failed, or never ended, syncs nothing" 0 \
	"b=xEW+$(printf '0%.0s' $(seq 8189)) "
echo '7  <... fsync resumed>) = 0' >>"$dir/trace"
after "one that ended does" 0 "b=xEW+$(printf '0%.0s' $(seq 8187))yz "

call 'mkdir("@/r/d@", 0700) = 0'
call 'openat(AT_FDCWD<@/@>, "@/r/d@", O_RDONLY|O_DIRECTORY) = 6<@/r/d@>'
call 'openat(6<@/r/d@>, "@f@", O_WRONLY|O_CREAT|O_EXCL, 0600) = 7<@/r/d/f@>'
call 'write(7<@/r/d/f@>, "@1@", 1) = 1'
call 'fsync(7<@/r/d/f@>) = 0'
call 'fsync(6<@/r/d@>) = 0'
call 'unlink("@/r/b@") = 0'
after "a new folder goes with all that is in it" 0 "b=xEW+$(printf '0%.0s' $(seq 8187))yz "
after "or stays with it" 1 "d/f=1 "
call 'fsync(4<@/r@>) = 0'
after "an fsync of the folder above is what it needs" 0 "d/f=1 "

call 'fallocate(7<@/r/d/f@>, 0, 0, 9) = 0'
if "$powercut" cut /r "$dir/start" "$dir/trace" "$dir/out" 0 2>"$dir/err"; then
	echo "FAIL a call that it does not know was taken"
	failures=$((failures + 1))
fi
grep -q "does not know" "$dir/err" || failures=$((failures + 1))
exit $((failures > 0))
