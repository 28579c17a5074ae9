#include "state/watch.h"

#include <string.h>

#include "state/files_impl.h"
#include "state/watch_impl.h"

/* Where a feed's value stands, and how it is read. */
struct place {
	enum control_kind kind;
	const char *feed;
};

typedef int decode_fn(void *out, struct span key, struct span value);

static int
get(struct ledger *l, const struct place *at, decode_fn *decode, void *out, struct err *e)
{
	struct key k;
	int r;

	control_key(&k, l, at->kind, at->feed);
	r = ledger_read_one(
	    l, TABLE_CONTROLS, key_span(&k), &(struct visitor){decode, out}, e);
	return r < 0 ? -1 : 0;
}

/* The same within a transaction. */
static int
get_in(const struct act *a, const struct place *at, decode_fn *decode, void *out)
{
	struct key k;
	int r;

	control_key(&k, a->ledger, at->kind, at->feed);
	r = act_read(a, TABLE_CONTROLS, key_span(&k), &(struct visitor){decode, out});
	return r < 0 ? -1 : 0;
}

static int
put(const struct act *a, const struct place *at, struct buf *value)
{
	struct key k;
	int r;

	control_key(&k, a->ledger, at->kind, at->feed);
	r = ledger_write(a, TABLE_CONTROLS, key_span(&k), value);
	buf_release(value);
	return r;
}

/* In a transaction of its own. */
static int
put_alone(struct ledger *l, const struct place *at, struct buf *value, struct err *e)
{
	struct act a;

	if (act_begin(&a, l, true, e) != 0) {
		buf_release(value);
		return -1;
	}
	return act_end(&a, put(&a, at, value));
}

static void
begin(struct buf *b, const struct place *at)
{
	buf_init(b, VALUE_MAX);
	put_text(b, span_of(at->feed));
}

static int
arrivals_decode(void *out, struct span key, struct span value)
{
	struct reader r = {.in = value};
	struct arrivals *a = out;

	(void)key;
	(void)get_text(&r);
	a->since = get_i64(&r);
	get_bytes(&r, a->expect.b, DIGEST_SIZE);
	for (size_t i = 0; i < ARRIVALS_MAX; i++)
		a->v[i].at = get_u32(&r);
	for (size_t i = 0; i < ARRIVALS_MAX; i++)
		a->v[i].files = get_u32(&r);
	for (size_t i = 0; i < ARRIVALS_MAX; i++)
		a->v[i].rows = get_u32(&r);
	return r.bad ? -1 : 0;
}

int
ledger_arrivals_get(
    struct ledger *l, const char *feed, struct arrivals *out, struct err *e)
{
	memset(out, 0, sizeof(*out));
	return get(l, &(struct place){CONTROL_ARRIVALS, feed}, arrivals_decode, out, e);
}

/* All zero if there is none. */
static int
arrivals_read(const struct act *a, const char *feed, struct arrivals *out)
{
	memset(out, 0, sizeof(*out));
	return get_in(a, &(struct place){CONTROL_ARRIVALS, feed}, arrivals_decode, out);
}

static int
arrivals_write(const struct act *a, const char *feed, const struct arrivals *v)
{
	const struct place at = {CONTROL_ARRIVALS, feed};
	struct buf b;

	begin(&b, &at);
	put_i64(&b, v->since);
	buf_add(&b, v->expect.b, DIGEST_SIZE);
	for (size_t i = 0; i < ARRIVALS_MAX; i++)
		put_u32(&b, v->v[i].at);
	for (size_t i = 0; i < ARRIVALS_MAX; i++)
		put_u32(&b, v->v[i].files);
	for (size_t i = 0; i < ARRIVALS_MAX; i++)
		put_u32(&b, v->v[i].rows);
	return put(a, &at, &b);
}

int
arrival_write(const struct act *a, const char *feed, const struct arrival_new *v)
{
	struct arrivals all;

	if (arrivals_read(a, feed, &all) != 0)
		return -1;
	arrivals_add(&all, v->at, v->rows);
	return arrivals_write(a, feed, &all);
}

static bool
is_begun(const struct arrivals *a, const struct digest *expect)
{
	return a->since != 0 && digest_eq(&a->expect, expect);
}

int
ledger_arrivals_begin(struct ledger *l, const char *feed, const struct digest *expect,
    int64_t now, struct err *e)
{
	struct arrivals all;
	struct act a;

	if (ledger_arrivals_get(l, feed, &all, e) != 0)
		return -1;
	if (is_begun(&all, expect))
		return 0;
	if (act_begin(&a, l, true, e) != 0)
		return -1;
	if (arrivals_read(&a, feed, &all) != 0)
		return act_end(&a, -1);
	if (!is_begun(&all, expect))
		all.since = now;
	all.expect = *expect;
	return act_end(&a, arrivals_write(&a, feed, &all));
}

size_t
arrivals_count(const struct arrivals *a)
{
	size_t n = 0;

	while (n < ARRIVALS_MAX && a->v[n].at != 0)
		n++;
	return n;
}

/* A clock that was set back leaves the list in the order in which files were read. */
void
arrivals_add(struct arrivals *a, int64_t at, uint32_t rows)
{
	size_t n = arrivals_count(a);
	int64_t s = at / 1000;

	if (n > 0 && s >= a->v[n - 1].at && s - a->v[n - 1].at < ARRIVALS_MERGE_S) {
		a->v[n - 1].files++;
		a->v[n - 1].rows = rows;
		return;
	}
	if (n == ARRIVALS_MAX)
		memmove(&a->v[0], &a->v[1], --n * sizeof(a->v[0]));
	a->v[n] = (struct arrival_mark){(uint32_t)s, 1, rows};
}

static int
troubles_decode(void *out, struct span key, struct span value)
{
	struct reader r = {.in = value};
	struct troubles *t = out;

	(void)key;
	(void)get_text(&r);
	for (size_t i = 0; i < TROUBLE_COUNT; i++) {
		t->v[i].since = get_i64(&r);
		t->v[i].mark = get_u64(&r);
	}
	return r.bad ? -1 : 0;
}

int
ledger_troubles_get(
    struct ledger *l, const char *feed, struct troubles *out, struct err *e)
{
	memset(out, 0, sizeof(*out));
	return get(l, &(struct place){CONTROL_TROUBLES, feed}, troubles_decode, out, e);
}

int
ledger_troubles_put(
    struct ledger *l, const char *feed, const struct troubles *t, struct err *e)
{
	const struct place at = {CONTROL_TROUBLES, feed};
	struct buf b;

	begin(&b, &at);
	for (size_t i = 0; i < TROUBLE_COUNT; i++) {
		put_i64(&b, t->v[i].since);
		put_u64(&b, t->v[i].mark);
	}
	return put_alone(l, &at, &b, e);
}

/* In the order in which they are written: the last is that of one run, and no sum. */
#define FIGURES  13
#define COUNTERS (FIGURES - 1)

static void
figures_list(struct figures *f, uint64_t *out[FIGURES])
{
	uint64_t *const all[FIGURES] = {&f->runs, &f->failed, &f->files, &f->rows,
	    &f->bytes, &f->delivered, &f->removals, &f->rejected, &f->refused,
	    &f->requests, &f->retries, &f->total_ms, &f->last_ms};

	memcpy(out, all, sizeof(all));
}

static int
figures_decode(void *out, struct span key, struct span value)
{
	struct reader r = {.in = value};
	struct figures *f = out;
	uint64_t *all[FIGURES];

	(void)key;
	(void)get_text(&r);
	figures_list(f, all);
	for (size_t i = 0; i < FIGURES; i++)
		*all[i] = get_u64(&r);
	f->last_run = get_i64(&r);
	f->last_success = get_i64(&r);
	f->last_exit = get_u32(&r);
	f->api_expires = get_i64(&r);
	f->pgp_expires = get_i64(&r);
	f->pgp_looked = get_i64(&r);
	return r.bad ? -1 : 0;
}

void
figures_add(struct figures *to, const struct figures *run)
{
	struct figures copy = *run;
	uint64_t *sums[FIGURES], *more[FIGURES];

	figures_list(to, sums);
	figures_list(&copy, more);
	for (size_t i = 0; i < COUNTERS; i++)
		*sums[i] += *more[i];
	to->last_ms = run->last_ms;
	to->last_run = run->last_run;
	to->last_exit = run->last_exit;
	if (run->last_success != 0)
		to->last_success = run->last_success;
	if (run->api_expires != 0)
		to->api_expires = run->api_expires;
	if (run->pgp_looked != 0) {
		to->pgp_looked = run->pgp_looked;
		to->pgp_expires = run->pgp_expires;
	}
}

int
ledger_figures_get(struct ledger *l, const char *feed, struct figures *out, struct err *e)
{
	const struct figures *noted = looks_figures(&l->looks, feed);

	memset(out, 0, sizeof(*out));
	if (get(l, &(struct place){CONTROL_FIGURES, feed}, figures_decode, out, e) != 0)
		return -1;
	if (noted != NULL)
		figures_add(out, noted);
	return 0;
}

int
figures_write(const struct act *a, const char *feed, const struct figures *run)
{
	const struct place at = {CONTROL_FIGURES, feed};
	struct figures f = {.runs = 0};
	uint64_t *all[FIGURES];
	struct buf b;

	if (get_in(a, &at, figures_decode, &f) != 0)
		return -1;
	figures_add(&f, run);
	begin(&b, &at);
	figures_list(&f, all);
	for (size_t i = 0; i < FIGURES; i++)
		put_u64(&b, *all[i]);
	put_i64(&b, f.last_run);
	put_i64(&b, f.last_success);
	put_u32(&b, f.last_exit);
	put_i64(&b, f.api_expires);
	put_i64(&b, f.pgp_expires);
	put_i64(&b, f.pgp_looked);
	return put(a, &at, &b);
}

static int
login_decode(void *out, struct span key, struct span value)
{
	struct reader r = {.in = value};
	struct login_pause *p = out;

	(void)key;
	(void)get_text(&r);
	p->since = get_i64(&r);
	get_bytes(&r, p->credentials.b, DIGEST_SIZE);
	p->ended = r.in.n > 0 ? get_i64(&r) : 0; /* not there in older values */
	return r.bad ? -1 : 0;
}

int
ledger_login_get(
    struct ledger *l, const char *feed, struct login_pause *out, struct err *e)
{
	memset(out, 0, sizeof(*out));
	return get(l, &(struct place){CONTROL_LOGIN, feed}, login_decode, out, e);
}

static void
login_encode(struct buf *b, const struct place *at, const struct login_pause *p)
{
	begin(b, at);
	put_i64(b, p->since);
	buf_add(b, p->credentials.b, DIGEST_SIZE);
	put_i64(b, p->ended);
}

int
ledger_login_put(
    struct ledger *l, const char *feed, const struct login_pause *p, struct err *e)
{
	const struct place at = {CONTROL_LOGIN, feed};
	struct buf b;

	login_encode(&b, &at, p);
	return put_alone(l, &at, &b, e);
}

/* Feeds of which these credentials were refused. */
struct login_search {
	const struct digest *credentials;
	int64_t since; /* of the first one */
	char feed[LEDGER_NAME_MAX + 1];
	struct err *e;
};

static int
login_compare(void *arg, struct span key, struct span value)
{
	struct login_search *s = arg;
	struct reader r = {.in = value};
	struct span feed = get_text(&r);
	struct login_pause p;

	if (login_decode(&p, key, value) != 0 || feed.n > LEDGER_NAME_MAX)
		return ledger_damaged(s->e, TABLE_CONTROLS);
	if (p.since == 0 || !digest_eq(&p.credentials, s->credentials))
		return 0;
	s->since = p.since;
	memcpy(s->feed, feed.p, feed.n);
	s->feed[feed.n] = '\0';
	return 1;
}

static int
login_search(struct ledger *l, struct login_search *s)
{
	static const char kind[] = {CONTROL_LOGIN};
	const struct visitor compare = {login_compare, s};

	s->since = 0;
	return ledger_each(
	    l, TABLE_CONTROLS, (struct span){kind, sizeof(kind)}, &compare, s->e);
}

int
ledger_login_find(
    struct ledger *l, const struct digest *credentials, int64_t *since, struct err *e)
{
	struct login_search s = {.credentials = credentials, .e = e};

	if (login_search(l, &s) != 0)
		return -1;
	*since = s.since;
	return s.since != 0;
}

/* If it still is refused with these. */
static int
login_end(
    const struct act *a, const char *feed, const struct digest *credentials, int64_t now)
{
	const struct place at = {CONTROL_LOGIN, feed};
	const struct login_pause good = {.since = 0, .ended = now};
	struct login_pause p = {.since = 0};
	struct buf b;

	if (get_in(a, &at, login_decode, &p) != 0)
		return -1;
	if (p.since == 0 || !digest_eq(&p.credentials, credentials))
		return 0;
	login_encode(&b, &at, &good);
	return put(a, &at, &b);
}

/* A run of that feed may find others refused meanwhile: those stay. */
int
ledger_login_end(
    struct ledger *l, const struct digest *credentials, int64_t now, struct err *e)
{
	struct login_search s = {.credentials = credentials, .e = e};
	struct act a;

	for (;;) {
		if (login_search(l, &s) != 0)
			return -1;
		if (s.since == 0)
			return 0;
		if (act_begin(&a, l, true, e) != 0)
			return -1;
		if (act_end(&a, login_end(&a, s.feed, credentials, now)) != 0)
			return -1;
	}
}
