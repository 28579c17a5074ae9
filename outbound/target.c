#include "outbound/target.h"

#include <stdlib.h>
#include <string.h>

#include "outbound/http.h"
#include "outbound/target_ops.h"

/*
 * So many records in a row refused by status alone are no accident of the data:
 * the API does not understand us.
 */
#define REFUSED_ROW_MAX 20

static const struct target_ops *const backends[] = {
    [TARGET_BATCH] = &target_batch_ops,
    [TARGET_RECORD] = &target_record_ops,
};

struct target {
	const struct target_ops *ops;
	struct http *http;
	size_t in_flight; /* requests at a time */
	size_t sending;
	unsigned refused_row;
	bool over; /* the delivery ended with `end` */
	struct err end;
	size_t n; /* flights: in_flight and those that are held */
	struct flight flights[];
};

static int
on_request(void *arg, size_t slot, struct request *r, struct err *e)
{
	struct target *t = arg;

	return t->ops->request(&t->flights[slot], r, e);
}

/* Refusals so far stand, and the answers that have them may go out. */
static void
settle_refusals(struct target *t)
{
	size_t i;

	for (i = 0; i < t->n; i++) {
		t->flights[i].unsure = false;
		if (t->flights[i].state == FLIGHT_HELD)
			t->flights[i].state = FLIGHT_READY;
	}
}

static enum http_next
on_reply(void *arg, size_t slot, const struct reply *r, struct err *e)
{
	struct target *t = arg;
	struct flight *f = &t->flights[slot];
	enum http_next next = t->ops->reply(f, r, http_place(t->http), e);

	if (next == HTTP_AGAIN || next == HTTP_END)
		return next;
	if (!f->alone) {
		/* The API does take records: those refused are to blame themselves. */
		t->refused_row = 0;
		settle_refusals(t);
	} else if (++t->refused_row >= REFUSED_ROW_MAX) {
		err_set(e, ERR_API,
		    "%s refused %u records in a row, the last with HTTP %ld: it does not "
		    "understand us; nothing of them was marked; look at [target] url and mode",
		    http_place(t->http), t->refused_row, r->status);
		return HTTP_END;
	} else {
		f->unsure = true;
	}
	if (next == HTTP_DONE) {
		f->state = f->unsure ? FLIGHT_HELD : FLIGHT_READY;
		t->sending--;
	}
	return next;
}

struct target *
target_open(const struct target_conf *tc, const struct target_env *env, struct err *e)
{
	size_t n = (size_t)tc->in_flight;
	struct target *t = calloc(1, sizeof(*t) + n * sizeof(t->flights[0]));
	struct http_user user = {.request = on_request, .reply = on_reply, .arg = t};

	if (t == NULL) {
		err_nomem(e);
		return NULL;
	}
	t->ops = backends[tc->mode];
	t->n = n;
	t->http = http_open(tc, env, n, &user, e);
	if (t->http == NULL) {
		free(t);
		return NULL;
	}
	return t;
}

void
target_close(struct target *t)
{
	size_t i;

	if (t == NULL)
		return;
	http_close(t->http);
	for (i = 0; i < t->n; i++)
		free(t->flights[i].results);
	free(t);
}

/* The index of a flight that is free, or t->n. */
static size_t
free_flight(const struct target *t)
{
	size_t i;

	for (i = 0; i < t->n && t->flights[i].state != FLIGHT_FREE; i++)
		;
	return i;
}

bool
target_has_room(const struct target *t)
{
	return free_flight(t) < t->n;
}

static int
fit_results(struct flight *f, size_t n, struct err *e)
{
	struct record_result *grown;

	if (n > f->cap) {
		grown = reallocarray(f->results, n, sizeof(*grown));
		if (grown == NULL)
			return err_nomem(e);
		f->results = grown;
		f->cap = n;
	}
	return 0;
}

int
target_submit(struct target *t, const struct batch *b, struct err *e)
{
	size_t slot = free_flight(t);
	struct flight *f = &t->flights[slot];

	if (slot == t->n || b->n == 0)
		return err_set(e, ERR_INTERNAL, "batch %s: %s", b->path,
		    slot == t->n ? "there is no room for it" : "it has no records");
	if (fit_results(f, b->n, e) < 0)
		return -1;
	f->batch = b;
	f->at = 0;
	f->alone = f->unsure = false;
	if (http_start(t->http, slot, e) < 0)
		return -1;
	f->state = FLIGHT_SENDING;
	t->sending++;
	return 0;
}

static size_t
collect(struct target *t, struct answer *out, size_t max)
{
	struct flight *f;
	size_t n = 0;

	for (f = t->flights; f < t->flights + t->n && n < max; f++) {
		if (f->state != FLIGHT_READY)
			continue;
		out[n++] = (struct answer){.batch = f->batch, .results = f->results};
		f->state = FLIGHT_FREE;
	}
	return n;
}

int
target_wait(struct target *t, struct answer *out, size_t max, struct err *e)
{
	size_t n;

	while ((n = collect(t, out, max)) == 0) {
		if (t->over) {
			if (e != NULL)
				*e = t->end;
			return -1;
		}
		if (t->sending > 0) {
			t->over = http_turn(t->http, &t->end) < 0;
			continue;
		}
		/* Too few refusals for a verdict on the API: they stand. */
		settle_refusals(t);
		n = collect(t, out, max);
		break;
	}
	return (int)n;
}

void
target_stats(const struct target *t, struct target_stats *out)
{
	http_stats(t->http, out);
}

int
target_probe(struct target *t, struct err *e)
{
	return http_probe(t->http, t->ops->probe, e);
}

const char *
target_versions(void)
{
	return curl_version();
}
