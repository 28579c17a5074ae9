#include <string.h>

#include "base/civil.h"
#include "mappers/map_impl.h"

#define DAY_MS    86400000
#define FUTURE_MS DAY_MS /* an event time may be this far ahead of our clock */

/* A section's record while its rules are evaluated. */
struct making {
	struct record *record;
	struct value *values;
	const struct rule *nameless; /* a name rule that gave nothing */
	const struct rule *no_start;
	bool named;
	unsigned short group, index; /* the object of a list at hand, as mapped */
	unsigned short dense;        /* and as it goes out: without gaps */
	bool object;
};

static struct span
title_of(const struct binding *b, unsigned slot)
{
	return slot == SLOT_NONE ? (struct span){NULL, 0} : b->titles[b->columns[slot]];
}

static void
tell(struct binding *b, const struct problem *p)
{
	b->rejected |= p->weight == WEIGHT_REJECT;
	b->sink->problem(b->sink->arg, p);
}

void
eval_problem(struct binding *b, enum problem_code code, enum problem_weight w)
{
	if (b->rule == NULL)
		return;
	tell(b, &(struct problem){
		    .code = code,
		    .weight = w,
		    .row = b->row->number,
		    .column = title_of(
			b, b->column != SLOT_NONE ? b->column : b->rule->column),
		    .type = b->section->schema->name,
		    .field = b->rule->path,
		});
}

static enum problem_code
enforce(struct binding *b, struct text *t)
{
	if (t->s.n == 0)
		return PROBLEM_NONE;
	return kind_enforce(b->rule, b->map->kit.zone, &b->run, t);
}

static enum problem_code
check_event(const struct binding *b, const struct text *t)
{
	if (b->rule->role == ROLE_EVENT && t->s.n > 0 &&
	    b->run.now < INT64_MAX - FUTURE_MS && t->instant > b->run.now + FUTURE_MS)
		return PROBLEM_TIME_FUTURE;
	return PROBLEM_NONE;
}

/* Steps, kind and `else` for one text; false if it costs the row. */
static bool
finish_text(struct binding *b, enum problem_code code, struct text *t)
{
	const struct pipeline *p = &b->rule->expr.pipe;

	if (code == PROBLEM_NONE)
		code = eval_steps(b, p, t);
	if (code == PROBLEM_NONE)
		code = enforce(b, t);
	if (code == PROBLEM_NONE)
		code = check_event(b, t);
	if (code != PROBLEM_NONE && !b->reject) {
		code = eval_else(b, p, code, t);
		if (code == PROBLEM_NONE)
			code = enforce(b, t);
	}
	if (code == PROBLEM_NONE)
		return true;
	t->s.n = 0;
	if (b->rule->role == ROLE_ID && code == PROBLEM_MISSING_VALUE)
		code = PROBLEM_MISSING_ID;
	if (b->reject || b->rule->rejects) {
		eval_problem(b, code, WEIGHT_REJECT);
		return false;
	}
	eval_problem(b, code, WEIGHT_WARNING);
	return true;
}

/* What is left of b->texts is the field's value; false if it costs the row. */
static bool
finish_texts(struct binding *b, enum problem_code code)
{
	struct texts *t = &b->texts;
	size_t n = t->n, left = 0;
	bool good = true;

	if (n == 0 || code != PROBLEM_NONE) {
		t->v[0] = (struct text){.kind = TEXT_PLAIN};
		good = finish_text(b, code, &t->v[0]);
		t->n = t->v[0].s.n > 0;
		return good;
	}
	for (size_t i = 0; i < n; i++) {
		b->column = t->columns[i];
		good &= finish_text(b, PROBLEM_NONE, &t->v[i]);
		if (t->v[i].s.n > 0)
			t->v[left++] = t->v[i];
	}
	t->n = left;
	return good;
}

/* Lists of objects go out without gaps: [2] alone is the first. */
static unsigned short
dense_index(struct making *m, const struct rule *ru)
{
	if (!ru->object)
		return 0;
	if (!m->object || m->group != ru->group)
		m->dense = 0;
	else if (m->index != ru->index)
		m->dense++;
	m->object = true;
	m->group = ru->group;
	m->index = ru->index;
	return m->dense;
}

static void
put_values(struct binding *b, struct making *m)
{
	const struct rule *ru = b->rule;
	struct record *r = m->record;
	unsigned short index = b->texts.n > 0 ? dense_index(m, ru) : 0;

	for (size_t i = 0; i < b->texts.n; i++) {
		const struct text *t = &b->texts.v[i];

		m->values[r->nvalues++] = (struct value){
		    .field = ru->at,
		    .index = ru->list ? (unsigned short)i : index,
		    .kind = VALUE_TEXT,
		    .name = ru->name,
		    .text = t->s,
		};
		if (ru->window)
			r->window = t->kind == TEXT_PLAIN ? TIME_NONE : t->instant;
	}
}

static void
put(struct binding *b, struct making *m)
{
	const struct text *t = &b->texts.v[0];

	switch (b->rule->role) {
	case ROLE_ID:
		m->record->id = b->texts.n > 0 ? t->s : (struct span){NULL, 0};
		break;
	case ROLE_EVENT:
		if (b->texts.n == 0)
			break;
		m->record->event_at = t->instant;
		m->record->event_at_text = t->s;
		break;
	case ROLE_FIELD:
		put_values(b, m);
		break;
	}
}

/* A whole record's field that is empty, where nothing else has been told of it. */
static void
missing(struct binding *b, struct making *m)
{
	switch (b->rule->need) {
	case NEED_NO:
		if (b->rule->role == ROLE_ID)
			eval_problem(b, PROBLEM_MISSING_ID, WEIGHT_REJECT);
		break;
	case NEED_ALWAYS:
		eval_problem(b, PROBLEM_MISSING_VALUE, WEIGHT_REJECT);
		break;
	case NEED_START:
		m->no_start = b->rule;
		break;
	case NEED_NAME:
		if (m->nameless == NULL)
			m->nameless = b->rule;
		break;
	}
}

static void
eval_rule(struct binding *b, const struct rule *ru, struct making *m)
{
	enum problem_code code;
	bool good;

	b->rule = ru;
	b->column = SLOT_NONE;
	b->dropped = PROBLEM_NONE;
	b->reject = false;
	if (b->explain != NULL)
		explain_rule(b);
	code = eval_alternatives(b, ru->expr.alts);
	good = finish_texts(b, code);
	if (b->explain != NULL)
		explain_result(b, &b->texts);
	put(b, m);
	if (b->texts.n > 0) {
		m->named |= ru->need == NEED_NAME;
		return;
	}
	if (b->dropped != PROBLEM_NONE)
		eval_problem(b, b->dropped, WEIGHT_WARNING);
	if (good)
		missing(b, m);
}

static bool
needs_start(const struct record *r)
{
	static const char *const without[] = {"proposed", "cancelled", "waitlist"};

	for (size_t i = 0; i < r->nvalues; i++) {
		const struct value *v = &r->values[i];

		if (v->field == FIELD_EXTRA ||
		    strcmp(r->schema->fields[v->field].path, "status") != 0)
			continue;
		for (size_t k = 0; k < sizeof(without) / sizeof(without[0]); k++)
			if (span_eq(v->text, span_of(without[k])))
				return false;
	}
	return true;
}

static void
check_needs(struct binding *b, const struct making *m)
{
	b->column = SLOT_NONE;
	b->rule = m->nameless;
	if (m->nameless != NULL && !m->named)
		eval_problem(b, PROBLEM_MISSING_VALUE, WEIGHT_REJECT);
	b->rule = m->no_start;
	if (m->no_start != NULL && needs_start(m->record))
		eval_problem(b, PROBLEM_MISSING_VALUE, WEIGHT_REJECT);
}

static void
eval_section(struct binding *b, size_t i, struct record *out)
{
	struct making m = {.record = out, .values = b->values[i]};

	b->section = &b->map->sections[i];
	*out = (struct record){
	    .schema = b->section->schema,
	    .op = b->section->op,
	    .values = m.values,
	    .event_at = TIME_NONE,
	    .window = TIME_NONE,
	    .row = b->row->number,
	};
	for (size_t k = 0; k < b->section->nrules; k++)
		eval_rule(b, &b->section->rules[k], &m);
	check_needs(b, &m);
}

static bool
control(char c)
{
	return ((unsigned char)c < 0x20 && c != '\t' && c != '\n' && c != '\r') ||
	       c == 0x7f;
}

#define EACH(byte) (UINT64_C(0x0101010101010101) * (byte))

/* Eight bytes at a time: most cells have no byte under 0x20, nor 0x7f, at all. */
static bool
has_control(struct span s)
{
	size_t i = 0;
	uint64_t x, d;

	for (; i + sizeof(x) <= s.n; i += sizeof(x)) {
		memcpy(&x, s.p + i, sizeof(x));
		d = x ^ EACH(0x7f);
		if ((((x - EACH(0x20)) & ~x) | ((d - EACH(1)) & ~d)) & EACH(0x80))
			break;
	}
	while (i < s.n && !control(s.p[i]))
		i++;
	return i < s.n;
}

static void
check_controls(struct binding *b)
{
	for (size_t i = 0; i < b->nused; i++) {
		unsigned at = b->used[i];

		if (at >= b->row->n || !has_control(b->row->cells[at]))
			continue;
		tell(b, &(struct problem){
			    .code = PROBLEM_CONTROL,
			    .weight = WEIGHT_WARNING,
			    .row = b->row->number,
			    .column = b->titles[at],
			});
	}
}

static void
set_now(struct run *r, int64_t now)
{
	int month, day;

	if (r->now == now)
		return;
	r->now = now;
	r->today = now / DAY_MS - (now % DAY_MS < 0);
	civil_from_days(r->today, &r->year, &month, &day);
}

static unsigned
eval_sections(struct binding *b)
{
	unsigned n = 0;

	for (size_t i = 0; i < b->map->nsections; i++) {
		const struct condition *when = b->map->sections[i].when;

		if (when != NULL && !eval_condition(b, when))
			continue;
		if (n == 0)
			check_controls(b);
		eval_section(b, i, &b->records[n++]);
	}
	return n;
}

/* The row is too much for us, or there is no memory at all. */
static int
check_limits(struct binding *b, struct err *e)
{
	if (b->run.nomem)
		return err_nomem(e);
	if (b->run.full || b->run.limit)
		tell(b, &(struct problem){
			    .code = PROBLEM_LIMIT,
			    .weight = WEIGHT_REJECT,
			    .row = b->row->number,
			});
	return 0;
}

static void
begin(struct binding *b, const struct row *r)
{
	arena_clear(&b->run.arena);
	b->run.full = b->run.nomem = b->run.limit = false;
	b->row = r;
	b->rejected = false;
}

void
binding_start(struct binding *b, const struct mapper_sink *sink, int64_t now)
{
	set_now(&b->run, now);
	b->sink = sink;
}

int
map_row(struct binding *b, const struct row *r, struct row_result *out, struct err *e)
{
	unsigned n = 0;

	begin(b, r);
	*out = (struct row_result){.fate = ROW_REJECTED};
	if (b->map->when == NULL || eval_condition(b, b->map->when))
		n = eval_sections(b);
	if (check_limits(b, e) != 0)
		return -1;
	if (b->rejected)
		return 0;
	out->fate = n == 0 ? ROW_FILTERED : ROW_MAPPED;
	for (; out->records < n; out->records++)
		if (b->sink->record(b->sink->arg, &b->records[out->records], e) != 0)
			return -1;
	return 0;
}
