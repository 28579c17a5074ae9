#!/bin/bash
# SFTP alone: one large file, and many small ones, from a server on this machine and from
# one that is 10 and 50 ms away; beside `sftp` and rclone. All with the same cipher and
# MAC. Medians.
#
#   MIB=500 FILES=1000 RUNS=3 tests/bench/fetch.sh
set -u -o pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 74
. tests/bench/lib.sh

MIB=${MIB:-500}
FILES=${FILES:-1000}
RUNS=${RUNS:-3}

# fetch_from RTT-MS: sets `port`, and the host's keys are known there too.
fetch_from() {
	local type end=$((SECONDS + 10))

	port=$SSHD_PORT
	[ "$1" -gt 0 ] || return
	rm -f "$BENCH/far.port"
	"$BENCH/far" "$BENCH/far.port" "$SSHD_PORT" "$1" &
	SERVER_PIDS+=("$!")
	while [ ! -s "$BENCH/far.port" ]; do
		[ "$SECONDS" -lt "$end" ] || bench_fail "the relay does not start"
		read -r -t 0.05 <> <(:) || :
	done
	port=$(cat "$BENCH/far.port")
	for type in ed25519 ecdsa; do
		echo "[127.0.0.1]:$port $(cut -d' ' -f1,2 "$BENCH/host_$type.pub")"
	done >>"$SSHD_KNOWN_HOSTS"
}

# fetch_all STAGE FOLDER: by each of the three, and small files by ours one after the other.
fetch_all() {
	local stage=$1 folder=$SSHD_DROP/$2 to=$BENCH/fetched url

	url=sftp://$SSHD_USER@127.0.0.1:$port$folder
	mkdir "$to"
	bench_take "$stage" "$BENCH/fetch" "$url" "$SSHD_KEY" "$SSHD_KNOWN_HOSTS"
	[ "$2" = large ] ||
		bench_take "${stage}_alone" "$BENCH/fetch" "$url" "$SSHD_KEY" "$SSHD_KNOWN_HOSTS" alone
	echo "get $folder/* $to/" >"$BENCH/commands"
	bench_take "${stage}_sftp" sftp -q -b - -P "$port" -i "$SSHD_KEY" -o IdentitiesOnly=yes \
		-o "UserKnownHostsFile=$SSHD_KNOWN_HOSTS" "$SSHD_USER@127.0.0.1" <"$BENCH/commands"
	rm "$to"/*
	bench_take "${stage}_rclone" rclone --config /dev/null --sftp-disable-hashcheck copy \
		":sftp,host=127.0.0.1,port=$port,user=$SSHD_USER,key_file='$SSHD_KEY',known_hosts_file='$SSHD_KNOWN_HOSTS':$folder" \
		"$to"
	rm -r "$to"
}

# fetch_tell STAGE LABEL WORK UNIT
fetch_tell() {
	bench_line "$2: emrdrop" "$1" "$3"
	bench_line "$2: sftp" "$1_sftp" "$3"
	bench_line "$2: rclone" "$1_rclone" "$3"
	bench_note "$2" ours "$1" emrdrop "$3" "$4"
	if [ -e "$BENCH/$1_alone.txt" ]; then
		bench_line "$2: emrdrop, one by one" "$1_alone" "$3"
		bench_note "$2" peer "$1_alone" "emrdrop, one by one" "$3" "$4"
		bench_ratio "$2: one by one over together" "$1_alone" 1 "$1"
	fi
	bench_note "$2" peer "$1_sftp" sftp "$3" "$4"
	bench_note "$2" peer "$1_rclone" rclone "$3" "$4"
}

bench_start 1
bench_tool fetch pollers -lssh2
cc -std=c17 -O2 -D_GNU_SOURCE tests/bench/far.c -o "$BENCH/far" || bench_fail "far does not build"
mkdir "$SSHD_DROP/large" "$SSHD_DROP/small"
head -c $((MIB << 20)) /dev/urandom >"$SSHD_DROP/large/export.bin" || bench_fail "no room"
for ((i = 0; i < FILES; i++)); do
	head -c 10240 /dev/urandom >"$SSHD_DROP/small/export_$i.bin"
done

echo "$MIB MiB in one file, $FILES files of 10 KiB; $BENCH_CIPHER, $BENCH_MAC; medians of $RUNS"
bench_title "" "MiB or files/s"
for away in 0 10 50; do
	fetch_from "$away"
	for ((i = 0; i < RUNS; i++)); do
		fetch_all "large_$away" large
		[ "$away" -eq 50 ] || fetch_all "small_$away" small
	done
	fetch_tell "large_$away" "fetch, $away ms away" "$MIB" MiB
	[ "$away" -eq 50 ] || fetch_tell "small_$away" "small files, $away ms away" "$FILES" files
done
