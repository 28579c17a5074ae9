#include "state/walk.h"

#include <string.h>

#include "state/pass_impl.h"

int
ledger_ordinals(struct ledger *l, uint32_t scope, uint32_t *n, struct err *e)
{
	struct key k;

	*n = 0;
	ordinal_key(&k, scope);
	return ledger_read_one(l, TABLE_META, key_span(&k),
		   &(struct visitor){number_decode, n}, e) < 0
		   ? -1
		   : 0;
}

int
ledger_unseal_id(const struct ledger *l, const struct walked *it, char *id)
{
	struct span s = it->sealed;

	if (s.n < SEAL_EXTRA || s.n - SEAL_EXTRA > RECORD_ID_MAX ||
	    unseal(&l->keys, &it->key->digest, s.p, s.n, id) != 0)
		return -1;
	return (int)(s.n - SEAL_EXTRA);
}

struct piece {
	struct ledger *ledger;
	struct walk *walk;
	size_t shown;
	int (*fn)(void *arg, const struct walked *it);
	void *arg;
	struct err *e;
};

static int
show(void *arg, struct span key, struct span value)
{
	struct piece *p = arg;
	struct record_key *at = &p->walk->at;
	struct known known;
	struct walked it = {.key = at, .known = &known};
	int r;

	if (key.n < DIGEST_SIZE || !value_checked(&p->ledger->keys, key, &value) ||
	    known_decode(&known, value, &it.sealed) != 0)
		return ledger_damaged(p->e, TABLE_RECORDS);
	at->type = p->walk->type;
	memcpy(at->digest.b, key.p + key.n - DIGEST_SIZE, DIGEST_SIZE);
	p->walk->begun = true;
	p->shown++;
	r = p->fn(p->arg, &it);
	return r != 0 ? r : p->shown == WALK_PIECE;
}

int
ledger_walk(struct ledger *l, struct walk *w,
    int (*fn)(void *arg, const struct walked *it), void *arg, struct err *e)
{
	struct piece p = {.ledger = l, .walk = w, .fn = fn, .arg = arg, .e = e};
	struct key prefix, after;
	struct range range = {.after = {NULL, 0}};
	struct act a;
	int r;

	scope_key(&prefix, w->scope);
	key_u8(&prefix, w->type);
	range.prefix = key_span(&prefix);
	record_ledger_key(&after, w->scope, &w->at);
	if (w->begun)
		range.after = key_span(&after);
	if (act_begin(&a, l, false, e) != 0)
		return -1;
	r = l->ops->each_after(
	    a.txn, TABLE_RECORDS, &range, &(struct visitor){show, &p}, e);
	act_abort(&a);
	return r < 0 ? -1 : p.shown > 0;
}
