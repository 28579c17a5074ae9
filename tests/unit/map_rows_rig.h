/* What the tests of maps share: rows evaluated, and what came out as text. */
#ifndef TESTS_UNIT_MAP_ROWS_RIG_H
#define TESTS_UNIT_MAP_ROWS_RIG_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/record.h"
#include "tests/unit/map_fixture.h"

#define TEXT_MAX (1 << 20)
#define NOW      INT64_C(1795176000000) /* 2026-11-20T12:00:00Z */

static struct buf out; /* what the sink was given, as text */

static void
rows_setup(void)
{
	buf_init(&out, TEXT_MAX);
}

static void
rows_teardown(void)
{
	map_reset();
	buf_release(&out);
}

static int
on_record(void *arg, const struct record *r, struct err *e)
{
	struct json j;

	(void)arg;
	(void)e;
	buf_addf(&out, "%s %s %.*s ", record_op_name(r->op), r->schema->name,
	    (int)r->id.n, r->id.p);
	if (r->event_at != TIME_NONE)
		buf_addf(&out, "@%.*s=%lld ", (int)r->event_at_text.n, r->event_at_text.p,
		    (long long)r->event_at);
	if (r->window != TIME_NONE)
		buf_addf(&out, "window=%lld ", (long long)r->window);
	jw_init(&j, &out);
	record_write_data(r, &j);
	buf_add_char(&out, '\n');
	return 0;
}

static void
on_problem(void *arg, const struct problem *p)
{
	(void)arg;
	buf_addf(&out, "%s %s row %llu \"%.*s\" %s %s\n",
	    p->weight == WEIGHT_REJECT ? "reject" : "warn", problem_name(p->code),
	    (unsigned long long)p->row, (int)p->column.n, p->column.p,
	    p->type ? p->type : "-", p->field ? p->field : "-");
}

static const struct mapper_sink sink = {.record = on_record, .problem = on_problem};

/* Evaluates "a|b|c" as row 2; what came out, until the next call. */
static const char *
row(const char *cells_text)
{
	static const char *const fates[] = {"mapped", "filtered", "rejected"};
	struct span cells[CELLS_MAX];
	char *copy = strdup(cells_text);
	struct row r = {.cells = cells, .n = map_split(copy, cells), .number = 2};
	struct row_result result;
	struct err e = {0};

	buf_clear(&out);
	binding_start(binding, &sink, NOW);
	cr_assert_eq(map_row(binding, &r, &result, &e), 0, "%s", e.msg);
	buf_addf(&out, "%s %u", fates[result.fate], result.records);
	buf_add_char(&out, '\0');
	free(copy);
	return out.p;
}

struct fields {
	const char *rules; /* behind "[patient]\nop = patch\nid = {id}\n" */
	const char *titles, *cells, *want;
};

static inline void
check_rows(const struct fields *f)
{
	char text[4096];
	struct err e = {0};

	snprintf(text, sizeof(text), "[patient]\nop = patch\nid = {id}\n%s\n", f->rules);
	cr_assert_not_null(map_compile(text, "America/Chicago", &e), "%s: %s", f->rules,
	    errors.n > 0 ? errors.text[0] : e.msg);
	conf_release(&conf); /* the map keeps nothing of it */
	cr_assert_eq(map_bind_titles(f->titles, &e), 0, "%s: %s", f->rules, e.msg);
	cr_expect_str_eq(
	    row(f->cells), f->want, "%s\ngot  %s\nwant %s", f->rules, out.p, f->want);
	map_reset();
}

#endif
