/*
 * What the tests of HL7 share: messages and references from text, and maps that are
 * applied to messages.
 */
#ifndef TESTS_UNIT_HL7_RIG_H
#define TESTS_UNIT_HL7_RIG_H

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/conf.h"
#include "base/record.h"
#include "mappers/hl7_message.h"
#include "mappers/hl7_text.h"
#include "mappers/map.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

#define RIG_TEXT_MAX (1 << 20)
#define RIG_NOW      INT64_C(1795176000000) /* 2026-11-20T12:00:00Z */

/* A message of segments that end in CR each; `text` must outlive it. */
static inline void
rig_message(struct hl7_message *m, const char *text)
{
	struct err e = {0};
	size_t n;

	hl7_message_init(m);
	for (const char *p = text; *p != '\0'; p += n + (p[n] == '\r')) {
		n = strcspn(p, "\r");
		cr_assert_eq(hl7_message_add(m, (struct span){p, n}, &e), 0);
	}
	cr_assert(hl7_delimiters(m->segments[0].text, &m->d), "%s", text);
}

/* A feed that reads messages. */
struct rig {
	struct conf_errors errors;
	struct conf conf;
	struct map *map;
	struct binding *binding;
	struct hl7_charsets *charsets;
	struct buf out; /* what the sink was given, as text */
};

static inline void
rig_close(struct rig *r)
{
	binding_free(r->binding);
	map_free(r->map);
	hl7_charsets_free(r->charsets);
	buf_release(&r->out);
	conf_release(&r->conf);
	conf_errors_release(&r->errors);
	*r = (struct rig){.map = NULL};
}

/* Compiles `text`; r->map is NULL and r->errors says why if it has mistakes. */
static inline void
rig_compile(struct rig *r, const char *text, const struct mapper_conf *mc)
{
	char path[] = "/tmp/hl7_test_XXXXXX";
	int fd = mkstemp(path);
	struct err e = {0};

	*r = (struct rig){.map = NULL};
	buf_init(&r->out, RIG_TEXT_MAX);
	conf_errors_init(&r->errors);
	cr_assert_geq(fd, 0);
	cr_assert_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
	cr_assert_eq(conf_load(&r->conf, path, NULL, &r->errors, &e), 0, "%s", e.msg);
	unlink(path);
	cr_assert_eq(
	    r->errors.n, 0, "%s: %s", text, r->errors.n > 0 ? r->errors.text[0] : "");
	r->map = map_new(&r->conf, mc, &e);
}

static inline int
rig_record(void *arg, const struct record *r, struct err *e)
{
	struct buf *out = arg;
	struct json j;

	(void)e;
	buf_addf(out, "%s %s %.*s ", record_op_name(r->op), r->schema->name, (int)r->id.n,
	    r->id.p);
	if (r->unmerge)
		buf_add_str(out, "unmerge ");
	if (r->event_at != TIME_NONE)
		buf_addf(out, "@%.*s ", (int)r->event_at_text.n, r->event_at_text.p);
	jw_init(&j, out);
	record_write_data(r, &j);
	buf_add_char(out, '\n');
	return 0;
}

static inline void
rig_problem(void *arg, const struct problem *p)
{
	buf_addf(arg, "%s %s %.*s %s\n", p->weight == WEIGHT_REJECT ? "reject" : "warn",
	    problem_name(p->code), (int)p->column.n, p->column.n > 0 ? p->column.p : "",
	    p->field != NULL ? p->field : "-");
}

/* Applies the map to a message: records, problems and "mapped 1", until the next. */
static inline const char *
rig_row(struct rig *r, const char *message)
{
	static const char *const fates[] = {"mapped", "filtered", "rejected"};
	struct mapper_sink sink = {
	    .record = rig_record, .problem = rig_problem, .arg = &r->out};
	struct hl7_message m;
	struct row row = {.number = 3, .message = &m};
	struct row_result result;
	struct err e = {0};

	rig_message(&m, message);
	if (r->binding == NULL) {
		r->charsets = hl7_charsets_new("auto", RIG_TEXT_MAX, &e);
		r->binding = map_bind_messages(r->map, r->charsets, &e);
		cr_assert_not_null(r->binding, "%s", e.msg);
	}
	(void)hl7_charsets_begin(r->charsets, &m, span_of(message));
	binding_start(r->binding, &sink, RIG_NOW);
	buf_clear(&r->out);
	cr_assert_eq(map_row(r->binding, &row, &result, &e), 0, "%s", e.msg);
	buf_addf(&r->out, "%s %u", fates[result.fate], result.records);
	buf_add_char(&r->out, '\0');
	hl7_message_release(&m);
	return r->out.p;
}

/* A feed, a message and what comes of it. */
struct rig_case {
	const char *feed, *message, *want;
};

static inline void
rig_check(const struct rig_case *c, const struct mapper_conf *mc)
{
	struct mapper_conf conf = *mc;
	struct rig r;

	conf.source = "northside";
	conf.format = "hl7";
	conf.hl7 = true;
	rig_compile(&r, c->feed, &conf);
	cr_assert_not_null(
	    r.map, "%s: %s", c->feed, r.errors.n > 0 ? r.errors.text[0] : "");
	cr_expect_str_eq(rig_row(&r, c->message), c->want, "%s%s\nwant\n%s\ngot\n%s",
	    c->feed, c->message, c->want, r.out.p);
	rig_close(&r);
}

static inline void
rig_check_all(const struct rig_case *c, size_t n, const struct mapper_conf *mc)
{
	for (size_t i = 0; i < n; i++)
		rig_check(&c[i], mc);
}

#endif
