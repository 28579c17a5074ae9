/*
 * Many are sorted in two steps: where they stand, into buckets by type and first byte of
 * the key; and then each bucket alone, which the processor's caches hold, and whose sort
 * needs little memory of its own. Few are sorted at once.
 *
 * A pass's intents may be larger than memory: what they hold is read once.
 */
#include "state/merge_order.h"

#include <stdlib.h>
#include <string.h>

#define BUCKET_SHIFT 48
#define BUCKETS      ((size_t)1 << (64 - BUCKET_SHIFT))
#define MANY         16384 /* entries: of fewer the buckets would take longer than the sort */

struct gather {
	struct act act;
	struct refs *refs;
	size_t room; /* in refs->v */
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

/* Its check is made when its entries are read. */
static int
count_entries(void *arg, struct span key, struct span value)
{
	struct reader r = {.in = value};
	struct gather *g = arg;
	uint32_t n = get_u32(&r);

	(void)key;
	if (n > value.n)
		return ledger_damaged(g->act.e, TABLE_INTENTS);
	g->room += n;
	return 0;
}

static int
gather_entries(void *arg, struct span key, struct span value)
{
	struct reader r = {.in = value};
	struct gather *g = arg;
	uint32_t n = get_u32(&r), batch = (uint32_t)key_number(key);
	struct stored s;

	if (r.bad || n > g->room - g->refs->n)
		return ledger_damaged(g->act.e, TABLE_INTENTS);
	for (uint32_t i = 0; i < n; i++) {
		if (intent_entry(value, i, &s) != 0)
			return ledger_damaged(g->act.e, TABLE_INTENTS);
		g->refs->v[g->refs->n++] = (struct ref){order_of(&s.key), batch, i};
	}
	return 0;
}

static int
gather(struct gather *g, struct span scope)
{
	const struct visitor count = {count_entries, g}, take = {gather_entries, g};

	if (g->act.ledger->ops->each(
		g->act.txn, TABLE_INTENTS, scope, &count, g->act.e) != 0)
		return -1;
	if ((g->refs->v = calloc(g->room + 1, sizeof(*g->refs->v))) == NULL)
		return err_nomem(g->act.e);
	return act_each(&g->act, TABLE_INTENTS, scope, &take);
}

static size_t
bucket_of(const struct ref *ref)
{
	return ref->order >> BUCKET_SHIFT;
}

/* Where each bucket begins, and where the last one ends: BUCKETS + 1 places. */
static void
find_buckets(const struct refs *refs, size_t *begins)
{
	for (size_t i = 0; i < refs->n; i++)
		begins[bucket_of(&refs->v[i]) + 1]++;
	for (size_t b = 0; b < BUCKETS; b++)
		begins[b + 1] += begins[b];
}

/*
 * Who stands in another's bucket takes the next place in his own, from one who goes on in
 * the same way, until one belongs where the first stood. `next`: a copy of `begins`.
 */
static void
fill_buckets(const struct refs *refs, const size_t *begins, size_t *next)
{
	for (size_t b = 0; b < BUCKETS; b++)
		while (next[b] < begins[b + 1]) {
			struct ref one = refs->v[next[b]];
			size_t home;

			while ((home = bucket_of(&one)) != b) {
				struct ref *place = &refs->v[next[home]++];
				struct ref other = *place;

				*place = one;
				one = other;
			}
			refs->v[next[b]++] = one;
		}
}

static int
sort_by_buckets(const struct refs *refs, struct err *e)
{
	size_t *begins = calloc(2 * BUCKETS + 1, sizeof(*begins)), *next;

	if (begins == NULL)
		return err_nomem(e);
	next = begins + BUCKETS + 1;
	find_buckets(refs, begins);
	memcpy(next, begins, BUCKETS * sizeof(*next));
	fill_buckets(refs, begins, next);
	for (size_t b = 0; b < BUCKETS; b++)
		if (begins[b + 1] > begins[b] + 1)
			qsort(refs->v + begins[b], begins[b + 1] - begins[b],
			    sizeof(*refs->v), ref_compare);
	free(begins);
	return 0;
}

int
refs_collect(struct refs *out, struct ledger *l, const struct pass *p, struct err *e)
{
	struct gather g = {.refs = out};
	struct key k;
	int r;

	*out = (struct refs){.v = NULL};
	scope_key(&k, p->scope);
	if (act_begin(&g.act, l, false, e) != 0)
		return -1;
	r = gather(&g, key_span(&k));
	act_abort(&g.act);
	if (r != 0)
		return -1;
	if (out->n >= MANY)
		return sort_by_buckets(out, e);
	qsort(out->v, out->n, sizeof(*out->v), ref_compare);
	return 0;
}

void
refs_release(struct refs *refs)
{
	free(refs->v);
}
