/*
 * Closing a pass: the intents of its batches are merged into `records` by what the
 * API answered. In key order, since LMDB dirties almost every page of a large tree
 * otherwise; in several commits, since one would hold every dirty page in memory.
 * Nobody compares with `records` while a pass is open, so what is half merged is
 * never seen.
 */
#include <stdlib.h>
#include <string.h>

#include "state/files_impl.h"
#include "state/merge_order.h"
#include "state/pass_impl.h"

#define CHUNK_MIN 50000 /* records a commit: some 10 MB of dirty pages */
#define CHUNKS    64    /* commits that a larger pass has at least */
#define AHEAD     24    /* entries of which one step is fetched while others are merged */

/* A pass has fewer than 2^32 batches. */
static uint32_t
batch_number(struct span key)
{
	return (uint32_t)key_number(key);
}

/* A batch's intent and acknowledgement, as the transaction has them. */
struct answered {
	struct span intent, outcomes;
};

struct merge {
	struct act act;
	const struct pass *p;
	struct answered *batches; /* by number; one a batch of the pass */
	uint32_t next_ordinal;
	struct buf value;
};

/* Their checks were made when the refs were collected and the outcomes tallied. */
static int
load_intent(void *arg, struct span key, struct span value)
{
	struct merge *m = arg;
	uint32_t batch = batch_number(key);

	if (batch > m->p->batches)
		return ledger_damaged(m->act.e, TABLE_INTENTS);
	m->batches[batch] = (struct answered){.intent = value};
	return 0;
}

static int
load_ack(void *arg, struct span key, struct span value)
{
	struct merge *m = arg;
	struct reader r = {.in = value};
	uint32_t batch = batch_number(key), n;

	get_u16(&r);
	n = get_u32(&r);
	if (r.bad || n > r.in.n || batch > m->p->batches)
		return ledger_damaged(m->act.e, TABLE_ACKS);
	m->batches[batch].outcomes = (struct span){r.in.p, n};
	return 0;
}

static int
load_batches(struct merge *m)
{
	const struct store_ops *ops = m->act.ledger->ops;
	const struct visitor intents = {load_intent, m}, acks = {load_ack, m};
	struct key k;

	scope_key(&k, m->p->scope);
	if (ops->each(m->act.txn, TABLE_INTENTS, key_span(&k), &intents, m->act.e) != 0)
		return -1;
	return ops->each(m->act.txn, TABLE_ACKS, key_span(&k), &acks, m->act.e);
}

/* NULL: there is none yet. */
static const char *
outcome_at(const struct merge *m, const struct ref *ref)
{
	struct span outcomes = m->batches[ref->batch].outcomes;

	return ref->index < outcomes.n ? outcomes.p + ref->index : NULL;
}

static enum outcome
outcome_of(const struct merge *m, const struct ref *ref)
{
	const char *at = outcome_at(m, ref);

	if (at == NULL)
		return OUTCOME_NONE;
	return (enum outcome)((unsigned char)*at % OUTCOME_HALVED);
}

/* Time never goes back, and a change without a time says nothing of it (P7). */
static void
move_on(struct known *now, int64_t at)
{
	if (at != TIME_NONE && (now->at == TIME_NONE || at > now->at))
		now->at = at;
}

/* Has the API nothing of it, for sure? */
static bool
is_nowhere(const struct known *now)
{
	return (now->flags & (KNOWN_EMPTY | KNOWN_TOMBSTONE)) != 0 &&
	       (now->flags & KNOWN_DOUBT) == 0;
}

/*
 * What the record is, once the API has answered so. Nothing older than what it refused, or
 * may have, is to be sent: that is what the clinic says now.
 */
static void
apply(struct known *now, const struct stored *s, enum outcome outcome)
{
	switch (outcome) {
	case OUTCOME_TOUCHED:
		if (s->removed && s->key.type == RECORD_RETIRED) {
			now->flags = KNOWN_TOMBSTONE;
			now->content = s->known.content;
			break;
		}
		/* Gone is what was refused: no retry is to bring it in. */
		if (s->removed && is_nowhere(now) &&
		    !digest_eq(&now->refused, &s->known.content)) {
			now->flags &= (uint8_t)~KNOWN_REFUSED;
			move_on(now, s->known.at);
			break;
		}
		/* Of what was taken only; what its change became is told by that. */
		if (!(now->flags & KNOWN_EMPTY) &&
		    digest_eq(&now->content, &s->known.content))
			move_on(now, s->known.at);
		break;
	case OUTCOME_TAKEN:
		now->flags = s->removed ? KNOWN_TOMBSTONE : 0;
		now->content = s->known.content;
		move_on(now, s->known.at);
		now->window = s->known.window;
		break;
	case OUTCOME_REFUSED:
		if (is_nowhere(now) && s->key.type != RECORD_RETIRED)
			now->window = s->known.window;
		now->flags |= KNOWN_REFUSED; /* a doubt is not ended by it */
		now->refused = s->known.content;
		move_on(now, s->known.at);
		break;
	case OUTCOME_LATER:
	case OUTCOME_NONE:
		now->flags |= KNOWN_DOUBT;
		move_on(now, s->known.at);
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
	if (now->flags & KNOWN_MERGE)
		buf_add(b, now->file.b, DIGEST_SIZE);
	put_text(b, sealed);
	return ledger_write(&m->act, TABLE_RECORDS, key_span(k), b);
}

/*
 * That a merge is reversed stands right behind the record that reverses it, and is
 * true if the API took that.
 */
static bool
is_void(const struct merge *m, const struct ref *ref, const struct stored *s)
{
	struct ref before = *ref;

	if (s->key.type != RECORD_RETIRED || outcome_of(m, ref) != OUTCOME_TOUCHED ||
	    ref->index == 0)
		return false;
	before.index--;
	return outcome_of(m, &before) != OUTCOME_TAKEN;
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
		return ledger_damaged(m->act.e, TABLE_INTENTS);
	if (is_void(m, ref, &s))
		return 0;
	record_ledger_key(&k, m->p->scope, &s.key);
	rc = ledger_read(&m->act, TABLE_RECORDS, key_span(&k), &value);
	if (rc < 0)
		return -1;
	if (rc == 0)
		now = (struct known){.flags = KNOWN_EMPTY,
		    .ordinal = m->next_ordinal++,
		    .at = TIME_NONE,
		    .window = TIME_NONE};
	else if (known_decode(&now, value, &sealed) != 0)
		return ledger_damaged(m->act.e, TABLE_RECORDS);
	apply(&now, &s, outcome_of(m, ref));
	if (s.key.type == RECORD_RETIRED && now.flags == 0) {
		now.flags = KNOWN_MERGE;
		now.file = m->p->file;
	}
	return record_write(m, &k, &now, s.sealed);
}

static int
ordinal_get(struct merge *m)
{
	const struct visitor take = {number_decode, &m->next_ordinal};
	struct key k;

	m->next_ordinal = 0;
	ordinal_key(&k, m->p->scope);
	return act_read(&m->act, TABLE_META, key_span(&k), &take) < 0 ? -1 : 0;
}

static int
ordinal_put(struct merge *m)
{
	struct key k;

	ordinal_key(&k, m->p->scope);
	buf_clear(&m->value);
	put_u32(&m->value, m->next_ordinal);
	return ledger_write(&m->act, TABLE_META, key_span(&k), &m->value);
}

/* Whoever kept what he knew of the scope's records (settled.h) learns that it is old. */
static int
stamp_put(struct merge *m)
{
	unsigned char stamp[DIGEST_SIZE];
	struct key k;

	stamp_key(&k, m->p->scope);
	random_bytes(stamp, sizeof(stamp));
	buf_clear(&m->value);
	buf_add(&m->value, stamp, sizeof(stamp));
	return ledger_write(&m->act, TABLE_META, key_span(&k), &m->value);
}

/*
 * In key order entries lie all over the intents, which are larger than any cache: each is
 * reached in three steps, of which none waits for the memory.
 */
static void
expect(const struct merge *m, const struct ref *ref, const struct ref *end)
{
	const struct ref *r;

	if (end - ref > 3 * AHEAD)
		__builtin_prefetch(&m->batches[ref[3 * AHEAD].batch]);
	if (end - ref > 2 * AHEAD) {
		r = &ref[2 * AHEAD];
		intent_expect_place(m->batches[r->batch].intent, r->index);
		__builtin_prefetch(outcome_at(m, r));
	}
	if (end - ref > AHEAD) {
		r = &ref[AHEAD];
		intent_expect(m->batches[r->batch].intent, r->index);
	}
}

static int
merge_from(struct merge *m, const struct ref *ref, const struct ref *end)
{
	for (; ref < end; ref++) {
		expect(m, ref, end);
		if (merge_one(m, ref) != 0)
			return -1;
	}
	return 0;
}

/*
 * Of a pass with n entries, how many a commit merges: more than there are batches, for it
 * begins with a look at all of them, and not so many that its dirty pages take more than 3
 * bytes or so for each entry of the pass (P11).
 */
static uint64_t
chunk_of(const struct pass *p, uint64_t n)
{
	uint64_t wanted = 2 * p->batches, most = n / CHUNKS;

	if (wanted > most)
		wanted = most;
	return wanted > CHUNK_MIN ? wanted : CHUNK_MIN;
}

static int
merge_chunk(struct merge *m, struct ledger *l, const struct refs *refs, uint64_t *done,
    struct err *e)
{
	uint64_t left = refs->n - *done, chunk = chunk_of(m->p, refs->n);
	uint64_t end = *done + (left < chunk ? left : chunk);

	if (act_begin(&m->act, l, true, e) != 0)
		return -1;
	if (ordinal_get(m) != 0 || load_batches(m) != 0 ||
	    merge_from(m, &refs->v[*done], &refs->v[end]) != 0 || ordinal_put(m) != 0 ||
	    stamp_put(m) != 0)
		return act_end(&m->act, -1);
	*done = end;
	return act_end(&m->act, pass_write(&m->act, m->p, end));
}

int
pass_end(const struct act *a, const struct pass *p)
{
	const struct store_ops *ops = a->ledger->ops;
	struct key k;

	scope_key(&k, p->scope);
	if (ops->clear(a->txn, TABLE_INTENTS, key_span(&k), a->e) != 0 ||
	    ops->clear(a->txn, TABLE_ACKS, key_span(&k), a->e) != 0)
		return -1;
	return ops->del(a->txn, TABLE_PASSES, key_span(&k), a->e);
}

static int
tally_all(struct ledger *l, const struct pass *p, const struct refs *refs,
    struct merged *out, struct err *e)
{
	uint64_t of[OUTCOMES];

	if (pass_tally(l, p, of, e) != 0)
		return -1;
	out->taken = of[OUTCOME_TAKEN];
	out->refused = of[OUTCOME_REFUSED];
	out->doubtful = refs->n - out->taken - out->refused - of[OUTCOME_TOUCHED];
	return 0;
}

static int
merged_so_far(struct ledger *l, const struct pass *p, uint64_t *done, struct err *e)
{
	struct pass stored;
	struct act a;
	int r;

	if (act_begin(&a, l, false, e) != 0)
		return -1;
	r = pass_read(&a, p->scope, &stored, done);
	act_abort(&a);
	if (r == 0)
		err_set(e, ERR_INTERNAL, "pass %llu is not open",
		    (unsigned long long)p->number);
	return r == 1 ? 0 : -1;
}

int
pass_merge(struct ledger *l, struct pass *p, struct merged *out, struct err *e)
{
	struct merge m = {.p = p};
	struct refs refs = {.n = 0};
	uint64_t done;
	int rc = -1;

	*out = (struct merged){.taken = 0};
	buf_init(&m.value, VALUE_MAX);
	if (merged_so_far(l, p, &done, e) != 0 || refs_collect(&refs, l, p, e) != 0 ||
	    tally_all(l, p, &refs, out, e) != 0)
		goto out;
	if (done > refs.n) {
		ledger_damaged(e, TABLE_PASSES);
		goto out;
	}
	if ((m.batches = calloc(p->batches + 1, sizeof(*m.batches))) == NULL) {
		err_nomem(e);
		goto out;
	}
	p->closing = true;
	do {
		if (merge_chunk(&m, l, &refs, &done, e) != 0)
			goto out;
	} while (done < refs.n);
	rc = 0;
out:
	refs_release(&refs);
	free(m.batches);
	buf_release(&m.value);
	return rc;
}
