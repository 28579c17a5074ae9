/* What the tests of transforms share: a pipeline compiled, and applied to a text. */
#ifndef TESTS_UNIT_TRANSFORM_RIG_H
#define TESTS_UNIT_TRANSFORM_RIG_H

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/civil.h"
#include "mappers/transform.h"

#define COUNT(a)  (sizeof(a) / sizeof((a)[0]))
#define ARENA_MAX (1 << 20)

static struct kit kit;
static struct run run;

static void
rig_setup(void)
{
	struct err e = {0};

	arena_init(&kit.arena, ARENA_MAX);
	arena_init(&run.arena, ARENA_MAX);
	kit.zone = kit_zone(&kit, SPAN_LIT("America/Chicago"), &e);
	cr_assert_not_null(kit.zone, "%s", e.msg);
	run.year = 2026;
	run.today = civil_days(2026, 11, 20);
}

static void
rig_teardown(void)
{
	kit_release(&kit);
	arena_release(&run.arena);
}

/* "| ..." parsed and compiled; NULL with *e. */
static struct step *
compile(const char *pipe, struct err *e)
{
	char text[256];
	struct span copy;
	struct expr x;

	snprintf(text, sizeof(text), "{A} | %s", pipe);
	copy = arena_span(&kit.arena, span_of(text));
	if (expr_parse(&(struct value_text){.arena = &kit.arena, .text = copy}, &x, e) !=
	    0)
		return NULL;
	for (struct step *st = x.pipe.steps; st != NULL; st = st->next)
		if (transform_compile(&kit, st, e) != 0)
			return NULL;
	return x.pipe.steps;
}

struct row {
	const char *pipe, *in;
	const char
	    *out; /* NULL: fails with `code`; with "kept" in front of both: a warning */
	enum problem_code code;
};

static void
check(const struct row *r)
{
	struct err e = {0};
	struct text t = {.s = span_of(r->in)};
	struct step *st = compile(r->pipe, &e);
	enum problem_code code = PROBLEM_NONE;

	cr_assert_not_null(st, "%s: %s", r->pipe, e.msg);
	for (; st != NULL && code == PROBLEM_NONE; st = st->next) {
		t.kept = false;
		if (t.s.n > 0 || st->transform->on_empty)
			code = st->transform->apply(st->data, &run, &t);
	}
	cr_expect_eq(code, r->code, "%s of %s: %s, want %s", r->pipe, r->in,
	    problem_name(code), problem_name(r->code));
	if (code == PROBLEM_NONE || t.kept)
		cr_expect(r->out != NULL && span_eq(t.s, span_of(r->out)),
		    "%s of %s: %.*s", r->pipe, r->in, (int)t.s.n, t.s.p);
	else
		cr_expect_null(
		    r->out, "%s of %s fails, and keeps nothing", r->pipe, r->in);
}

/* A pipeline that does not compile, and how its message begins. */
struct mistake {
	const char *pipe, *want;
};

static inline void
check_mistake(const struct mistake *m)
{
	struct err e = {0};

	cr_expect_null(compile(m->pipe, &e), "%s", m->pipe);
	cr_expect(
	    strncmp(e.msg, m->want, strlen(m->want)) == 0, "%s: %s", m->pipe, e.msg);
	cr_expect_eq(e.code, ERR_CONFIG, "%s", m->pipe);
}

#endif
