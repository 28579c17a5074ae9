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

/* A 4xx about the whole batch that names no record: nobody knows which one it is. */
static enum http_next
refused_whole(const struct batch *b, long status, const char *place, struct err *e)
{
	const char *look = "look at [target] url, and in the API's log for that key";

	if (status == 413)
		look = "make batch_bytes or batch_records in [target] smaller";
	err_set(e, ERR_API,
	    "POST %s refused batch %s as a whole with HTTP %ld (Idempotency-Key %s) and names "
	    "no record: nothing was marked; %s",
	    place, b->path, status, b->key, look);
	return HTTP_END;
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

static enum http_next
batch_reply(struct flight *f, const struct reply *r, const char *place, struct err *e)
{
	const struct batch *b = f->batch;
	struct answer_scope scope = {b->records, b->n, f->results};
	int named = answer_read(r->body, r->json, &scope, e);
	struct err wrong;

	if (r->status >= 300) {
		if (named <= 0 || r->status == 410)
			return refused_whole(b, r->status, place, e);
		rest_later(f->results, b->n);
		return HTTP_DONE;
	}
	if (named >= 0)
		return HTTP_DONE;
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
