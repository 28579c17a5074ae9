#include <stdio.h>
#include <string.h>

#include "state/files_impl.h"

/* The counter of scopes stands in `meta`. */
static int
scope_number(const struct act *a, uint32_t *number)
{
	const struct span key = SPAN_LIT("scopes");
	struct buf b;
	int rc;

	*number = 0;
	if (act_read(a, TABLE_META, key, &(struct visitor){number_decode, number}) < 0)
		return -1;
	++*number;
	buf_init(&b, VALUE_MAX);
	put_u32(&b, *number);
	rc = ledger_write(a, TABLE_META, key, &b);
	buf_release(&b);
	return rc;
}

/* Another process may have made it since we looked: all in one transaction. */
static int
scope_make(const struct act *a, const char *name, uint32_t *scope)
{
	struct span key = span_of(name);
	struct buf b;
	int r = act_read(a, TABLE_SCOPES, key, &(struct visitor){number_decode, scope});

	if (r != 0)
		return r < 0 ? -1 : 0;
	if (scope_number(a, scope) != 0)
		return -1;
	buf_init(&b, VALUE_MAX);
	put_u32(&b, *scope);
	r = ledger_write(a, TABLE_SCOPES, key, &b);
	buf_release(&b);
	return r;
}

int
ledger_scope_get(
    struct ledger *l, const char *name, bool make, uint32_t *scope, struct err *e)
{
	struct act a;
	int r;

	*scope = 0;
	r = ledger_read_one(
	    l, TABLE_SCOPES, span_of(name), &(struct visitor){number_decode, scope}, e);
	if (r != 0 || !make)
		return r < 0 ? -1 : 0;
	/* A run that was killed may have made the ledger, and not have come to its syncs. */
	if (ledger_sync_place(l, e) != 0)
		return -1;
	if (act_begin(&a, l, true, e) != 0)
		return -1;
	return act_end(&a, scope_make(&a, name, scope));
}

struct scope_search {
	uint32_t scope;
	char *name;
	struct err *e;
	bool found;
};

static int
scope_compare(void *arg, struct span key, struct span value)
{
	struct scope_search *s = arg;
	uint32_t scope;

	if (key.n > LEDGER_NAME_MAX || number_decode(&scope, key, value) != 0)
		return ledger_damaged(s->e, TABLE_SCOPES);
	if (scope != s->scope)
		return 0;
	memcpy(s->name, key.p, key.n);
	s->name[key.n] = '\0';
	s->found = true;
	return 1;
}

int
scope_name(struct ledger *l, uint32_t scope, char out[LEDGER_NAME_MAX + 1], struct err *e)
{
	struct scope_search s = {.scope = scope, .name = out, .e = e};

	if (ledger_each(l, TABLE_SCOPES, (struct span){NULL, 0},
		&(struct visitor){scope_compare, &s}, e) != 0)
		return -1;
	return s.found;
}

/* Those with older markers were once the only ones that were kept. */
static void
finds_decode(struct reader *r, struct look_finds *f)
{
	if (r->in.n == 0) {
		f->waiting = f->old_markers;
		f->since = f->old_since;
		f->what = f->waiting > 0 ? WAITS_OLD_MARKER : WAITS_TIME;
		return;
	}
	f->waiting = get_u64(r);
	f->since = get_i64(r);
	f->what = (enum waits_for)get_u8(r);
	r->bad |= f->what > WAITS_OLD_MARKER;
}

static int
feed_decode(void *out, struct span key, struct span value)
{
	struct feed_state *f = out;
	struct reader r = {.in = value};

	(void)key;
	f->scope = get_u32(&r);
	f->next_pass = get_u64(&r);
	f->last_look = get_i64(&r);
	f->last_delivery = get_i64(&r);
	f->last_error = get_i64(&r);
	f->last_exit = get_u32(&r);
	get_bytes(&r, f->last_content.b, DIGEST_SIZE);
	f->files = get_u64(&r);
	f->delivered = get_u64(&r);
	f->rejected = get_u64(&r);
	f->refused = get_u64(&r);
	if (r.in.n > 0) { /* not there in a value of format 1 or 2 */
		f->failing = get_i64(&r);
		get_string(&r, f->last_words, sizeof(f->last_words));
		f->newest = get_i64(&r);
	}
	if (r.in.n > 0) { /* nor this in one of the first programs of format 3 */
		f->finds.old_markers = get_u64(&r);
		f->finds.old_since = get_i64(&r);
		f->finds.bad_names = get_u64(&r);
		finds_decode(&r, &f->finds);
	}
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
	put_u64(b, f->files);
	put_u64(b, f->delivered);
	put_u64(b, f->rejected);
	put_u64(b, f->refused);
	put_i64(b, f->failing);
	put_text(b, span_of(f->last_words));
	put_i64(b, f->newest);
	put_u64(b, f->finds.old_markers);
	put_i64(b, f->finds.old_since);
	put_u64(b, f->finds.bad_names);
	put_u64(b, f->finds.waiting);
	put_i64(b, f->finds.since);
	put_u8(b, f->finds.what);
}

int
feed_read(const struct act *a, const char *name, struct feed_state *out)
{
	struct span key = span_of(name);

	*out = (struct feed_state){.next_pass = 1};
	memcpy(out->name, name, key.n + 1);
	return act_read(a, TABLE_FEEDS, key, &(struct visitor){feed_decode, out});
}

int
ledger_feed_get(struct ledger *l, const char *name, struct feed_state *out, struct err *e)
{
	struct act a;
	int r;

	if (act_begin(&a, l, false, e) != 0)
		return -1;
	r = feed_read(&a, name, out);
	act_abort(&a);
	looks_apply(&l->looks, out);
	return r < 0 ? -1 : 0;
}

int
feed_write(const struct act *a, const struct feed_state *f)
{
	struct buf b;
	int r;

	buf_init(&b, VALUE_MAX);
	feed_encode(&b, f);
	r = ledger_write(a, TABLE_FEEDS, span_of(f->name), &b);
	buf_release(&b);
	return r;
}

int
feed_take_pass(const struct act *a, const char *name, uint32_t scope, uint64_t *number)
{
	struct feed_state f;
	int r = feed_read(a, name, &f);

	if (r < 0)
		return -1;
	if (r == 0)
		f.scope = scope;
	*number = f.next_pass++;
	return feed_write(a, &f);
}

/* Those of ledger_feed_end are not a file's to move on. */
int
feed_conclude(const struct act *a, const struct feed_state *moved)
{
	struct feed_state now, f = *moved;

	if (feed_read(a, moved->name, &now) < 0)
		return -1;
	f.last_error = now.last_error;
	f.last_exit = now.last_exit;
	f.failing = now.failing;
	memcpy(f.last_words, now.last_words, sizeof(f.last_words));
	return feed_write(a, &f);
}

static void
take_end(struct feed_state *f, const struct feed_end *end)
{
	if (f->scope == 0)
		f->scope = end->scope;
	if (!end->bad)
		f->failing = 0;
	else if (f->last_error == 0 || (int)f->last_exit != end->exit)
		f->failing = end->at;
	f->last_error = end->bad ? end->at : 0;
	f->last_exit = (uint32_t)end->exit;
	snprintf(f->last_words, sizeof(f->last_words), "%s", end->words);
}

int
ledger_feed_end(
    struct ledger *l, const char *feed, const struct feed_end *end, struct err *e)
{
	struct feed_state f;
	struct act a;

	if (act_begin(&a, l, true, e) != 0)
		return -1;
	if (feed_read(&a, feed, &f) < 0)
		return act_end(&a, -1);
	take_end(&f, end);
	return act_end(&a, feed_write(&a, &f));
}

struct feed_walk {
	int (*fn)(void *arg, const struct feed_state *f);
	void *arg;
	struct err *e;
};

static int
feed_visit(void *arg, struct span key, struct span value)
{
	struct feed_walk *w = arg;
	struct feed_state f = {.scope = 0};

	if (key.n > LEDGER_NAME_MAX || feed_decode(&f, key, value) != 0)
		return ledger_damaged(w->e, TABLE_FEEDS);
	memcpy(f.name, key.p, key.n);
	return w->fn(w->arg, &f);
}

int
ledger_feed_each(struct ledger *l, int (*fn)(void *arg, const struct feed_state *f),
    void *arg, struct err *e)
{
	struct feed_walk w = {fn, arg, e};

	return ledger_each(
	    l, TABLE_FEEDS, (struct span){NULL, 0}, &(struct visitor){feed_visit, &w}, e);
}
