#include "state/pass.h"

#include <string.h>

#include "state/pass_impl.h"

struct record_key
record_key(
    const struct site_keys *k, const char *scope, enum record_type type, struct span id)
{
	const char kind = (char)type;
	const struct span parts[] = {span_of(scope), {&kind, 1}, id};

	return (struct record_key){type, digest_parts(k, KEY_RECORD, parts, 3)};
}

struct digest
patch_section(const struct site_keys *k, const char *feed)
{
	return digest_bytes(k, KEY_NAME, feed, strlen(feed));
}

struct record_key
record_key_patch(const struct record_key *key, const struct digest *section)
{
	struct record_key out = *key;

	for (size_t i = 0; i < DIGEST_SIZE; i++)
		out.digest.b[i] ^= section->b[i];
	return out;
}

void
scope_key(struct key *k, uint32_t scope)
{
	key_init(k);
	key_u32(k, scope);
}

void
ordinal_key(struct key *k, uint32_t scope)
{
	key_init(k);
	key_bytes(k, "ordinal", 7);
	key_u32(k, scope);
}

void
stamp_key(struct key *k, uint32_t scope)
{
	key_init(k);
	key_bytes(k, "stamp", 5);
	key_u32(k, scope);
}

void
batch_key(struct key *k, uint32_t scope, uint64_t batch)
{
	scope_key(k, scope);
	key_u64(k, batch);
}

void
record_ledger_key(struct key *k, uint32_t scope, const struct record_key *key)
{
	scope_key(k, scope);
	key_u8(k, key->type);
	key_bytes(k, key->digest.b, DIGEST_SIZE);
}

int
known_decode(struct known *out, struct span value, struct span *sealed)
{
	struct reader r = {.in = value};

	*out = (struct known){.found = true};
	out->flags = get_u8(&r);
	out->ordinal = get_u32(&r);
	out->at = get_i64(&r);
	out->window = get_i64(&r);
	get_bytes(&r, out->content.b, DIGEST_SIZE);
	if (out->flags & KNOWN_REFUSED)
		get_bytes(&r, out->refused.b, DIGEST_SIZE);
	if (out->flags & KNOWN_MERGE)
		get_bytes(&r, out->file.b, DIGEST_SIZE);
	*sealed = get_text(&r);
	return r.bad ? -1 : 0;
}

static int
first_of_type(void *arg, struct span key, struct span value)
{
	(void)key;
	(void)value;
	*(int *)arg = 1;
	return 1;
}

int
ledger_has_type(struct ledger *l, uint32_t scope, enum record_type type, struct err *e)
{
	struct key k;
	int found = 0;

	scope_key(&k, scope);
	key_u8(&k, type);
	if (ledger_each(l, TABLE_RECORDS, key_span(&k),
		&(struct visitor){first_of_type, &found}, e) != 0)
		return -1;
	return found;
}

static int
known_one(const struct act *a, uint32_t scope, struct lookup *it)
{
	struct span value, sealed;
	struct key k;
	int r;

	record_ledger_key(&k, scope, &it->key);
	it->known = (struct known){.found = false};
	r = ledger_read(a, TABLE_RECORDS, key_span(&k), &value);
	if (r == 1 && known_decode(&it->known, value, &sealed) != 0)
		return ledger_damaged(a->e, TABLE_RECORDS);
	return r < 0 ? -1 : 0;
}

int
ledger_known(
    struct ledger *l, uint32_t scope, struct lookup *lookups, size_t n, struct err *e)
{
	struct act a;
	int r = 0;

	if (act_begin(&a, l, false, e) != 0)
		return -1;
	for (size_t i = 0; i < n && r == 0; i++)
		r = known_one(&a, scope, &lookups[i]);
	act_abort(&a);
	return r;
}

static void
put_counts(struct buf *b, const struct pass_counts *n)
{
	put_u64(b, n->records);
	put_u64(b, n->removals);
	put_u64(b, n->unchanged);
	put_u64(b, n->duplicate);
	put_u64(b, n->stale);
	put_u64(b, n->refused);
	put_u64(b, n->left);
}

static void
get_counts(struct reader *r, struct pass_counts *n)
{
	n->records = get_u64(r);
	n->removals = get_u64(r);
	n->unchanged = get_u64(r);
	n->duplicate = get_u64(r);
	n->stale = get_u64(r);
	n->refused = get_u64(r);
	n->left = get_u64(r);
}

int
pass_write(const struct act *a, const struct pass *p, uint64_t merged)
{
	struct key k;
	struct buf b;
	int r;

	scope_key(&k, p->scope);
	buf_init(&b, VALUE_MAX);
	put_u64(&b, p->number);
	put_text(&b, span_of(p->feed));
	buf_add(&b, p->file.b, DIGEST_SIZE);
	buf_add(&b, p->sha256, SHA256_SIZE);
	put_u64(&b, p->size);
	put_i64(&b, p->clock);
	put_u64(&b, p->fingerprint);
	buf_add(&b, p->changes, SHA256_SIZE);
	put_u64(&b, p->batches);
	put_u8(&b, p->closing);
	put_u64(&b, merged);
	put_u8(&b, p->mode);
	put_i64(&b, p->file_at);
	put_counts(&b, &p->counts);
	put_u64(&b, p->told);
	r = ledger_write(a, TABLE_PASSES, key_span(&k), &b);
	buf_release(&b);
	return r;
}

int
pass_read(const struct act *a, uint32_t scope, struct pass *p, uint64_t *merged)
{
	struct span value, feed;
	struct reader r;
	struct key k;
	int rc;

	scope_key(&k, scope);
	if ((rc = ledger_read(a, TABLE_PASSES, key_span(&k), &value)) != 1)
		return rc;
	r = (struct reader){.in = value};
	*p = (struct pass){.scope = scope, .number = get_u64(&r)};
	feed = get_text(&r);
	get_bytes(&r, p->file.b, DIGEST_SIZE);
	get_bytes(&r, p->sha256, SHA256_SIZE);
	p->size = get_u64(&r);
	p->clock = get_i64(&r);
	p->fingerprint = get_u64(&r);
	get_bytes(&r, p->changes, SHA256_SIZE);
	p->batches = get_u64(&r);
	p->closing = get_u8(&r) != 0;
	*merged = get_u64(&r);
	p->file_at = TIME_NONE;
	if (r.in.n > 0) { /* not there in a value of format 1 or 2 */
		p->mode = (enum pass_mode)get_u8(&r);
		p->file_at = get_i64(&r);
	}
	if (r.in.n > 0) { /* nor these in one that did not count yet */
		get_counts(&r, &p->counts);
		p->told = get_u64(&r);
	}
	if (r.bad || feed.n > LEDGER_NAME_MAX || p->mode > PASS_RETRY)
		return ledger_damaged(a->e, TABLE_PASSES);
	memcpy(p->feed, feed.p, feed.n);
	return 1;
}

int
pass_get(struct ledger *l, uint32_t scope, struct pass *out, struct err *e)
{
	uint64_t merged;
	struct act a;
	int r;

	if (act_begin(&a, l, false, e) != 0)
		return -1;
	r = pass_read(&a, scope, out, &merged);
	act_abort(&a);
	return r;
}

int
pass_open(struct ledger *l, struct pass *p, struct err *e)
{
	uint64_t merged;
	struct pass other;
	struct act a;
	int r;

	if (act_begin(&a, l, true, e) != 0)
		return -1;
	r = pass_read(&a, p->scope, &other, &merged);
	if (r == 1)
		err_set(e, ERR_INTERNAL, "pass %llu of feed %s is still open",
		    (unsigned long long)other.number, other.feed);
	if (r != 0 || feed_take_pass(&a, p->feed, p->scope, &p->number) != 0)
		return act_end(&a, -1);
	return act_end(&a, pass_write(&a, p, 0));
}

/* It has its check already. */
static int
intent_write(const struct act *a, const struct pass *p, const struct intent *in)
{
	struct key k;

	batch_key(&k, p->scope, in->batch);
	return a->ledger->ops->put(
	    a->txn, TABLE_INTENTS, key_span(&k), buf_span(&in->value), a->e);
}

static int
ack_write(const struct act *a, const struct pass *p, const struct ack *ack, struct buf *b)
{
	struct key k;

	batch_key(&k, p->scope, ack->batch);
	buf_clear(b);
	put_u16(b, ack->round);
	put_u32(b, (uint32_t)ack->n);
	buf_add(b, ack->outcomes, ack->n);
	return ledger_write(a, TABLE_ACKS, key_span(&k), b);
}

int
pass_commit(
    struct ledger *l, const struct pass *p, const struct pass_step *step, struct err *e)
{
	struct act a;
	struct buf b;
	int r = 0;

	if (act_begin(&a, l, true, e) != 0)
		return -1;
	buf_init(&b, VALUE_MAX);
	for (size_t i = 0; i < step->nintents && r == 0; i++)
		r = intent_write(&a, p, step->intents[i]);
	for (size_t i = 0; i < step->nacks && r == 0; i++)
		r = ack_write(&a, p, &step->acks[i], &b);
	buf_release(&b);
	return act_end(&a, r);
}

static int
ack_decode(void *out, struct span key, struct span value)
{
	struct ack *a = out;
	struct reader r = {.in = value};
	size_t room = a->n;

	(void)key;
	a->round = get_u16(&r);
	a->n = get_u32(&r);
	if (a->n > room)
		return -1;
	get_bytes(&r, a->outcomes, a->n);
	return r.bad ? -1 : 0;
}

int
pass_ack(struct ledger *l, const struct pass *p, struct ack *a, struct err *e)
{
	struct key k;

	batch_key(&k, p->scope, a->batch);
	return ledger_read_one(
	    l, TABLE_ACKS, key_span(&k), &(struct visitor){ack_decode, a}, e);
}

struct tally {
	uint64_t *of;
	struct err *e;
};

static int
tally(void *arg, struct span key, struct span value)
{
	const struct tally *t = arg;
	struct reader r = {.in = value};
	uint32_t n;

	(void)key;
	get_u16(&r);
	n = get_u32(&r);
	if (r.bad || r.in.n != n)
		return ledger_damaged(t->e, TABLE_ACKS);
	for (uint32_t i = 0; i < n; i++) {
		unsigned char b = (unsigned char)r.in.p[i], o = b % OUTCOME_HALVED;

		if (o >= OUTCOMES || (o != OUTCOME_NONE && o != b))
			return ledger_damaged(t->e, TABLE_ACKS);
		t->of[o]++;
	}
	return 0;
}

int
pass_tally(struct ledger *l, const struct pass *p, uint64_t of[OUTCOMES], struct err *e)
{
	struct tally t = {of, e};
	struct key k;

	memset(of, 0, OUTCOMES * sizeof(*of));
	scope_key(&k, p->scope);
	return ledger_each(l, TABLE_ACKS, key_span(&k), &(struct visitor){tally, &t}, e);
}

static int
note_told(struct ledger *l, const struct pass *p, uint64_t taken, struct err *e)
{
	struct pass open;
	uint64_t merged;
	struct act a;
	int r;

	if (act_begin(&a, l, true, e) != 0)
		return -1;
	r = pass_read(&a, p->scope, &open, &merged);
	if (r == 0 || (r == 1 && open.number != p->number))
		r = err_set(e, ERR_INTERNAL, "pass %llu of feed %s is not open",
		    (unsigned long long)p->number, p->feed);
	open.told = taken;
	return act_end(&a, r == 1 ? pass_write(&a, &open, merged) : -1);
}

int
pass_tell(struct ledger *l, const struct pass *p, uint64_t *taken, struct err *e)
{
	uint64_t of[OUTCOMES];

	if (pass_tally(l, p, of, e) != 0)
		return -1;
	*taken = of[OUTCOME_TAKEN];
	return *taken == p->told ? 0 : note_told(l, p, *taken, e);
}
