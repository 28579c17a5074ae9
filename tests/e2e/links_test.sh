#!/bin/bash
# Feeds of one server in one run: those of the same login share its connection, any other
# logs in for itself, and what one feed lacks or loses is no other's trouble.
#
#   tests/e2e/links_test.sh BUILD_DIR
set -u
. tests/e2e/lib.sh

e2e_init "$1"
proxy=$(cd "$1" && pwd)/tests/proxy
[ -x "$proxy" ] || { echo "skipped: no $proxy"; exit 77; }
sshd_start "$dir" || exit 1
api_start
by_sftp
ssh-keygen -q -t ed25519 -N '' -C '' -f "$dir/second"
ssh-keygen -q -t ed25519 -N '' -C '' -f "$dir/stranger"
cat "$dir/second.pub" >>"$dir/authorized_keys"
number=0

# export_each NAME...: a file that nobody saw for each of them, three rows of two records.
export_each() {
	local name

	for name in "$@"; do
		number=$((number + 1))
		rows $((number * 10)) $((number * 10 + 2)) >"$dir/drop/$name/$number.csv"
	done
}

logins() {
	grep -c 'Accepted publickey' "$SSHD_LOG"
}

# one_run WHAT STATUS LOGINS CHANGES: a run, and how many of either it made.
one_run() {
	local logged changed

	logged=$(logins) changed=$(changes)
	job "$2"
	is "$1: logins" "$3" $(($(logins) - logged))
	is "$1: changes" "$4" $(($(changes) - changed))
}

# exits WHAT STATUS...: of the feeds of the last report, by name.
exits() {
	local what=$1 IFS=,

	shift
	is "$what" "[$*]" "$(report '[.feeds[].exit]')"
}

test_one_login() {
	clinic a
	clinic b
	clinic c
	export_each a b c
	one_run "three feeds" 0 1 18
	one_run "nothing new" 0 1 0
	clinic b -e "s|^key_file.*|key_file = $dir/second|"
	one_run "b has a key of its own" 0 2 0
}

# Each of these would be served if it were let in by its neighbour's connection.
test_trust_is_not_shared() {
	local other

	echo "[127.0.0.1]:$SSHD_PORT $(cut -d' ' -f1,2 "$dir/stranger.pub")" >"$dir/other_hosts"
	export_each b
	clinic b -e "s|^key_file.*|key_file = $dir/stranger|"
	one_run "b's key is not known" 77 1 0
	exits "each feed for itself" 0 77 0
	clinic b -e "s|^known_hosts.*|known_hosts = $dir/other_hosts|"
	one_run "b trusts another host key" 76 1 0
	exits "each feed for itself" 0 76 0
	other=$(report '.feeds[1].error.code')
	is "why" '"peer"' "$other"
	clinic b -e "s|//$SSHD_USER@|//nobody-here@|"
	one_run "b is another user" 77 1 0
	clinic b
	one_run "b is let in" 0 1 6
}

test_own_mistakes() {
	clinic b -e "s|/drop/b\$|/drop/nowhere|"
	export_each a c
	one_run "b has no folder" 74 1 12
	exits "each feed for itself" 0 74 0
	clinic b
}

# The connection breaks once, somewhere behind the login and the first look, which take 3,200
# bytes with the OpenSSH of Debian 13: whoever had it makes another, and the rest share that.
test_broken() {
	local at pid most=0 before

	for at in 3700 4500 6000 7500; do
		rm -f "$dir/proxy.port"
		"$proxy" "$dir/proxy.port" 0 "$SSHD_PORT" cut down "$at" 1 >"$dir/proxy.out" &
		pid=$!
		SERVER_PIDS+=("$pid")
		e2e_until "the proxy listens" [ -s "$dir/proxy.port" ]
		sed "s/:$SSHD_PORT\]*/:$(<"$dir/proxy.port")/" "$SSHD_KNOWN_HOSTS" >"$dir/proxy_hosts"
		for name in a b c; do
			clinic "$name" -e "s/:$SSHD_PORT/:$(<"$dir/proxy.port")/" \
				-e "s|^known_hosts.*|known_hosts = $dir/proxy_hosts|"
		done
		export_each a b c
		before=$(logins)
		job 0
		before=$(($(logins) - before))
		[ "$before" -le "$most" ] || most=$before
		server_stop "$pid"
		server_forget "$pid"
	done
	is "logins where it broke" 2 "$most"
	is "changes in all" $((number * 6)) "$(changes)"
}

# shellcheck disable=SC2317 # e2e_until calls it
three_told() {
	[ "$(wc -l <"$dir/proxy.out")" -ge 3 ]
}

# Each file is a delivery of its own; the connection to the API is kept from one to the next.
test_api() {
	local pid before

	clinic a -e "\$a in_flight = 1"
	clinic b -e "\$a in_flight = 1"
	clinic c -e "\$a in_flight = 1"
	rm -f "$dir/proxy.port"
	"$proxy" "$dir/proxy.port" 0 "$api_port" clean >"$dir/proxy.out" &
	pid=$!
	SERVER_PIDS+=("$pid")
	e2e_until "the proxy listens" [ -s "$dir/proxy.port" ]
	sed -i "s|^\(url .*127.0.0.1:\)$api_port/|\1$(<"$dir/proxy.port")/|" "$dir"/etc/feeds.d/*.ini
	export_each a b
	export_each a c
	before=$(received)
	export_each a
	job 0
	is "requests" 5 $(($(received) - before))
	e2e_until "the proxy tells of three connections" three_told
	is "connections to the API, one a feed" 3 "$(wc -l <"$dir/proxy.out")"
	server_stop "$pid"
	server_forget "$pid"
}

test_one_login
test_trust_is_not_shared
test_own_mistakes
test_broken
test_api
e2e_end
