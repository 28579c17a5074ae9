/*
 * librabbitmq's functions, loaded when a queue is asked for: a job that looks at a drop
 * has nothing to do with it. Its headers give the types, so that none can differ.
 */
#ifndef POLLERS_AMQP_LIB_H
#define POLLERS_AMQP_LIB_H

#include <stdint.h>
#include <sys/time.h>

/* From 0.13 (Debian 13) on they have a folder, and warn of the old place. */
#if __has_include(<rabbitmq-c/amqp.h>)
#include <rabbitmq-c/amqp.h>
#include <rabbitmq-c/ssl_socket.h>
#else
#include <amqp.h>
#include <amqp_ssl_socket.h>
#endif

#include "base/lib.h"

#define AMQP_CALLS(X)                          \
	X(amqp_version)                        \
	X(amqp_new_connection)                 \
	X(amqp_destroy_connection)             \
	X(amqp_connection_close)               \
	X(amqp_ssl_socket_new)                 \
	X(amqp_ssl_socket_set_cacert)          \
	X(amqp_ssl_socket_set_verify_peer)     \
	X(amqp_ssl_socket_set_verify_hostname) \
	X(amqp_ssl_socket_set_ssl_versions)    \
	X(amqp_socket_open_noblock)            \
	X(amqp_get_sockfd)                     \
	X(amqp_set_handshake_timeout)          \
	X(amqp_set_rpc_timeout)                \
	X(amqp_get_rpc_reply)                  \
	X(amqp_login)                          \
	X(amqp_channel_open)                   \
	X(amqp_confirm_select)                 \
	X(amqp_exchange_declare)               \
	X(amqp_queue_declare)                  \
	X(amqp_basic_qos)                      \
	X(amqp_basic_consume)                  \
	X(amqp_basic_get)                      \
	X(amqp_basic_ack)                      \
	X(amqp_basic_publish)                  \
	X(amqp_consume_message)                \
	X(amqp_destroy_envelope)               \
	X(amqp_read_message)                   \
	X(amqp_destroy_message)                \
	X(amqp_simple_wait_frame_noblock)      \
	X(amqp_maybe_release_buffers)          \
	X(amqp_cstring_bytes)                  \
	X(amqp_error_string2)

struct amqp_lib {
	AMQP_CALLS(LIB_MEMBER)
};

/* Fills *out; it stays valid. ERR_CONFIG if the library is not there. */
int amqp_lib_load(struct amqp_lib *out, struct err *e);

#endif
