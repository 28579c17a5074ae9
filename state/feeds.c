#include <string.h>

#include "state/ledger_impl.h"

static int
scope_number(void *arg, struct span key, struct span value)
{
	struct reader r = {.in = value};
	uint32_t *highest = arg, n = get_u32(&r);

	(void)key;
	if (n > *highest)
		*highest = n;
	return r.bad ? -1 : 0;
}

static int
scope_decode(void *out, struct span value)
{
	struct reader r = {.in = value};

	*(uint32_t *)out = get_u32(&r);
	return r.bad ? -1 : 0;
}

static int
scope_make(struct ledger *l, const char *name, uint32_t *scope, struct err *e)
{
	uint32_t highest = 0;
	struct buf value;
	int r;

	if (ledger_each(
		l, TABLE_SCOPES, (struct span){NULL, 0}, scope_number, &highest, e) != 0)
		return -1;
	*scope = highest + 1;
	buf_init(&value, VALUE_MAX);
	put_u32(&value, *scope);
	r = ledger_write_one(l, TABLE_SCOPES, span_of(name), &value, e);
	buf_release(&value);
	return r;
}

int
ledger_scope_get(
    struct ledger *l, const char *name, bool make, uint32_t *scope, struct err *e)
{
	int r;

	*scope = 0;
	r = ledger_read_one(l, TABLE_SCOPES, span_of(name), scope_decode, scope, e);
	if (r == 0 && make)
		return scope_make(l, name, scope, e);
	return r < 0 ? -1 : 0;
}

static int
feed_decode(void *out, struct span value)
{
	struct feed_state *f = out;
	struct reader r = {.in = value};

	f->scope = get_u32(&r);
	f->next_pass = get_u64(&r);
	f->last_look = get_i64(&r);
	f->last_delivery = get_i64(&r);
	f->last_error = get_i64(&r);
	f->last_exit = get_u32(&r);
	get_bytes(&r, f->last_content.b, DIGEST_SIZE);
	f->last_fingerprint = get_u64(&r);
	f->files = get_u64(&r);
	f->delivered = get_u64(&r);
	f->rejected = get_u64(&r);
	f->refused = get_u64(&r);
	return r.bad ? -1 : 0;
}

static void
feed_encode(struct buf *b, const struct feed_state *f)
{
	put_u32(b, f->scope);
	put_u64(b, f->next_pass);
	put_i64(b, f->last_look);
	put_i64(b, f->last_delivery);
	put_i64(b, f->last_error);
	put_u32(b, f->last_exit);
	buf_add(b, f->last_content.b, DIGEST_SIZE);
	put_u64(b, f->last_fingerprint);
	put_u64(b, f->files);
	put_u64(b, f->delivered);
	put_u64(b, f->rejected);
	put_u64(b, f->refused);
}

int
ledger_feed_get(struct ledger *l, const char *name, struct feed_state *out, struct err *e)
{
	int r;

	memset(out, 0, sizeof(*out));
	r = ledger_read_one(l, TABLE_FEEDS, span_of(name), feed_decode, out, e);
	memcpy(out->name, name, strlen(name) + 1);
	if (r == 0)
		out->next_pass = 1;
	return r < 0 ? -1 : 0;
}

int
feed_take_pass(struct ledger *l, struct txn *t, const char *name, uint32_t scope,
    uint64_t *number, struct err *e)
{
	struct feed_state f = {.scope = scope, .next_pass = 1};
	struct span value;
	struct buf b;
	int r = ledger_read(l, t, TABLE_FEEDS, span_of(name), &value, e);

	if (r < 0)
		return -1;
	if (r == 1 && feed_decode(&f, value) != 0)
		return ledger_damaged(e, TABLE_FEEDS);
	*number = f.next_pass++;
	buf_init(&b, VALUE_MAX);
	feed_encode(&b, &f);
	r = ledger_write(l, t, TABLE_FEEDS, span_of(name), &b, e);
	buf_release(&b);
	return r;
}

int
ledger_feed_put(struct ledger *l, const struct feed_state *f, struct err *e)
{
	struct buf value;
	int r;

	buf_init(&value, VALUE_MAX);
	feed_encode(&value, f);
	r = ledger_write_one(l, TABLE_FEEDS, span_of(f->name), &value, e);
	buf_release(&value);
	return r;
}

struct feed_walk {
	int (*fn)(void *arg, const struct feed_state *f);
	void *arg;
};

static int
feed_visit(void *arg, struct span key, struct span value)
{
	struct feed_walk *w = arg;
	struct feed_state f = {.scope = 0};

	if (key.n > LEDGER_NAME_MAX || feed_decode(&f, value) != 0)
		return -1;
	memcpy(f.name, key.p, key.n);
	return w->fn(w->arg, &f);
}

int
ledger_feed_each(struct ledger *l, int (*fn)(void *arg, const struct feed_state *f),
    void *arg, struct err *e)
{
	struct feed_walk w = {fn, arg};

	return ledger_each(l, TABLE_FEEDS, (struct span){NULL, 0}, feed_visit, &w, e);
}
