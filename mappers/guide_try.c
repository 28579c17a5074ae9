#include <stdio.h>
#include <string.h>

#include "base/crypto.h"
#include "mappers/guide_impl.h"

/* A binding with the guide's titles; NULL with *e. */
static struct binding *
bind_titles(const struct map *m, const struct guide *g, struct arena *a, struct err *e)
{
	struct span *titles = guide_titles(a, g);

	if (titles == NULL)
		return err_nomem(e), NULL;
	return map_bind(m, titles, g->width, NULL, e);
}

struct span *
guide_row(struct arena *a, const struct guide *g, const struct span *cells)
{
	struct span *row = arena_alloc(a, (g->width + 1) * sizeof(*row));

	for (size_t i = 0; i < g->width && row != NULL; i++)
		row[i] = SPAN_LIT("");
	for (size_t i = 0; i < g->n && row != NULL; i++)
		if (cells[i].n > 0)
			row[g->columns[i].at] = cells[i];
	return row;
}

struct span *
guide_titles(struct arena *a, const struct guide *g)
{
	struct span *row = arena_alloc(a, (g->width + 1) * sizeof(*row));
	char number[24];

	for (size_t i = 0; i < g->width && row != NULL; i++) {
		snprintf(number, sizeof(number), "#%zu", i + 1);
		row[i] = arena_span(a, span_of(number));
		if (row[i].p == NULL)
			return NULL;
	}
	for (size_t i = 0; i < g->n && row != NULL; i++)
		if (g->columns[i].titles != NULL)
			row[g->columns[i].at] = g->columns[i].titles->text;
	return row;
}

int
guide_try(const struct map *m, const struct guide_cells *cells,
    const struct format_run *run, struct err *e)
{
	const struct guide *g = cells->guide;
	struct mapper_counts *counts = run->counts;
	struct row row = {.n = g->width, .number = 2};
	struct row_result result;
	struct binding *b;
	struct arena a;
	int rc = -1;

	arena_init(&a, MAP_ROW_MAX);
	row.cells = guide_row(&a, g, cells->cells);
	b = bind_titles(m, g, &a, e);
	if (row.cells == NULL)
		err_nomem(e);
	if (b != NULL && row.cells != NULL) {
		binding_start(b, run->sink, run->now);
		rc = map_row(b, &row, &result, e);
	}
	if (rc == 0) {
		counts->rows++;
		counts->mapped += result.fate == ROW_MAPPED;
		counts->filtered += result.fate == ROW_FILTERED;
		counts->rejected += result.fate == ROW_REJECTED;
	}
	binding_free(b);
	arena_release(&a);
	return rc;
}

/* An example on trial, and the first thing that is wrong with it. */
struct trial {
	const struct map *map;
	struct guide *guide;
	int64_t now;
	enum problem_code code; /* PROBLEM_NONE: nothing */
	char column[128];
};

static int
ignore_record(void *arg, const struct record *r, struct err *e)
{
	(void)arg;
	(void)r;
	(void)e;
	return 0;
}

static void
note_problem(void *arg, const struct problem *p)
{
	struct trial *t = arg;

	if (t->code != PROBLEM_NONE)
		return;
	t->code = p->code;
	snprintf(t->column, sizeof(t->column), "%.*s", (int)p->column.n,
	    p->column.n > 0 ? p->column.p : "");
}

/* One row. Its ids may be hashed: no site's key is needed for that. */
static int
try_sample(struct trial *t, size_t row, struct err *e)
{
	static const struct site_keys keys = {.digest = {{0}}};
	const struct mapper_sink sink = {
	    .record = ignore_record, .problem = note_problem, .arg = t, .keys = &keys};
	struct mapper_counts counts = {.rows = 0};
	struct guide_cells own = {.guide = t->guide, .now = t->now};
	uint64_t last = 0;
	const struct format_run run = {&sink, &counts, &last, t->now, NULL, NULL};
	struct span *cells;
	struct arena a;
	int rc = -1;

	t->code = PROBLEM_NONE;
	arena_init(&a, MAP_ROW_MAX);
	if ((cells = arena_alloc(&a, (t->guide->n + 1) * sizeof(*cells))) == NULL) {
		err_nomem(e);
	} else {
		for (size_t i = 0; i < t->guide->n; i++)
			cells[i] = t->guide->columns[i].sample[row];
		own.cells = cells;
		rc = guide_try(t->map, &own, &run, e);
	}
	arena_release(&a);
	if (rc == 0 && t->code == PROBLEM_NONE && counts.filtered > 0)
		return err_set(e, ERR_CONFIG,
		    "no example can be made: the conditions (when) leave it out");
	return rc;
}

/* A sample that the map does not take is left out; false: there was none. */
static bool
take_out(const struct trial *t)
{
	size_t at = guide_index(t->guide, span_of(t->column));
	bool any = false;

	for (size_t i = 0; i < GUIDE_ROWS && at < t->guide->n; i++) {
		struct span *sample = &t->guide->columns[at].sample[i];

		any |= sample->n > 0;
		*sample = (struct span){NULL, 0};
	}
	return any;
}

int
guide_prove(const struct map *m, struct guide *g, int64_t now, struct err *e)
{
	struct trial t = {.map = m, .guide = g, .now = now};
	size_t row = 0;

	while (row < GUIDE_ROWS) {
		if (try_sample(&t, row, e) != 0)
			return -1;
		if (t.code != PROBLEM_NONE && !take_out(&t))
			return err_set(e, ERR_CONFIG,
			    "no example can be made: column %s: %s", t.column,
			    problem_text(t.code));
		/* What was taken out may have been asked for by a row before. */
		row = t.code != PROBLEM_NONE ? 0 : row + 1;
	}
	return 0;
}
