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

int
ledger_name_get(struct ledger *l, const char *feed, const char *name,
    struct name_entry *out, struct err *e)
{
	struct digest d = ledger_name_digest(l, feed, name);

	memset(out, 0, sizeof(*out));
	return ledger_read_one(
	    l, TABLE_NAMES, digest_span(&d), &(struct visitor){name_decode, out}, e);
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

	if (n == 0)
		return 0;
	if (act_begin(&a, l, true, e) != 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		if (name_write(&a, feed, &puts[i]) != 0) {
			act_abort(&a);
			return -1;
		}
	}
	return act_commit(&a);
}

struct name_walk {
	int (*fn)(void *arg, const struct name_entry *n);
	void *arg;
	struct err *e;
};

static int
name_visit(void *arg, struct span key, struct span value)
{
	struct name_walk *w = arg;
	struct name_entry n;

	if (name_decode(&n, key, value) != 0)
		return ledger_damaged(w->e, TABLE_NAMES);
	return w->fn(w->arg, &n);
}

int
ledger_name_each(struct ledger *l, int (*fn)(void *arg, const struct name_entry *n),
    void *arg, struct err *e)
{
	struct name_walk w = {fn, arg, e};

	return ledger_each(
	    l, TABLE_NAMES, (struct span){NULL, 0}, &(struct visitor){name_visit, &w}, e);
}
