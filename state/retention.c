/*
 * Retention: what is older than `keep` is forgotten, a slice of the ledger a run. How far
 * a sweep came stands in `meta`, and from there it is told when the next one is due.
 */
#include <stdlib.h>
#include <string.h>

#include "base/civil.h"
#include "state/headers_impl.h"
#include "state/pass_impl.h"
#include "state/retention_impl.h"

static void
sweep_key(struct key *k, const struct retention *r, bool of_scope)
{
	key_init(k);
	if (of_scope) {
		key_bytes(k, "sweep-scope ", 12);
		key_u32(k, r->scope);
	} else {
		key_bytes(k, "sweep-feed ", 11);
		key_bytes(k, r->feed, strlen(r->feed));
	}
}

/* Where there is none yet, none has ended. */
static int
sweep_read(
    const struct act *a, const struct retention *r, bool of_scope, struct sweep *out)
{
	struct span value, behind;
	struct reader in;
	struct key k;
	int rc;

	*out = (struct sweep){.at = of_scope ? SWEEP_RECORDS : SWEEP_NAMES};
	sweep_key(&k, r, of_scope);
	if ((rc = ledger_read(a, TABLE_META, key_span(&k), &value)) != 1)
		return rc;
	in = (struct reader){.in = value};
	out->cutoff = get_i64(&in);
	out->ended = get_i64(&in);
	out->oldest = get_i64(&in);
	out->at = (enum sweep_phase)get_u8(&in);
	behind = get_text(&in);
	if (in.bad || out->at > SWEEP_RECORDS || behind.n > CODEC_KEY_MAX)
		return ledger_damaged(a->e, TABLE_META);
	key_bytes(&out->behind, behind.p, behind.n);
	return 0;
}

static int
sweep_write(
    const struct act *a, const struct retention *r, bool of_scope, const struct sweep *s)
{
	struct key k;
	struct buf b;
	int rc;

	sweep_key(&k, r, of_scope);
	buf_init(&b, VALUE_MAX);
	put_i64(&b, s->cutoff);
	put_i64(&b, s->ended);
	put_i64(&b, s->oldest);
	put_u8(&b, s->at);
	put_text(&b, key_span(&s->behind));
	rc = ledger_write(a, TABLE_META, key_span(&k), &b);
	buf_release(&b);
	return rc;
}

/*
 * A clock that was ahead may have ended the last one. One that says 1970 is not set, and
 * whatever it does would be undone when it is.
 */
static bool
sweep_due(const struct sweep *s, const struct retention *r)
{
	if (r->now <= r->keep)
		return false;
	if (s->cutoff != 0 || s->ended > r->now)
		return true;
	/* Sweeps of one feed are a day apart at least. */
	return r->now - s->ended >= DAY_MS && r->now - s->oldest >= r->keep;
}

/* Of a sweep that a clock began which was ahead, all would be old: it ends here. */
static void
sweep_distrust(struct sweep *s, const struct retention *r)
{
	if (s->cutoff == 0 || s->cutoff + r->keep <= r->now)
		return;
	s->ended = s->cutoff + r->keep;
	s->cutoff = 0;
}

int
ledger_retain_due(struct ledger *l, const struct retention *r, struct err *e)
{
	struct sweep feed, scope;
	struct act a;
	int rc;

	if (act_begin(&a, l, false, e) != 0)
		return -1;
	rc = sweep_read(&a, r, false, &feed);
	if (rc == 0)
		rc = sweep_read(&a, r, true, &scope);
	act_abort(&a);
	return rc != 0 ? -1 : sweep_due(&feed, r) || sweep_due(&scope, r);
}

static int
look(void *arg, struct span key, struct span value)
{
	struct slice *s = arg;
	enum table table = sweep_table(s->sweep->at);

	s->full = s->looked == SLICE_LOOKED || s->n == SLICE_VICTIMS;
	if (s->full)
		return 1;
	s->looked++;
	if (!value_checked(&s->act->ledger->keys, key, &value) ||
	    row_decode(&s->row, layout_find(table, key), key, value) != 0 ||
	    key.n > CODEC_KEY_MAX)
		return ledger_damaged(s->act->e, table);
	key_init(&s->sweep->behind);
	key_bytes(&s->sweep->behind, key.p, key.n);
	return slice_judge(s);
}

/* Marks it, or takes its mark away. The flags are a record's first byte. */
static int
mark(const struct act *a, struct span key)
{
	struct span value;
	struct buf b;
	int rc = ledger_read(a, TABLE_RECORDS, key, &value);

	if (rc != 1)
		return rc;
	buf_init(&b, VALUE_MAX);
	put_u8(&b, (unsigned char)value.p[0] ^ KNOWN_OLD);
	buf_add(&b, value.p + 1, value.n - 1);
	rc = ledger_write(a, TABLE_RECORDS, key, &b);
	buf_release(&b);
	return rc;
}

static int
forget(const struct slice *s, const struct victim *v)
{
	const struct act *a = s->act;
	const struct store_ops *ops = a->ledger->ops;
	struct span key = key_span(&v->key);

	if (v->needed)
		return 0;
	if (v->mark)
		return mark(a, key);
	if (s->sweep->at == SWEEP_FILES &&
	    (ops->clear(a->txn, TABLE_PROBLEMS, key, a->e) != 0 ||
		file_header_forget(a, key) != 0))
		return -1;
	return ops->del(a->txn, sweep_table(s->sweep->at), key, a->e);
}

/* One slice of the table that the sweep is at. */
static int
work(struct slice *s)
{
	const struct act *a = s->act;
	const struct visitor each = {look, s};
	/* The sweep's own moves on meanwhile. */
	struct key scope, behind = s->sweep->behind;
	struct range range = {.after = key_span(&behind)};

	s->n = s->looked = 0;
	s->full = false;
	scope_key(&scope, s->r->scope);
	if (s->sweep->at == SWEEP_RECORDS)
		range.prefix = key_span(&scope);
	if (a->ledger->ops->each_after(
		a->txn, sweep_table(s->sweep->at), &range, &each, a->e) != 0 ||
	    slice_needed(s) != 0)
		return -1;
	for (size_t i = 0; i < s->n; i++)
		if (forget(s, &s->victims[i]) != 0)
			return -1;
	return 0;
}

/* Goes on until a slice is full, or the sweep has ended. */
static int
sweep_on(struct slice *s, enum sweep_phase first, enum sweep_phase last)
{
	struct sweep *sweep = s->sweep;

	sweep_distrust(sweep, s->r);
	if (sweep->cutoff == 0) {
		sweep->cutoff = s->r->now - s->r->keep;
		sweep->oldest = s->r->now;
		sweep->at = first;
		key_init(&sweep->behind);
	}
	do {
		if (work(s) != 0)
			return -1;
		if (s->full)
			return 0;
		key_init(&sweep->behind);
	} while (sweep->at++ != last);
	sweep->at = first;
	sweep->cutoff = 0;
	sweep->ended = s->r->now;
	return 0;
}

/*
 * The first one of a source takes nothing, for that needs the marks of an earlier one; but
 * after a first load of millions of records, hundreds of runs would be busy with it. So it
 * ends as it begins, and the next one is due `keep` later.
 */
static int
sweep_records(struct slice *s)
{
	if (s->sweep->ended != 0 || s->sweep->cutoff != 0)
		return sweep_on(s, SWEEP_RECORDS, SWEEP_RECORDS);
	s->sweep->ended = s->sweep->oldest = s->r->now;
	return 0;
}

static int
sweep_both(struct slice *s)
{
	struct sweep sweep;

	for (int of_scope = 0; of_scope < 2; of_scope++) {
		if (sweep_read(s->act, s->r, of_scope, &sweep) != 0)
			return -1;
		if (!sweep_due(&sweep, s->r))
			continue;
		s->sweep = &sweep;
		if ((of_scope ? sweep_records(s)
			      : sweep_on(s, SWEEP_NAMES, SWEEP_FILES)) != 0 ||
		    sweep_write(s->act, s->r, of_scope, &sweep) != 0)
			return -1;
	}
	return 0;
}

static int
list_names(struct slice *s, struct ledger *l, const struct listing *listing)
{
	s->listed = calloc(listing->n + 1, sizeof(*s->listed));
	if (s->listed == NULL)
		return -1;
	for (size_t i = 0; i < listing->n; i++)
		s->listed[s->nlisted++] = ledger_name_digest(
		    l, s->r->feed, listing->name(listing->arg, i));
	qsort(s->listed, s->nlisted, sizeof(*s->listed), digest_order);
	return 0;
}

static int
retain(struct slice *s, struct ledger *l, struct err *e)
{
	struct pass open;
	uint64_t merged;
	struct act a;
	int rc;

	if (act_begin(&a, l, true, e) != 0)
		return -1;
	s->act = &a;
	rc = pass_read(&a, s->r->scope, &open, &merged);
	if (rc != 1)
		return act_end(&a, rc == 0 ? sweep_both(s) : rc);
	act_abort(&a);
	return 0;
}

int
ledger_retain(struct ledger *l, const struct retention *r, const struct listing *listing,
    struct err *e)
{
	struct slice *s = calloc(1, sizeof(*s));
	int rc;

	if (s == NULL)
		return err_nomem(e);
	s->r = r;
	rc = list_names(s, l, listing) == 0 ? retain(s, l, e) : err_nomem(e);
	free(s->listed);
	free(s);
	return rc;
}
