#include <string.h>

#include "base/near.h"
#include "mappers/map_compile.h"

static bool
ends_with(const char *path, const char *end)
{
	size_t n = strlen(path), m = strlen(end);

	return n >= m && strcmp(path + n - m, end) == 0;
}

void
set_role(struct rule *ru, const struct section *sec)
{
	if (strcmp(ru->path, "id") == 0) {
		ru->role = ROLE_ID;
		ru->rejects = true;
	} else if (strcmp(ru->path, "updated_at") == 0) {
		ru->role = ROLE_EVENT;
		ru->rejects = false;
		ru->dst = DST_EARLIER;
	} else if (ru->field != NULL && (sec->op == OP_PUT || sec->creates != NULL)) {
		ru->need = ru->field->need;
	}
	ru->window = strcmp(ru->path, "start") == 0;
	ru->near = ru->window && (sec->schema->type == RECORD_APPOINTMENT ||
				     sec->schema->type == RECORD_SLOT);
	ru->birth = ru->kind == FIELD_DATE && ends_with(ru->path, "birth_date");
}

static unsigned
first_column(const struct alternative *a)
{
	unsigned slot = SLOT_NONE;

	for (; a != NULL && slot == SLOT_NONE; a = a->next) {
		for (const struct part *p = a->parts; p != NULL; p = p->next)
			if (p->refs != NULL)
				return p->refs->slot;
		slot = first_column(a->elements);
	}
	return slot;
}

/* What its references ask; false: something may come of it though they find nothing. */
static bool
collect_parts(const struct part *p, struct hl7_ask *out, size_t *n)
{
	size_t before = *n;

	for (; p != NULL; p = p->next) {
		for (const struct step *st = p->pipe.steps; st != NULL; st = st->next)
			if (st->transform->on_empty)
				return false;
		for (const struct ref *r = p->refs; r != NULL; r = r->next, ++*n)
			if (out != NULL)
				out[*n] = r->ask;
	}
	return *n > before;
}

static bool
collect_refs(const struct alternative *a, struct hl7_ask *out, size_t *n)
{
	for (; a != NULL; a = a->next)
		if (a->elements != NULL ? !collect_refs(a->elements, out, n)
					: !collect_parts(a->parts, out, n))
			return false;
	return true;
}

/* What must have been sent for a rule to be evaluated at all; counted without `out`. */
static size_t
asks_of(const struct rule *ru, struct hl7_ask *out)
{
	size_t n = 0;

	for (const struct step *st = ru->expr.pipe.steps; st != NULL; st = st->next)
		if (st->transform->on_empty)
			return 0;
	return ru->role == ROLE_FIELD && collect_refs(ru->expr.alts, out, &n) ? n : 0;
}

/* Those of all rules together, since they are gone through for each message. */
int
compile_asks(struct compiler *c, struct section *sec)
{
	struct hl7_ask *to;
	size_t n = 0;

	for (size_t i = 0; i < sec->nrules; i++)
		n += asks_of(&sec->rules[i], NULL);
	if ((to = arena_alloc(&c->map->kit.arena, (n + 1) * sizeof(*to))) == NULL)
		return -1;
	for (size_t i = 0; i < sec->nrules; i++) {
		if (asks_of(&sec->rules[i], NULL) == 0)
			continue;
		sec->rules[i].asks = to;
		sec->rules[i].nasks = asks_of(&sec->rules[i], to);
		to += sec->rules[i].nasks;
	}
	return 0;
}

static const struct step *
last_step(const struct pipeline *p)
{
	const struct step *st = p->steps;

	while (st != NULL && st->next != NULL)
		st = st->next;
	return st;
}

/* Text of the feed file itself must fit the field: told now, not with each row. */
static int
check_constant(struct compiler *c, const struct rule *ru, struct span s, struct err *e)
{
	struct text t = {.s = span_trim(s)};
	struct run r = {.year = 0};
	enum problem_code code;
	char hint[NEAR_HINT_SIZE] = "";

	if (t.s.n == 0)
		return 0;
	arena_init(&r.arena, MAP_ROW_MAX);
	code = kind_enforce(ru, c->map->kit.zone, &r, &t);
	arena_release(&r.arena);
	if (code == PROBLEM_NONE)
		return 0;
	if (ru->field != NULL && ru->field->codes != NULL)
		near_hint_of(s, ru->field->codes, hint);
	return err_set(e, ERR_CONFIG, "%s cannot be \"%.*s\": %s%s", ru->path, (int)s.n,
	    s.p, problem_text(code), hint);
}

static bool
is_constant(const struct alternative *a)
{
	return a->elements == NULL && a->parts->refs == NULL && a->parts->next == NULL;
}

static int
check_constants(struct compiler *c, const struct rule *ru, struct err *e)
{
	const struct step *last = last_step(&ru->expr.pipe);
	const struct alternative *other = ru->expr.pipe.value;

	if (last == NULL)
		for (const struct alternative *a = ru->expr.alts; a != NULL; a = a->next)
			if (is_constant(a) &&
			    check_constant(c, ru, a->parts->text, e) != 0)
				return -1;
	if (last != NULL && transform_is(last, "default") &&
	    check_constant(c, ru, last->args->text, e) != 0)
		return -1;
	if (other != NULL && other->elements != NULL)
		return err_set(e, ERR_CONFIG, "else takes one value, not a list");
	if (other != NULL && is_constant(other))
		return check_constant(c, ru, other->parts->text, e);
	return 0;
}

/* Every code that the table may give must be one that the field may have. */
void
check_codes(struct compiler *c, struct rule *ru)
{
	const struct step *last = last_step(&ru->expr.pipe);
	const struct code_table *t;
	char hint[NEAR_HINT_SIZE];

	if (ru->kind != FIELD_CODE || last == NULL || !transform_is(last, "code"))
		return;
	t = last->data;
	ru->codes_known = ru->expr.pipe.otherwise != ELSE_VALUE;
	for (size_t i = 0; i < t->nours; i++)
		if (!schema_code_allowed(ru->field, t->ours[i]))
			conf_error_at(c->conf->errors, t->section, t->places[i],
			    "%s cannot be \"%.*s\"%s", ru->path, (int)t->ours[i].n,
			    t->ours[i].p,
			    near_hint_of(t->ours[i], ru->field->codes, hint));
}

static bool
gives_list(const struct alternative *a)
{
	if (a->elements != NULL)
		return true;
	for (const struct part *p = a->parts; p != NULL; p = p->next)
		for (const struct ref *r = p->refs; r != NULL; r = r->next)
			if (r->hl7 != NULL && hl7_ref_is_list(r->hl7))
				return true;
	return false;
}

static int
check_shape(const struct rule *ru, struct err *e)
{
	const struct step *last = last_step(&ru->expr.pipe);
	bool list = ru->list || ru->join != NULL || ru->aligned ||
		    (ru->composite && ru->object);

	for (const struct alternative *a = ru->expr.alts; a != NULL; a = a->next) {
		if (gives_list(a) && ru->split != NULL)
			return err_set(
			    e, ERR_CONFIG, "split takes one value, and makes the list");
		if (gives_list(a) && !list)
			return err_set(e, ERR_CONFIG,
			    "%s takes one value, not a list (join \"...\" makes one)",
			    ru->path);
		if (a->elements == NULL && a->parts->next != NULL && gives_list(a))
			return err_set(e, ERR_CONFIG, "[*] stands alone, or in a list");
		if (ru->aligned && !gives_list(a))
			return err_set(
			    e, ERR_CONFIG, "a key with [*] takes a field with [*]");
	}
	if (ru->split != NULL && !ru->list)
		return err_set(e, ERR_CONFIG,
		    "%s takes one value, not a list (split \",\" 1 takes one part)",
		    ru->path);
	if (ru->kind == FIELD_DATE && last != NULL &&
	    (transform_is(last, "datetime") || transform_is(last, "epoch")))
		return err_set(e, ERR_CONFIG, "%s is a date: use date, not %.*s",
		    ru->path, (int)last->name.n, last->name.p);
	return 0;
}

/* Takes what is about the whole value off the transforms: join, split, agree. */
static int
take_whole_steps(struct rule *ru, struct err *e)
{
	struct step **to = &ru->expr.pipe.steps;

	for (struct step *st = *to; st != NULL; st = st->next) {
		bool first = st == ru->expr.pipe.steps;

		if (!step_is_whole(st)) {
			to = &st->next;
			continue;
		}
		if (transform_is(st, "join") && first)
			ru->join = &st->args->text;
		else if (transform_is(st, "split") && first)
			ru->split = &st->args->text;
		else if (transform_is(st, "agree") && st->next == NULL)
			ru->agree = true;
		else
			return err_set(e, ERR_CONFIG, "%.*s stands %s", (int)st->name.n,
			    st->name.p, transform_is(st, "agree") ? "last" : "first");
		ru->agree_by = ru->agree ? st->data : NULL;
		*to = st->next;
	}
	return 0;
}

const struct record_path *
rule_place(struct compiler *c, int at)
{
	struct record_path *p = arena_alloc(&c->map->kit.arena, sizeof(*p));

	if (p != NULL)
		record_path_make(&c->section->schema->fields[at], p);
	return p;
}

int
compile_value(struct compiler *c, struct rule *ru, struct span value, struct err *e)
{
	struct value_text in = {.arena = &c->map->kit.arena,
	    .text = arena_span(&c->map->kit.arena, value),
	    .hl7 = c->hl7,
	    .word = c->word};

	ru->text = in.text;
	if (ru->text.p == NULL)
		return err_nomem(e);
	ru->dtm = c->hl7;
	if (ru->field != NULL && (ru->place = rule_place(c, ru->at)) == NULL)
		return err_nomem(e);
	c->map->kit.dst = ru->dst;
	c->required = false;
	if (expr_parse(&in, &ru->expr, e) != 0 || compile_expr(c, &ru->expr, e) != 0 ||
	    take_whole_steps(ru, e) != 0 || check_shape(ru, e) != 0 ||
	    (ru->composite && take_composite(c, ru, e) != 0))
		return -1;
	ru->rejects |= ru->role != ROLE_EVENT && c->required;
	ru->idle = ru->role == ROLE_FIELD && !ru->object;
	for (const struct step *st = ru->expr.pipe.steps; st != NULL; st = st->next) {
		if (transform_is(st, "person") && ru->person == NULL)
			return err_set(e, ERR_CONFIG,
			    "person fills the parts of a name: name = ...");
		ru->rejects |= ru->role != ROLE_EVENT && transform_is(st, "required");
		ru->idle &= !st->transform->on_empty;
	}
	ru->whole = ru->join != NULL || ru->split != NULL;
	ru->bare = ru->role == ROLE_FIELD && ru->expr.pipe.steps == NULL && !ru->agree &&
		   !ru->whole && !ru->composite;
	ru->column = first_column(ru->expr.alts);
	return check_constants(c, ru, e);
}
