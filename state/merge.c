/*
 * Closing a pass: the intents of its batches are merged into `records` by what the
 * API answered. In key order, since LMDB dirties almost every page of a large tree
 * otherwise; in several commits, since one would hold every dirty page in memory.
 * Nobody compares with `records` while a pass is open, so what is half merged is
 * never seen.
 */
#include <stdlib.h>
#include <string.h>

#include "state/pass_impl.h"

#define MERGE_CHUNK 50000 /* records a commit: some 10 MB of dirty pages */

/* Where one entry stands: 16 bytes each, all of a pass are sorted in memory. */
struct ref {
	uint64_t order; /* type and the key's first 7 bytes: the order of `records` */
	uint32_t batch;
	uint32_t index; /* in the intent */
};

struct refs {
	struct ref *v;
	size_t n;
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
count_entries(void *arg, struct span key, struct span value)
{
	struct reader r = {.in = value};

	(void)key;
	*(size_t *)arg += get_u32(&r);
	return r.bad ? -1 : 0;
}

/* Keys are scope (4) and batch (8), big-endian; a pass has fewer than 2^32 batches. */
static uint32_t
batch_number(struct span key)
{
	uint32_t batch = 0;

	for (size_t i = 8; i < key.n; i++)
		batch = batch << 8 | (unsigned char)key.p[i];
	return batch;
}

static int
collect_entries(void *arg, struct span key, struct span value)
{
	struct refs *refs = arg;
	struct reader r = {.in = value};
	uint32_t n = get_u32(&r), batch = batch_number(key);
	struct stored s;

	for (uint32_t i = 0; i < n; i++) {
		if (intent_entry(value, i, &s) != 0)
			return -1;
		refs->v[refs->n++] = (struct ref){order_of(&s.key), batch, i};
	}
	return 0;
}

static int
collect(struct ledger *l, const struct pass *p, struct refs *out, struct err *e)
{
	struct key k;
	size_t n = 0;

	*out = (struct refs){.n = 0};
	scope_key(&k, p->scope);
	if (ledger_each(l, TABLE_INTENTS, key_span(&k), count_entries, &n, e) != 0)
		return -1;
	if ((out->v = calloc(n + 1, sizeof(*out->v))) == NULL)
		return err_nomem(e);
	if (ledger_each(l, TABLE_INTENTS, key_span(&k), collect_entries, out, e) != 0)
		return -1;
	qsort(out->v, out->n, sizeof(*out->v), ref_compare);
	return 0;
}

/* A batch's intent and acknowledgement, as the transaction has them. */
struct answered {
	struct span intent, outcomes;
};

struct merge {
	struct ledger *l;
	struct txn *t;
	const struct pass *p;
	struct answered *batches; /* by number; one a batch of the pass */
	uint32_t next_ordinal;
	struct buf value;
	struct err *e;
};

/* Their checks were made when the refs were collected and the outcomes tallied. */
static int
load_intent(void *arg, struct span key, struct span value)
{
	struct merge *m = arg;
	uint32_t batch = batch_number(key);

	if (batch > m->p->batches)
		return -1;
	m->batches[batch] = (struct answered){.intent = value};
	return 0;
}

static int
load_ack(void *arg, struct span key, struct span value)
{
	struct merge *m = arg;
	struct reader r = {.in = value};
	uint32_t batch = batch_number(key);

	get_u16(&r);
	get_u32(&r);
	if (r.bad || batch > m->p->batches)
		return -1;
	m->batches[batch].outcomes = r.in;
	return 0;
}

static int
load_batches(struct merge *m)
{
	struct key k;

	scope_key(&k, m->p->scope);
	if (m->l->ops->each(m->t, TABLE_INTENTS, key_span(&k), load_intent, m, m->e) !=
		0 ||
	    m->l->ops->each(m->t, TABLE_ACKS, key_span(&k), load_ack, m, m->e) != 0)
		return ledger_damaged(m->e, TABLE_INTENTS);
	return 0;
}

static enum outcome
outcome_of(const struct merge *m, const struct ref *ref)
{
	struct span outcomes = m->batches[ref->batch].outcomes;

	return ref->index < outcomes.n ? (enum outcome)outcomes.p[ref->index]
				       : OUTCOME_NONE;
}

/* What the record is, once the API has answered so. */
static void
apply(struct known *now, const struct stored *s, enum outcome outcome)
{
	switch (outcome) {
	case OUTCOME_TAKEN:
		now->flags = s->removed ? KNOWN_TOMBSTONE : 0;
		now->content = s->known.content;
		now->at = s->known.at;
		now->window = s->known.window;
		break;
	case OUTCOME_REFUSED:
		now->flags = (now->flags & ~(unsigned)KNOWN_DOUBT) | KNOWN_REFUSED;
		now->refused = s->known.content;
		break;
	case OUTCOME_LATER:
	case OUTCOME_NONE:
		now->flags |= KNOWN_DOUBT;
		break;
	}
}

static int
record_write(
    struct merge *m, const struct key *k, const struct known *now, struct span sealed)
{
	struct buf *b = &m->value;

	buf_clear(b);
	put_u8(b, now->flags);
	put_u32(b, now->ordinal);
	put_i64(b, now->at);
	put_i64(b, now->window);
	buf_add(b, now->content.b, DIGEST_SIZE);
	if (now->flags & KNOWN_REFUSED)
		buf_add(b, now->refused.b, DIGEST_SIZE);
	put_text(b, sealed);
	return ledger_write(m->l, m->t, TABLE_RECORDS, key_span(k), b, m->e);
}

static int
merge_one(struct merge *m, const struct ref *ref)
{
	struct span value, sealed;
	struct known now;
	struct stored s;
	struct key k;
	int rc;

	if (intent_entry(m->batches[ref->batch].intent, ref->index, &s) != 0)
		return ledger_damaged(m->e, TABLE_INTENTS);
	record_ledger_key(&k, m->p->scope, &s.key);
	rc = ledger_read(m->l, m->t, TABLE_RECORDS, key_span(&k), &value, m->e);
	if (rc < 0)
		return -1;
	if (rc == 0)
		now = (struct known){.flags = KNOWN_EMPTY,
		    .ordinal = m->next_ordinal++,
		    .at = TIME_NONE,
		    .window = TIME_NONE};
	else if (known_decode(&now, value, &sealed) != 0)
		return ledger_damaged(m->e, TABLE_RECORDS);
	apply(&now, &s, outcome_of(m, ref));
	return record_write(m, &k, &now, s.sealed);
}

/* The scope's counter of ordinals stands in `meta`. */
static void
ordinal_key(struct key *k, uint32_t scope)
{
	key_init(k);
	key_bytes(k, "ordinal", 7);
	key_u32(k, scope);
}

static int
ordinal_get(struct merge *m)
{
	struct span value;
	struct reader r;
	struct key k;
	int rc;

	ordinal_key(&k, m->p->scope);
	rc = ledger_read(m->l, m->t, TABLE_META, key_span(&k), &value, m->e);
	r = (struct reader){.in = value};
	m->next_ordinal = rc == 1 ? get_u32(&r) : 0;
	return rc < 0 ? -1 : 0;
}

static int
ordinal_put(struct merge *m)
{
	struct key k;

	ordinal_key(&k, m->p->scope);
	buf_clear(&m->value);
	put_u32(&m->value, m->next_ordinal);
	return ledger_write(m->l, m->t, TABLE_META, key_span(&k), &m->value, m->e);
}

static int
merge_chunk(struct merge *m, const struct refs *refs, uint64_t *done)
{
	uint64_t end = *done + MERGE_CHUNK < refs->n ? *done + MERGE_CHUNK : refs->n;

	if ((m->t = m->l->ops->begin(m->l->store, true, m->e)) == NULL)
		return -1;
	if (ordinal_get(m) != 0 || load_batches(m) != 0)
		goto out;
	for (uint64_t i = *done; i < end; i++)
		if (merge_one(m, &refs->v[i]) != 0)
			goto out;
	if (ordinal_put(m) != 0 || pass_write(m->l, m->t, m->p, end, m->e) != 0)
		goto out;
	*done = end;
	return m->l->ops->commit(m->t, m->e);
out:
	m->l->ops->abort(m->t);
	return -1;
}

static int
finish(struct ledger *l, const struct pass *p, struct err *e)
{
	struct txn *t = l->ops->begin(l->store, true, e);
	struct key k;

	if (t == NULL)
		return -1;
	scope_key(&k, p->scope);
	if (l->ops->clear(t, TABLE_INTENTS, key_span(&k), e) != 0 ||
	    l->ops->clear(t, TABLE_ACKS, key_span(&k), e) != 0 ||
	    l->ops->del(t, TABLE_PASSES, key_span(&k), e) != 0) {
		l->ops->abort(t);
		return -1;
	}
	return l->ops->commit(t, e);
}

static int
tally(void *arg, struct span key, struct span value)
{
	struct merged *sum = arg;
	struct reader r = {.in = value};
	uint32_t n;

	(void)key;
	get_u16(&r);
	n = get_u32(&r);
	if (r.bad || r.in.n != n)
		return -1;
	for (uint32_t i = 0; i < n; i++) {
		sum->taken += r.in.p[i] == OUTCOME_TAKEN;
		sum->refused += r.in.p[i] == OUTCOME_REFUSED;
	}
	return 0;
}

static int
merged_so_far(struct ledger *l, const struct pass *p, uint64_t *done, struct err *e)
{
	struct txn *t = l->ops->begin(l->store, false, e);
	struct pass stored;
	int r;

	if (t == NULL)
		return -1;
	r = pass_read(l, t, p->scope, &stored, done, e);
	l->ops->abort(t);
	if (r == 0)
		err_set(e, ERR_INTERNAL, "pass %llu is not open",
		    (unsigned long long)p->number);
	return r == 1 ? 0 : -1;
}

int
pass_close(struct ledger *l, struct pass *p, struct merged *out, struct err *e)
{
	struct merge m = {.l = l, .p = p, .e = e};
	struct refs refs = {.n = 0};
	uint64_t done;
	struct key k;
	int rc = -1;

	*out = (struct merged){.taken = 0};
	buf_init(&m.value, VALUE_MAX);
	scope_key(&k, p->scope);
	if (merged_so_far(l, p, &done, e) != 0 || collect(l, p, &refs, e) != 0)
		goto out;
	if (ledger_each(l, TABLE_ACKS, key_span(&k), tally, out, e) != 0)
		goto out;
	out->doubtful = refs.n - out->taken - out->refused;
	if ((m.batches = calloc(p->batches + 1, sizeof(*m.batches))) == NULL) {
		err_nomem(e);
		goto out;
	}
	p->closing = true;
	do {
		if (merge_chunk(&m, &refs, &done) != 0)
			goto out;
	} while (done < refs.n);
	rc = finish(l, p, e);
out:
	free(refs.v);
	free(m.batches);
	buf_release(&m.value);
	return rc;
}
