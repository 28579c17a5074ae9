# Starts ProFTPD's mod_sftp on a free loopback port: a second, unrelated SFTP server.
# Its user is a virtual one with a password of its own, so that logging in by password
# can be tried without touching the system's accounts. Root and ordinary users alike.
#
#   . tests/lib/proftpd.sh
#   trap server_stop_all EXIT
#   proftpd_start /tmp/somewhere
#
# Set before, if wanted:
#   PROFTPD_METHODS  SFTPAuthMethods, default "publickey password"
#   PROFTPD_PASSWORD default "drop-password"
# Set afterwards:
#   PROFTPD_PORT PROFTPD_PID PROFTPD_USER PROFTPD_DROP PROFTPD_KNOWN_HOSTS PROFTPD_KEY
#   PROFTPD_PASSWORD_FILE PROFTPD_LOG PROFTPD_URL
#
# shellcheck source=server.sh
. "${BASH_SOURCE[0]%/*}/server.sh"

PROFTPD_BIN=${PROFTPD_BIN:-/usr/sbin/proftpd}

# ProFTPD 1.3.8 reads host keys in PEM form, and client keys in RFC 4716 form.
proftpd_keys() {
	[ -f "$1/host_ecdsa" ] ||
		ssh-keygen -q -t ecdsa -m PEM -N '' -C '' -f "$1/host_ecdsa" || return 1
	[ -f "$1/client" ] || ssh-keygen -q -t ed25519 -N '' -C '' -f "$1/client" || return 1
	ssh-keygen -e -f "$1/client.pub" >"$1/authorized_keys" || return 1
	printf '%s\n' "${PROFTPD_PASSWORD:-drop-password}" >"$1/password"
	printf 'drop:%s:%s:%s::%s:/bin/sh\n' \
		"$(openssl passwd -6 -stdin <"$1/password")" "$(id -u)" "$(id -g)" "$1/drop" \
		>"$1/passwd"
	printf 'drop:x:%s:drop\n' "$(id -g)" >"$1/group"
	chmod 600 "$1/passwd" "$1/password" "$1/group"
}

# Modules that are built in on Debian 12 and files of their own on 13.
proftpd_modules() {
	local m

	for m in xfer delay sftp; do
		[ ! -f "/usr/lib/proftpd/mod_$m.so" ] || echo "LoadModule mod_$m.c"
	done
}

proftpd_config() {
	cat <<-END
		ModulePath /usr/lib/proftpd
		$(proftpd_modules)
		ServerName test
		ServerType standalone
		DefaultAddress 127.0.0.1
		SocketBindTight on
		Port $2
		User $(id -un)
		Group $(id -gn)
		RootLogin on
		RequireValidShell off
		UseReverseDNS off
		PidFile $1/proftpd.pid
		ScoreboardFile $1/scoreboard
		DelayTable none
		SystemLog $1/proftpd.log
		TransferLog none
		WtmpLog off
		AuthOrder mod_auth_file.c
		AuthUserFile $1/passwd
		AuthGroupFile $1/group
		AllowOverwrite on
		SFTPEngine on
		SFTPLog $1/sftp.log
		SFTPHostKey $1/host_ecdsa
		SFTPAuthMethods ${PROFTPD_METHODS:-publickey password}
		SFTPAuthorizedUserKeys file:$1/authorized_keys
	END
}

proftpd_launch() {
	proftpd_config "$1" "$PROFTPD_PORT" >"$1/proftpd.conf"
	"$PROFTPD_BIN" -n -q -c "$1/proftpd.conf" </dev/null >>"$1/proftpd.log" 2>&1 &
	PROFTPD_PID=$!
	server_wait "$PROFTPD_PORT" "$PROFTPD_PID" || return 1
	SERVER_PIDS+=("$PROFTPD_PID")
}

proftpd_start() {
	local dir=$1 i

	mkdir -p "$dir/drop" || return 1
	proftpd_keys "$dir" || return 1
	for ((i = 0; i < SERVER_START_TRIES; i++)); do
		PROFTPD_PORT=$(server_free_port)
		proftpd_launch "$dir" && break
	done
	if [ "$i" -eq "$SERVER_START_TRIES" ]; then
		echo "proftpd does not start:" >&2
		tail -n 5 "$dir/proftpd.log" >&2
		return 1
	fi
	echo "[127.0.0.1]:$PROFTPD_PORT $(cut -d' ' -f1,2 "$dir/host_ecdsa.pub")" \
		>"$dir/known_hosts"
	PROFTPD_USER=drop
	PROFTPD_DROP=$dir/drop
	PROFTPD_KNOWN_HOSTS=$dir/known_hosts
	PROFTPD_KEY=$dir/client
	PROFTPD_PASSWORD_FILE=$dir/password
	PROFTPD_LOG=$dir/proftpd.log
	PROFTPD_URL=sftp://drop@127.0.0.1:$PROFTPD_PORT$PROFTPD_DROP
	export PROFTPD_PORT PROFTPD_PID PROFTPD_USER PROFTPD_DROP PROFTPD_KNOWN_HOSTS
	export PROFTPD_KEY PROFTPD_PASSWORD_FILE PROFTPD_LOG PROFTPD_URL
}
