/*
 * Lines that are known by their bytes (mappers/known.h): what mappers/csv_known.c and
 * cmd/intake.c do with those of a file, done with those of a history. The model reads
 * every line, and so says what becomes of one that is passed over.
 */
#include <stdio.h>
#include <unistd.h>

#include "tests/model/world.h"

#define LINE_BYTES 24 /* at least */

static void
note_judged(void *arg, const struct judged_record *j)
{
	known_rows_judged(((struct world *)arg)->intake->known, j);
}

void
lines_open(struct world *w, enum mode mode)
{
	struct intake *in = w->intake;

	lines_forget(w);
	if (!w->h->known || mode != MODE_RUN || in->conf.missing != NULL)
		return;
	in->known = known_rows_new(&w->ledger, in->conf.scope, in->conf.feed, NULL);
	if (in->known == NULL)
		return;
	in->conf.judged = note_judged;
	in->conf.arg = w;
	w->lines = known_rows_of(in->known, in->changes);
}

void
lines_forget(struct world *w)
{
	known_rows_free(w->intake->known);
	w->intake->known = NULL;
	w->lines = NULL;
}

void
lines_remove(const struct world *w)
{
	char path[sizeof(w->ledger.dir) + 20];

	for (unsigned i = 0; i < FEEDS; i++) {
		snprintf(path, sizeof(path), "%s/rows/f%u", w->ledger.dir, i);
		(void)unlink(path);
	}
}

/* Under one map the same line is the same bytes, and no other is. */
static struct digest
digest_of(const struct world *w, const struct line *l)
{
	const uint64_t version = w->version;
	const struct span parts[] = {{(const char *)&version, sizeof(version)},
	    {(const char *)l->rows, l->n * sizeof(*l->rows)}};

	return digest_parts(&w->ledger.keys, KEY_NAME, parts, 2);
}

static size_t
size_of(const struct line *l)
{
	return LINE_BYTES * l->n + l->rows->record + l->rows->content;
}

/* Of those that give no record some are filtered, and some rejected. */
static struct known_row
gives(const struct line *l, bool *rejected)
{
	struct known_row out = {.records = 0};

	for (unsigned i = 0; i < l->n; i++)
		out.records += l->rows[i].kind != ROW_PRESENT;
	*rejected = out.records == 0 && l->rows->content % 2 == 0;
	out.filtered = out.records == 0 && !*rejected;
	return out;
}

int
line_begin(struct world *w, const struct line *l, struct err *e)
{
	const struct mapper_known *to = w->lines;
	struct digest d = digest_of(w, l);
	struct known_row was, is;
	bool rejected;
	int rc = 0;

	if (to == NULL)
		return 0;
	if (to->next(to->arg) == size_of(l))
		rc = to->take(to->arg, &d, &was, e);
	if (rc == 0)
		return to->begin(to->arg, &d, size_of(l), e);
	if (rc < 0)
		return -1;
	is = gives(l, &rejected);
	if (rejected || was.records != is.records || was.filtered != is.filtered)
		return world_fail(w, "a line is taken for another");
	w->passed_over++;
	return 1;
}

int
line_end(struct world *w, const struct line *l, struct err *e)
{
	bool rejected;
	struct known_row is = gives(l, &rejected);

	return w->lines == NULL ? 0 : w->lines->end(w->lines->arg, &is, !rejected, e);
}

void
lines_keep(struct world *w)
{
	struct known_rows *known = w->intake->known;

	if (known == NULL || life_point(&w->life) != 0)
		return;
	known_rows_ready(known, &(struct digest){{0}}, TIME_NONE);
	known_rows_keep(known);
}
