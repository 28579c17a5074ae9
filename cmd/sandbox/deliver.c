#include "cmd/sandbox/deliver.h"

#include <string.h>
#include <strings.h>

#include "base/crypto.h"
#include "cmd/sandbox/auth.h"
#include "cmd/sandbox/contract.h"
#include "cmd/sandbox/dump.h"
#include "cmd/sandbox/unpack.h"

#define SAID_SO   "the sandbox was told to"
#define TOO_LARGE "the body is over 16 MiB"

/* A request on its way through. */
struct passage {
	struct sandbox *sb;
	const struct query *q;
	struct span body; /* the query's, unpacked */
	struct buf unpacked;
	struct fault_plan plan;
	struct receipt receipt;
	struct delivery delivery;
	struct refusal refusal; /* code NULL: the body is good */
	struct reply *out;
};

void
reply_error(struct reply *out, unsigned status, const char *code, const char *message,
    const char *at)
{
	out->status = status;
	out->type = "application/json";
	buf_clear(&out->body);
	dump_json(&out->body, json_pack("{s:s, s:s, s:s*}", "code", code, "message",
				  message, "at", *at ? at : NULL));
}

void
reply_failure(struct reply *out, unsigned status, const struct err *e)
{
	reply_error(out, status, err_name(e->code), e->msg, "");
}

static bool
is_record(const struct query *q)
{
	return strncmp(q->path, RECORDS_PATH, strlen(RECORDS_PATH)) == 0;
}

/* False, with the reply made, if the request is none of the contract's. */
static bool
check_route(const struct query *q, struct reply *out)
{
	bool known;

	if (is_record(q)) {
		known = strcmp(q->method, "PUT") == 0 || strcmp(q->method, "DELETE") == 0;
		out->allow = "PUT, DELETE, OPTIONS";
	} else if (strcmp(q->path, BATCHES_PATH) == 0) {
		known = strcmp(q->method, "POST") == 0;
		out->allow = "POST, OPTIONS";
	} else {
		reply_error(out, 404, "not_found",
		    "deliveries go to " BATCHES_PATH " or " RECORDS_PATH "{type}/{id}",
		    "");
		return false;
	}
	if (strcmp(q->method, "OPTIONS") == 0)
		out->status = 204;
	else if (!known)
		reply_error(out, 405, "method", "see the Allow header", "");
	else
		out->allow = NULL;
	return !out->allow;
}

static bool
check_auth(const struct sandbox *sb, const struct query *q, struct reply *out)
{
	struct err e;
	int rc = auth_check(sb->options, q->authorization, &e);

	if (rc < 0)
		reply_failure(out, 500, &e);
	else if (rc == 0)
		reply_error(out, 401, "unauthorized",
		    "the credentials are missing or wrong", "Authorization");
	return rc == 1;
}

static bool
is_packed(const struct query *q)
{
	return q->content_encoding && strcasecmp(q->content_encoding, "gzip") == 0;
}

static bool
check_headers(const struct query *q, struct reply *out)
{
	static const char json[] = "application/json";

	if (q->too_large)
		reply_error(out, 413, "too_large", TOO_LARGE, "");
	else if (!q->content_type ||
		 strncasecmp(q->content_type, json, sizeof(json) - 1) != 0)
		reply_error(
		    out, 415, "media_type", "must be application/json", "Content-Type");
	else if (q->content_encoding && !is_packed(q) &&
		 strcasecmp(q->content_encoding, "identity") != 0)
		reply_error(out, 415, "encoding_unknown", "must be gzip or identity",
		    "Content-Encoding");
	else if (!q->key)
		reply_error(out, 400, "key_missing", "each delivery needs one",
		    "Idempotency-Key");
	else if (!contract_key(q->key))
		reply_error(out, 400, "key_malformed", "must be 32 lower-case hex digits",
		    "Idempotency-Key");
	else
		return true;
	return false;
}

static bool
open_body(struct passage *p)
{
	p->body = p->q->body;
	if (!is_packed(p->q))
		return true;
	if (unpack_gzip(p->body, &p->unpacked) == 0)
		p->body = buf_span(&p->unpacked);
	else if (p->unpacked.failed)
		reply_error(p->out, 413, "too_large", TOO_LARGE, "");
	else
		reply_error(p->out, 400, "malformed", "is no gzip, or cut", "");
	return p->out->status == 0;
}

static int
digest_body(struct span body, char out[2 * SHA256_SIZE + 1], struct err *e)
{
	unsigned char digest[SHA256_SIZE];
	struct sha256 *s = sha256_new(e);

	if (!s)
		return -1;
	sha256_add(s, body.p, body.n);
	sha256_end(s, digest);
	sha256_free(s);
	hex_encode(digest, sizeof(digest), out);
	return 0;
}

/* Does "/v1/records/TYPE/ID" name the record that the body holds? */
static bool
path_names(const char *path, const struct change *c)
{
	size_t n = strlen(c->type);

	path += strlen(RECORDS_PATH);
	return strncmp(path, c->type, n) == 0 && path[n] == '/' &&
	       strcmp(path + n + 1, c->id) == 0;
}

static void
read_body(struct passage *p)
{
	const struct query *q = p->q;
	const struct change *c;

	if (!is_record(q)) {
		contract_batch(p->body, &p->delivery, &p->refusal);
		return;
	}
	if (contract_record(p->body, &p->delivery, &p->refusal) < 0)
		return;
	c = p->delivery.changes;
	if (!path_names(q->path, c))
		p->refusal = (struct refusal){.code = "malformed",
		    .at = "id",
		    .message = "type and id must be those of the path"};
	else if (strcmp(q->method, "DELETE") == 0 && c->op != CHANGE_DELETE)
		p->refusal = (struct refusal){
		    .code = "malformed", .at = "op", .message = "must be delete"};
}

static json_t *
result_of(const struct change *c, bool later)
{
	return json_pack("{s:I, s:s, s:s, s:s}", "n", c->n, "status",
	    later ? "later" : "refused", "code",
	    later ? "sandbox_later" : "sandbox_refused", "message", SAID_SO);
}

static bool
refuses_batch(struct passage *p)
{
	for (size_t i = 0; p->plan.refuse_batch && i < p->delivery.n; i++)
		if (fault_record(p->sb->fault, p->delivery.changes[i].id) == FAULT_REFUSE)
			return true;
	return false;
}

/* Applies what is not refused, and writes the answer that says what is. */
static int
apply(struct passage *p, struct err *e)
{
	json_t *results = json_pack("[]");

	for (size_t i = 0; i < p->delivery.n; i++) {
		const struct change *c = &p->delivery.changes[i];
		enum fault_fate fate = fault_record(p->sb->fault, c->id);
		if (fate != FAULT_NONE) {
			json_array_append_new(results, result_of(c, fate == FAULT_LATER));
		} else if (store_apply(p->sb->store, c, e) < 0) {
			json_decref(results);
			return -1;
		}
	}
	dump_json(&p->out->body, json_pack("{s:o}", "results", results));
	p->out->status = 200;
	return buf_check(&p->out->body, "the answer", e);
}

static int
decide(struct passage *p, bool *final, struct err *e)
{
	if (p->plan.status == 429) {
		p->out->retry_after = p->plan.retry_after;
		reply_error(p->out, 429, "slow_down", SAID_SO, "");
	} else if (p->plan.status) {
		reply_error(p->out, p->plan.status, "broken", SAID_SO, "");
	} else if (p->refusal.code) {
		reply_error(
		    p->out, 400, p->refusal.code, p->refusal.message, p->refusal.at);
	} else if (refuses_batch(p)) {
		reply_error(p->out, 400, "batch_refused", SAID_SO, "");
	} else {
		*final = true;
		return apply(p, e);
	}
	return 0;
}

/* One transaction: what the key is known for, the changes, and the answer. */
static int
transact(struct passage *p, struct err *e)
{
	struct store *store = p->sb->store;
	struct verdict v = {.dropped = p->plan.drop};
	struct prior prior = {.answer = &p->out->body};

	if (store_receive(store, &p->receipt, &prior, e) < 0)
		return -1;
	if (prior.kind == PRIOR_OTHER) {
		reply_error(p->out, 422, "key_reused",
		    "this key came with another request", "Idempotency-Key");
		return 0;
	}
	p->out->status = prior.status;
	if ((prior.kind == PRIOR_NONE || p->plan.status) && decide(p, &v.final, e) < 0)
		return -1;
	v.status = p->out->status;
	v.body = buf_span(&p->out->body);
	return store_answer(store, p->receipt.key, &v, e);
}

static void
commit(struct passage *p)
{
	struct err e;
	int rc;

	if (store_begin(p->sb->store, &e) < 0) {
		reply_failure(p->out, 500, &e);
		return;
	}
	rc = transact(p, &e);
	if (rc < 0)
		store_end(p->sb->store, false, NULL);
	else
		rc = store_end(p->sb->store, true, &e);
	if (rc < 0) {
		reply_failure(p->out, 500, &e);
		return;
	}
	p->out->drop = p->plan.drop;
	p->out->cut = p->plan.cut;
}

static void
pass(struct passage *p)
{
	struct err e;

	if (digest_body(p->body, p->receipt.sha256, &e) < 0) {
		reply_failure(p->out, 500, &e);
		return;
	}
	fault_draw(p->sb->fault, &p->plan);
	if (!p->plan.status)
		read_body(p);
	commit(p);
	delivery_release(&p->delivery);
}

void
deliver(struct sandbox *sb, const struct query *q, struct reply *out)
{
	struct passage p = {.sb = sb,
	    .q = q,
	    .out = out,
	    .receipt = {.key = q->key, .method = q->method, .path = q->path}};

	out->type = "application/json";
	buf_init(&p.unpacked, CONTRACT_BODY_MAX);
	if (check_auth(sb, q, out) && check_route(q, out) && check_headers(q, out) &&
	    open_body(&p))
		pass(&p);
	buf_release(&p.unpacked);
}
