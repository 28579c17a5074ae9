/* What lies in a drop, by name: a name is a digest here, and its file's entry has it. */
#include <string.h>

#include "state/files_impl.h"

struct digest
ledger_name_digest(const struct ledger *l, const char *feed, const char *name)
{
	const struct span parts[] = {SPAN_LIT("name"), span_of(feed), span_of(name)};

	return digest_parts(&l->keys, KEY_NAME, parts, 3);
}

static int
name_decode(void *out, struct span key, struct span value)
{
	struct name_entry *n = out;
	struct reader r = {.in = value};

	(void)key;
	n->state = (enum name_state)get_u8(&r);
	n->size = get_u64(&r);
	n->mtime = get_i64(&r);
	n->seen = get_i64(&r);
	n->fingerprint = get_u64(&r);
	n->blocks = get_u8(&r) != 0;
	get_bytes(&r, n->file.b, DIGEST_SIZE);
	return r.bad || n->state > NAME_HELD ? -1 : 0;
}

static int
name_read(const struct act *a, const char *feed, struct name_lookup *it)
{
	struct digest d = ledger_name_digest(a->ledger, feed, it->name);
	const struct visitor take = {name_decode, &it->entry};
	int r;

	it->entry = (struct name_entry){.size = 0};
	r = act_read(a, TABLE_NAMES, digest_span(&d), &take);
	it->known = r == 1;
	return r < 0 ? -1 : 0;
}

int
ledger_names_get(struct ledger *l, const char *feed, struct name_lookup *lookups,
    size_t n, struct err *e)
{
	struct act a;
	int r = 0;

	if (act_begin(&a, l, false, e) != 0)
		return -1;
	for (size_t i = 0; i < n && r == 0; i++)
		r = name_read(&a, feed, &lookups[i]);
	act_abort(&a);
	return r;
}

int
ledger_name_get(struct ledger *l, const char *feed, const char *name,
    struct name_entry *out, struct err *e)
{
	struct name_lookup one = {.name = name};
	int r = ledger_names_get(l, feed, &one, 1, e);

	*out = one.entry;
	return r < 0 ? -1 : one.known;
}

int
name_write(const struct act *a, const char *feed, const struct name_put *put)
{
	const struct name_entry *n = &put->entry;
	struct digest d = ledger_name_digest(a->ledger, feed, put->name);
	struct buf b;
	int r;

	if (n->seen == 0)
		return a->ledger->ops->del(a->txn, TABLE_NAMES, digest_span(&d), a->e);
	buf_init(&b, VALUE_MAX);
	put_u8(&b, n->state);
	put_u64(&b, n->size);
	put_i64(&b, n->mtime);
	put_i64(&b, n->seen);
	put_u64(&b, n->fingerprint);
	put_u8(&b, n->blocks);
	buf_add(&b, n->file.b, DIGEST_SIZE);
	r = ledger_write(a, TABLE_NAMES, digest_span(&d), &b);
	buf_release(&b);
	return r;
}

int
ledger_names_put(struct ledger *l, const char *feed, const struct name_put *puts,
    size_t n, struct err *e)
{
	struct act a;
	int r = 0;

	if (n == 0)
		return 0;
	if (act_begin(&a, l, true, e) != 0)
		return -1;
	for (size_t i = 0; i < n && r == 0; i++)
		r = name_write(&a, feed, &puts[i]);
	return act_end(&a, r);
}

struct name_walk {
	int (*fn)(void *arg, const struct name_entry *n);
	void *arg;
	const struct act *act;
};

/* Nearly all names are of files that are done: their checks would take longer than the walk. */
static int
name_visit(void *arg, struct span key, struct span value)
{
	struct name_walk *w = arg;
	struct name_entry n;
	struct reader r = {.in = value};
	unsigned state = get_u8(&r);

	if (state != NAME_HELD && state != NAME_REFUSED)
		return 0;
	if (!value_checked(&w->act->ledger->keys, key, &value) ||
	    name_decode(&n, key, value) != 0)
		return ledger_damaged(w->act->e, TABLE_NAMES);
	return w->fn(w->arg, &n);
}

int
ledger_aside_each(struct ledger *l, int (*fn)(void *arg, const struct name_entry *n),
    void *arg, struct err *e)
{
	struct act a;
	struct name_walk w = {fn, arg, &a};
	int r;

	if (act_begin(&a, l, false, e) != 0)
		return -1;
	r = l->ops->each(a.txn, TABLE_NAMES, (struct span){NULL, 0},
	    &(struct visitor){name_visit, &w}, e);
	act_abort(&a);
	return r;
}
