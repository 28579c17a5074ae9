/*
 * Sorted in two steps: counted by type and first byte of the key, and put where their
 * bucket begins; then each bucket alone, which the processor's caches hold, and whose
 * sort needs little memory of its own.
 */
#include "state/merge_order.h"

#include <stdlib.h>

#define BUCKET_SHIFT 48
#define BUCKETS      ((size_t)1 << (64 - BUCKET_SHIFT))

/* Visits each entry twice: to count, and to place. */
struct gather {
	struct ref *v; /* NULL: still counting */
	size_t *ends;  /* of each bucket: how many; then where its next entry goes */
	struct err *e;
};

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
		end = &g->ends[order >> BUCKET_SHIFT];
		if (g->v != NULL)
			g->v[*end] = (struct ref){order, batch, i};
		++*end;
	}
	return 0;
}

/* Counts become places: each bucket begins where the one before it ends. */
static size_t
begin_buckets(size_t *ends)
{
	size_t n = 0;

	for (size_t i = 0; i < BUCKETS; i++) {
		size_t count = ends[i];

		ends[i] = n;
		n += count;
	}
	return n;
}

static void
sort_buckets(struct ref *v, const size_t *ends)
{
	size_t begin = 0;

	for (size_t i = 0; i < BUCKETS; begin = ends[i++])
		if (ends[i] > begin + 1)
			qsort(v + begin, ends[i] - begin, sizeof(*v), ref_compare);
}

static int
gather(struct refs *out, struct gather *g, struct ledger *l, struct span scope)
{
	const struct visitor v = {gather_entries, g};

	if (ledger_each(l, TABLE_INTENTS, scope, &v, g->e) != 0)
		return -1;
	out->n = begin_buckets(g->ends);
	if ((out->v = g->v = calloc(out->n + 1, sizeof(*out->v))) == NULL)
		return err_nomem(g->e);
	if (ledger_each(l, TABLE_INTENTS, scope, &v, g->e) != 0)
		return -1;
	sort_buckets(out->v, g->ends);
	return 0;
}

int
refs_collect(struct refs *out, struct ledger *l, const struct pass *p, struct err *e)
{
	struct gather g = {.ends = calloc(BUCKETS, sizeof(*g.ends)), .e = e};
	struct key k;
	int rc;

	*out = (struct refs){.v = NULL};
	if (g.ends == NULL)
		return err_nomem(e);
	scope_key(&k, p->scope);
	rc = gather(out, &g, l, key_span(&k));
	free(g.ends);
	return rc;
}

void
refs_release(struct refs *refs)
{
	free(refs->v);
}
