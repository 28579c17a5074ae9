#include "cmd/sandbox/server.h"

#include <errno.h>
#include <microhttpd.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cmd/sandbox/auth.h"
#include "cmd/sandbox/control.h"
#include "cmd/sandbox/delay.h"
#include "cmd/sandbox/file.h"

#define PEM_MAX           (1u << 20)   /* bytes of a certificate or key file */
#define IDLE_SECONDS      300u         /* a silent connection is closed */
#define CONNECTION_MEMORY (512u << 10) /* bytes; half of it reads bodies */
#define DRAIN_MAX         (64u << 20)  /* bytes of a body read only to say 413 */
#define BACKLOG           128
#define TLS_PRIORITIES    "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"
#define DISCARD_ANSWER    "{\"results\":[]}"

struct server {
	struct sandbox *sandbox;
	struct MHD_Daemon *daemon;
	struct delay *delay;
	struct MHD_Response *discarded; /* the one answer of --discard */
	struct buf cert, key;
	int fd; /* the daemon's once it runs */
	unsigned port;
	atomic_ullong requests, bytes; /* of --discard */
};

/* A request that is being collected. */
struct incoming {
	struct buf body;
	size_t received;
	bool delayed;
};

static const char *
header(struct MHD_Connection *c, const char *name)
{
	return MHD_lookup_connection_value(c, MHD_HEADER_KIND, name);
}

static const char *
argument(struct MHD_Connection *c, const char *name)
{
	return MHD_lookup_connection_value(c, MHD_GET_ARGUMENT_KIND, name);
}

/* Half of the body, then an error: the length announced is never reached. */
static ssize_t
read_half(void *cls, uint64_t at, char *out, size_t max)
{
	const struct buf *body = cls;
	size_t n = body->n / 2;

	if (at >= n)
		return MHD_CONTENT_READER_END_WITH_ERROR;
	n -= (size_t)at;
	n = n < max ? n : max;
	memcpy(out, body->p + at, n);
	return (ssize_t)n;
}

static void
free_half(void *cls)
{
	buf_release(cls);
	free(cls);
}

/* Takes the body over. */
static struct MHD_Response *
make_response(struct reply *out)
{
	struct MHD_Response *r;
	struct buf *body;

	if (!out->cut || out->body.n < 2) {
		r = MHD_create_response_from_buffer(
		    out->body.n, out->body.p, MHD_RESPMEM_MUST_FREE);
		if (r)
			out->body = (struct buf){.max = REPLY_MAX};
		return r;
	}
	body = malloc(sizeof(*body));
	if (!body)
		return NULL;
	*body = out->body;
	out->body = (struct buf){.max = REPLY_MAX};
	r = MHD_create_response_from_callback(
	    body->n, CONNECTION_MEMORY, read_half, body, free_half);
	if (!r)
		free_half(body);
	return r;
}

static void
add_headers(const struct options *o, const struct reply *out, struct MHD_Response *r)
{
	char seconds[24];

	if (out->type && out->status != MHD_HTTP_NO_CONTENT)
		MHD_add_response_header(r, "Content-Type", out->type);
	if (out->allow)
		MHD_add_response_header(r, "Allow", out->allow);
	if (out->status == MHD_HTTP_TOO_MANY_REQUESTS) {
		snprintf(seconds, sizeof(seconds), "%ld", out->retry_after);
		MHD_add_response_header(r, "Retry-After", seconds);
	}
	if (out->status == MHD_HTTP_UNAUTHORIZED && o->token_file)
		MHD_add_response_header(r, "WWW-Authenticate", "Bearer");
	if (out->status == MHD_HTTP_UNAUTHORIZED && o->user)
		MHD_add_response_header(r, "WWW-Authenticate", "Basic realm=\"sandbox\"");
}

/* MHD_NO closes the connection without an answer. */
static enum MHD_Result
send_reply(struct server *s, struct MHD_Connection *c, struct reply *out)
{
	struct MHD_Response *r;
	enum MHD_Result rc;

	if (out->drop || out->body.failed)
		return MHD_NO;
	r = make_response(out);
	if (!r)
		return MHD_NO;
	add_headers(s->sandbox->options, out, r);
	rc = MHD_queue_response(c, out->status, r);
	MHD_destroy_response(r);
	return rc;
}

static bool
is_control(const char *url)
{
	return strncmp(url, CONTROL_PREFIX, strlen(CONTROL_PREFIX)) == 0;
}

static bool
from_here(struct MHD_Connection *c)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(
	    c, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	char address[NI_MAXHOST];

	if (!info || getnameinfo(info->client_addr, sizeof(struct sockaddr_storage),
			 address, sizeof(address), NULL, 0, NI_NUMERICHOST) != 0)
		return false;
	return options_loopback(address);
}

static enum MHD_Result
answer(struct server *s, struct MHD_Connection *c, const struct query *q)
{
	struct reply out = {0};
	enum MHD_Result rc;

	buf_init(&out.body, REPLY_MAX);
	if (!is_control(q->path))
		deliver(s->sandbox, q, &out);
	else if (from_here(c))
		control(s->sandbox, q, &out);
	else
		reply_error(&out, MHD_HTTP_FORBIDDEN, "forbidden",
		    CONTROL_PREFIX " answers the sandbox's own machine only", "");
	rc = send_reply(s, c, &out);
	buf_release(&out.body);
	return rc;
}

static enum MHD_Result
collect(struct incoming *in, const char *data, size_t n)
{
	in->received += n;
	if (in->received > DRAIN_MAX)
		return MHD_NO;
	buf_add(&in->body, data, n);
	return MHD_YES;
}

static struct incoming *
incoming_new(void)
{
	struct incoming *in = calloc(1, sizeof(*in));

	if (in)
		buf_init(&in->body, CONTRACT_BODY_MAX);
	return in;
}

static enum MHD_Result
on_request(void *cls, struct MHD_Connection *c, const char *url, const char *method,
    const char *version, const char *data, size_t *n, void **state)
{
	struct server *s = cls;
	struct incoming *in = *state;
	struct query q = {.method = method, .path = url};
	size_t given = *n;
	long latency;

	(void)version;
	if (!in) {
		*state = incoming_new();
		return *state ? MHD_YES : MHD_NO;
	}
	if (given > 0) {
		*n = 0;
		return collect(in, data, given);
	}
	if (!in->delayed && !is_control(url)) {
		in->delayed = true;
		latency = fault_latency(s->sandbox->fault);
		if (latency > 0 && delay_add(s->delay, c, latency))
			return MHD_YES;
	}
	q.authorization = header(c, "Authorization");
	q.content_type = header(c, "Content-Type");
	q.content_encoding = header(c, "Content-Encoding");
	q.key = header(c, "Idempotency-Key");
	q.counts = argument(c, "counts");
	q.limit = argument(c, "limit");
	q.body = buf_span(&in->body);
	q.too_large = in->body.failed;
	return answer(s, c, &q);
}

static void
on_completed(void *cls, struct MHD_Connection *c, void **state,
    enum MHD_RequestTerminationCode why)
{
	struct incoming *in = *state;

	(void)cls;
	(void)c;
	(void)why;
	if (!in)
		return;
	buf_release(&in->body);
	free(in);
	*state = NULL;
}

static enum MHD_Result
answer_discarded(struct server *s, struct MHD_Connection *c, const char *url)
{
	struct reply out = {.status = MHD_HTTP_OK, .type = "application/json"};
	struct err e;
	enum MHD_Result rc;

	if (!is_control(url)) {
		if (auth_check(s->sandbox->options, header(c, "Authorization"), &e) ==
		    1) {
			atomic_fetch_add_explicit(&s->requests, 1, memory_order_relaxed);
			return MHD_queue_response(c, MHD_HTTP_OK, s->discarded);
		}
		buf_init(&out.body, REPLY_MAX);
		reply_error(&out, MHD_HTTP_UNAUTHORIZED, "unauthorized",
		    "the credentials are missing or wrong", "Authorization");
	} else {
		buf_init(&out.body, REPLY_MAX);
		buf_addf(&out.body, "{\"requests\":%llu,\"bytes\":%llu}\n",
		    atomic_load(&s->requests), atomic_load(&s->bytes));
	}
	rc = send_reply(s, c, &out);
	buf_release(&out.body);
	return rc;
}

static enum MHD_Result
on_discard(void *cls, struct MHD_Connection *c, const char *url, const char *method,
    const char *version, const char *data, size_t *n, void **state)
{
	struct server *s = cls;

	(void)method;
	(void)version;
	(void)data;
	if (!*state) {
		*state = s;
		return MHD_YES;
	}
	if (*n > 0) {
		atomic_fetch_add_explicit(&s->bytes, *n, memory_order_relaxed);
		*n = 0;
		return MHD_YES;
	}
	return answer_discarded(s, c, url);
}

static unsigned
bound_port(int fd)
{
	struct sockaddr_storage at = {0};
	socklen_t n = sizeof(at);

	if (getsockname(fd, (struct sockaddr *)&at, &n) != 0)
		return 0;
	if (at.ss_family == AF_INET6)
		return ntohs(((struct sockaddr_in6 *)(void *)&at)->sin6_port);
	return ntohs(((struct sockaddr_in *)(void *)&at)->sin_port);
}

static int
listen_at(struct server *s, const struct options *o, struct err *e)
{
	struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE,
	    .ai_socktype = SOCK_STREAM};
	struct addrinfo *at = NULL;
	char port[8];
	int on = 1, rc = -1;

	snprintf(port, sizeof(port), "%ld", o->port);
	if (getaddrinfo(o->listen, port, &hints, &at) != 0)
		return err_set(e, ERR_USAGE, "--listen takes an IP address");
	s->fd = socket(at->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (s->fd < 0 ||
	    setsockopt(s->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0 ||
	    bind(s->fd, at->ai_addr, at->ai_addrlen) != 0 ||
	    listen(s->fd, BACKLOG) != 0) {
		err_sys(
		    e, ERR_IO, errno, "cannot listen on %s port %ld", o->listen, o->port);
		goto out;
	}
	s->port = bound_port(s->fd);
	rc = 0;
out:
	freeaddrinfo(at);
	return rc;
}

static int
read_pem(struct server *s, const struct options *o, struct err *e)
{
	buf_init(&s->cert, PEM_MAX);
	buf_init(&s->key, PEM_MAX);
	if (!o->cert)
		return 0;
	if (file_read(o->cert, &s->cert, e) < 0 || file_read(o->key, &s->key, e) < 0)
		return -1;
	buf_add_char(&s->cert, '\0');
	buf_add_char(&s->key, '\0');
	return buf_check(&s->cert, o->cert, e) < 0 ? -1 : buf_check(&s->key, o->key, e);
}

static int
start_daemon(struct server *s, const struct options *o, struct err *e)
{
	struct MHD_OptionItem items[8];
	unsigned flags = MHD_USE_AUTO_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME;
	size_t n = 0;

	items[n++] = (struct MHD_OptionItem){MHD_OPTION_LISTEN_SOCKET, s->fd, NULL};
	items[n++] = (struct MHD_OptionItem){
	    MHD_OPTION_CONNECTION_TIMEOUT, IDLE_SECONDS, NULL};
	items[n++] = (struct MHD_OptionItem){
	    MHD_OPTION_CONNECTION_MEMORY_LIMIT, CONNECTION_MEMORY, NULL};
	if (o->threads > 1)
		items[n++] = (struct MHD_OptionItem){
		    MHD_OPTION_THREAD_POOL_SIZE, o->threads, NULL};
	if (o->cert) {
		flags |= MHD_USE_TLS;
		items[n++] = (struct MHD_OptionItem){
		    MHD_OPTION_HTTPS_MEM_CERT, 0, s->cert.p};
		items[n++] = (struct MHD_OptionItem){
		    MHD_OPTION_HTTPS_MEM_KEY, 0, s->key.p};
		items[n++] = (struct MHD_OptionItem){
		    MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)(uintptr_t)TLS_PRIORITIES};
	}
	items[n] = (struct MHD_OptionItem){MHD_OPTION_END, 0, NULL};
	if (o->discard)
		s->daemon = MHD_start_daemon(flags, 0, NULL, NULL, on_discard, s,
		    MHD_OPTION_ARRAY, items, MHD_OPTION_END);
	else
		s->daemon = MHD_start_daemon(flags, 0, NULL, NULL, on_request, s,
		    MHD_OPTION_NOTIFY_COMPLETED, on_completed, NULL, MHD_OPTION_ARRAY,
		    items, MHD_OPTION_END);
	if (s->daemon)
		return 0;
	return err_set(e, ERR_IO,
	    o->cert ? "cannot start; are --cert and --key PEM files "
		      "that belong together?"
		    : "cannot start the server's threads");
}

struct server *
server_start(struct sandbox *sb, struct err *e)
{
	struct server *s = calloc(1, sizeof(*s));

	if (!s) {
		err_nomem(e);
		return NULL;
	}
	s->sandbox = sb;
	s->fd = -1;
	s->discarded = MHD_create_response_from_buffer(sizeof(DISCARD_ANSWER) - 1,
	    (void *)(uintptr_t)DISCARD_ANSWER, MHD_RESPMEM_PERSISTENT);
	if (!s->discarded ||
	    !MHD_add_response_header(s->discarded, "Content-Type", "application/json")) {
		err_nomem(e);
		goto out;
	}
	if (read_pem(s, sb->options, e) < 0 || listen_at(s, sb->options, e) < 0)
		goto out;
	s->delay = delay_new(e);
	if (s->delay && start_daemon(s, sb->options, e) == 0)
		return s;
out:
	server_stop(s);
	return NULL;
}

unsigned
server_port(const struct server *s)
{
	return s->port;
}

void
server_stop(struct server *s)
{
	if (!s)
		return;
	if (s->delay)
		delay_stop(s->delay);
	if (s->daemon)
		MHD_stop_daemon(s->daemon);
	else if (s->fd >= 0)
		close(s->fd);
	if (s->discarded)
		MHD_destroy_response(s->discarded);
	delay_free(s->delay);
	buf_release(&s->cert);
	buf_release(&s->key);
	free(s);
}
