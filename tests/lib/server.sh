# Bookkeeping for servers that a test or the demo starts. Sourced by sshd.sh and
# proftpd.sh; needs bash and /proc, nothing else.
#
# server_stop_all ends everything that was started, with all its children, and is
# meant for a trap:   trap server_stop_all EXIT

SERVER_PIDS=()
# shellcheck disable=SC2034 # for those who source this
SERVER_START_TRIES=20
SERVER_READY_SECONDS=10
SERVER_CLAIMS=/tmp/emrdrop-port # .PORT: who has it

# The processes below $1, itself last, one id a line.
server_tree() {
	local stat rest pid

	for stat in /proc/[0-9]*/stat; do
		{ read -r rest <"$stat"; } 2>/dev/null || continue
		pid=${rest%% *}
		rest=${rest##*) }
		# shellcheck disable=SC2086 # fields: state, parent, ...
		set -- "$1" $rest
		[ "$3" = "$1" ] && server_tree "$pid"
	done
	echo "$1"
}

# server_kill SIGNAL PID: the process and everything below it.
server_kill() {
	local pids

	mapfile -t pids < <(server_tree "$2")
	kill -"$1" "${pids[@]}" 2>/dev/null
	return 0
}

server_stop() {
	server_kill CONT "$1"
	server_kill TERM "$1"
	server_kill KILL "$1"
	wait "$1" 2>/dev/null
	return 0
}

# server_forget PID: it has ended, and was waited for. Its number may be another's soon.
server_forget() {
	local pid kept=()

	for pid in "${SERVER_PIDS[@]}"; do
		[ "$pid" = "$1" ] || kept+=("$pid")
	done
	SERVER_PIDS=("${kept[@]}")
}

server_stop_all() {
	local pid

	for pid in "${SERVER_PIDS[@]}"; do
		server_stop "$pid"
	done
	SERVER_PIDS=()
	grep -slxF "$$" "$SERVER_CLAIMS".* | xargs -r rm -f
}

# server_claim PORT: no other test takes it until this one has ended, though nobody may
# listen there for a while: who restarts a server wants its port back.
server_claim() {
	local owner

	until (set -C && echo "$$" >"$SERVER_CLAIMS.$1") 2>/dev/null; do
		{ read -r owner <"$SERVER_CLAIMS.$1"; } 2>/dev/null && [ ! -d "/proc/$owner" ] &&
			rm -f "$SERVER_CLAIMS.$1" 2>/dev/null || return 1
	done
}

# A port that nobody listened on a moment ago: whoever binds it must be ready to
# fail and ask for another.
server_free_port() {
	local port

	while :; do
		port=$((20000 + RANDOM % 12000))
		(: <>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || ! server_claim "$port" || break
	done
	echo "$port"
}

# server_wait PORT PID: until the port answers; fails if the process ends or the time
# is over.
server_wait() {
	local end=$((SECONDS + SERVER_READY_SECONDS))

	while ! (: <>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; do
		kill -0 "$2" 2>/dev/null || return 1
		[ "$SECONDS" -lt "$end" ] || return 1
		read -r -t 0.05 <> <(:) || :
	done
	kill -0 "$2" 2>/dev/null
}
