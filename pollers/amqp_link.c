#include "pollers/amqp_link.h"

#include <stdio.h>
#include <string.h>

#include "base/conf_file.h"

#define AMQPS_PORT   5671
#define CHANNELS_MAX 1
#define FRAME_MAX    131072
#define TEXT_SHOWN   200 /* of what the broker says */

#define NOT_FOUND           404 /* AMQP 0-9-1, 1.2.3 reply codes */
#define ACCESS_REFUSED      403
#define NOT_ALLOWED         530 /* RabbitMQ: there is no such vhost, or not for this user */
#define PRECONDITION_FAILED 406

int
amqp_url_parse(const char *text, struct drop_url *out, struct err *e)
{
	char whole[URL_HOST_MAX + URL_USER_MAX + URL_PATH_MAX];
	const char *rest = strstr(text, "://");

	/* A drop has a folder; a broker's URL may end behind its host. */
	if (snprintf(whole, sizeof(whole), "%s%s", text,
		rest != NULL && strchr(rest + 3, '/') == NULL ? "/" : "") >=
	    (int)sizeof(whole))
		return err_set(e, ERR_USAGE, "--amqp: the URL is too long");
	if (drop_url_parse(whole, out, e) != 0) {
		err_prefix(e, "--amqp");
		e->code = ERR_USAGE;
		return -1;
	}
	if (strcmp(out->scheme, "amqps") != 0)
		return err_set(e, ERR_USAGE,
		    "--amqp wants amqps://user@host/vhost: without TLS nobody knows who "
		    "answers");
	if (out->host[0] == '\0' || out->user[0] == '\0')
		return err_set(e, ERR_USAGE,
		    "--amqp: no %s; write amqps://user@host/vhost, and [trigger] "
		    "password_file",
		    out->host[0] == '\0' ? "host" : "user");
	if (out->port == 0)
		out->port = AMQPS_PORT;
	return 0;
}

int
amqp_link_status(const struct amqp_link *l, int status, const char *doing, struct err *e)
{
	enum err_code code = ERR_IO;

	if (status == AMQP_STATUS_NO_MEMORY)
		return err_nomem(e);
	/* A handshake that fails otherwise may be that of a broker which just starts. */
	if (status == AMQP_STATUS_SSL_HOSTNAME_VERIFY_FAILED ||
	    status == AMQP_STATUS_SSL_PEER_VERIFY_FAILED)
		code = ERR_PEER;
	return err_set(e, code, "broker %s:%u: %s: %s", l->url->host, l->url->port, doing,
	    l->lib->amqp_error_string2(status));
}

/* The text is the broker's own: it names queues, and never what a message holds. */
static int
refused(const struct amqp_link *l, unsigned code, amqp_bytes_t text, const char *doing,
    struct err *e)
{
	enum err_code kind = ERR_IO;
	int n = text.len < TEXT_SHOWN ? (int)text.len : TEXT_SHOWN;

	if (code == ACCESS_REFUSED || code == NOT_ALLOWED)
		kind = ERR_PERM;
	else if (code == NOT_FOUND || code == PRECONDITION_FAILED)
		kind = ERR_CONFIG;
	return err_set(e, kind, "broker %s:%u: %s: %.*s", l->url->host, l->url->port,
	    doing, n, (const char *)text.bytes);
}

static int
closed(
    const struct amqp_link *l, const amqp_method_t *m, const char *doing, struct err *e)
{
	if (m->id == AMQP_CHANNEL_CLOSE_METHOD) {
		const amqp_channel_close_t *c = m->decoded;

		return refused(l, c->reply_code, c->reply_text, doing, e);
	}
	if (m->id == AMQP_CONNECTION_CLOSE_METHOD) {
		const amqp_connection_close_t *c = m->decoded;

		return refused(l, c->reply_code, c->reply_text, doing, e);
	}
	if (m->id == AMQP_BASIC_CANCEL_METHOD)
		return err_set(e, ERR_IO, "broker %s:%u: %s: the queue is gone",
		    l->url->host, l->url->port, doing);
	return err_set(e, ERR_IO, "broker %s:%u: %s: an answer that fits nothing",
	    l->url->host, l->url->port, doing);
}

int
amqp_link_ended(const struct amqp_link *l, const amqp_method_t *m, struct err *e)
{
	return closed(l, m, "the connection has ended", e);
}

int
amqp_link_reply(
    const struct amqp_link *l, amqp_rpc_reply_t reply, const char *doing, struct err *e)
{
	if (reply.reply_type == AMQP_RESPONSE_NORMAL)
		return 0;
	if (reply.reply_type == AMQP_RESPONSE_SERVER_EXCEPTION)
		return closed(l, &reply.reply, doing, e);
	return amqp_link_status(l, reply.library_error, doing, e);
}

int
amqp_link_check(const struct amqp_link *l, const char *doing, struct err *e)
{
	return amqp_link_reply(l, l->lib->amqp_get_rpc_reply(l->state), doing, e);
}

static struct timeval
timeout(const struct amqp_link *l)
{
	return (struct timeval){l->conf->timeout / 1000, l->conf->timeout % 1000 * 1000};
}

/* Who answers is verified against the CAs and by name, always. */
static int
open_tls(struct amqp_link *l, struct err *e)
{
	const struct amqp_lib *lib = l->lib;
	amqp_socket_t *s = lib->amqp_ssl_socket_new(l->state);
	struct timeval t = timeout(l);
	int r;

	if (s == NULL)
		return err_nomem(e);
	if (conf_file_ours(l->conf->ca_file, e) != 0)
		return err_prefix(e, "[trigger] ca_file");
	if (lib->amqp_ssl_socket_set_cacert(s, l->conf->ca_file) != AMQP_STATUS_OK)
		return err_set(e, ERR_CONFIG,
		    "[trigger] ca_file: %s can't be read as certificates in PEM",
		    l->conf->ca_file);
	lib->amqp_ssl_socket_set_verify_peer(s, 1);
	lib->amqp_ssl_socket_set_verify_hostname(s, 1);
	r = lib->amqp_ssl_socket_set_ssl_versions(s, AMQP_TLSv1_2, AMQP_TLSvLATEST);
	if (r != AMQP_STATUS_OK)
		return amqp_link_status(l, r, "TLS", e);
	r = lib->amqp_socket_open_noblock(s, l->url->host, l->url->port, &t);
	return r == AMQP_STATUS_OK ? 0 : amqp_link_status(l, r, "connecting", e);
}

/* "/" is the name of the vhost that each broker begins with; "/prod" is prod. */
static const char *
vhost(const struct drop_url *url)
{
	return url->path[1] == '\0' ? "/" : url->path + 1;
}

static int
login(struct amqp_link *l, bool beats, struct err *e)
{
	const struct amqp_lib *lib = l->lib;
	struct timeval t = timeout(l);
	char *password = secret_read(&l->conf->password_file, e);
	amqp_rpc_reply_t reply;

	if (password == NULL)
		return err_prefix(e, "[trigger] password_file");
	lib->amqp_set_handshake_timeout(l->state, &t);
	lib->amqp_set_rpc_timeout(l->state, &t);
	reply = lib->amqp_login(l->state, vhost(l->url), CHANNELS_MAX, FRAME_MAX,
	    beats ? (int)(l->conf->heartbeat / 1000) : 0, AMQP_SASL_METHOD_PLAIN,
	    l->url->user, password);
	secret_free(password);
	return amqp_link_reply(l, reply, "login", e);
}

int
amqp_link_open(struct amqp_link *l, bool beats, struct err *e)
{
	l->state = l->lib->amqp_new_connection();
	if (l->state == NULL)
		return err_nomem(e);
	if (open_tls(l, e) == 0 && login(l, beats, e) == 0) {
		l->lib->amqp_channel_open(l->state, AMQP_CHANNEL);
		if (amqp_link_check(l, "a channel", e) == 0)
			return 0;
	}
	amqp_link_close(l);
	return -1;
}

void
amqp_link_close(struct amqp_link *l)
{
	const struct timeval soon = {1, 0};

	if (l->state == NULL)
		return;
	l->lib->amqp_set_rpc_timeout(l->state, &soon);
	l->lib->amqp_connection_close(l->state, AMQP_REPLY_SUCCESS);
	l->lib->amqp_destroy_connection(l->state);
	l->state = NULL;
}

/* What came back is read to its end, and forgotten: the original is still there. */
static int
read_returned(struct amqp_link *l, struct err *e)
{
	amqp_message_t m;
	amqp_rpc_reply_t r = l->lib->amqp_read_message(l->state, AMQP_CHANNEL, &m, 0);

	if (amqp_link_reply(l, r, "publishing", e) != 0)
		return -1;
	l->lib->amqp_destroy_message(&m);
	return 0;
}

/* 1: taken; 0: go on waiting; -1. */
static int
judge_answer(struct amqp_link *l, const amqp_frame_t *f, bool *returned, struct err *e)
{
	if (f->frame_type != AMQP_FRAME_METHOD)
		return 0;
	switch (f->payload.method.id) {
	case AMQP_BASIC_ACK_METHOD:
		return 1;
	case AMQP_BASIC_RETURN_METHOD:
		*returned = true;
		return read_returned(l, e);
	case AMQP_BASIC_NACK_METHOD:
		return err_set(e, ERR_IO,
		    "broker %s:%u: publishing: a queue has not taken the message",
		    l->url->host, l->url->port);
	default:
		return closed(l, &f->payload.method, "publishing", e);
	}
}

int
amqp_link_publish(struct amqp_link *l, const struct amqp_letter *letter, struct err *e)
{
	const struct amqp_lib *lib = l->lib;
	struct timeval t = timeout(l);
	bool returned = false;
	amqp_frame_t frame;
	int r;

	lib->amqp_maybe_release_buffers(l->state);
	r = lib->amqp_basic_publish(l->state, AMQP_CHANNEL,
	    lib->amqp_cstring_bytes(letter->exchange),
	    lib->amqp_cstring_bytes(letter->key), 1, 0, letter->props, letter->body);
	if (r != AMQP_STATUS_OK)
		return amqp_link_status(l, r, "publishing", e);
	do {
		r = lib->amqp_simple_wait_frame_noblock(l->state, &frame, &t);
		if (r != AMQP_STATUS_OK)
			return amqp_link_status(l, r, "publishing", e);
	} while ((r = judge_answer(l, &frame, &returned, e)) == 0);
	if (r < 0 || !returned)
		return r < 0 ? -1 : 0;
	return err_set(e, ERR_CONFIG,
	    "broker %s:%u: no queue gets what is sent to exchange \"%s\" with routing key "
	    "\"%s\": bind one",
	    l->url->host, l->url->port, letter->exchange, letter->key);
}
