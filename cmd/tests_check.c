#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/near.h"
#include "cmd/tests.h"

static const char *const envelope[] = {
    "op", "type", "source", "id", "event", "event_at", NULL};

static const char *const fates[] = {"rejected", "filtered", "warning", NULL};
static const char *const keys[] = {"row", "expect", "file", "golden", NULL};

/* A section while it is read. */
struct reading_test {
	struct tests *all;
	struct test *test;
};

static struct arena *
arena_of(const struct reading_test *r)
{
	return &r->all->feed->conf.arena;
}

#define MISTAKE(r, en, ...) \
	conf_error_at(&(r)->all->feed->errors, (r)->test->section, en, __VA_ARGS__)

/* The value as text, its quotes taken off; NULL: there is a mistake, or no memory. */
static const char *
text_of(struct reading_test *r, struct conf_entry *en)
{
	const char *text = NULL;

	return conf_bind_entry(
		   &r->all->feed->conf, r->test->section, en, CONF_STRING, &text) == 0
		   ? text
		   : NULL;
}

static void
read_cell(struct reading_test *r, struct conf_entry *en, struct span title)
{
	const struct guide *g = &r->all->guide;
	const struct guide_column *c = guide_find(g, title);
	struct span *cells = r->test->cells;
	char hint[NEAR_HINT_SIZE];
	struct near near;

	if (g->n == 0) {
		MISTAKE(
		    r, en, "messages have no columns: give a sample with file = PATH");
		return;
	}
	if (c == NULL) {
		near_start(&near, title);
		guide_near(g, &near);
		MISTAKE(r, en, "the map reads no such column%s", near_hint(&near, hint));
		return;
	}
	if (cells == NULL)
		cells = arena_alloc(arena_of(r), g->n * sizeof(*cells));
	if (cells == NULL)
		MISTAKE(r, en, "there is no memory for this");
	else
		cells[c - g->columns] = span_of(text_of(r, en));
	r->test->cells = cells;
}

static void
read_code(struct reading_test *r, struct conf_entry *en, struct expect *x)
{
	char hint[NEAR_HINT_SIZE];
	struct near near;

	x->code = problem_by_name(en->value);
	if (x->code != PROBLEM_NONE)
		return;
	near_start(&near, en->value);
	for (int code = PROBLEM_NONE + 1; code < PROBLEM_CODE_COUNT; code++)
		near_try(&near, span_of(problem_name((enum problem_code)code)));
	MISTAKE(r, en, "'%.*s' is no problem's code, such as unknown_code%s",
	    (int)en->value.n, en->value.p, near_hint(&near, hint));
}

/* "appointment[2]", up to the dot or the end. -1: not so. */
static int
read_record(
    struct reading_test *r, struct conf_entry *en, struct span name, struct expect *x)
{
	const char *open = memchr(name.p, '[', name.n);
	struct span type = {name.p, open == NULL ? name.n : (size_t)(open - name.p)};
	char hint[NEAR_HINT_SIZE];
	struct near near;

	x->index = open == NULL ? 1 : (unsigned)strtoul(open + 1, NULL, 10);
	x->schema = schema_by_name(type);
	if (x->schema != NULL && x->index > 0)
		return 0;
	near_start(&near, type);
	for (int t = RECORD_PATIENT; t <= RECORD_TYPE_MAX; t++)
		near_try(&near, span_of(schema_by_type((enum record_type)t)->name));
	for (size_t i = 0; fates[i] != NULL; i++)
		near_try(&near, span_of(fates[i]));
	MISTAKE(r, en, "there is no such type of records%s",
	    x->schema == NULL ? near_hint(&near, hint) : ", numbered from 1");
	x->schema = NULL;
	return -1;
}

/* The path as the schema has it: without numbers in brackets. */
static bool
is_field(const struct schema *s, const char *path)
{
	char plain[256];
	bool inside = false;
	size_t n = 0;

	if (strncmp(path, "extra.", 6) == 0 && path[6] != '\0')
		return true;
	for (size_t i = 0; envelope[i] != NULL; i++)
		if (strcmp(envelope[i], path) == 0)
			return true;
	for (; *path != '\0' && n < sizeof(plain); path++) {
		inside = *path == '[' || (inside && *path != ']');
		plain[n] = *path;
		n += !inside && *path != ']';
	}
	return schema_field(s, (struct span){plain, n}) >= 0;
}

static void
read_field(
    struct reading_test *r, struct conf_entry *en, const char *path, struct expect *x)
{
	const char *near;

	x->path = path;
	x->value = span_eq(en->value, SPAN_LIT("none")) ? NULL : text_of(r, en);
	if (is_field(x->schema, path))
		return;
	near = schema_nearest(x->schema, span_of(path));
	MISTAKE(r, en, "%s has no such field%s%s%s", x->schema->name,
	    near != NULL ? "; did you mean " : "", near != NULL ? near : "",
	    near != NULL ? "?" : "");
}

/* What stands behind "expect.". */
static void
read_expect(struct reading_test *r, struct conf_entry *en, struct span what)
{
	struct expect *x = &r->test->expects[r->test->n++];
	const char *dot = memchr(what.p, '.', what.n);
	struct span name = {what.p, dot == NULL ? what.n : (size_t)(dot - what.p)};

	*x = (struct expect){.entry = en};
	if (span_eq(what, SPAN_LIT("rejected")) || span_eq(what, SPAN_LIT("warning"))) {
		x->kind = what.p[0] == 'r' ? EXPECT_REJECTED : EXPECT_WARNING;
		read_code(r, en, x);
	} else if (span_eq(what, SPAN_LIT("filtered"))) {
		x->kind = EXPECT_FILTERED;
		if (!span_eq(en->value, SPAN_LIT("yes")))
			MISTAKE(r, en, "is yes, or not there");
	} else if (read_record(r, en, name, x) == 0 && dot != NULL) {
		read_field(r, en, dot + 1, x);
	} else if (x->schema != NULL) {
		x->kind = EXPECT_NONE;
		if (!span_eq(en->value, SPAN_LIT("none")))
			MISTAKE(r, en, "is none, or name a field of it: expect.%.*s.id",
			    (int)name.n, name.p);
	}
}

/* A path beside the feed file that names it. */
static const char *
path_of(struct reading_test *r, const struct conf_entry *en, const char *name)
{
	const char *slash = name[0] == '/' ? NULL : strrchr(en->file, '/'), *path;
	int before = slash == NULL ? 0 : (int)(slash - en->file) + 1;
	char text[PATH_MAX];

	if (snprintf(text, sizeof(text), "%.*s%s", before, en->file, name) >= PATH_MAX) {
		MISTAKE(r, en, "the path is too long");
		return NULL;
	}
	if ((path = arena_str(arena_of(r), text)) == NULL)
		MISTAKE(r, en, "there is no memory for this");
	else if (access(path, R_OK) != 0)
		MISTAKE(r, en, "%s: %s", path, strerror(errno));
	return path;
}

static void
read_paths(struct reading_test *r, const struct conf_entry *en, bool golden)
{
	struct conf_list words;
	struct err why;

	if (conf_words(arena_of(r), en->value, &words, &why) != 0) {
		MISTAKE(r, en, "%s", why.msg);
		return;
	}
	if (words.n != (golden ? 2 : 1)) {
		MISTAKE(r, en, "%s",
		    golden ? "names two files: a sample, and what `emrdrop preview` must "
			     "print of it"
			   : "names one file");
		return;
	}
	r->test->input = path_of(r, en, words.v[0]);
	if (golden)
		r->test->expected = path_of(r, en, words.v[1]);
}

static void
read_entry(struct reading_test *r, struct conf_entry *en)
{
	static const struct span row = {"row.", 4}, expect = {"expect.", 7};
	const struct span first = {en->key.p, strcspn(en->key.p, ".")};
	char hint[NEAR_HINT_SIZE];

	if (en->key.n > row.n && memcmp(en->key.p, row.p, row.n) == 0) {
		read_cell(r, en, (struct span){en->key.p + row.n, en->key.n - row.n});
	} else if (en->key.n > expect.n && memcmp(en->key.p, expect.p, expect.n) == 0) {
		read_expect(
		    r, en, (struct span){en->key.p + expect.n, en->key.n - expect.n});
	} else if (span_eq(en->key, SPAN_LIT("file"))) {
		read_paths(r, r->test->file = en, false);
	} else if (span_eq(en->key, SPAN_LIT("golden"))) {
		read_paths(r, r->test->golden = en, true);
	} else {
		MISTAKE(r, en, "is not row.COLUMN, expect.TYPE.FIELD, file or golden%s",
		    near_hint_of(first, keys, hint));
	}
}

/* Inputs: exactly one. Without an expectation a test can't fail. */
static void
check_whole(struct reading_test *r)
{
	const struct test *t = r->test;
	int inputs = (t->cells != NULL) + (t->file != NULL) + (t->golden != NULL);

	if (t->section->label.n == 0)
		MISTAKE(r, NULL, "a test has a name: [test NAME]");
	if (inputs != 1)
		MISTAKE(r, NULL,
		    "a test has one input: row.COLUMN = ..., or file, or golden");
	if (t->golden == NULL && t->n == 0)
		MISTAKE(r, NULL,
		    "nothing is expected: expect.TYPE.FIELD = ..., or expect.rejected");
	if (t->golden != NULL && t->n > 0)
		MISTAKE(r, t->golden, "a golden file has all that is expected");
}

static int
read_section(struct tests *all, struct conf_section *s)
{
	struct test *t = &all->v[all->n];
	struct reading_test r = {all, t};
	size_t before = all->feed->errors.n;

	*t = (struct test){.section = s};
	t->expects = arena_alloc(
	    &all->feed->conf.arena, (s->n + 1) * sizeof(*t->expects));
	if (t->expects == NULL)
		return -1;
	all->n++;
	for (size_t i = 0; i < s->n; i++)
		read_entry(&r, &s->entries[i]);
	/* What was misspelt is not missing. */
	if (all->feed->errors.n == before)
		check_whole(&r);
	return 0;
}

int
tests_read(struct tests *t, const struct app *app, struct feed *f, struct err *e)
{
	struct err none = {.code = ERR_NONE};
	size_t n = 0;

	*t = (struct tests){.app = app, .feed = f};
	for (size_t i = 0; i < f->conf.n; i++)
		n += span_eq(f->conf.sections[i].name, SPAN_LIT("test"));
	if (n == 0)
		return 0;
	if (mapper_guide(f->mapper, &t->guide, &none) != 0 && none.code != ERR_USAGE) {
		*e = none;
		return -1;
	}
	if ((t->v = arena_alloc(&f->conf.arena, n * sizeof(*t->v))) == NULL)
		return err_nomem(e);
	for (size_t i = 0; i < f->conf.n; i++)
		if (span_eq(f->conf.sections[i].name, SPAN_LIT("test")) &&
		    read_section(t, &f->conf.sections[i]) != 0)
			return err_nomem(e);
	return 0;
}

void
tests_release(struct tests *t)
{
	guide_release(&t->guide);
}
