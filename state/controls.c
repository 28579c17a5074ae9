#include "state/controls.h"

#include <string.h>

#include "state/files_impl.h"
#include "state/watch_impl.h"

struct digest
decision_digest(
    const struct ledger *l, struct span feed, const unsigned char sha256[SHA256_SIZE])
{
	const struct span parts[] = {
	    SPAN_LIT("decision"), feed, {(const char *)sha256, SHA256_SIZE}};

	return digest_parts(&l->keys, KEY_NAME, parts, 3);
}

static void
file_key(struct key *k, const struct ledger *l, const char *feed,
    const unsigned char sha256[SHA256_SIZE])
{
	struct digest d = decision_digest(l, span_of(feed), sha256);

	key_init(k);
	key_u8(k, CONTROL_FILE);
	key_bytes(k, d.b, DIGEST_SIZE);
}

void
control_key(
    struct key *k, const struct ledger *l, enum control_kind kind, const char *feed)
{
	struct digest d = digest_bytes(&l->keys, KEY_NAME, feed, strlen(feed));

	key_init(k);
	key_u8(k, kind);
	key_bytes(k, d.b, DIGEST_SIZE);
}

/* One control and its line of the trail; no value: it is taken back. */
static int
put(struct ledger *l, const struct key *k, struct buf *value, const struct audit_act *act,
    struct err *e)
{
	struct act a;
	int r;

	if (act_begin(&a, l, true, e) != 0)
		return -1;
	if (value == NULL)
		r = l->ops->del(a.txn, TABLE_CONTROLS, key_span(k), e);
	else
		r = ledger_write(&a, TABLE_CONTROLS, key_span(k), value);
	if (r == 0)
		r = audit_append(&a, act);
	return act_end(&a, r);
}

static int
decision_decode(void *out, struct span key, struct span value)
{
	struct reader r = {.in = value};
	unsigned d = get_u8(&r);

	(void)key;
	*(enum decision *)out = (enum decision)d;
	return r.bad || d == DECISION_NONE || d > DECISION_AGAIN ? -1 : 0;
}

int
ledger_decision_get(struct ledger *l, const char *feed,
    const unsigned char sha256[SHA256_SIZE], enum decision *out, struct err *e)
{
	struct key k;

	*out = DECISION_NONE;
	file_key(&k, l, feed, sha256);
	return ledger_read_one(
	    l, TABLE_CONTROLS, key_span(&k), &(struct visitor){decision_decode, out}, e);
}

int
decision_write(const struct act *a, const struct file_entry *f, enum decision d)
{
	struct key k;
	struct buf b;
	int r;

	file_key(&k, a->ledger, f->feed, f->sha256);
	buf_init(&b, VALUE_MAX);
	put_u8(&b, d);
	put_text(&b, span_of(f->feed));
	buf_add(&b, f->id.b, DIGEST_SIZE);
	r = ledger_write(a, TABLE_CONTROLS, key_span(&k), &b);
	buf_release(&b);
	return r;
}

int
ledger_decide(struct ledger *l, const struct file_entry *f, enum decision d,
    const struct audit_act *act, struct err *e)
{
	struct act a;
	int r;

	if (act_begin(&a, l, true, e) != 0)
		return -1;
	r = decision_write(&a, f, d);
	return act_end(&a, r == 0 ? audit_append(&a, act) : r);
}

int
decision_end(const struct act *a, const struct file_entry *f)
{
	struct key k;

	file_key(&k, a->ledger, f->feed, f->sha256);
	return a->ledger->ops->del(a->txn, TABLE_CONTROLS, key_span(&k), a->e);
}

static int
time_decode(void *out, struct span key, struct span value)
{
	struct reader r = {.in = value};

	(void)key;
	*(int64_t *)out = get_i64(&r);
	return r.bad ? -1 : 0;
}

int
ledger_pause_get(struct ledger *l, const char *feed, int64_t *since, struct err *e)
{
	struct key k;

	*since = 0;
	control_key(&k, l, CONTROL_PAUSE, feed);
	return ledger_read_one(l, TABLE_CONTROLS, key_span(&k),
		   &(struct visitor){time_decode, since}, e) < 0
		   ? -1
		   : 0;
}

int
ledger_pause_put(struct ledger *l, const char *feed, int64_t since,
    const struct audit_act *act, struct err *e)
{
	struct key k;
	struct buf b;
	int r;

	control_key(&k, l, CONTROL_PAUSE, feed);
	buf_init(&b, VALUE_MAX);
	put_i64(&b, since);
	put_text(&b, span_of(feed));
	r = put(l, &k, since != 0 ? &b : NULL, act, e);
	buf_release(&b);
	return r;
}

static int
digest_decode(void *out, struct span key, struct span value)
{
	struct reader r = {.in = value};
	struct digest *d = out;

	(void)key;
	get_bytes(&r, d->b, DIGEST_SIZE);
	return r.bad ? -1 : 0;
}

int
ledger_settings_note(struct ledger *l, const char *feed, const struct digest *now,
    const struct audit_act *act, struct err *e)
{
	struct digest known;
	struct key k;
	struct buf b;
	int r;

	control_key(&k, l, CONTROL_SETTINGS, feed);
	r = ledger_read_one(
	    l, TABLE_CONTROLS, key_span(&k), &(struct visitor){digest_decode, &known}, e);
	if (r < 0 || (r == 1 && digest_eq(&known, now)))
		return r < 0 ? -1 : 0;
	buf_init(&b, VALUE_MAX);
	buf_add(&b, now->b, DIGEST_SIZE);
	put_text(&b, span_of(feed));
	r = put(l, &k, &b, act, e);
	buf_release(&b);
	return r == 0 ? 1 : -1;
}
