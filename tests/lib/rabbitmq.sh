# A RabbitMQ of our own, as Debian has it, with TLS on a free loopback port: its own node,
# data, cookie and epmd, and nothing left behind. Sourced, after tests/lib/server.sh and
# tests/lib/tls.sh.
#
#   rabbitmq_start DIR     # with DIR's server.pem; sets AMQP_PORT, AMQP_PID, AMQP_URL
#   rabbitmq_kill          # kill -9 of the broker and all below it
#   rabbitmq_again DIR     # the same node again, on the same port
#
# shellcheck shell=bash
RABBITMQ_BIN=/usr/lib/rabbitmq/bin/rabbitmq-server
AMQP_USER=emrdrop

# One port for TLS, one for the node's own affairs; epmd has a third. All loopback.
rabbitmq_config() {
	cat <<-CONF
		listeners.tcp = none
		listeners.ssl.1 = 127.0.0.1:$AMQP_PORT
		ssl_options.cacertfile = $1/ca.pem
		ssl_options.certfile = $1/server.pem
		ssl_options.keyfile = $1/server.key
		ssl_options.verify = verify_none
		ssl_options.versions.1 = tlsv1.2
		ssl_options.versions.2 = tlsv1.3
		default_user = $AMQP_USER
		default_pass = synthetic-password
		vm_memory_high_watermark.absolute = 512MB
		disk_free_limit.absolute = 1MB
		log.console = false
		log.file.level = warning
	CONF
}

rabbitmq_launch() {
	rabbitmq_config "$1" >"$1/rabbitmq/rabbitmq.conf"
	env -i PATH="$PATH" HOME="$1/rabbitmq" LC_ALL=C.UTF-8 \
		ERL_EPMD_PORT="$RABBITMQ_EPMD_PORT" ERL_EPMD_ADDRESS=127.0.0.1 \
		RABBITMQ_NODENAME="emrdrop$AMQP_PORT@localhost" \
		RABBITMQ_DIST_PORT="$RABBITMQ_DIST_PORT" \
		RABBITMQ_CONF_ENV_FILE=/dev/null \
		RABBITMQ_CONFIG_FILE="$1/rabbitmq/rabbitmq.conf" \
		RABBITMQ_ENABLED_PLUGINS_FILE="$1/rabbitmq/plugins" \
		RABBITMQ_MNESIA_BASE="$1/rabbitmq/mnesia" RABBITMQ_LOG_BASE="$1/rabbitmq/log" \
		RABBITMQ_PID_FILE="$1/rabbitmq/pid" \
		RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS="-kernel inet_dist_use_interface {127,0,0,1} +S 2:2" \
		"$RABBITMQ_BIN" </dev/null >>"$1/rabbitmq/out" 2>&1 &
	AMQP_PID=$!
	SERVER_PIDS+=("$AMQP_PID")
	SERVER_READY_SECONDS=60 server_wait "$AMQP_PORT" "$AMQP_PID"
}

rabbitmq_epmd() {
	RABBITMQ_EPMD_PORT=$(server_free_port)
	epmd -port "$RABBITMQ_EPMD_PORT" -address 127.0.0.1 </dev/null >/dev/null 2>&1 &
	RABBITMQ_EPMD_PID=$!
	server_wait "$RABBITMQ_EPMD_PORT" "$RABBITMQ_EPMD_PID" || return 1
	SERVER_PIDS+=("$RABBITMQ_EPMD_PID")
}

rabbitmq_start() {
	local i

	mkdir -p "$1/rabbitmq" || return 1
	echo '[].' >"$1/rabbitmq/plugins"
	for ((i = 0; i < SERVER_START_TRIES; i++)); do
		rabbitmq_epmd && break
	done
	for ((i = 0; i < 3; i++)); do
		AMQP_PORT=$(server_free_port)
		RABBITMQ_DIST_PORT=$(server_free_port)
		rabbitmq_launch "$1" && break
		rabbitmq_kill
	done
	if [ "$i" -eq 3 ]; then
		echo "RabbitMQ does not start:" >&2
		tail -n 20 "$1/rabbitmq/out" "$1"/rabbitmq/log/* >&2
		return 1
	fi
	# The certificate is for this name; an address would be verified by few clients.
	AMQP_URL=amqps://$AMQP_USER@localhost:$AMQP_PORT/
	export AMQP_PORT AMQP_URL
}

# The machine behind the script is no child of ours: it is gone when its port is.
rabbitmq_kill() {
	local end=$((SECONDS + 60))

	server_kill KILL "$AMQP_PID"
	wait "$AMQP_PID" 2>/dev/null
	server_forget "$AMQP_PID"
	while (: <>"/dev/tcp/127.0.0.1/$AMQP_PORT") 2>/dev/null; do
		if [ "$SECONDS" -ge "$end" ]; then
			echo "RabbitMQ does not end" >&2
			return 1
		fi
		read -r -t 0.05 <> <(:) || :
	done
}

rabbitmq_again() {
	rabbitmq_launch "$1"
}
