/*
 * Many are sorted in two steps: counted by type and first byte of the key, and put where
 * their bucket begins; then each bucket alone, which the processor's caches hold, and whose
 * sort needs little memory of its own. A few have one bucket.
 */
#include "state/merge_order.h"

#include <stdlib.h>

#define BUCKET_SHIFT 48
#define BUCKETS      ((size_t)1 << (64 - BUCKET_SHIFT))
#define MANY         16384 /* entries: of fewer the buckets would take longer than the sort */

/* Visits each entry twice: to count, and to place. */
struct gather {
	struct ref *v; /* NULL: still counting */
	size_t *ends;  /* of each bucket: how many; then where its next entry goes */
	size_t buckets;
	struct err *e;
};

static int
count_entries(void *arg, struct span key, struct span value)
{
	struct reader r = {.in = value};
	size_t *n = arg;

	(void)key;
	*n += get_u32(&r);
	return 0;
}

static uint64_t
order_of(const struct record_key *k)
{
	uint64_t v = (uint64_t)k->type;

	for (unsigned i = 0; i < 7; i++)
		v = v << 8 | k->digest.b[i];
	return v;
}

static int
ref_compare(const void *a, const void *b)
{
	const struct ref *x = a, *y = b;

	if (x->order != y->order)
		return x->order < y->order ? -1 : 1;
	if (x->batch != y->batch)
		return x->batch < y->batch ? -1 : 1;
	return x->index < y->index ? -1 : x->index > y->index;
}

static int
gather_entries(void *arg, struct span key, struct span value)
{
	struct gather *g = arg;
	struct reader r = {.in = value};
	uint32_t n = get_u32(&r), batch = (uint32_t)key_number(key);
	struct stored s;

	if (r.bad)
		return ledger_damaged(g->e, TABLE_INTENTS);
	for (uint32_t i = 0; i < n; i++) {
		uint64_t order;
		size_t *end;

		if (intent_entry(value, i, &s) != 0)
			return ledger_damaged(g->e, TABLE_INTENTS);
		order = order_of(&s.key);
		end = &g->ends[g->buckets > 1 ? order >> BUCKET_SHIFT : 0];
		if (g->v != NULL)
			g->v[*end] = (struct ref){order, batch, i};
		++*end;
	}
	return 0;
}

/* Counts become places: each bucket begins where the one before it ends. */
static size_t
begin_buckets(const struct gather *g)
{
	size_t n = 0;

	for (size_t i = 0; i < g->buckets; i++) {
		size_t count = g->ends[i];

		g->ends[i] = n;
		n += count;
	}
	return n;
}

static void
sort_buckets(const struct gather *g)
{
	const size_t *end = g->ends;
	size_t begin = 0;

	for (; end < g->ends + g->buckets; begin = *end++)
		if (*end > begin + 1)
			qsort(g->v + begin, *end - begin, sizeof(*g->v), ref_compare);
}

static int
gather(struct refs *out, struct gather *g, struct ledger *l, struct span scope)
{
	const struct visitor v = {gather_entries, g};

	if (ledger_each(l, TABLE_INTENTS, scope, &v, g->e) != 0)
		return -1;
	out->n = begin_buckets(g);
	if ((out->v = g->v = calloc(out->n + 1, sizeof(*out->v))) == NULL)
		return err_nomem(g->e);
	if (ledger_each(l, TABLE_INTENTS, scope, &v, g->e) != 0)
		return -1;
	sort_buckets(g);
	return 0;
}

int
refs_collect(struct refs *out, struct ledger *l, const struct pass *p, struct err *e)
{
	struct gather g = {.e = e};
	struct key k;
	size_t n = 0;
	int rc;

	*out = (struct refs){.v = NULL};
	scope_key(&k, p->scope);
	if (ledger_each(l, TABLE_INTENTS, key_span(&k),
		&(struct visitor){count_entries, &n}, e) != 0)
		return -1;
	g.buckets = n < MANY ? 1 : BUCKETS;
	if ((g.ends = calloc(g.buckets, sizeof(*g.ends))) == NULL)
		return err_nomem(e);
	rc = gather(out, &g, l, key_span(&k));
	free(g.ends);
	return rc;
}

void
refs_release(struct refs *refs)
{
	free(refs->v);
}
