#include <stdlib.h>
#include <string.h>

#include "mappers/map_impl.h"

static const char *const section_keys[] = {"op", "when", "on_missing", "missing_window"};

#define MAP_RULES_MAX 500 /* in one section */
#define MAP_INDEX_MAX 64  /* practitioner[N] */

#define EXTRA "extra."

/* The key without its "[N]", and N - 1; -1: what stands in the brackets is no number. */
static int
split_key(struct arena *a, struct span key, struct span *path, long *index, struct err *e)
{
	const char *open = memchr(key.p, '[', key.n), *close;
	size_t before, after;
	char *to;

	*path = key;
	*index = -1;
	if (open == NULL)
		return 0;
	before = (size_t)(open - key.p);
	close = memchr(open, ']', key.n - before);
	if (close == NULL)
		return err_set(e, ERR_CONFIG, "expected ] after the [");
	if (arg_number((struct span){open + 1, (size_t)(close - open - 1)}, 1,
		MAP_INDEX_MAX, index, e) != 0)
		return -1;
	*index -= 1;
	after = key.n - before - (size_t)(close - open + 1);
	to = arena_bytes(a, before + after);
	if (to == NULL)
		return err_nomem(e);
	memcpy(to, key.p, before);
	memcpy(to + before, close + 1, after);
	*path = (struct span){to, before + after};
	return 0;
}

static unsigned short
group_of(const struct schema *s, unsigned short at)
{
	const char *path = s->fields[at].path, *list = strstr(path, "[].");
	size_t n;

	if (list == NULL)
		return at;
	n = (size_t)(list - path) + 3;
	for (unsigned short i = 0; i < at; i++)
		if (strncmp(s->fields[i].path, path, n) == 0)
			return i;
	return at;
}

static int
resolve_extra(struct compiler *c, struct span key, struct rule *ru, struct err *e)
{
	struct span copy = arena_span(&c->map->kit.arena, key);

	if (copy.p == NULL)
		return err_nomem(e);
	ru->name = (struct span){copy.p + strlen(EXTRA), copy.n - strlen(EXTRA)};
	if (ru->name.n == 0 || memchr(ru->name.p, '[', ru->name.n) != NULL)
		return err_set(e, ERR_CONFIG, "write extra.NAME");
	ru->path = copy.p;
	ru->at = ru->group = FIELD_EXTRA;
	ru->kind = FIELD_STRING;
	return 0;
}

static int
unknown_field(const struct schema *s, struct span path, struct err *e)
{
	const char *near = schema_nearest(s, path);
	size_t limit = path.n / 3 + 1;

	for (size_t i = 0;
	    near == NULL && i < sizeof(section_keys) / sizeof(*section_keys); i++)
		if (span_distance(path, span_of(section_keys[i]), limit) <= limit)
			near = section_keys[i];
	return err_set(e, ERR_CONFIG,
	    "%s has no such field%s%s%s (what the schema has no "
	    "place for goes to extra.NAME)",
	    s->name, near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
}

static int
check_index(const struct rule *ru, long index, struct err *e)
{
	const char *path = ru->path, *list = strstr(path, "[].");

	if (list != NULL && index < 0)
		return err_set(e, ERR_CONFIG, "say which one: %.*s[1].%s",
		    (int)(list - path), path, list + 3);
	if (list != NULL || index < 0)
		return 0;
	return err_set(e, ERR_CONFIG, "%s",
	    ru->list ? "write the whole list at once: [{A}, {B}]"
		     : "this field is no list, and takes no [N]");
}

static int
resolve_key(struct compiler *c, const struct schema *s, struct span key, struct rule *ru,
    struct err *e)
{
	struct span path;
	long index;
	int at;

	if (key.n > strlen(EXTRA) && memcmp(key.p, EXTRA, strlen(EXTRA)) == 0)
		return resolve_extra(c, key, ru, e);
	if (split_key(&c->map->kit.arena, key, &path, &index, e) != 0)
		return -1;
	at = schema_field(s, path);
	if (at < 0)
		return unknown_field(s, path, e);
	ru->at = (unsigned short)at;
	ru->field = &s->fields[at];
	ru->path = ru->field->path;
	ru->group = group_of(s, ru->at);
	ru->kind = ru->field->kind;
	ru->rejects = ru->field->rejects;
	ru->list = ru->path[strlen(ru->path) - 1] == ']';
	ru->object = strstr(ru->path, "[].") != NULL;
	ru->index = (unsigned short)(index < 0 ? 0 : index);
	return check_index(ru, index, e);
}

static void
set_role(struct rule *ru, enum record_op op)
{
	if (strcmp(ru->path, "id") == 0) {
		ru->role = ROLE_ID;
		ru->rejects = true;
	} else if (strcmp(ru->path, "updated_at") == 0) {
		ru->role = ROLE_EVENT;
		ru->rejects = false;
		ru->dst = DST_EARLIER;
	} else if (ru->field != NULL && op == OP_PUT) {
		ru->need = ru->field->need;
	}
	ru->window = strcmp(ru->path, "start") == 0;
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

	if (t.s.n == 0)
		return 0;
	arena_init(&r.arena, MAP_ROW_MAX);
	code = kind_enforce(ru, c->map->kit.zone, &r, &t);
	arena_release(&r.arena);
	if (code == PROBLEM_NONE)
		return 0;
	return err_set(e, ERR_CONFIG, "%s cannot be \"%.*s\": %s", ru->path, (int)s.n,
	    s.p, problem_text(code));
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
static void
check_codes(struct compiler *c, struct rule *ru)
{
	const struct step *last = last_step(&ru->expr.pipe);
	const struct code_table *t;

	if (ru->kind != FIELD_CODE || last == NULL || !transform_is(last, "code"))
		return;
	t = last->data;
	ru->codes_known = ru->expr.pipe.otherwise != ELSE_VALUE;
	for (size_t i = 0; i < t->nours; i++)
		if (!schema_code_allowed(ru->field, t->ours[i]))
			conf_error_at(c->conf->errors, t->section, t->places[i],
			    "%s cannot be \"%.*s\"", ru->path, (int)t->ours[i].n,
			    t->ours[i].p);
}

static int
check_shape(const struct rule *ru, struct err *e)
{
	const struct step *last = last_step(&ru->expr.pipe);

	for (const struct alternative *a = ru->expr.alts; a != NULL; a = a->next)
		if (a->elements != NULL && !ru->list)
			return err_set(
			    e, ERR_CONFIG, "%s takes one value, not a list", ru->path);
	if (ru->kind == FIELD_DATE && last != NULL && transform_is(last, "datetime"))
		return err_set(
		    e, ERR_CONFIG, "%s is a date: use date, not datetime", ru->path);
	return 0;
}

static int
compile_value(struct compiler *c, struct rule *ru, struct span value, struct err *e)
{
	ru->text = arena_span(&c->map->kit.arena, value);
	if (ru->text.p == NULL)
		return err_nomem(e);
	c->map->kit.dst = ru->dst;
	if (expr_parse(&c->map->kit.arena, ru->text, &ru->expr, e) != 0 ||
	    compile_expr(c, &ru->expr, e) != 0 || check_shape(ru, e) != 0)
		return -1;
	for (const struct step *st = ru->expr.pipe.steps; st != NULL; st = st->next)
		ru->rejects |= ru->role != ROLE_EVENT && transform_is(st, "required");
	ru->column = first_column(ru->expr.alts);
	return check_constants(c, ru, e);
}

static void
set_op(struct compiler *c, struct section *out, struct conf_section *s)
{
	struct conf_entry *en = conf_get(s, "op");

	if (en == NULL || span_eq(en->value, SPAN_LIT("put")))
		out->op = OP_PUT;
	else if (span_eq(en->value, SPAN_LIT("patch")))
		out->op = OP_PATCH;
	else
		conf_error_at(c->conf->errors, s, en, "is put or patch");
}

/* The keys that are no fields. */
static void
compile_keys(struct compiler *c, struct section *out, struct conf_section *s)
{
	struct conf_entry *en;

	set_op(c, out, s);
	if ((en = conf_get(s, "when")) != NULL)
		out->when = compile_condition(c, s, en);
	if ((en = conf_get(s, "on_missing")) != NULL &&
	    !span_eq(en->value, SPAN_LIT("ignore")))
		conf_error_at(c->conf->errors, s, en,
		    "removals by snapshot are not in this release; only ignore is");
	for (size_t i = 0; i < sizeof(section_keys) / sizeof(*section_keys); i++)
		if ((en = conf_get(s, section_keys[i])) != NULL)
			en->used = true;
}

static void
add_rule(struct compiler *c, struct section *out, struct conf_section *s,
    struct conf_entry *en)
{
	struct rule *ru = &out->rules[out->nrules];
	struct err why = {0};

	if (en->used)
		return;
	en->used = true;
	if (resolve_key(c, out->schema, en->key, ru, &why) == 0) {
		set_role(ru, out->op);
		out->nrules++;
		if (compile_value(c, ru, en->value, &why) == 0) {
			check_codes(c, ru);
			return;
		}
	}
	compiler_fail(c, s, en, &why);
}

static struct rule *
find_rule(const struct section *sec, const char *path)
{
	for (size_t i = 0; i < sec->nrules; i++)
		if (strcmp(sec->rules[i].path, path) == 0)
			return &sec->rules[i];
	return NULL;
}

static bool
pipe_has_code(const struct pipeline *p)
{
	for (const struct step *st = p->steps; st != NULL; st = st->next)
		if (transform_is(st, "code"))
			return true;
	return false;
}

/* Takes every transform off; was there a code among them? */
static bool
strip_pipes(struct expr *x)
{
	bool code = pipe_has_code(&x->pipe);

	x->pipe = (struct pipeline){0};
	for (struct alternative *a = x->alts; a != NULL; a = a->next) {
		for (struct part *p = a->parts; p != NULL; p = p->next) {
			code |= pipe_has_code(&p->pipe);
			p->pipe = (struct pipeline){0};
		}
	}
	return code;
}

/* A status that comes through a code table brings the clinic's own word along. */
static void
add_status_raw(struct compiler *c, struct section *out, struct conf_section *s)
{
	int at = schema_field(out->schema, SPAN_LIT("status_raw"));
	const struct rule *status = find_rule(out, "status");
	struct rule *ru = &out->rules[out->nrules];
	struct err why = {0};

	if (at < 0 || status == NULL || find_rule(out, "status_raw") != NULL)
		return;
	*ru = *status;
	if (expr_parse(&c->map->kit.arena, status->text, &ru->expr, &why) != 0 ||
	    !strip_pipes(&ru->expr))
		return;
	ru->at = ru->group = (unsigned short)at;
	ru->field = &out->schema->fields[at];
	ru->path = ru->field->path;
	ru->kind = ru->field->kind;
	ru->rejects = false;
	ru->need = NEED_NO;
	if (compile_expr(c, &ru->expr, &why) == 0)
		out->nrules++;
	else
		compiler_fail(c, s, NULL, &why);
}

static void
check_needed(struct compiler *c, const struct section *sec, const struct conf_section *s)
{
	bool named = false, needs_name = false;

	if (find_rule(sec, "id") == NULL)
		conf_error_at(
		    c->conf->errors, s, NULL, "id is not mapped; a record needs one");
	if (sec->op != OP_PUT)
		return;
	for (const struct field *f = sec->schema->fields; f->path != NULL; f++) {
		bool mapped = f->need == NEED_NO || find_rule(sec, f->path) != NULL;

		needs_name |= f->need == NEED_NAME;
		named |= f->need == NEED_NAME && mapped;
		if (!mapped && f->need != NEED_NAME && strcmp(f->path, "id") != 0)
			conf_error_at(c->conf->errors, s, NULL,
			    "%s is not mapped; a whole record needs it (op = patch does not)",
			    f->path);
	}
	if (needs_name && !named)
		conf_error_at(c->conf->errors, s, NULL,
		    "neither name.family nor name.text is mapped; a whole record needs one "
		    "(op = patch does not)");
}

static int
compare_rules(const void *a, const void *b)
{
	const struct rule *x = a, *y = b;
	size_t n = x->name.n < y->name.n ? x->name.n : y->name.n;
	int d = x->group - y->group;

	if (d == 0)
		d = x->index - y->index;
	if (d == 0)
		d = x->at - y->at;
	if (d == 0 && n > 0)
		d = memcmp(x->name.p, y->name.p, n);
	return d != 0 ? d : (x->name.n > y->name.n) - (x->name.n < y->name.n);
}

static void
arrange(struct compiler *c, struct section *out, const struct conf_section *s)
{
	qsort(out->rules, out->nrules, sizeof(*out->rules), compare_rules);
	for (size_t i = 0; i < out->nrules; i++) {
		const struct rule *ru = &out->rules[i];

		out->max_values += ru->list ? VALUE_LIST_MAX : 1;
		if (i > 0 && compare_rules(ru - 1, ru) == 0)
			conf_error_at(
			    c->conf->errors, s, NULL, "%s is mapped twice", ru->path);
	}
}

void
compile_rules(struct compiler *c, struct section *out, struct conf_section *s)
{
	if (s->n > MAP_RULES_MAX) {
		conf_error_at(
		    c->conf->errors, s, NULL, "more than %d fields", MAP_RULES_MAX);
		return;
	}
	out->rules = arena_alloc(&c->map->kit.arena, (s->n + 1) * sizeof(*out->rules));
	if (out->rules == NULL) {
		c->nomem = true;
		return;
	}
	compile_keys(c, out, s);
	for (size_t i = 0; i < s->n; i++)
		add_rule(c, out, s, &s->entries[i]);
	add_status_raw(c, out, s);
	check_needed(c, out, s);
	arrange(c, out, s);
}
