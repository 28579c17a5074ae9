#include "state/ledger_impl.h"

int
ledger_damaged(struct err *e, enum table table)
{
	return err_set(e, ERR_LEDGER,
	    "the ledger is damaged (table %s): see `emrdrop ledger verify`, and restore it from a backup",
	    table_name(table));
}

int
act_begin(struct act *a, struct ledger *l, bool write, struct err *e)
{
	*a = (struct act){l, l->ops->begin(l->store, write, e), e};
	return a->txn == NULL ? -1 : 0;
}

int
act_commit(struct act *a)
{
	if (looks_write(a) != 0) {
		act_abort(a);
		return -1;
	}
	if (a->ledger->ops->commit(a->txn, a->e) != 0)
		return -1;
	looks_release(&a->ledger->looks);
	return 0;
}

void
act_abort(struct act *a)
{
	a->ledger->ops->abort(a->txn);
}

int
act_end(struct act *a, int rc)
{
	if (rc == 0)
		return act_commit(a);
	act_abort(a);
	return -1;
}

int
ledger_read(const struct act *a, enum table table, struct span key, struct span *value)
{
	int r = a->ledger->ops->get(a->txn, table, key, value, a->e);

	if (r == 1 && !value_checked(&a->ledger->keys, key, value))
		return ledger_damaged(a->e, table);
	return r;
}

int
ledger_write(const struct act *a, enum table table, struct span key, struct buf *value)
{
	value_check(&a->ledger->keys, key, value);
	if (buf_check(value, "a ledger value", a->e) != 0)
		return -1;
	return a->ledger->ops->put(a->txn, table, key, buf_span(value), a->e);
}

int
act_read(const struct act *a, enum table table, struct span key, const struct visitor *v)
{
	struct span value;
	int r = ledger_read(a, table, key, &value);

	if (r == 1 && v->fn(v->arg, key, value) != 0)
		return ledger_damaged(a->e, table);
	return r;
}

int
number_decode(void *out, struct span key, struct span value)
{
	struct reader r = {.in = value};

	(void)key;
	*(uint32_t *)out = get_u32(&r);
	return r.bad ? -1 : 0;
}

struct each {
	const struct act *act;
	enum table table;
	const struct visitor *visitor;
};

static int
each_checked(void *arg, struct span key, struct span value)
{
	struct each *x = arg;

	if (!value_checked(&x->act->ledger->keys, key, &value))
		return ledger_damaged(x->act->e, x->table);
	return x->visitor->fn(x->visitor->arg, key, value);
}

int
act_each(
    const struct act *a, enum table table, struct span prefix, const struct visitor *v)
{
	struct each x = {a, table, v};

	return a->ledger->ops->each(
	    a->txn, table, prefix, &(struct visitor){each_checked, &x}, a->e);
}

int
ledger_each(struct ledger *l, enum table table, struct span prefix,
    const struct visitor *v, struct err *e)
{
	struct act a;
	int r;

	if (act_begin(&a, l, false, e) != 0)
		return -1;
	r = act_each(&a, table, prefix, v);
	act_abort(&a);
	return r;
}

int
ledger_read_one(struct ledger *l, enum table table, struct span key,
    const struct visitor *v, struct err *e)
{
	struct act a;
	int r;

	if (act_begin(&a, l, false, e) != 0)
		return -1;
	r = act_read(&a, table, key, v);
	act_abort(&a);
	return r;
}

int
ledger_write_one(
    struct ledger *l, enum table table, struct span key, struct buf *value, struct err *e)
{
	struct act a;

	if (act_begin(&a, l, true, e) != 0)
		return -1;
	return act_end(&a, ledger_write(&a, table, key, value));
}
