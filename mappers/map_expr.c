#include <string.h>

#include "mappers/map_eval.h"
#include "mappers/spreadsheet.h"

static struct span
cell(const struct binding *b, unsigned slot)
{
	unsigned at = b->columns[slot];

	if (at >= b->row->n || b->row->cells[at].n == 0)
		return (struct span){NULL, 0};
	return span_trim(b->row->cells[at]);
}

/* Between two parts it is the first that is too short, or goes on as it should not. */
unsigned
eval_slot_at(const struct binding *b, const char *at)
{
	unsigned slot = SLOT_NONE;

	if (at == NULL || b->njoined == 0 || at < b->joined[0].from || at > b->joined_end)
		return SLOT_NONE;
	for (size_t i = 0; i < b->njoined && b->joined[i].from <= at; i++)
		if (b->joined[i].slot != SLOT_NONE)
			slot = b->joined[i].slot;
	return slot;
}

bool
columns_are_empty(const struct binding *b, const struct column_list *l)
{
	while (l != NULL && cell(b, l->slot).n == 0)
		l = l->next;
	return l == NULL;
}

static bool
refs_are_empty(const struct binding *b, const struct ref *r)
{
	while (r != NULL && cell(b, r->slot).n == 0)
		r = r->next;
	return r == NULL;
}

unsigned
eval_empty_slot(const struct binding *b, const struct alternative *a)
{
	if (b->row->message != NULL)
		return SLOT_NONE;
	for (const struct part *p = a->parts; p != NULL; p = p->next)
		if (p->refs != NULL && !p->optional && refs_are_empty(b, p->refs))
			return p->refs->slot;
	return SLOT_NONE;
}

static inline enum problem_code
apply(struct binding *b, const struct pipeline *p, const struct step *st, struct text *t)
{
	enum problem_code code;

	t->kept = false;
	code = st->transform->apply(st->data, &b->run, t);
	if (code == PROBLEM_UNKNOWN_CODE)
		b->known = &((const struct code_table *)st->data)->list;
	if (code != PROBLEM_NONE && t->kept && p->otherwise == ELSE_NONE) {
		eval_problem(b, code, WEIGHT_WARNING);
		code = PROBLEM_NONE;
	}
	if (b->explain != NULL && b->rule != NULL)
		explain_step(b, st, code == PROBLEM_NONE ? t->s : (struct span){NULL, 0});
	return code;
}

enum problem_code
eval_steps(struct binding *b, const struct pipeline *p, struct text *t)
{
	enum problem_code code = PROBLEM_NONE;

	for (const struct step *st = p->steps; st != NULL && code == PROBLEM_NONE;
	    st = st->next)
		if (t->s.n > 0 || st->transform->on_empty)
			code = apply(b, p, st, t);
	return code;
}

enum problem_code
eval_else(
    struct binding *b, const struct pipeline *p, enum problem_code code, struct text *t)
{
	switch (p->otherwise) {
	case ELSE_NONE:
		return code;
	case ELSE_DROP:
		eval_problem(b, code, WEIGHT_WARNING);
		break;
	case ELSE_REJECT:
		b->reject = true;
		return code;
	case ELSE_VALUE:
		return eval_text(b, p->value, t);
	}
	*t = (struct text){.kind = TEXT_PLAIN};
	return PROBLEM_NONE;
}

/* What the message has there: for a composite as it was sent. */
static inline enum problem_code
take_hit(
    struct binding *b, const struct ref *r, const struct hl7_hit *hit, struct text *t)
{
	enum problem_code code = PROBLEM_NONE;

	*t = (struct text){.null = hit->null};
	t->from.segment = hit->from.segment;
	t->from.piece = hit->from.piece;
	if (r->hl7->whole || hit->literal)
		t->s = span_trim(hit->raw);
	else
		code = run_decode(&b->run, hit->raw, &t->s);
	b->taken = r->slot;
	if ((t->s.n > 0 || code != PROBLEM_NONE) && b->column == SLOT_NONE)
		b->column = r->slot;
	return code;
}

/* The first that has a value; if none has, but one was deleted, null. */
static inline enum problem_code
take_first(struct binding *b, const struct ref *r, struct text *t)
{
	enum problem_code code;
	struct hl7_hit hit;
	bool null = false;

	for (; r != NULL; r = r->next) {
		if (!hl7_was_sent(&r->ask, b->place.message) ||
		    hl7_ref_find(r->hl7, &b->place, &hit, 1) == 0)
			continue;
		null |= hit.null;
		if (hit.raw.n == 0)
			continue;
		code = take_hit(b, r, &hit, t);
		t->null = null && t->s.n == 0;
		if (t->s.n > 0 || code != PROBLEM_NONE)
			return code;
	}
	*t = (struct text){.null = null};
	return PROBLEM_NONE;
}

/* The first cell that is not empty. */
static inline enum problem_code
take_cell(struct binding *b, const struct ref *r, struct text *t)
{
	*t = (struct text){.kind = TEXT_PLAIN};
	for (; r != NULL && t->s.n == 0; r = r->next) {
		t->s = cell(b, r->slot);
		b->taken = r->slot;
		if (t->s.n > 0 && b->column == SLOT_NONE)
			b->column = r->slot;
	}
	if (!spreadsheet_is_error(t->s))
		return PROBLEM_NONE;
	b->column = b->taken;
	return PROBLEM_CELL_ERROR;
}

/* Between braces: what is dropped is told only if the field stays empty. */
static inline enum problem_code
finish_braces(struct binding *b, const struct part *p, struct text *t)
{
	enum problem_code code;

	if (p->pipe.steps == NULL || t->null)
		return PROBLEM_NONE;
	code = eval_steps(b, &p->pipe, t);
	if (code == PROBLEM_NONE)
		return code;
	if (p->pipe.otherwise != ELSE_DROP)
		return eval_else(b, &p->pipe, code, t);
	b->dropped = code;
	*t = (struct text){.kind = TEXT_PLAIN};
	return PROBLEM_NONE;
}

/*
 * The references between one pair of braces. Another alternative may stand in for
 * what is dropped here.
 */
static inline enum problem_code
eval_braces(struct binding *b, const struct part *p, struct text *t)
{
	enum problem_code code = PROBLEM_NONE;

	if (b->row->message != NULL)
		code = take_first(b, p->refs, t);
	else
		code = take_cell(b, p->refs, t);
	return code == PROBLEM_NONE ? finish_braces(b, p, t) : code;
}

/* After an optional reference that is empty one blank is enough. */
static char *
join(char *to, const char *from, struct span s)
{
	bool after_blank = to == from || to[-1] == ' ';

	if (after_blank && s.n > 0 && s.p[0] == ' ')
		s = (struct span){s.p + 1, s.n - 1};
	return s.n > 0 ? mempcpy(to, s.p, s.n) : to;
}

static enum problem_code
concat(struct binding *b, const struct span *v, size_t n, struct text *out)
{
	size_t size = 0;
	char *from, *to;

	for (size_t i = 0; i < n; i++)
		size += v[i].n;
	from = to = run_bytes(&b->run, size);
	if (from == NULL)
		return PROBLEM_LIMIT;
	for (size_t i = 0; i < n; i++) {
		b->joined[i].from = to;
		to = join(to, from, v[i]);
	}
	b->joined_end = to;
	b->njoined = n;
	out->s = span_trim((struct span){from, (size_t)(to - from)});
	return PROBLEM_NONE;
}

static enum problem_code
eval_parts(struct binding *b, const struct part *p, struct text *out)
{
	struct span v[VALUE_PARTS_MAX];
	bool filled = false;
	struct text t;
	size_t n = 0;
	enum problem_code code;

	*out = (struct text){.kind = TEXT_PLAIN};
	for (; p != NULL; p = p->next) {
		b->joined[n].slot = SLOT_NONE;
		if (p->refs == NULL) {
			v[n++] = p->text;
			continue;
		}
		code = eval_braces(b, p, &t);
		if (code != PROBLEM_NONE) {
			b->column = b->taken;
			return code;
		}
		if (t.s.n == 0 && !p->optional)
			return PROBLEM_NONE;
		filled |= t.s.n > 0;
		b->joined[n].slot = b->taken;
		v[n++] = t.s;
	}
	return filled ? concat(b, v, n, out) : PROBLEM_NONE;
}

static inline enum problem_code
text_of(struct binding *b, const struct alternative *a, struct text *out)
{
	const struct part *p = a->parts;
	enum problem_code code;

	b->column = SLOT_NONE;
	b->njoined = 0;
	if (p->next != NULL)
		return eval_parts(b, p, out);
	if (p->refs != NULL) {
		code = eval_braces(b, p, out);
		/* The cell that is empty is to blame, and not the first of a list. */
		if (code != PROBLEM_NONE && b->column == SLOT_NONE &&
		    b->row->message == NULL)
			b->column = b->taken;
		return code;
	}
	*out = (struct text){.s = span_trim(p->text)};
	return PROBLEM_NONE;
}

enum problem_code
eval_text(struct binding *b, const struct alternative *a, struct text *out)
{
	return text_of(b, a, out);
}

/* An element that fails costs the list only where the field costs the row. */
static enum problem_code
add_text(struct binding *b, enum problem_code code, size_t at)
{
	struct texts *to = &b->texts;
	const struct text *t = &to->v[to->n];

	if (code == PROBLEM_NONE) {
		to->columns[to->n] = b->column;
		to->at[to->n] = (unsigned short)at;
		to->null |= t->null;
		to->n += t->s.n > 0 || (t->null && b->rule != NULL && b->rule->aligned);
		return code;
	}
	if (b->rule == NULL || b->rule->rejects || b->reject)
		return code;
	eval_problem(b, code, WEIGHT_WARNING);
	return PROBLEM_NONE;
}

/* All that one reference finds, each by itself. Half a list would look whole. */
static enum problem_code
eval_hits(struct binding *b, const struct part *p, const struct ref *r)
{
	size_t n = hl7_ref_find(r->hl7, &b->place, b->hits, VALUE_LIST_MAX + 1);
	size_t before = b->texts.n > 0 ? b->texts.at[b->texts.n - 1] + 1u : 0;
	enum problem_code code = PROBLEM_NONE;

	for (size_t i = 0; i < n && code == PROBLEM_NONE; i++) {
		struct text *t = &b->texts.v[b->texts.n];

		b->run.limit |= n + b->texts.n - i > VALUE_LIST_MAX;
		if (b->run.limit)
			return PROBLEM_LIMIT;
		b->column = SLOT_NONE;
		code = take_hit(b, r, &b->hits[i], t);
		if (code == PROBLEM_NONE)
			code = finish_braces(b, p, t);
		code = add_text(b, code, before + i);
	}
	return code;
}

/* The list of the first reference that finds something. */
static enum problem_code
eval_many(struct binding *b, const struct part *p)
{
	enum problem_code code = PROBLEM_NONE;
	size_t before = b->texts.n;

	for (const struct ref *r = p->refs;
	    r != NULL && b->texts.n == before && code == PROBLEM_NONE; r = r->next)
		if (hl7_was_sent(&r->ask, b->place.message))
			code = eval_hits(b, p, r);
	return code;
}

static enum problem_code
eval_element(struct binding *b, const struct alternative *el)
{
	struct texts *to = &b->texts;

	if (el->many)
		return eval_many(b, el->parts);
	if (to->n == VALUE_LIST_MAX)
		return PROBLEM_LIMIT;
	return add_text(b, eval_text(b, el, &to->v[to->n]), to->n);
}

static enum problem_code
eval_list(struct binding *b, const struct alternative *el)
{
	enum problem_code code = PROBLEM_NONE;

	for (; el != NULL && code == PROBLEM_NONE; el = el->next)
		code = el->elements != NULL ? eval_list(b, el->elements)
					    : eval_element(b, el);
	return code;
}

enum problem_code
eval_alternatives(struct binding *b, const struct alternative *a)
{
	enum problem_code code;

	b->texts.n = 0;
	b->texts.null = false;
	for (; a != NULL; a = a->next) {
		b->chosen = a;
		if (a->elements != NULL) {
			code = eval_list(b, a->elements);
		} else if (a->many) {
			code = eval_many(b, a->parts);
		} else {
			code = text_of(b, a, &b->texts.v[0]);
			b->texts.columns[0] = b->column;
			b->texts.at[0] = 0;
			b->texts.null |= b->texts.v[0].null;
			b->texts.n = code == PROBLEM_NONE && b->texts.v[0].s.n > 0;
		}
		if (code != PROBLEM_NONE || b->texts.n > 0)
			return code;
	}
	return PROBLEM_NONE;
}

/* What a transform fails on counts as empty in a condition. */
static bool
holds(struct binding *b, const struct condition *c)
{
	struct text t = {.kind = TEXT_PLAIN};
	bool any = false;
	size_t i = 0;

	if (eval_alternatives(b, c->value.alts) != PROBLEM_NONE)
		b->texts.n = 0;
	do {
		if (b->texts.n > 0)
			t = b->texts.v[i];
		if (eval_steps(b, &c->value.pipe, &t) != PROBLEM_NONE &&
		    (c->value.pipe.otherwise != ELSE_VALUE ||
			eval_text(b, c->value.pipe.value, &t) != PROBLEM_NONE))
			t.s.n = 0;
		any |= condition_holds(c, t.s, &b->run.limit);
	} while (++i < b->texts.n);
	return any != c->negated;
}

bool
eval_condition(struct binding *b, const struct condition *c)
{
	bool all = true;

	b->rule = NULL;
	for (; c != NULL && all; c = c->next)
		all = holds(b, c);
	b->reject = false;
	return all;
}
