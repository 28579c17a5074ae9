#include "state/files.h"

#include <stdio.h>
#include <string.h>

#include "base/record.h"
#include "state/files_impl.h"

/* Text under a nonce of its own, which stands before it. */
static void
put_sealed(struct ledger *l, struct buf *b, const char *text)
{
	unsigned char sealed[FILE_PATH_MAX + SEAL_EXTRA];
	size_t n = strnlen(text, FILE_PATH_MAX);
	struct digest nonce = digest_bytes(&l->keys, KEY_NAME, text, n);

	seal(&l->keys, &nonce, text, n, sealed);
	buf_add(b, nonce.b, DIGEST_SIZE);
	put_text(b, (struct span){(char *)sealed, n + SEAL_EXTRA});
}

/* -1 if it is no seal. */
static int
get_sealed(struct ledger *l, struct reader *r, char *out, size_t size)
{
	struct digest nonce;
	struct span sealed;

	get_bytes(r, nonce.b, DIGEST_SIZE);
	sealed = get_text(r);
	if (r->bad || sealed.n < SEAL_EXTRA || sealed.n - SEAL_EXTRA >= size ||
	    unseal(&l->keys, &nonce, sealed.p, sealed.n, out) != 0)
		return -1;
	out[sealed.n - SEAL_EXTRA] = '\0';
	return 0;
}

struct span
digest_span(const struct digest *d)
{
	return (struct span){(const char *)d->b, DIGEST_SIZE};
}

/* Behind the feed's digest, so that one feed's can be walked. */
static void
settling_key(struct key *k, const struct ledger *l, const char *feed, const char *path)
{
	struct digest of_feed = digest_bytes(&l->keys, KEY_NAME, feed, strlen(feed));
	struct digest of_path;

	key_init(k);
	key_bytes(k, of_feed.b, DIGEST_SIZE);
	if (path == NULL)
		return;
	of_path = ledger_name_digest(l, feed, path);
	key_bytes(k, of_path.b, DIGEST_SIZE);
}

int
settling_write(const struct act *a, const char *feed, const struct settling *s)
{
	struct key k;
	struct buf b;
	int r;

	settling_key(&k, a->ledger, feed, s->path);
	buf_init(&b, VALUE_MAX);
	put_sealed(a->ledger, &b, s->name);
	put_sealed(a->ledger, &b, s->path);
	put_u8(&b, s->remove);
	put_u64(&b, s->size);
	put_i64(&b, s->mtime);
	r = ledger_write(a, TABLE_SETTLING, key_span(&k), &b);
	buf_release(&b);
	return r;
}

int
ledger_settle_end(
    struct ledger *l, const char *feed, const struct settling *s, struct err *e)
{
	const struct name_put none = {.name = s->name};
	struct act a;
	struct key k;
	int r;

	settling_key(&k, l, feed, s->path);
	if (act_begin(&a, l, true, e) != 0)
		return -1;
	if ((r = name_write(&a, feed, &none)) == 0)
		r = l->ops->del(a.txn, TABLE_SETTLING, key_span(&k), e);
	return act_end(&a, r);
}

struct settling_walk {
	struct ledger *l;
	int (*fn)(void *arg, const struct settling *s);
	void *arg;
	struct err *e;
};

static int
settling_visit(void *arg, struct span key, struct span value)
{
	struct settling_walk *w = arg;
	struct reader r = {.in = value};
	struct settling s;

	(void)key;
	if (get_sealed(w->l, &r, s.name, sizeof(s.name)) != 0 ||
	    get_sealed(w->l, &r, s.path, sizeof(s.path)) != 0)
		return ledger_damaged(w->e, TABLE_SETTLING);
	s.remove = get_u8(&r) != 0;
	s.size = get_u64(&r);
	s.mtime = get_i64(&r);
	return r.bad ? ledger_damaged(w->e, TABLE_SETTLING) : w->fn(w->arg, &s);
}

int
ledger_settling_each(struct ledger *l, const char *feed,
    int (*fn)(void *arg, const struct settling *s), void *arg, struct err *e)
{
	struct settling_walk w = {l, fn, arg, e};
	struct key k;

	settling_key(&k, l, feed, NULL);
	return ledger_each(
	    l, TABLE_SETTLING, key_span(&k), &(struct visitor){settling_visit, &w}, e);
}

const char *
verdict_name(enum verdict v)
{
	static const char *const names[] = {
	    "deliver", "duplicate", "empty", "hold", "refuse", "discard"};

	return names[v];
}

struct digest
ledger_file_id(const struct ledger *l, const char *feed, const char *name,
    const unsigned char sha256[SHA256_SIZE])
{
	const struct span parts[] = {SPAN_LIT("file"), span_of(feed), span_of(name),
	    {(const char *)sha256, SHA256_SIZE}};

	return digest_parts(&l->keys, KEY_NAME, parts, 4);
}

struct digest
feed_content(
    const struct site_keys *k, const char *feed, const unsigned char sha256[SHA256_SIZE])
{
	const struct span parts[] = {span_of(feed), {(const char *)sha256, SHA256_SIZE}};

	return digest_parts(k, KEY_NAME, parts, 2);
}

void
get_string(struct reader *r, char *out, size_t size)
{
	struct span s = get_text(r);

	if (s.n >= size)
		s.n = size - 1;
	if (s.n > 0)
		memcpy(out, s.p, s.n);
	out[s.n] = '\0';
}

struct file_out {
	struct ledger *l;
	struct file_entry *f;
};

/* The counts in the order they are stored in. */
static void
file_counts(struct file_entry *f, uint64_t *out[12])
{
	uint64_t *const all[12] = {&f->pass, &f->rows, &f->mapped, &f->filtered,
	    &f->rejected, &f->warnings, &f->records, &f->delivered, &f->unchanged,
	    &f->duplicate, &f->stale, &f->refused};

	memcpy(out, all, sizeof(all));
}

static int
file_decode(void *out, struct span key, struct span value)
{
	struct file_out *o = out;
	struct file_entry *f = o->f;
	struct reader r = {.in = value};
	uint64_t *counts[12];

	(void)key;
	get_string(&r, f->feed, sizeof(f->feed));
	if (get_sealed(o->l, &r, f->name, sizeof(f->name)) != 0)
		return -1;
	f->size = get_u64(&r);
	f->mtime = get_i64(&r);
	get_bytes(&r, f->sha256, SHA256_SIZE);
	f->read_at = get_i64(&r);
	f->verdict = (enum verdict)get_u8(&r);
	get_string(&r, f->reason, sizeof(f->reason));
	file_counts(f, counts);
	for (size_t i = 0; i < 12; i++)
		*counts[i] = get_u64(&r);
	f->closed = get_u8(&r) != 0;
	f->made_at = f->file_at = TIME_NONE;
	if (r.in.n > 0) { /* not there in a value of format 1 or 2 */
		f->removals = get_u64(&r);
		if (get_sealed(o->l, &r, f->path, sizeof(f->path)) != 0)
			return -1;
		f->made_at = get_i64(&r);
		f->took = get_u64(&r);
		f->file_at = get_i64(&r);
		f->came_back = get_u8(&r) != 0;
		f->settings = r.in.n > 0 ? get_u64(&r) : 0;
	}
	return r.bad || f->verdict > VERDICT_DISCARD ? -1 : 0;
}

static void
file_encode(struct ledger *l, struct buf *b, const struct file_entry *file)
{
	struct file_entry f = *file;
	uint64_t *counts[12];

	put_text(b, span_of(f.feed));
	put_sealed(l, b, f.name);
	put_u64(b, f.size);
	put_i64(b, f.mtime);
	buf_add(b, f.sha256, SHA256_SIZE);
	put_i64(b, f.read_at);
	put_u8(b, f.verdict);
	put_text(b, span_of(f.reason));
	file_counts(&f, counts);
	for (size_t i = 0; i < 12; i++)
		put_u64(b, *counts[i]);
	put_u8(b, f.closed);
	put_u64(b, f.removals);
	put_sealed(l, b, f.path);
	put_i64(b, f.made_at);
	put_u64(b, f.took);
	put_i64(b, f.file_at);
	put_u8(b, f.came_back);
	put_u64(b, f.settings);
}

int
ledger_file_get(
    struct ledger *l, const struct digest *id, struct file_entry *out, struct err *e)
{
	struct file_out o = {l, out};

	memset(out, 0, sizeof(*out));
	out->id = *id;
	return ledger_read_one(
	    l, TABLE_FILES, digest_span(id), &(struct visitor){file_decode, &o}, e);
}

int
file_write(const struct act *a, const struct file_entry *f)
{
	struct buf b;
	int r;

	buf_init(&b, VALUE_MAX);
	file_encode(a->ledger, &b, f);
	r = ledger_write(a, TABLE_FILES, digest_span(&f->id), &b);
	buf_release(&b);
	return r;
}

int
ledger_file_put(struct ledger *l, const struct file_entry *f, const struct problem *p,
    size_t n, struct err *e)
{
	struct act a;
	int r;

	if (act_begin(&a, l, true, e) != 0)
		return -1;
	r = file_write(&a, f);
	return act_end(&a, r == 0 ? problems_write(&a, &f->id, p, n) : r);
}

struct file_walk {
	struct ledger *l;
	int (*fn)(void *arg, const struct file_entry *f);
	void *arg;
	struct err *e;
};

static int
file_visit(void *arg, struct span key, struct span value)
{
	struct file_walk *w = arg;
	struct file_entry f = {.size = 0};
	struct file_out o = {w->l, &f};

	if (key.n != DIGEST_SIZE || file_decode(&o, key, value) != 0)
		return ledger_damaged(w->e, TABLE_FILES);
	memcpy(f.id.b, key.p, DIGEST_SIZE);
	return w->fn(w->arg, &f);
}

int
ledger_file_each(struct ledger *l, int (*fn)(void *arg, const struct file_entry *f),
    void *arg, struct err *e)
{
	struct file_walk w = {l, fn, arg, e};

	return ledger_each(
	    l, TABLE_FILES, (struct span){NULL, 0}, &(struct visitor){file_visit, &w}, e);
}

static int
problem_write(const struct act *a, const struct digest *file, size_t number,
    const struct problem *p)
{
	struct key k;
	struct buf b;
	int r;

	key_init(&k);
	key_bytes(&k, file->b, DIGEST_SIZE);
	key_u32(&k, (uint32_t)number);
	buf_init(&b, VALUE_MAX);
	put_text(&b, span_of(problem_name(p->code)));
	put_u8(&b, p->weight);
	put_u64(&b, p->row);
	put_text(&b, p->column);
	put_text(&b, span_of(p->type));
	put_text(&b, span_of(p->field));
	r = ledger_write(a, TABLE_PROBLEMS, key_span(&k), &b);
	buf_release(&b);
	return r;
}

int
problems_write(
    const struct act *a, const struct digest *file, const struct problem *p, size_t n)
{
	int r = a->ledger->ops->clear(a->txn, TABLE_PROBLEMS, digest_span(file), a->e);

	if (n > FILE_PROBLEMS_MAX)
		n = FILE_PROBLEMS_MAX;
	for (size_t i = 0; i < n && r == 0; i++)
		r = problem_write(a, file, i, &p[i]);
	return r;
}

struct problem_walk {
	int (*fn)(void *arg, const struct problem *p);
	void *arg;
	struct err *e;
};

static int
problem_visit(void *arg, struct span key, struct span value)
{
	struct problem_walk *w = arg;
	struct reader r = {.in = value};
	struct problem p = {.code = problem_by_name(get_text(&r))};
	char type[LEDGER_NAME_MAX], field[LEDGER_NAME_MAX];

	(void)key;
	p.weight = get_u8(&r) == WEIGHT_REJECT ? WEIGHT_REJECT : WEIGHT_WARNING;
	p.row = get_u64(&r);
	p.column = get_text(&r);
	get_string(&r, type, sizeof(type));
	get_string(&r, field, sizeof(field));
	p.type = type[0] != '\0' ? type : NULL;
	p.field = field[0] != '\0' ? field : NULL;
	return r.bad ? ledger_damaged(w->e, TABLE_PROBLEMS) : w->fn(w->arg, &p);
}

int
ledger_problem_each(struct ledger *l, const struct digest *file,
    int (*fn)(void *arg, const struct problem *p), void *arg, struct err *e)
{
	struct problem_walk w = {fn, arg, e};

	return ledger_each(l, TABLE_PROBLEMS, digest_span(file),
	    &(struct visitor){problem_visit, &w}, e);
}

int
ledger_run_put(
    struct ledger *l, const char *ulid, const char *feed, struct span json, struct err *e)
{
	char key[ULID_SIZE + LEDGER_NAME_MAX + 1];
	struct buf b;
	int r;

	snprintf(key, sizeof(key), "%s %s", ulid, feed);
	buf_init(&b, VALUE_MAX);
	buf_add_span(&b, json);
	r = ledger_write_one(l, TABLE_RUNS, span_of(key), &b, e);
	buf_release(&b);
	return r;
}
