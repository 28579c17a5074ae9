#include "outbound/target_ops.h"

#include <stdio.h>
#include <string.h>

#include "outbound/answer.h"

static int
batch_request(const struct flight *f, struct request *r, struct err *e)
{
	const struct batch *b = f->batch;

	(void)e;
	r->method = "POST";
	r->body = b->body;
	memcpy(r->key, b->key, sizeof(r->key));
	(void)snprintf(r->what, sizeof(r->what), "batch %s", b->path);
	return 0;
}

/*
 * A 4xx that names no record. 400, 413 and 422 are about one of them, and nobody knows
 * which, unless it stood alone; 410 is about the url.
 */
static enum http_next
refused_whole(struct flight *f, const struct reply *r, const char *place, struct err *e)
{
	if (r->status == 410) {
		err_set(e, ERR_API,
		    "POST %s answered HTTP 410 to batch %s: this is our configuration, not "
		    "their data: look at [target] url and mode",
		    place, f->batch->path);
		return HTTP_END;
	}
	f->last.whole = f->batch->n > 1;
	if (!f->last.whole)
		answer_refusal(r->body, f->last.alone = &f->results[0]);
	return HTTP_DONE;
}

/* With a 4xx, whoever is not named was not taken either, or need not be. */
static void
rest_later(struct record_result *results, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (results[i].taken == TAKEN)
			results[i].taken = TAKEN_LATER;
}

static bool
took_any(const struct record_result *results, size_t n)
{
	size_t i;

	for (i = 0; i < n && results[i].taken != TAKEN; i++)
		;
	return i < n;
}

static enum http_next
batch_reply(struct flight *f, const struct reply *r, const char *place, struct err *e)
{
	const struct batch *b = f->batch;
	struct answer_scope scope = {b->records, b->n, f->results};
	int named = answer_read(r->body, r->json, &scope, e);
	struct err wrong;

	if (r->status >= 300) {
		if (named <= 0 || r->status == 410)
			return refused_whole(f, r, place, e);
		rest_later(f->results, b->n);
		return HTTP_DONE;
	}
	if (named >= 0) {
		f->last.took = took_any(f->results, b->n);
		return HTTP_DONE;
	}
	wrong = *e;
	err_set(e, ERR_API, "answered HTTP %ld %s", r->status, wrong.msg);
	return HTTP_AGAIN;
}

const struct target_ops target_batch_ops = {
    .name = "batch",
    .probe = "",
    .request = batch_request,
    .reply = batch_reply,
};
