# Starts a real OpenSSH server on a free loopback port, with keys, configuration and
# a drop folder of its own. Works as root and as an ordinary user; no service and no
# file of the system is touched (as root, sshd insists on the folder /run/sshd).
#
#   . tests/lib/sshd.sh
#   trap server_stop_all EXIT
#   sshd_start /tmp/somewhere          # a folder that exists and is ours
#
# Set before, if wanted:
#   SSHD_SUBSYSTEM   internal-sftp (default) or the path of an sftp-server
#   SSHD_HOST_KEYS   key types, default "ed25519 ecdsa"
#   SSHD_EXTRA       more lines for sshd_config; they come first, so they win
# Set afterwards:
#   SSHD_PORT SSHD_PID SSHD_USER SSHD_DROP SSHD_KNOWN_HOSTS SSHD_KEY SSHD_LOG SSHD_URL
#
# shellcheck source=server.sh
. "${BASH_SOURCE[0]%/*}/server.sh"

SSHD_BIN=${SSHD_BIN:-/usr/sbin/sshd}

sshd_keys() {
	local type

	for type in ${SSHD_HOST_KEYS:-ed25519 ecdsa}; do
		[ -f "$1/host_$type" ] ||
			ssh-keygen -q -t "$type" -N '' -C '' -f "$1/host_$type" || return 1
	done
	[ -f "$1/client" ] || ssh-keygen -q -t ed25519 -N '' -C '' -f "$1/client" || return 1
	[ -f "$1/authorized_keys" ] || cp "$1/client.pub" "$1/authorized_keys"
}

# A locked account can't log in without PAM; only root can tell that it is locked.
sshd_pam() {
	local hash=

	[ "$(id -u)" -eq 0 ] && hash=$(getent shadow root | cut -d: -f2)
	case $hash in
	'!'*) echo yes ;;
	*) echo no ;;
	esac
}

# OpenSSH of Debian 13 keeps out for a while who was refused a login; that of 12 can't.
sshd_penalties() {
	local types=${SSHD_HOST_KEYS:-ed25519}

	"$SSHD_BIN" -t -f /dev/null -h "$1/host_${types%% *}" -o PerSourcePenalties=no 2>/dev/null &&
		echo "PerSourcePenalties no"
}

sshd_config() {
	local type

	printf '%s\n' "${SSHD_EXTRA:-}"
	sshd_penalties "$1"
	for type in ${SSHD_HOST_KEYS:-ed25519 ecdsa}; do
		echo "HostKey $1/host_$type"
	done
	cat <<-END
		ListenAddress 127.0.0.1
		Port $2
		PidFile none
		AuthorizedKeysFile $1/authorized_keys
		StrictModes no
		UsePAM $(sshd_pam)
		UseDNS no
		PermitRootLogin yes
		PasswordAuthentication yes
		PrintMotd no
		MaxStartups 100
		Subsystem sftp ${SSHD_SUBSYSTEM:-internal-sftp}
	END
}

sshd_known_hosts() {
	local type

	for type in ${SSHD_HOST_KEYS:-ed25519 ecdsa}; do
		echo "[127.0.0.1]:$2 $(cut -d' ' -f1,2 "$1/host_$type.pub")"
	done >"$1/known_hosts"
	chmod 644 "$1/known_hosts"
}

# Starts (again) on SSHD_PORT with the files that lie in $1.
sshd_launch() {
	sshd_config "$1" "$SSHD_PORT" >"$1/sshd_config"
	"$SSHD_BIN" -D -e -f "$1/sshd_config" </dev/null 2>>"$1/sshd.log" >&2 &
	SSHD_PID=$!
	server_wait "$SSHD_PORT" "$SSHD_PID" || return 1
	SERVER_PIDS+=("$SSHD_PID")
}

sshd_start() {
	local dir=$1 i

	[ "$(id -u)" -ne 0 ] || mkdir -p /run/sshd || return 1
	mkdir -p "$dir/drop" || return 1
	sshd_keys "$dir" || return 1
	for ((i = 0; i < SERVER_START_TRIES; i++)); do
		SSHD_PORT=$(server_free_port)
		sshd_launch "$dir" && break
	done
	if [ "$i" -eq "$SERVER_START_TRIES" ]; then
		echo "sshd does not start:" >&2
		tail -n 5 "$dir/sshd.log" >&2
		return 1
	fi
	sshd_known_hosts "$dir" "$SSHD_PORT"
	SSHD_USER=$(id -un)
	SSHD_DROP=$dir/drop
	SSHD_KNOWN_HOSTS=$dir/known_hosts
	SSHD_KEY=$dir/client
	SSHD_LOG=$dir/sshd.log
	SSHD_URL=sftp://$SSHD_USER@127.0.0.1:$SSHD_PORT$SSHD_DROP
	export SSHD_PORT SSHD_PID SSHD_USER SSHD_DROP SSHD_KNOWN_HOSTS SSHD_KEY SSHD_LOG SSHD_URL
}

# sshd_agent DIR: an ssh-agent that holds the client's key. Sets SSH_AUTH_SOCK.
sshd_agent() {
	local end=$((SECONDS + SERVER_READY_SECONDS))

	SSH_AUTH_SOCK=$1/agent
	ssh-agent -D -a "$SSH_AUTH_SOCK" </dev/null >/dev/null 2>&1 &
	SERVER_PIDS+=("$!")
	while [ ! -S "$SSH_AUTH_SOCK" ]; do
		[ "$SECONDS" -lt "$end" ] || return 1
		read -r -t 0.05 <> <(:) || :
	done
	export SSH_AUTH_SOCK
	ssh-add -q "$1/client" 2>>"$1/sshd.log"
}

# Signals whoever serves a session: the subsystem's processes (sftp-server), or with
# "session" everything below the listener. A stopped one does not notice that its session
# ends, and is no child of the listener then: server_stop_all has to know it.
sshd_signal() {
	local signal=$1 what=${2:-sftp-server} pid name

	while read -r pid; do
		[ "$pid" != "$SSHD_PID" ] || continue
		{ read -r name <"/proc/$pid/comm"; } 2>/dev/null || continue
		[ "$what" = session ] || [ "$name" = "$what" ] || continue
		kill -"$signal" "$pid" 2>/dev/null || continue
		[ "$signal" != STOP ] || SERVER_PIDS+=("$pid")
	done < <(server_tree "$SSHD_PID")
	return 0
}
