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
	return map_bind(m, titles, g->width, e);
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
guide_try(const struct map *m, const struct guide *g, const struct span *cells,
    const struct format_run *run, struct err *e)
{
	struct mapper_counts *counts = run->counts;
	struct row row = {.n = g->width, .number = 2};
	struct row_result result;
	struct binding *b;
	struct arena a;
	int rc = -1;

	arena_init(&a, MAP_ROW_MAX);
	row.cells = guide_row(&a, g, cells);
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

/* The first thing that is wrong with an example. */
struct fault {
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
	struct fault *f = arg;
	size_t n = p->column.n < sizeof(f->column) - 1 ? p->column.n
						       : sizeof(f->column) - 1;

	if (f->code != PROBLEM_NONE)
		return;
	f->code = p->code;
	if (n > 0)
		memcpy(f->column, p->column.p, n);
	f->column[n] = '\0';
}

/* One row of the example. Its ids may be hashed: no site's key is needed for that. */
static int
try_sample(const struct map *m, const struct guide *g, size_t row, int64_t now,
    struct fault *f, struct err *e)
{
	static const struct site_keys keys = {.digest = {{0}}};
	const struct mapper_sink sink = {.record = ignore_record,
	    .problem = note_problem,
	    .arg = f,
	    .keys = &keys};
	struct mapper_counts counts = {.rows = 0};
	uint64_t last = 0;
	const struct format_run run = {&sink, &counts, &last, now};
	struct span *cells;
	struct arena a;
	int rc = -1;

	*f = (struct fault){.code = PROBLEM_NONE};
	arena_init(&a, MAP_ROW_MAX);
	if ((cells = arena_alloc(&a, (g->n + 1) * sizeof(*cells))) == NULL) {
		err_nomem(e);
	} else {
		for (size_t i = 0; i < g->n; i++)
			cells[i] = g->columns[i].sample[row];
		rc = guide_try(m, g, cells, &run, e);
	}
	arena_release(&a);
	if (rc == 0 && f->code == PROBLEM_NONE && counts.filtered > 0)
		return err_set(e, ERR_CONFIG,
		    "no example can be made: the conditions (when) leave it out");
	return rc;
}

/* A sample that the map does not take is left out; false: there was none. */
static bool
take_out(struct guide *g, const struct fault *f)
{
	size_t at = guide_index(g, span_of(f->column));
	bool any = false;

	for (size_t i = 0; i < GUIDE_ROWS && at < g->n; i++) {
		any |= g->columns[at].sample[i].n > 0;
		g->columns[at].sample[i] = (struct span){NULL, 0};
	}
	return any;
}

int
guide_prove(const struct map *m, struct guide *g, int64_t now, struct err *e)
{
	struct fault f;

	for (size_t row = 0; row < GUIDE_ROWS; row++) {
		if (try_sample(m, g, row, now, &f, e) != 0)
			return -1;
		if (f.code == PROBLEM_NONE)
			continue;
		if (!take_out(g, &f))
			return err_set(e, ERR_CONFIG,
			    "no example can be made: column %s: %s", f.column,
			    problem_text(f.code));
		row = (size_t)-1;
	}
	return 0;
}
