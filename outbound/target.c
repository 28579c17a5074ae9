#include "outbound/target.h"

#include <stdlib.h>
#include <string.h>

#include "base/curl_lib.h"
#include "outbound/http.h"
#include "outbound/target_ops.h"
#include "outbound/trust.h"

static const struct target_ops *const backends[] = {
    [TARGET_BATCH] = &target_batch_ops,
    [TARGET_RECORD] = &target_record_ops,
};

struct target {
	const struct target_ops *ops;
	struct http *http;
	const struct clock *clock;
	size_t sending;
	struct trust trust;
	struct refusal { /* the last one by a status alone */
		long status;
		char key[2 * DIGEST_SIZE + 1];
	} refusal;
	bool over; /* the delivery ended with `end` */
	struct err end;
	size_t n;
	struct flight flights[];
};

static int
on_request(void *arg, size_t slot, struct request *r, struct err *e)
{
	struct target *t = arg;
	struct flight *f = &t->flights[slot];

	if (t->ops->request(f, r, e) < 0)
		return -1;
	memcpy(f->key, r->key, sizeof(f->key));
	return 0;
}

/* Refused by the status alone: -1 if that is one too many. */
static int
doubt(struct target *t, struct flight *f, long status, struct err *e)
{
	t->refusal.status = status;
	memcpy(t->refusal.key, f->key, sizeof(t->refusal.key));
	f->last.alone->doubt = trust_doubt(&t->trust);
	if (f->last.alone->doubt != 0)
		return 0;
	f->last.alone->taken = TAKEN_BEHIND;
	return err_set(e, ERR_API,
	    "%s refused %u records in a row, the last with HTTP %ld (Idempotency-Key %s): "
	    "it does not understand us, and %llu of them were not marked; look at [target] "
	    "url and mode, and in the API's log for that key",
	    http_place(t->http), t->trust.row, status, f->key,
	    (unsigned long long)(t->trust.doubts - t->trust.believed));
}

static enum http_next
on_reply(void *arg, size_t slot, const struct reply *r, struct err *e)
{
	struct target *t = arg;
	struct flight *f = &t->flights[slot];
	enum http_next next;

	f->last = (struct finding){.alone = NULL};
	next = t->ops->reply(f, r, http_place(t->http), e);
	if (next == HTTP_AGAIN || next == HTTP_END)
		return next;
	if (f->last.took)
		trust_taken(&t->trust);
	if (f->last.alone != NULL && doubt(t, f, r->status, e) < 0)
		return HTTP_END;
	if (next == HTTP_DONE) {
		f->state = FLIGHT_READY;
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
	t->clock = env->clock;
	t->trust.judged = env->judged;
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
	f->later = false;
	if (http_start(t->http, slot, e) < 0)
		return -1;
	f->state = FLIGHT_SENDING;
	t->sending++;
	return 0;
}

static size_t
collect(struct target *t, struct batch_answer *out, size_t max)
{
	struct flight *f;
	size_t n = 0;

	for (f = t->flights; f < t->flights + t->n && n < max; f++) {
		if (f->state != FLIGHT_READY)
			continue;
		out[n++] = (struct batch_answer){
		    f->batch, f->last.whole ? NULL : f->results};
		f->state = FLIGHT_FREE;
	}
	return n;
}

int
target_wait(struct target *t, struct batch_answer *out, size_t max, int64_t patience,
    struct err *e)
{
	int64_t until = clock_mono(t->clock) + patience, left = patience;
	size_t n;

	while ((n = collect(t, out, max)) == 0) {
		if (t->over) {
			if (e != NULL)
				*e = t->end;
			return -1;
		}
		if (t->sending == 0 || left < 0)
			break;
		t->over = http_turn(t->http, left, &t->end) < 0;
		left = until - clock_mono(t->clock);
	}
	return (int)n;
}

/* What is wanted later counts as not answered until all is, so that the others keep their keys. */
static void
break_off(struct flight *f)
{
	size_t i;

	for (i = 0; i < f->batch->n; i++)
		if (i >= f->at || f->results[i].taken == TAKEN_LATER)
			f->results[i].taken = TAKEN_BEHIND;
	f->state = FLIGHT_READY;
}

size_t
target_rest(struct target *t, struct batch_answer *out, size_t max)
{
	struct flight *f;

	for (f = t->flights; t->over && f < t->flights + t->n; f++)
		if (f->state == FLIGHT_SENDING && f->at > 0)
			break_off(f);
	return collect(t, out, max);
}

uint64_t
target_believed(const struct target *t)
{
	return t->trust.believed;
}

void
target_vouch(struct target *t)
{
	t->trust.takes = true;
}

bool
target_takes(const struct target *t)
{
	return t->trust.takes;
}

int
target_settle(struct target *t, struct err *e)
{
	if (trust_settle(&t->trust))
		return 0;
	return err_set(e, ERR_API,
	    "%s took no record, and refused %u, the last with HTTP %ld (Idempotency-Key "
	    "%s): it may not understand us, so nothing was marked; look at [target] url and "
	    "mode, and in the API's log for that key; what it names in results is believed "
	    "at once",
	    http_place(t->http), t->trust.row, t->refusal.status, t->refusal.key);
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

void
target_versions(struct buf *out)
{
	struct curl_lib curl;
	struct err e;

	buf_add_str(out, curl_lib_load(&curl, &e) == 0 ? curl.curl_version() : e.msg);
}
