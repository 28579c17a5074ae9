/*
 * Messages of an AMQP queue. What is to be tried again goes to QUEUE.later, from where
 * the broker gives it back to QUEUE when retry_delay is over; how many tries were made
 * stands in a header of ours. The broker's own counts are of no use for that: a classic
 * queue has none, and that of a quorum queue also counts connections that broke.
 * A copy is always taken by the broker before the original is acknowledged: what goes
 * wrong in between makes two of one message, and never none.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pollers/amqp_link.h"
#include "pollers/events_ops.h"

#define QUEUE_MAX     200 /* of AMQP's 255 bytes for a name; `.later` is one more */
#define HEADERS_MAX   64  /* of theirs that a copy keeps */
#define HEADER_TRIES  "emrdrop-tries"
#define HEADER_REASON "emrdrop-reason"
#define PERSISTENT    2 /* delivery mode */

struct queue {
	const struct events_conf *c;
	struct amqp_lib lib;
	struct drop_url url;
	struct amqp_link in, out;
	char later[QUEUE_MAX + 8];
	size_t held;
	bool stopped;
};

/* A message in hand; its bytes are librabbitmq's. */
struct delivery {
	amqp_envelope_t envelope;
};

static struct span
span_bytes(amqp_bytes_t b)
{
	return (struct span){b.bytes, b.len};
}

static amqp_bytes_t
bytes_of(const char *s)
{
	return (amqp_bytes_t){.len = strlen(s), .bytes = (void *)(uintptr_t)s};
}

static int
check_conf(const struct trigger_conf *t, struct err *e)
{
	if (t->queue == NULL || t->queue[0] == '\0' || strlen(t->queue) > QUEUE_MAX)
		return err_set(e, ERR_CONFIG,
		    "[trigger] queue is missing, or longer than %d bytes: the queue to take "
		    "messages from",
		    QUEUE_MAX);
	if (t->dead_letter == NULL || t->dead_letter[0] == '\0')
		return err_set(e, ERR_CONFIG,
		    "[trigger] dead_letter is missing: the exchange for messages that no try "
		    "can help");
	if (t->password_file.where == NULL)
		return err_set(e, ERR_CONFIG,
		    "[trigger] password_file is missing: where the broker's password is");
	return 0;
}

/*
 * A quorum queue that moves at least once, and not at most once: a message is not lost
 * if the broker dies while it gives it back.
 */
static int
declare_later(struct queue *q, struct err *e)
{
	amqp_table_entry_t args[5];
	const char *const texts[][2] = {{"x-queue-type", "quorum"},
	    {"x-dead-letter-exchange", ""},
	    {"x-dead-letter-routing-key", q->c->trigger->queue},
	    {"x-dead-letter-strategy", "at-least-once"},
	    {"x-overflow", "reject-publish"}};
	const amqp_table_t table = {5, args};

	for (size_t i = 0; i < 5; i++) {
		args[i].key = bytes_of(texts[i][0]);
		args[i].value.kind = AMQP_FIELD_KIND_UTF8;
		args[i].value.value.bytes = bytes_of(texts[i][1]);
	}
	q->lib.amqp_queue_declare(
	    q->out.state, AMQP_CHANNEL, bytes_of(q->later), 0, 1, 0, 0, table);
	return amqp_link_check(&q->out, "declaring the queue for later tries", e);
}

/* For what we publish ourselves, which is rare; idle, it needs no care. */
static int
open_out(struct queue *q, struct err *e)
{
	static const amqp_table_t none;

	if (amqp_link_open(&q->out, false, e) != 0)
		return -1;
	q->lib.amqp_confirm_select(q->out.state, AMQP_CHANNEL);
	if (amqp_link_check(&q->out, "publisher confirms", e) != 0)
		return -1;
	q->lib.amqp_exchange_declare(q->out.state, AMQP_CHANNEL,
	    bytes_of(q->c->trigger->dead_letter), bytes_of("direct"), 1, 0, 0, 0, none);
	if (amqp_link_check(&q->out, "[trigger] dead_letter", e) != 0)
		return -1;
	return declare_later(q, e);
}

static int
open_in(struct queue *q, struct err *e)
{
	static const amqp_table_t none;
	const struct trigger_conf *t = q->c->trigger;
	amqp_connection_state_t s;

	if (amqp_link_open(&q->in, true, e) != 0)
		return -1;
	s = q->in.state;
	q->lib.amqp_queue_declare(s, AMQP_CHANNEL, bytes_of(t->queue), 1, 0, 0, 0, none);
	if (amqp_link_check(&q->in, "[trigger] queue", e) != 0)
		return -1;
	if (q->c->drain)
		return 0;
	q->lib.amqp_basic_qos(s, AMQP_CHANNEL, 0, (uint16_t)t->prefetch, 0);
	if (amqp_link_check(&q->in, "prefetch", e) != 0)
		return -1;
	q->lib.amqp_basic_consume(
	    s, AMQP_CHANNEL, bytes_of(t->queue), (amqp_bytes_t){0}, 0, 0, 0, none);
	return amqp_link_check(&q->in, "consuming", e);
}

static void
queue_close(void *self)
{
	struct queue *q = self;

	amqp_link_close(&q->in);
	amqp_link_close(&q->out);
	free(q);
}

static int
queue_open(void **self, const struct events_conf *c, struct err *e)
{
	struct queue *q = calloc(1, sizeof(*q));

	if (q == NULL)
		return err_nomem(e);
	q->c = c;
	q->in = q->out = (struct amqp_link){&q->lib, &q->url, c->trigger, NULL};
	if (amqp_url_parse(c->url, &q->url, e) != 0 || check_conf(c->trigger, e) != 0 ||
	    amqp_lib_load(&q->lib, e) != 0)
		goto fail;
	snprintf(q->later, sizeof(q->later), "%s.later", c->trigger->queue);
	if (open_out(q, e) != 0 || open_in(q, e) != 0)
		goto fail;
	*self = q;
	return 0;
fail:
	queue_close(q);
	return -1;
}

static int
queue_fd(const void *self)
{
	const struct queue *q = self;

	return q->lib.amqp_get_sockfd(q->in.state);
}

/* What nobody asked for: it ends the connection, or is a heartbeat that was dealt with. */
static int
tend(struct queue *q, struct err *e)
{
	const struct timeval now = {0, 0};
	amqp_frame_t f;
	int r = q->lib.amqp_simple_wait_frame_noblock(q->in.state, &f, &now);

	if (r == AMQP_STATUS_TIMEOUT)
		return EVENTS_NONE;
	if (r != AMQP_STATUS_OK)
		return amqp_link_status(&q->in, r, "waiting", e);
	if (f.frame_type != AMQP_FRAME_METHOD)
		return EVENTS_NONE;
	return amqp_link_ended(&q->in, &f.payload.method, e);
}

static int
consume(struct queue *q, struct delivery *d, struct err *e)
{
	const struct timeval now = {0, 0};
	amqp_rpc_reply_t r = q->lib.amqp_consume_message(
	    q->in.state, &d->envelope, &now, 0);

	if (r.reply_type == AMQP_RESPONSE_NORMAL)
		return EVENTS_MESSAGE;
	if (r.reply_type == AMQP_RESPONSE_LIBRARY_EXCEPTION) {
		if (r.library_error == AMQP_STATUS_TIMEOUT)
			return EVENTS_NONE;
		if (r.library_error == AMQP_STATUS_UNEXPECTED_STATE)
			return tend(q, e);
	}
	return amqp_link_reply(&q->in, r, "waiting", e);
}

static int
get(struct queue *q, struct delivery *d, struct err *e)
{
	amqp_connection_state_t s = q->in.state;
	amqp_rpc_reply_t r = q->lib.amqp_basic_get(
	    s, AMQP_CHANNEL, bytes_of(q->c->trigger->queue), 0);

	if (amqp_link_reply(&q->in, r, "asking for a message", e) != 0)
		return -1;
	if (r.reply.id != AMQP_BASIC_GET_OK_METHOD)
		return q->held > 0 ? EVENTS_NONE : EVENTS_END;
	d->envelope.delivery_tag = ((amqp_basic_get_ok_t *)r.reply.decoded)->delivery_tag;
	r = q->lib.amqp_read_message(s, AMQP_CHANNEL, &d->envelope.message, 0);
	if (amqp_link_reply(&q->in, r, "reading a message", e) != 0)
		return -1;
	return EVENTS_MESSAGE;
}

static bool
is_header(const amqp_table_entry_t *en, const char *name)
{
	return span_eq(span_bytes(en->key), span_of(name));
}

/* The number in a header, as any client may have written it. */
static uint64_t
number(const amqp_field_value_t *v)
{
	int64_t n = 0;

	if (v->kind == AMQP_FIELD_KIND_I64)
		n = v->value.i64;
	else if (v->kind == AMQP_FIELD_KIND_I32)
		n = v->value.i32;
	else if (v->kind == AMQP_FIELD_KIND_I16)
		n = v->value.i16;
	else if (v->kind == AMQP_FIELD_KIND_U8)
		n = v->value.u8;
	return n < 0 || n > UINT_MAX / 2 ? 0 : (uint64_t)n;
}

static void
read_headers(struct queue *q, const amqp_message_t *m, struct event_message *out)
{
	const amqp_table_t *h = &m->properties.headers;
	unsigned made = 0, most = (unsigned)q->c->trigger->tries;
	bool there = (m->properties._flags & AMQP_BASIC_HEADERS_FLAG) != 0;

	for (int i = 0; there && i < h->num_entries; i++) {
		const amqp_table_entry_t *en = &h->entries[i];
		struct span text = span_bytes(en->value.value.bytes);
		bool is_text = en->value.kind == AMQP_FIELD_KIND_UTF8;

		if (is_header(en, HEADER_TRIES))
			made = (unsigned)number(&en->value);
		if (is_header(en, "traceparent") && is_text && event_traceparent_ok(text))
			memcpy(out->traceparent, text.p, text.n);
	}
	out->tries_left = made < most ? most - made : 1;
}

static int
queue_next(void *self, struct event_message *out, struct err *e)
{
	struct queue *q = self;
	struct delivery *d;
	int r;

	q->lib.amqp_maybe_release_buffers(q->in.state);
	if ((q->stopped && q->c->drain) || q->held >= (size_t)q->c->trigger->prefetch)
		return tend(q, e);
	if ((d = calloc(1, sizeof(*d))) == NULL)
		return err_nomem(e);
	r = q->c->drain ? get(q, d, e) : consume(q, d, e);
	if (r == EVENTS_MESSAGE && q->stopped) {
		q->lib.amqp_destroy_envelope(&d->envelope);
		r = EVENTS_NONE;
	}
	if (r != EVENTS_MESSAGE) {
		free(d);
		return r;
	}
	q->held++;
	out->own = d;
	out->body = span_bytes(d->envelope.message.body);
	read_headers(q, &d->envelope.message, out);
	return EVENTS_MESSAGE;
}

static amqp_table_entry_t
text_entry(const char *key, const char *value)
{
	amqp_table_entry_t en = {.key = bytes_of(key)};

	en.value.kind = AMQP_FIELD_KIND_UTF8;
	en.value.value.bytes = bytes_of(value);
	return en;
}

/*
 * The original's headers but for ours, the broker's counts, and those by which a sender
 * has copies made (CC, BCC).
 */
static int
copy_headers(const amqp_basic_properties_t *from, amqp_table_entry_t *to)
{
	static const char *const left[] = {HEADER_TRIES, HEADER_REASON, "CC", "BCC",
	    "x-delivery-count", "x-acquired-count"};
	int n = 0;

	if (!(from->_flags & AMQP_BASIC_HEADERS_FLAG))
		return 0;
	for (int i = 0; i < from->headers.num_entries && n < HEADERS_MAX; i++) {
		const amqp_table_entry_t *en = &from->headers.entries[i];
		bool leave = false;

		for (size_t k = 0; k < sizeof(left) / sizeof(left[0]); k++)
			leave |= is_header(en, left[k]);
		if (!leave)
			to[n++] = *en;
	}
	return n;
}

static int
publish(struct queue *q, const struct amqp_letter *letter, struct err *e)
{
	/* An idle connection may have been cut by whatever is in between. */
	for (int i = 0; i < 2; i++) {
		if (q->out.state == NULL && open_out(q, e) != 0)
			return -1;
		if (amqp_link_publish(&q->out, letter, e) == 0)
			return 0;
		amqp_link_close(&q->out);
		if (e->code != ERR_IO)
			return -1;
	}
	return -1;
}

/* A copy for QUEUE.later or the dead-letter exchange. */
static int
publish_copy(struct queue *q, const struct event_message *m,
    const struct event_outcome *outcome, struct err *e)
{
	const struct trigger_conf *t = q->c->trigger;
	const struct delivery *d = m->own;
	amqp_table_entry_t headers[HEADERS_MAX + 2];
	amqp_basic_properties_t props = d->envelope.message.properties;
	bool later = outcome->fate == EVENT_LATER;
	char delay[24];
	int n = copy_headers(&props, headers);

	headers[n++] = text_entry(HEADER_REASON, outcome->reason);
	headers[n].key = bytes_of(HEADER_TRIES);
	headers[n].value.kind = AMQP_FIELD_KIND_I32;
	headers[n++].value.value.i32 = (int32_t)(t->tries - m->tries_left + 1);
	props.headers = (amqp_table_t){n, headers};
	props.delivery_mode = PERSISTENT;
	snprintf(delay, sizeof(delay), "%lld", t->retry_delay);
	props.expiration = bytes_of(delay);
	/* A sender's user id is checked against who publishes; his expiration is over. */
	props._flags &= ~(
	    amqp_flags_t)(AMQP_BASIC_USER_ID_FLAG | AMQP_BASIC_EXPIRATION_FLAG);
	props._flags |= AMQP_BASIC_HEADERS_FLAG | AMQP_BASIC_DELIVERY_MODE_FLAG |
			(later ? AMQP_BASIC_EXPIRATION_FLAG : 0u);
	return publish(q,
	    &(struct amqp_letter){later ? "" : t->dead_letter,
		later ? q->later : t->queue, &props, d->envelope.message.body},
	    e);
}

static int
queue_settle(void *self, const struct event_message *m,
    const struct event_outcome *outcome, struct err *e)
{
	struct queue *q = self;
	const struct delivery *d = m->own;
	int r;

	if (outcome->fate != EVENT_DONE && publish_copy(q, m, outcome, e) != 0)
		return -1;
	r = q->lib.amqp_basic_ack(q->in.state, AMQP_CHANNEL, d->envelope.delivery_tag, 0);
	return r == AMQP_STATUS_OK ? 0 : amqp_link_status(&q->in, r, "acknowledging", e);
}

static void
queue_drop(void *self, struct event_message *m)
{
	struct queue *q = self;
	struct delivery *d = m->own;

	q->lib.amqp_destroy_envelope(&d->envelope);
	free(d);
	q->held--;
}

static void
queue_stop(void *self)
{
	((struct queue *)self)->stopped = true;
}

const struct events_ops events_amqp = {.open = queue_open,
    .close = queue_close,
    .next = queue_next,
    .fd = queue_fd,
    .settle = queue_settle,
    .drop = queue_drop,
    .stop = queue_stop};
