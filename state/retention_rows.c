/*
 * What is old, and what of that is needed all the same. References are looked up when
 * something is about to be forgotten, and not counted: names, passes, merges, decisions,
 * runs and files that are being put away may point to a file of any age.
 */
#include <stdlib.h>
#include <string.h>

#include "base/record.h"
#include "state/answers.h"
#include "state/files.h"
#include "state/pass_impl.h"
#include "state/retention_impl.h"

#define ULID_TIME 10 /* characters of a ULID that are its time, 5 bits each */

enum table
sweep_table(enum sweep_phase at)
{
	static const enum table tables[] = {
	    TABLE_NAMES, TABLE_RUNS, TABLE_FILES, TABLE_RECORDS};

	return tables[at];
}

static uint64_t
number(const struct slice *s, const char *name)
{
	return row_cell(&s->row, name)->number;
}

static struct victim *
add_victim(struct slice *s)
{
	struct victim *v = &s->victims[s->n++];

	*v = (struct victim){.key = s->sweep->behind};
	return v;
}

/* Old already; or it will be, and a sweep is due then. */
static bool
is_old(struct slice *s, int64_t time)
{
	if (time <= s->sweep->cutoff)
		return true;
	if (time < s->sweep->oldest)
		s->sweep->oldest = time;
	return false;
}

static bool
is_mine(const struct slice *s, const struct row *row)
{
	return span_eq(row_cell(row, "feed")->bytes, span_of(s->r->feed));
}

int
digest_order(const void *a, const void *b)
{
	return memcmp(a, b, DIGEST_SIZE);
}

/* Does it belong to this feed, and lie in the drop no longer? 1, 0, -1. */
static int
name_is_gone(struct slice *s)
{
	struct digest file = row_cell(&s->row, "file")->digest;
	struct digest name = row_cell(&s->row, "digest")->digest;
	const struct span key = {(const char *)file.b, DIGEST_SIZE};
	struct span value;
	int rc;

	if (bsearch(&name, s->listed, s->nlisted, sizeof(name), digest_order) != NULL)
		return 0;
	rc = ledger_read(s->act, TABLE_FILES, key, &value);
	if (rc != 1)
		return rc;
	if (row_decode(&s->row, layout_find(TABLE_FILES, key), key, value) != 0)
		return ledger_damaged(s->act->e, TABLE_FILES);
	return is_mine(s, &s->row);
}

/* One that was only seen is seen again, if it still lies there. */
static int
judge_name(struct slice *s)
{
	int gone = 1;

	if (!is_old(s, (int64_t)number(s, "seen")))
		return 0;
	if (number(s, "state") != NAME_SEEN)
		gone = name_is_gone(s);
	if (gone == 1)
		add_victim(s);
	return gone < 0 ? -1 : 0;
}

/* Crockford's base 32, as ulid_make writes it. */
static int64_t
ulid_time(struct span ulid)
{
	static const char digits[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
	int64_t ms = 0;

	for (size_t i = 0; i < ULID_TIME; i++) {
		const char *at = memchr(digits, ulid.p[i], sizeof(digits) - 1);

		ms = ms << 5 | (at == NULL ? 0 : at - digits);
	}
	return ms;
}

/* They stand in the order of their times. */
static int
judge_run(struct slice *s)
{
	if (!is_old(s, ulid_time(row_cell(&s->row, "run")->bytes)))
		return 1;
	add_victim(s);
	return 0;
}

static int
judge_file(struct slice *s)
{
	if (is_mine(s, &s->row) && is_old(s, (int64_t)number(s, "read")))
		add_victim(s)->name = row_cell(&s->row, "name")->digest;
	return 0;
}

/*
 * When a record was removed stands nowhere, and what its event says may be long ago: one
 * sweep marks it, and the next one, `keep` later, takes it if nothing has come meanwhile.
 * How long ago the last sweep was nobody knows if our clock was ahead then, or is behind
 * now: marks are taken away.
 */
static int
judge_record(struct slice *s)
{
	uint64_t flags = number(s, "flags");
	int64_t at = (int64_t)number(s, "at");
	bool marked = (flags & KNOWN_OLD) != 0;

	if ((flags & ~(uint64_t)KNOWN_OLD) != KNOWN_TOMBSTONE)
		return 0;
	if (s->sweep->ended > s->r->now) {
		if (marked)
			add_victim(s)->mark = true;
		return 0;
	}
	if (at == TIME_NONE || at <= s->sweep->cutoff)
		add_victim(s)->mark = !marked;
	return 0;
}

int
slice_judge(struct slice *s)
{
	static int (*const judges[])(struct slice *s) = {
	    judge_name, judge_run, judge_file, judge_record};

	return judges[s->sweep->at](s);
}

static int
victim_order(const void *id, const void *victim)
{
	return memcmp(id, ((const struct victim *)victim)->key.b, DIGEST_SIZE);
}

/* Victims are in the order of their keys. */
static void
spare(struct slice *s, const struct digest *file)
{
	struct victim *v = bsearch(file, s->victims, s->n, sizeof(*v), victim_order);

	if (v != NULL)
		v->needed = true;
}

struct references {
	struct slice *s;
	enum table table;
};

static int
decode_reference(const struct references *x, struct span key, struct span value)
{
	const struct act *a = x->s->act;

	if (value_checked(&a->ledger->keys, key, &value) &&
	    row_decode(&x->s->row, layout_find(x->table, key), key, value) == 0)
		return 0;
	return ledger_damaged(a->e, x->table);
}

/* Whatever table it is: a column of it names a file. */
static int
spare_file(void *arg, struct span key, struct span value)
{
	const struct references *x = arg;
	const struct row *row = &x->s->row;

	if (decode_reference(x, key, value) != 0)
		return -1;
	for (size_t i = 0; i < row->n; i++)
		if (row->v[i].column->kind == COLUMN_FILE ||
		    row->v[i].column->kind == COLUMN_FILE_MAYBE)
			spare(x->s, &row->v[i].digest);
	return 0;
}

/* A retry reads a file that may be old, and its run is younger. */
static int
spare_run(void *arg, struct span key, struct span value)
{
	const struct references *x = arg;
	struct digest file;
	struct span rest, hex;

	if (decode_reference(x, key, value) != 0)
		return -1;
	if (!is_mine(x->s, &x->s->row))
		return 0;
	rest = row_cell(&x->s->row, "report")->bytes;
	while ((hex = run_next_file(&rest)).n > 0)
		if (hex_decode(hex, file.b, DIGEST_SIZE) == 0)
			spare(x->s, &file);
	return 0;
}

/* What is being put away goes by its name. */
static int
spare_named(void *arg, struct span key, struct span value)
{
	const struct references *x = arg;
	struct slice *s = x->s;

	if (decode_reference(x, key, value) != 0)
		return -1;
	for (size_t i = 0; i < s->n; i++)
		if (digest_eq(&s->victims[i].name, &row_cell(&s->row, "name")->digest))
			s->victims[i].needed = true;
	return 0;
}

static int
spare_from(struct slice *s, enum table table, struct span prefix,
    int (*fn)(void *arg, struct span key, struct span value))
{
	struct references x = {s, table};
	const struct act *a = s->act;

	return a->ledger->ops->each(
	    a->txn, table, prefix, &(struct visitor){fn, &x}, a->e);
}

static int
spare_merged(void *arg, struct span key, struct span value)
{
	struct slice *s = arg;
	struct reader r = {.in = value};
	struct key merges;

	(void)key;
	key_init(&merges);
	key_u32(&merges, get_u32(&r));
	key_u8(&merges, RECORD_RETIRED);
	return spare_from(s, TABLE_RECORDS, key_span(&merges), spare_file);
}

static void
spare_answered(struct slice *s)
{
	char id[FILE_ID_HEX_SIZE];

	for (size_t i = 0; i < s->n; i++) {
		hex_encode(s->victims[i].key.b, DIGEST_SIZE, id);
		if (answer_kept(s->act->ledger->dir, s->r->feed, id))
			s->victims[i].needed = true;
	}
}

int
slice_needed(struct slice *s)
{
	const struct act *a = s->act;
	const struct span all = {NULL, 0};
	const struct visitor scopes = {spare_merged, s};

	if (s->n == 0 || s->sweep->at != SWEEP_FILES)
		return 0;
	spare_answered(s);
	if (spare_from(s, TABLE_NAMES, all, spare_file) != 0 ||
	    spare_from(s, TABLE_PASSES, all, spare_file) != 0 ||
	    spare_from(s, TABLE_CONTROLS, all, spare_file) != 0 ||
	    spare_from(s, TABLE_RUNS, all, spare_run) != 0 ||
	    spare_from(s, TABLE_SETTLING, all, spare_named) != 0)
		return -1;
	return a->ledger->ops->each(a->txn, TABLE_SCOPES, all, &scopes, a->e);
}
