#include "outbound/target_ops.h"

#include <stdio.h>
#include <string.h>

#include "outbound/answer.h"

/* RFC 3986 2.3 unreserved characters as they are, all else as %XX. */
static void
add_segment(struct buf *url, struct span s)
{
	static const char unreserved[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	    "0123456789-_~.";
	/* The segments "." and ".." would climb, encoded or not, on many servers. */
	bool dots = span_eq(s, SPAN_LIT(".")) || span_eq(s, SPAN_LIT(".."));
	size_t i;

	for (i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (c != '\0' && strchr(unreserved, c) != NULL && !dots)
			buf_add_char(url, c);
		else
			buf_addf(url, "%%%02X", (unsigned)(unsigned char)c);
	}
}

/* The first half of SHA-256 over "KEY:N". */
static int
record_key(
    const struct batch *b, uint64_t n, char out[2 * DIGEST_SIZE + 1], struct err *e)
{
	struct sha256 *sha = sha256_new(e);
	unsigned char digest[SHA256_SIZE];
	char text[sizeof(b->key) + 24];

	if (sha == NULL)
		return -1;
	(void)snprintf(text, sizeof(text), "%s:%llu", b->key, (unsigned long long)n);
	sha256_add(sha, text, strlen(text));
	sha256_end(sha, digest);
	sha256_free(sha);
	hex_encode(digest, DIGEST_SIZE, out);
	return 0;
}

static int
record_request(const struct flight *f, struct request *r, struct err *e)
{
	const struct batch *b = f->batch;
	const struct batch_record *rec = &b->records[f->at];

	r->method = rec->remove ? "DELETE" : "PUT";
	r->body = rec->json;
	(void)snprintf(r->what, sizeof(r->what), "batch %s, record %llu", b->path,
	    (unsigned long long)rec->n);
	if (r->url.n > 0 && r->url.p[r->url.n - 1] != '/')
		buf_add_char(&r->url, '/');
	buf_add_str(&r->url, rec->type);
	buf_add_char(&r->url, '/');
	add_segment(&r->url, rec->id);
	return record_key(b, rec->n, r->key, e);
}

/*
 * P6: once a record is wanted later, none goes out any more that refers to one before it in
 * the batch: to that, perhaps, or to one that waits for it.
 */
static enum http_next
next_record(struct flight *f)
{
	const struct batch *b = f->batch;
	enum taken taken = f->results[f->at].taken;

	f->last.took = taken == TAKEN;
	f->later |= taken == TAKEN_LATER;
	for (f->at++; f->later && f->at < b->n && b->records[f->at].refers; f->at++)
		f->results[f->at] = (struct record_result){.taken = TAKEN_BEHIND};
	return f->at < b->n ? HTTP_NEXT : HTTP_DONE;
}

static enum http_next
record_reply(struct flight *f, const struct reply *r, const char *place, struct err *e)
{
	const struct batch_record *rec = &f->batch->records[f->at];
	struct record_result *result = &f->results[f->at];
	struct answer_scope scope = {rec, 1, result};
	struct err wrong;

	(void)place;
	/* What is gone already is removed. */
	if (r->status == 410 && rec->remove) {
		*result = (struct record_result){.taken = TAKEN};
		return next_record(f);
	}
	if (r->status >= 300) {
		answer_refusal(r->body, f->last.alone = result);
		return next_record(f);
	}
	if (answer_read(r->body, r->json, &scope, e) >= 0)
		return next_record(f);
	wrong = *e;
	err_set(e, ERR_API, "answered HTTP %ld %s", r->status, wrong.msg);
	return HTTP_AGAIN;
}

const struct target_ops target_record_ops = {
    .name = "record",
    .probe = "/patient/probe",
    .request = record_request,
    .reply = record_reply,
};
