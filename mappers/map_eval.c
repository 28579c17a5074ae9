#include "mappers/map_eval.h"

#include <string.h>

#include "mappers/letters.h"
#include "mappers/map_put.h"
#include "mappers/spreadsheet.h"

#define FUTURE_MS  86400000 /* an event time may be this far ahead of our clock */
#define BIRTH_YEAR "1880"   /* of the oldest who may be met; 0024 and 0198 are slips */

static inline enum problem_code
enforce(struct binding *b, struct text *t)
{
	if (t->s.n == 0 || kind_takes_any(b->rule))
		return PROBLEM_NONE;
	return kind_enforce(b->rule, b->map->kit.zone, &b->run, t);
}

/* Times that can't be, or are told because they hardly can. */
static enum problem_code
check_time(struct binding *b, const struct text *t)
{
	const struct rule *ru = b->rule;

	if (t->s.n == 0)
		return PROBLEM_NONE;
	if ((ru->role == ROLE_EVENT && b->run.now < INT64_MAX - FUTURE_MS &&
		t->instant > b->run.now + FUTURE_MS) ||
	    (ru->birth && eval_lies_ahead(b, t->s))) {
		b->run.fleeting = true;
		return PROBLEM_TIME_FUTURE;
	}
	if ((ru->near && eval_lies_far(b, t->instant)) ||
	    (ru->birth && memcmp(t->s.p, BIRTH_YEAR, sizeof(BIRTH_YEAR) - 1) < 0))
		eval_problem(b, PROBLEM_TIME_FAR, WEIGHT_WARNING);
	return PROBLEM_NONE;
}

/* Has it letters of no width? Such an id is another one, and looks the same. */
static bool
hides_letters(struct span s)
{
	const char *p = s.p;

	for (size_t i = 0; i + 1 < s.n; i++) {
		const unsigned char lead = (unsigned char)p[i],
				    next = (unsigned char)p[i + 1];
		unsigned char last;

		/* C1's control characters, and the soft hyphen */
		if (lead == 0xc2 && (next <= 0x9f || next == 0xad))
			return true;
		if (lead < 0xe2 || i + 2 == s.n)
			continue;
		last = (unsigned char)p[i + 2];
		/* U+200B to U+200F, U+202A to U+202E, U+2060 to U+206F, U+FEFF */
		if ((memcmp(p + i, "\xe2\x80", 2) == 0 &&
			((last >= 0x8b && last <= 0x8f) ||
			    (last >= 0xaa && last <= 0xae))) ||
		    (memcmp(p + i, "\xe2\x81", 2) == 0 && last >= 0xa0 && last <= 0xaf) ||
		    memcmp(p + i, "\xef\xbb\xbf", 3) == 0)
			return true;
	}
	return false;
}

/* Steps, kind and `else` for one text; false if it costs the row. */
static bool
finish_text(struct binding *b, enum problem_code code, struct text *t)
{
	const struct pipeline *p = &b->rule->expr.pipe;
	unsigned slot;

	if (code == PROBLEM_NONE && p->steps != NULL)
		code = eval_steps(b, p, t);
	if (code == PROBLEM_NONE)
		code = enforce(b, t);
	if (code != PROBLEM_NONE && (slot = eval_slot_at(b, t->at)) != SLOT_NONE)
		b->column = slot;
	if (code == PROBLEM_NONE)
		code = check_time(b, t);
	if (code != PROBLEM_NONE && !b->reject) {
		code = eval_else(b, p, code, t);
		if (code == PROBLEM_NONE)
			code = enforce(b, t);
	}
	/* It is sent as it is: that the feed did not ask may be meant. */
	if (code == PROBLEM_NONE && b->rule->unguarded && t->s.n > 0 &&
	    spreadsheet_is_scientific(t->s))
		eval_problem(b, PROBLEM_SCIENTIFIC, WEIGHT_WARNING);
	if (code == PROBLEM_NONE && b->rule->kind == FIELD_ID && hides_letters(t->s))
		eval_problem(b, PROBLEM_CONTROL, WEIGHT_WARNING);
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

/* What costs the row where it fails can't be deleted; an event time is just not there. */
static bool
finish_null(struct binding *b)
{
	b->texts.null = b->rule->role == ROLE_FIELD;
	if (!b->rule->rejects)
		return true;
	b->texts.null = false;
	eval_problem(b,
	    b->rule->role == ROLE_ID ? PROBLEM_MISSING_ID : PROBLEM_MISSING_VALUE,
	    WEIGHT_REJECT);
	return false;
}

/* The texts of a list, with the feed's text between them, as one. */
static enum problem_code
join_texts(struct binding *b)
{
	struct span glue = *b->rule->join;
	struct texts *t = &b->texts;
	size_t size = 0;
	char *from, *to;

	for (size_t i = 0; i < t->n; i++)
		size += t->v[i].s.n + glue.n;
	if ((from = to = run_bytes(&b->run, size)) == NULL)
		return PROBLEM_LIMIT;
	for (size_t i = 0; i < t->n; i++) {
		if (i > 0 && glue.n > 0)
			to = mempcpy(to, glue.p, glue.n);
		to = mempcpy(to, t->v[i].s.p, t->v[i].s.n);
	}
	t->v[0] = (struct text){.s = {from, (size_t)(to - from)}};
	t->n = 1;
	return PROBLEM_NONE;
}

/* The parts of one text, as a list; a part that is empty is none. */
static enum problem_code
split_text(struct binding *b)
{
	struct texts *t = &b->texts;
	struct span rest = t->v[0].s, part;

	for (t->n = 0; split_take(&rest, *b->rule->split, &part);) {
		if (part.n == 0)
			continue;
		b->run.limit |= t->n == VALUE_LIST_MAX;
		if (b->run.limit)
			return PROBLEM_LIMIT;
		t->v[t->n] = (struct text){.s = part};
		t->columns[t->n] = b->column;
		t->at[t->n] = (unsigned short)t->n;
		t->n++;
	}
	if (b->explain != NULL)
		explain_split(b, t);
	return PROBLEM_NONE;
}

static enum problem_code
whole_steps(struct binding *b)
{
	if (b->rule->join != NULL)
		return join_texts(b);
	return b->rule->split != NULL ? split_text(b) : PROBLEM_NONE;
}

static bool
same_text(const struct rule *ru, const struct text *a, const struct text *b)
{
	struct span x = a->s, y = b->s;

	if (a->kind == TEXT_DATETIME && b->kind == TEXT_DATETIME)
		return a->instant == b->instant;
	if (ru->agree_by != NULL && codes_find(ru->agree_by, x, &x))
		(void)codes_find(ru->agree_by, y, &y);
	return span_eq(x, y);
}

/* Other alternatives that give something must give the same: else it is told. */
static void
check_agree(struct binding *b)
{
	const struct text first = b->texts.v[0];
	struct text t;

	for (const struct alternative *a = b->chosen->next; a != NULL; a = a->next) {
		if (a->elements != NULL || eval_text(b, a, &t) != PROBLEM_NONE ||
		    t.s.n == 0 ||
		    eval_steps(b, &b->rule->expr.pipe, &t) != PROBLEM_NONE ||
		    enforce(b, &t) != PROBLEM_NONE || same_text(b->rule, &first, &t))
			continue;
		eval_problem(b, PROBLEM_CONFLICT, WEIGHT_WARNING);
		return;
	}
}

/* What is left of b->texts is the field's value; false if it costs the row. */
static bool
finish_texts(struct binding *b, enum problem_code code)
{
	struct texts *t = &b->texts;
	size_t n = t->n, left = 0;
	bool good = true;

	if (n == 0 && code == PROBLEM_NONE && t->null)
		return finish_null(b);
	t->null = false; /* a value that fails is left out: it deletes nothing */
	if (n == 0 || code != PROBLEM_NONE) {
		t->v[0] = (struct text){.kind = TEXT_PLAIN};
		good = finish_text(b, code, &t->v[0]);
		t->n = t->v[0].s.n > 0;
		return good;
	}
	for (size_t i = 0; i < n; i++) {
		b->column = t->columns[i];
		if (!t->v[i].null)
			good &= finish_text(b, PROBLEM_NONE, &t->v[i]);
		if (t->v[i].s.n == 0 && !t->v[i].null)
			continue;
		if (left < i) {
			t->at[left] = t->at[i];
			t->columns[left] = t->columns[i];
			t->v[left] = t->v[i];
		}
		left++;
	}
	t->n = left;
	return good;
}

/* A whole record's field that is empty, where nothing else has been told of it. */
static void
missing(struct binding *b, struct making *m)
{
	switch (b->whole ? b->rule->need : NEED_NO) {
	case NEED_NO:
		if (b->rule->role == ROLE_ID)
			eval_problem(b, PROBLEM_MISSING_ID, WEIGHT_REJECT);
		break;
	case NEED_ALWAYS:
		b->column = eval_empty_slot(b, b->rule->expr.alts);
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

/* Was nothing sent of all that the rule asks? So it is with most of a message. */
static bool
is_absent(const struct binding *b, const struct rule *ru)
{
	if (ru->nasks == 0)
		return ru->columns != NULL && columns_are_empty(b, ru->columns);
	for (size_t i = 0; i < ru->nasks; i++)
		if (hl7_was_sent(&ru->asks[i], b->row->message))
			return false;
	return b->explain == NULL;
}

static void
explain_nothing(struct binding *b)
{
	b->texts.n = 0;
	explain_result(b, &b->texts);
}

/* Nothing came of it, and no transform makes something of nothing. */
static bool
is_empty(const struct binding *b, enum problem_code code)
{
	return code == PROBLEM_NONE && b->texts.n == 0 && !b->texts.null &&
	       b->rule->idle && b->dropped == PROBLEM_NONE && !b->run.escape &&
	       b->explain == NULL;
}

/* One text, and nothing more to be done to it. */
static bool
is_bare(const struct binding *b, enum problem_code code)
{
	return b->rule->bare && b->rule->need != NEED_NAME && code == PROBLEM_NONE &&
	       b->texts.n == 1 && !b->run.escape && kind_takes_any(b->rule) &&
	       b->explain == NULL;
}

static void
begin_rule(struct binding *b, const struct rule *ru)
{
	b->rule = ru;
	b->column = SLOT_NONE;
	b->dropped = PROBLEM_NONE;
	b->reject = b->run.escape = false;
	if (b->explain != NULL)
		explain_rule(b);
}

/* What the alternatives gave becomes the rule's value; false if it costs the row. */
static bool
finish_rule(struct binding *b, enum problem_code code)
{
	bool good;

	if (b->rule->whole && code == PROBLEM_NONE && b->texts.n > 0)
		code = whole_steps(b);
	good = finish_texts(b, code);
	if (b->explain != NULL)
		explain_result(b, &b->texts);
	return good;
}

static void
eval_rule(struct binding *b, const struct rule *ru, struct making *m)
{
	enum problem_code code;
	size_t before;
	bool good;

	begin_rule(b, ru);
	if (is_absent(b, ru)) {
		if (b->explain != NULL)
			explain_nothing(b);
		put_nothing(b, m);
		missing(b, m);
		return;
	}
	code = eval_alternatives(b, ru->expr.alts);
	if (is_empty(b, code)) {
		missing(b, m);
		return;
	}
	if (is_bare(b, code)) {
		put_texts(b, m);
		return;
	}
	good = finish_rule(b, code);
	before = m->record->nvalues;
	put_texts(b, m);
	if (b->run.escape)
		eval_problem(b, PROBLEM_HL7_ESCAPE, WEIGHT_WARNING);
	if (ru->agree && b->texts.n > 0)
		check_agree(b);
	if (ru->need == NEED_NAME && put_named(m, before))
		m->named = true;
	else if (b->texts.n > 0 && !ru->composite)
		return;
	if (b->dropped != PROBLEM_NONE)
		eval_problem(b, b->dropped, WEIGHT_WARNING);
	if (good)
		missing(b, m);
}

void
eval_value(struct binding *b, const struct rule *ru)
{
	begin_rule(b, ru);
	finish_rule(b, eval_alternatives(b, ru->expr.alts));
	if (ru->agree && b->texts.n > 0)
		check_agree(b);
	if (b->texts.n == 0 && b->dropped != PROBLEM_NONE)
		eval_problem(b, b->dropped, WEIGHT_WARNING);
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

/* A merge names another patient, who is retired by it. */
static void
check_merge(struct binding *b, const struct record *r)
{
	const struct value *v = r->values;
	size_t n = r->nvalues;

	b->rule = b->section->retired;
	while (n > 0 && v->field != b->rule->at) {
		v++;
		n--;
	}
	if (n == 0 || v->text.n == 0)
		eval_problem(b, PROBLEM_MISSING_VALUE, WEIGHT_REJECT);
	else if (letters_eq_nocase(v->text, r->id))
		eval_problem(b, PROBLEM_NOT_ALLOWED, WEIGHT_REJECT);
}

static void
check_needs(struct binding *b, const struct making *m)
{
	b->column = SLOT_NONE;
	b->rule = m->nameless;
	if (m->nameless != NULL && !m->named)
		eval_problem(b, PROBLEM_MISSING_VALUE, WEIGHT_REJECT);
	if (m->record->op == OP_MERGE)
		check_merge(b, m->record);
	b->rule = m->no_start;
	if (m->no_start == NULL || !needs_start(m->record))
		return;
	b->column = eval_empty_slot(b, b->rule->expr.alts);
	eval_problem(b, PROBLEM_MISSING_VALUE, WEIGHT_REJECT);
}

/* A ZIP code that a spreadsheet took for a number. */
static void
check_zip(struct binding *b, const struct record *r)
{
	if (b->row->message != NULL || !spreadsheet_lost_zero(r, b->section->zip->at))
		return;
	b->rule = b->section->zip;
	b->column = SLOT_NONE;
	eval_problem(b, PROBLEM_LOST_ZERO, WEIGHT_WARNING);
}

/*
 * The next rule is in no cache, for a message goes through more than the processor's first
 * one holds: its memory is fetched while the rule before it is at work.
 */
static inline void
expect_rule(const struct rule *ru)
{
	__builtin_prefetch(ru->asks);
	for (size_t i = 0; i < RULE_FIRST; i++)
		__builtin_prefetch(ru->first[i]);
}

void
eval_section(struct binding *b, const struct section *sec, struct record *out)
{
	struct making m = {.record = out, .values = b->values[sec - b->map->sections]};

	b->section = sec;
	*out = (struct record){
	    .schema = sec->schema,
	    .op = sec->op,
	    .values = m.values,
	    .event_at = TIME_NONE,
	    .event_latest = TIME_NONE,
	    .window = TIME_NONE,
	    .row = b->row->number,
	    .event = b->event,
	    .control = b->control,
	    .unmerge = sec->unmerge,
	    .patched = sec->patched,
	    .timed = sec->timed,
	};
	for (size_t k = 0; k < sec->nrules; k++) {
		if (k + 1 < sec->nrules)
			expect_rule(&sec->rules[k + 1]);
		eval_rule(b, &sec->rules[k], &m);
	}
	put_end(&m);
	check_needs(b, &m);
	if (sec->zip != NULL)
		check_zip(b, out);
}

void
eval_id(struct binding *b, const struct section *sec, struct record *out)
{
	struct making m = {.record = out};

	b->section = sec;
	*out = (struct record){.schema = sec->schema,
	    .op = sec->op,
	    .row = b->row->number,
	    .patched = sec->patched};
	eval_rule(b, sec->id, &m);
}
