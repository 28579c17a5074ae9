#include "cmd/tests.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/local.h"
#include "cmd/show.h"

#define LINE_MAX_SIZE (64u << 20) /* bytes of one record in a golden file */
#define TOLD_MAX      10          /* differences that are told of one record */
#define TEXT_SIZE     512

/* What came of a test's input. */
struct outcome {
	struct span source;
	struct buf text;
	json_t *records, *problems;
	struct mapper_counts counts;
};

static int
take_record(void *arg, const struct record *r, struct err *e)
{
	struct outcome *o = arg;
	struct json j;
	json_t *record;

	buf_clear(&o->text);
	jw_init(&j, &o->text);
	show_record(&j, o->source, r);
	if (buf_check(&o->text, "a record", e) != 0)
		return -1;
	record = json_loadb(o->text.p, o->text.n, JSON_ALLOW_NUL, NULL);
	return json_array_append_new(o->records, record) == 0 ? 0 : err_nomem(e);
}

static void
take_problem(void *arg, const struct problem *p)
{
	struct outcome *o = arg;
	json_t *column = json_stringn(p->column.n > 0 ? p->column.p : "", p->column.n);

	json_array_append_new(
	    o->problems, json_pack("{s:s, s:o, s:b}", "code", problem_name(p->code),
			     "column", column, "rejected", p->weight == WEIGHT_REJECT));
}

static int
read_input(const struct tests *all, const struct test *t, const struct mapper_sink *sink,
    struct outcome *o, struct err *e)
{
	const struct guide_cells row = {
	    &all->guide, t->cells, clock_wall(all->app->clock)};
	const struct local_file file = {all->app, all->feed, t->input, FOUND_KEYS};
	char found[LOCAL_FOUND_SIZE];
	struct reading *r;
	int rc;

	if (t->cells != NULL)
		return mapper_try(all->feed->mapper, &row, sink, &o->counts, e);
	if ((r = mapper_open(all->feed->mapper, sink, row.now, e)) == NULL)
		return -1;
	rc = local_read(&file, r, found, e);
	o->counts = *reading_counts(r);
	reading_free(r);
	return rc;
}

/* The first problem of the kind; NULL: none. */
static const json_t *
find_problem(const struct outcome *o, bool rejected, const char *code)
{
	size_t i;
	json_t *p;

	json_array_foreach(o->problems, i,
	    p) if (json_boolean_value(json_object_get(p, "rejected")) == rejected &&
		   (code == NULL || strcmp(json_string_value(json_object_get(p, "code")),
					code) == 0)) return p;
	return NULL;
}

/* "rejected: unknown_code, column Status", or what else became of the row. */
static const char *
fate_of(const struct outcome *o, bool warnings, char out[TEXT_SIZE])
{
	const json_t *p = find_problem(o, !warnings, NULL);

	if (p != NULL)
		snprintf(out, TEXT_SIZE, "%s: %s, column \"%s\"",
		    warnings ? "warning" : "rejected",
		    json_string_value(json_object_get(p, "code")),
		    json_string_value(json_object_get(p, "column")));
	else
		snprintf(out, TEXT_SIZE, "%s",
		    warnings                 ? "no warning"
		    : o->counts.filtered > 0 ? "filtered"
					     : "taken");
	return out;
}

static const json_t *
find_record(const struct outcome *o, const struct expect *x)
{
	unsigned n = 0;
	size_t i;
	json_t *r;

	json_array_foreach(
	    o->records, i, r) if (strcmp(json_string_value(json_object_get(r, "type")),
				      x->schema->name) == 0 &&
				  ++n == x->index) return r;
	return NULL;
}

/* A test on its way. */
struct running {
	const struct test *test;
	const struct failures *to;
	const struct outcome *outcome;
	const char *file; /* of what is compared */
	unsigned line;
	size_t told;
	int failures;
};

static void
fail(struct running *r, const char *field, const char *expected, const char *got)
{
	const struct failure f = {.test = r->test,
	    .file = r->file,
	    .line = r->line,
	    .field = field,
	    .expected = expected == NULL ? "none" : expected,
	    .got = got == NULL ? "none" : got};

	r->failures++;
	r->to->fn(r->to->arg, &f);
}

static void
expect_field(struct running *r, const struct expect *x)
{
	const json_t *record = find_record(r->outcome, x);
	char field[TEXT_SIZE], fate[TEXT_SIZE], *got;

	snprintf(field, sizeof(field), "%s.%s", x->schema->name, x->path);
	if (record == NULL) {
		snprintf(field, sizeof(field), "no such record; the row was %s",
		    fate_of(r->outcome, false, fate));
		fail(r, x->path, x->value, field);
		return;
	}
	got = json_shown(json_at(record, x->path));
	if (x->value == NULL ? got != NULL : got == NULL || strcmp(got, x->value) != 0)
		fail(r, field, x->value, got);
	free(got);
}

static void
expect_one(struct running *r, const struct expect *x)
{
	const struct outcome *o = r->outcome;
	bool warning = x->kind == EXPECT_WARNING;
	char fate[TEXT_SIZE];

	r->line = x->entry->line;
	r->file = x->entry->file;
	switch (x->kind) {
	case EXPECT_FIELD:
		expect_field(r, x);
		break;
	case EXPECT_NONE:
		if (find_record(o, x) != NULL)
			fail(r, x->schema->name, NULL, "a record");
		break;
	case EXPECT_REJECTED:
	case EXPECT_WARNING:
		if (find_problem(o, !warning, problem_name(x->code)) == NULL)
			fail(r, warning ? "warning" : "rejected", problem_name(x->code),
			    fate_of(o, warning, fate));
		break;
	case EXPECT_FILTERED:
		if (o->counts.filtered == 0)
			fail(r, "filtered", "yes", fate_of(o, false, fate));
	}
}

/* A row that is not taken fails, unless that is what the test is about. */
static void
expect_taken(struct running *r)
{
	char fate[TEXT_SIZE];

	for (size_t i = 0; i < r->test->n; i++)
		if (r->test->expects[i].kind == EXPECT_REJECTED)
			return;
	r->file = r->test->section->file;
	r->line = r->test->section->line;
	if (r->test->cells != NULL && r->outcome->counts.rejected > 0)
		fail(r, "row", "taken", fate_of(r->outcome, false, fate));
}

static void
tell_difference(void *arg, const char *path, const char *expected, const char *got)
{
	struct running *r = arg;

	if (r->told++ < TOLD_MAX)
		fail(r, path[0] == '\0' ? "record" : path, expected, got);
}

/* A line of the golden file, and the record that came in its place. */
static int
compare_line(struct running *r, const char *text, size_t n, size_t at, struct err *e)
{
	json_t *expected = json_loadb(text, n, JSON_ALLOW_NUL, NULL);

	if (expected == NULL)
		return err_set(e, ERR_CONFIG,
		    "%s:%u: is no JSON: a golden file has what `emrdrop preview` prints",
		    r->file, r->line);
	r->told = 0;
	json_differences(
	    expected, json_array_get(r->outcome->records, at), tell_difference, r);
	json_decref(expected);
	return 0;
}

static int
compare_golden(struct running *r, struct err *e)
{
	FILE *f = fopen(r->test->expected, "re");
	size_t cap = 0, at = 0, records = json_array_size(r->outcome->records);
	char *line = NULL, expected[TEXT_SIZE], got[TEXT_SIZE];
	ssize_t n;
	int rc = 0;

	r->file = r->test->expected;
	if (f == NULL)
		return err_set(e, ERR_IO, "%s can't be read", r->file);
	while (rc == 0 && (n = getline(&line, &cap, f)) > 0) {
		r->line++;
		if (n > 1 && n < (ssize_t)LINE_MAX_SIZE)
			rc = compare_line(r, line, (size_t)n, at++, e);
	}
	if (rc == 0 && records > at) {
		snprintf(expected, sizeof(expected), "%zu records", at);
		snprintf(got, sizeof(got), "%zu records", records);
		fail(r, "file", expected, got);
	}
	free(line);
	fclose(f);
	return rc;
}

static void
refused(struct running *r, const struct conf_entry *en, const struct err *why)
{
	r->file = en->file;
	r->line = en->line;
	fail(r, "file", "a file that is read", why->msg);
}

static int
judge(struct running *r, struct err *e)
{
	if (r->test->golden != NULL)
		return compare_golden(r, e);
	expect_taken(r);
	for (size_t i = 0; i < r->test->n; i++)
		expect_one(r, &r->test->expects[i]);
	return 0;
}

int
test_run(const struct tests *all, const struct test *t, const struct failures *to,
    struct err *e)
{
	struct outcome o = {.source = span_of(all->feed->feed.source),
	    .records = json_array(),
	    .problems = json_array()};
	struct running r = {.test = t, .to = to, .outcome = &o};
	struct site_keys keys;
	const struct mapper_sink sink = {.record = take_record,
	    .problem = take_problem,
	    .arg = &o,
	    .keys = app_keys(all->app, &keys) ? &keys : NULL};
	int rc;

	buf_init(&o.text, LINE_MAX_SIZE);
	rc = read_input(all, t, &sink, &o, e);
	if (rc == 0) {
		rc = judge(&r, e);
	} else if (t->cells == NULL && (e->code == ERR_REFUSED || e->code == ERR_HELD)) {
		refused(&r, t->golden != NULL ? t->golden : t->file, e);
		e->code = ERR_NONE;
		rc = 0;
	}
	site_keys_wipe(&keys);
	buf_release(&o.text);
	json_decref(o.records);
	json_decref(o.problems);
	return rc == 0 ? r.failures : -1;
}
