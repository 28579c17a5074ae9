#include "cmd/known_rows.h"

#include <stdlib.h>

/*
 * Rows whose records wait for their comparison. Then all are judged at once, so that more
 * never wait: those of all blocks, and some that were filtered in between.
 */
#define WAITING 4096

struct waiting {
	struct settled_row row;
	uint32_t judged; /* records, */
	uint64_t given;  /* and all there are, once the row is mapped */
	bool mapped;
	bool settled; /* as far as is known */
};

struct known_rows {
	struct settled *settled;
	struct changes *changes;
	struct mapper_known known;
	uint64_t first, end; /* rows that wait, by number since the file's first */
	bool open;           /* the last of them is being mapped */
	bool others;         /* records wait of rows that have no number */
	uint64_t taken;
	struct waiting waiting[WAITING];
};

static struct waiting *
at(struct known_rows *k, uint64_t number)
{
	return &k->waiting[number % WAITING];
}

/* In the file's order. */
static void
let_go(struct known_rows *k)
{
	for (; k->first < k->end; k->first++) {
		const struct waiting *w = at(k, k->first);

		if (!w->mapped || w->judged < w->given)
			return;
		if (w->settled)
			settled_add(k->settled, &w->row);
	}
}

static size_t
next(void *arg)
{
	struct known_rows *k = arg;
	const struct settled_row *row = settled_next(k->settled);

	return row == NULL ? 0 : row->n;
}

/* What rows before it changed must be known. */
static int
take(void *arg, const struct digest *d, struct known_row *out, struct err *e)
{
	struct known_rows *k = arg;
	const struct settled_row *row = settled_next(k->settled);

	if (row == NULL || !digest_eq(&row->digest, d))
		return 0;
	if ((k->others || k->first < k->end) && changes_resolve_all(k->changes, e) != 0)
		return -1;
	k->others = false;
	let_go(k);
	if ((row = settled_next(k->settled)) == NULL || !settled_stands(k->settled, row))
		return 0;
	*out = (struct known_row){row->filtered, row->nrecords};
	changes_known(k->changes, row->nrecords);
	for (uint32_t i = 0; i < row->nrecords; i++)
		settled_repeat(k->settled, row->ordinals[i]);
	settled_add(k->settled, row);
	settled_pass(k->settled);
	k->taken++;
	return 1;
}

static int
begin(void *arg, const struct digest *d, size_t n, struct err *e)
{
	struct known_rows *k = arg;

	settled_seek(k->settled, d, (uint32_t)n);
	if (k->end - k->first == WAITING) {
		if (changes_resolve_all(k->changes, e) != 0)
			return -1;
		let_go(k);
	}
	*at(k, k->end) = (struct waiting){
	    .row = {.digest = *d, .n = (uint32_t)n}, .settled = true};
	changes_of_row(k->changes, ++k->end);
	k->open = true;
	return 0;
}

static int
end(void *arg, const struct known_row *row, bool settled, struct err *e)
{
	struct known_rows *k = arg;
	struct waiting *w = at(k, k->end - 1);

	(void)e;
	if (!k->open) {
		k->others |= row->records > 0;
		return 0;
	}
	k->open = false;
	changes_of_row(k->changes, 0);
	w->mapped = true;
	w->given = row->records;
	w->settled &= settled && row->records <= SETTLED_RECORDS;
	w->row.filtered = row->filtered;
	w->row.nrecords = row->records;
	let_go(k);
	return 0;
}

struct known_rows *
known_rows_new(
    struct ledger *l, uint32_t scope, const char *feed, const struct digest *last)
{
	struct known_rows *k = calloc(1, sizeof(*k));

	if (k == NULL || (k->settled = settled_open(l, scope, feed, last)) == NULL) {
		free(k);
		return NULL;
	}
	k->known = (struct mapper_known){next, take, begin, end, k};
	return k;
}

void
known_rows_free(struct known_rows *k)
{
	if (k == NULL)
		return;
	settled_free(k->settled);
	free(k);
}

const struct mapper_known *
known_rows_of(struct known_rows *k, struct changes *c)
{
	k->changes = c;
	return &k->known;
}

/* Rows that could not be digested give records too; they have no number. */
void
known_rows_judged(struct known_rows *k, const struct judged_record *j)
{
	struct waiting *w;

	if (j->changes && j->known)
		settled_change(k->settled, j->ordinal);
	else if (j->known && j->settled)
		settled_repeat(k->settled, j->ordinal);
	if (j->of_row == 0)
		return;
	w = at(k, j->of_row - 1);
	if (w->judged < SETTLED_RECORDS)
		w->row.ordinals[w->judged] = j->ordinal;
	w->judged++;
	w->settled &= j->known && !j->changes && j->settled;
}

void
known_rows_problem(struct known_rows *k)
{
	if (k->open)
		at(k, k->end - 1)->settled = false;
}

void
known_rows_ready(struct known_rows *k, const struct digest *content, int64_t at)
{
	let_go(k);
	settled_ready(k->settled, content, at);
}

uint64_t
known_rows_keep(struct known_rows *k)
{
	settled_keep(k->settled);
	return k->taken;
}
