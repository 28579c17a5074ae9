/*
 * The sections [test NAME] of a feed file: a row, or a file beside the feed file, and
 * what must come of it. Read by tests_check.c, run by tests.c.
 */
#ifndef CMD_TESTS_H
#define CMD_TESTS_H

#include <jansson.h>

#include "cmd/feed.h"
#include "mappers/guide.h"

enum expect_kind {
	EXPECT_FIELD,    /* a field has this value; without one it is not there */
	EXPECT_NONE,     /* there is no such record */
	EXPECT_REJECTED, /* the row, or one of them, for this problem */
	EXPECT_WARNING,  /* there is one of this problem */
	EXPECT_FILTERED  /* the row is left out by `when` */
};

struct expect {
	const struct conf_entry *entry;
	enum expect_kind kind;
	enum problem_code code;
	const struct schema *schema;
	unsigned index;    /* which record of the type, from 1 */
	const char *path;  /* of the field: name.given[1] */
	const char *value; /* NULL: not there */
};

/* One section, read. */
struct test {
	struct conf_section *section;
	struct span *cells; /* by column of the guide; NULL: no row is given */
	const struct conf_entry *file, *golden;
	const char *input, *expected; /* paths; `expected` of golden alone */
	struct expect *expects;
	size_t n;
};

/* All of a feed. Memory is the feed's conf's. */
struct tests {
	const struct app *app;
	struct feed *feed;
	struct guide guide; /* n = 0: the feed's files have no columns */
	struct test *v;
	size_t n;
};

/*
 * Reads the sections; mistakes go to the feed's errors. -1 with *e only if memory ran
 * out. Release it all the same.
 */
int tests_read(struct tests *t, const struct app *app, struct feed *f, struct err *e);
void tests_release(struct tests *t);

/* How a test did: where, what was expected and what came instead. */
struct failure {
	const struct test *test;
	const char *file;
	unsigned line;
	const char *field, *expected, *got;
};

/* Called for each that is not as expected; the texts are borrowed for the call. */
struct failures {
	void (*fn)(void *arg, const struct failure *f);
	void *arg;
};

/* Runs one. The number of failures, or -1 with *e. */
int test_run(const struct tests *all, const struct test *t, const struct failures *to,
    struct err *e);

/*
 * Where two values of JSON differ, by path: fn gets both as text, or NULL for one that
 * is not there. The order of keys does not matter. Returns how many places there are.
 */
size_t json_differences(const json_t *expected, const json_t *got,
    void (*fn)(void *arg, const char *path, const char *expected, const char *got),
    void *arg);

/* A string as it is, anything else as JSON; freed by the caller. NULL for NULL. */
char *json_shown(const json_t *value);

/* The value at "name.given[1]" in a record as `preview` prints it; NULL: none. */
const json_t *json_at(const json_t *record, const char *path);

#endif
