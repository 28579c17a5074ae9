#include "state/ledger_impl.h"

int
ledger_damaged(struct err *e, enum table table)
{
	return err_set(e, ERR_LEDGER,
	    "the ledger is damaged (table %d): restore it from a backup", (int)table);
}

int
ledger_read(struct ledger *l, struct txn *t, enum table table, struct span key,
    struct span *value, struct err *e)
{
	int r = l->ops->get(t, table, key, value, e);

	if (r == 1 && !value_checked(&l->keys, key, value))
		return ledger_damaged(e, table);
	return r;
}

int
ledger_write(struct ledger *l, struct txn *t, enum table table, struct span key,
    struct buf *value, struct err *e)
{
	value_check(&l->keys, key, value);
	if (buf_check(value, "a ledger value", e) != 0)
		return -1;
	return l->ops->put(t, table, key, buf_span(value), e);
}

struct each {
	struct ledger *l;
	enum table table;
	int (*fn)(void *arg, struct span key, struct span value);
	void *arg;
	struct err *e;
};

static int
each_checked(void *arg, struct span key, struct span value)
{
	struct each *x = arg;

	if (!value_checked(&x->l->keys, key, &value))
		return ledger_damaged(x->e, x->table);
	return x->fn(x->arg, key, value);
}

int
ledger_each(struct ledger *l, enum table table, struct span prefix,
    int (*fn)(void *arg, struct span key, struct span value), void *arg, struct err *e)
{
	struct each x = {l, table, fn, arg, e};
	struct txn *t = l->ops->begin(l->store, false, e);
	int r;

	if (t == NULL)
		return -1;
	r = l->ops->each(t, table, prefix, each_checked, &x, e);
	l->ops->abort(t);
	return r;
}

int
ledger_read_one(struct ledger *l, enum table table, struct span key,
    int (*decode)(void *out, struct span value), void *out, struct err *e)
{
	struct txn *t = l->ops->begin(l->store, false, e);
	struct span value;
	int r;

	if (t == NULL)
		return -1;
	r = ledger_read(l, t, table, key, &value, e);
	if (r == 1 && decode(out, value) != 0)
		r = ledger_damaged(e, table);
	l->ops->abort(t);
	return r;
}

int
ledger_write_one(
    struct ledger *l, enum table table, struct span key, struct buf *value, struct err *e)
{
	struct txn *t = l->ops->begin(l->store, true, e);

	if (t == NULL)
		return -1;
	if (ledger_write(l, t, table, key, value, e) != 0) {
		l->ops->abort(t);
		return -1;
	}
	return l->ops->commit(t, e);
}
