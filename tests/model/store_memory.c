#include "tests/model/store_memory.h"

#include <stdlib.h>
#include <string.h>

#define KEY_MAX 511 /* as LMDB has it */

struct pair {
	unsigned refs;
	size_t key_n, value_n;
	char bytes[]; /* the key, then the value */
};

/* In the order of keys. Never changed once it is shared. */
struct rows {
	unsigned refs;
	size_t n, cap;
	struct pair *v[];
};

struct store {
	struct rows *tables[TABLE_COUNT];
	struct store_watch watch;
};

struct txn {
	struct store *store;
	bool write;
	struct rows *tables[TABLE_COUNT];
	bool own[TABLE_COUNT]; /* copied, and may be changed */
};

static void
pair_drop(struct pair *p)
{
	if (--p->refs == 0)
		free(p);
}

static void
rows_drop(struct rows *r)
{
	if (r == NULL || --r->refs > 0)
		return;
	for (size_t i = 0; i < r->n; i++)
		pair_drop(r->v[i]);
	free(r);
}

static struct rows *
rows_new(size_t cap)
{
	struct rows *r = malloc(sizeof(*r) + cap * sizeof(struct pair *));

	if (r != NULL)
		*r = (struct rows){.refs = 1, .cap = cap};
	return r;
}

/* The table, with room for one more row, and nobody else's. */
static struct rows *
owned(struct txn *t, enum table table)
{
	struct rows *old = t->tables[table], *r = old;
	size_t n = old == NULL ? 0 : old->n;

	if (t->own[table] && n < old->cap)
		return old;
	if ((r = rows_new(2 * n + 8)) == NULL)
		return NULL;
	for (size_t i = 0; i < n; i++) {
		r->v[i] = old->v[i];
		r->v[i]->refs++;
	}
	r->n = n;
	rows_drop(old);
	t->tables[table] = r;
	t->own[table] = true;
	return r;
}

static int
compare(struct span a, struct span b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int r = n == 0 ? 0 : memcmp(a.p, b.p, n);

	return r != 0 ? r : (a.n > b.n) - (a.n < b.n);
}

static struct span
key_of(const struct pair *p)
{
	return (struct span){p->bytes, p->key_n};
}

static struct span
value_of(const struct pair *p)
{
	return (struct span){p->bytes + p->key_n, p->value_n};
}

/* The first row whose key is not before `key`. */
static size_t
lower(const struct rows *r, struct span key)
{
	size_t lo = 0, hi = r == NULL ? 0 : r->n;

	while (lo < hi) {
		size_t middle = lo + (hi - lo) / 2;

		if (compare(key_of(r->v[middle]), key) < 0)
			lo = middle + 1;
		else
			hi = middle;
	}
	return lo;
}

static bool
is_at(const struct rows *r, size_t i, struct span key)
{
	return r != NULL && i < r->n && compare(key_of(r->v[i]), key) == 0;
}

static bool
has_prefix(const struct pair *p, struct span prefix)
{
	return p->key_n >= prefix.n &&
	       (prefix.n == 0 || memcmp(p->bytes, prefix.p, prefix.n) == 0);
}

static int
check(const struct txn *t, struct span key, bool write, struct err *e)
{
	if (key.n == 0 || key.n > KEY_MAX)
		return err_set(e, ERR_LEDGER, "a key has no length that it may have");
	if (write && !t->write)
		return err_set(e, ERR_LEDGER, "a transaction that reads cannot write");
	return 0;
}

static struct store *
memory_open(const char *dir, bool create, struct err *e)
{
	struct store *s = calloc(1, sizeof(*s));

	(void)dir;
	(void)create;
	if (s == NULL)
		err_nomem(e);
	return s;
}

static void
memory_close(struct store *s)
{
	for (size_t i = 0; i < TABLE_COUNT; i++)
		rows_drop(s->tables[i]);
	free(s);
}

static struct txn *
memory_begin(struct store *s, bool write, struct err *e)
{
	struct txn *t;

	if (s->watch.dead != NULL && s->watch.dead(s->watch.arg))
		return err_set(e, ERR_LEDGER, "the process is dead"), NULL;
	if ((t = calloc(1, sizeof(*t))) == NULL)
		return err_nomem(e), NULL;
	t->store = s;
	t->write = write;
	for (size_t i = 0; i < TABLE_COUNT; i++) {
		t->tables[i] = s->tables[i];
		if (t->tables[i] != NULL)
			t->tables[i]->refs++;
	}
	return t;
}

static void
memory_abort(struct txn *t)
{
	if (t == NULL)
		return;
	for (size_t i = 0; i < TABLE_COUNT; i++)
		rows_drop(t->tables[i]);
	free(t);
}

static int
memory_commit(struct txn *t, struct err *e)
{
	struct store *s = t->store;
	const struct store_watch *w = &s->watch;

	if (w->before != NULL && w->before(w->arg) != 0) {
		memory_abort(t);
		return err_set(e, ERR_LEDGER, "killed before a commit");
	}
	for (size_t i = 0; i < TABLE_COUNT; i++) {
		rows_drop(s->tables[i]);
		s->tables[i] = t->tables[i];
	}
	free(t);
	if (w->after != NULL)
		w->after(w->arg);
	return 0;
}

static int
memory_get(
    struct txn *t, enum table table, struct span key, struct span *value, struct err *e)
{
	const struct rows *r = t->tables[table];
	size_t i = lower(r, key);

	if (check(t, key, false, e) != 0)
		return -1;
	if (!is_at(r, i, key))
		return 0;
	*value = value_of(r->v[i]);
	return 1;
}

static int
memory_put(
    struct txn *t, enum table table, struct span key, struct span value, struct err *e)
{
	struct pair *p;
	struct rows *r;
	size_t i;

	if (check(t, key, true, e) != 0)
		return -1;
	if ((p = malloc(sizeof(*p) + key.n + value.n)) == NULL)
		return err_nomem(e);
	*p = (struct pair){.refs = 1, .key_n = key.n, .value_n = value.n};
	memcpy(p->bytes, key.p, key.n);
	if (value.n > 0)
		memcpy(p->bytes + key.n, value.p, value.n);
	if ((r = owned(t, table)) == NULL)
		return free(p), err_nomem(e);
	i = lower(r, key);
	if (is_at(r, i, key)) {
		pair_drop(r->v[i]);
	} else {
		memmove(&r->v[i + 1], &r->v[i], (r->n - i) * sizeof(r->v[0]));
		r->n++;
	}
	r->v[i] = p;
	return 0;
}

static void
take_out(struct rows *r, size_t i)
{
	pair_drop(r->v[i]);
	r->n--;
	memmove(&r->v[i], &r->v[i + 1], (r->n - i) * sizeof(r->v[0]));
}

static int
memory_del(struct txn *t, enum table table, struct span key, struct err *e)
{
	struct rows *r;
	size_t i;

	if (check(t, key, true, e) != 0)
		return -1;
	if ((r = owned(t, table)) == NULL)
		return err_nomem(e);
	i = lower(r, key);
	if (is_at(r, i, key))
		take_out(r, i);
	return 0;
}

static int
memory_each_after(struct txn *t, enum table table, const struct range *range,
    const struct visitor *v, struct err *e)
{
	const struct rows *r = t->tables[table];
	size_t i = lower(r, range->prefix);
	int rc = 0;

	(void)e;
	if (range->after.n > 0) {
		i = lower(r, range->after);
		i += is_at(r, i, range->after);
	}
	for (; r != NULL && i < r->n && has_prefix(r->v[i], range->prefix); i++)
		if ((rc = v->fn(v->arg, key_of(r->v[i]), value_of(r->v[i]))) != 0)
			break;
	return rc < 0 ? -1 : 0;
}

static int
memory_each(struct txn *t, enum table table, struct span prefix, const struct visitor *v,
    struct err *e)
{
	return memory_each_after(t, table, &(struct range){.prefix = prefix}, v, e);
}

static int
memory_clear(struct txn *t, enum table table, struct span prefix, struct err *e)
{
	struct rows *r;
	size_t i;

	if (!t->write)
		return err_set(e, ERR_LEDGER, "a transaction that reads cannot write");
	if ((r = owned(t, table)) == NULL)
		return err_nomem(e);
	for (i = lower(r, prefix); i < r->n && has_prefix(r->v[i], prefix);)
		take_out(r, i);
	return 0;
}

static int
memory_copy(struct store *s, int fd, struct err *e)
{
	(void)s;
	(void)fd;
	return err_set(e, ERR_LEDGER, "what is in memory has no file");
}

void
store_memory_watch(struct store *s, const struct store_watch *watch)
{
	s->watch = *watch;
}

const struct store_ops store_memory = {
    .open = memory_open,
    .close = memory_close,
    .begin = memory_begin,
    .commit = memory_commit,
    .abort = memory_abort,
    .get = memory_get,
    .put = memory_put,
    .del = memory_del,
    .each = memory_each,
    .each_after = memory_each_after,
    .clear = memory_clear,
    .copy = memory_copy,
};
