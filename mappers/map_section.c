#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/near.h"
#include "mappers/map_compile.h"
#include "mappers/scan.h"

static const char *const section_keys[] = {
    "op", "when", "events", "creates", "each", "unmerge", "on_missing", "missing_window"};

#define MAP_RULES_MAX 500 /* in one section */

const char *
section_key_near(struct span key)
{
	size_t limit = key.n / 3 + 1;

	for (size_t i = 0; i < sizeof(section_keys) / sizeof(*section_keys); i++)
		if (span_distance(key, span_of(section_keys[i]), limit) <= limit)
			return section_keys[i];
	return NULL;
}

static void
set_op(struct compiler *c, struct section *out, struct conf_section *s)
{
	static const enum record_op ops[] = {OP_PUT, OP_PATCH, OP_DELETE, OP_MERGE};
	struct conf_entry *en = conf_get(s, "op");
	size_t n = c->hl7 ? 4 : 2;
	char hint[NEAR_HINT_SIZE];
	struct near near;

	near_start(&near, en == NULL ? (struct span){NULL, 0} : en->value);
	out->op = c->hl7 ? OP_PATCH : OP_PUT;
	for (size_t i = 0; i < n && en != NULL; i++) {
		near_try(&near, span_of(record_op_name(ops[i])));
		if (!span_eq(en->value, span_of(record_op_name(ops[i]))))
			continue;
		out->op = ops[i];
		en = NULL;
	}
	if (en != NULL)
		conf_error_at(c->conf->errors, s, en, "is %s%s",
		    c->hl7 ? "put, patch, delete or merge" : "put or patch",
		    near_hint(&near, hint));
	else if (out->op == OP_MERGE && out->schema->type != RECORD_PATIENT)
		conf_error_at(
		    c->conf->errors, s, conf_get(s, "op"), "only patients are merged");
}

/* A list of trigger events, by blanks or commas. */
static const struct item *
compile_events(struct compiler *c, struct conf_section *s, const char *key)
{
	struct conf_entry *en = conf_get(s, key);
	struct arena *a = &c->map->kit.arena;
	struct item *first = NULL, **to = &first;
	struct conf_list words = {.n = 0};
	struct err why = {0};

	if (en == NULL)
		return NULL;
	if (conf_words(a, en->value, &words, &why) != 0)
		compiler_fail(c, s, en, &why);
	for (size_t i = 0; i < words.n; i++, to = &(*to)->next) {
		if ((*to = arena_alloc(a, sizeof(**to))) == NULL) {
			c->nomem = true;
			return NULL;
		}
		(*to)->text = span_of(words.v[i]);
		if ((*to)->text.n != 3)
			conf_error_at(c->conf->errors, s, en,
			    "\"%s\" is no trigger event, such as A08", words.v[i]);
	}
	return first;
}

static void
compile_each(struct compiler *c, struct section *out, struct conf_section *s)
{
	struct conf_entry *en = conf_get(s, "each");
	struct err why = {0};
	struct scan scan = {.arena = &c->map->kit.arena, .hl7 = true, .e = &why};

	if (en == NULL)
		return;
	scan.text = arena_span(scan.arena, en->value);
	if (scan.text.p == NULL)
		err_nomem(&why);
	else if (hl7_path_scan(&scan, &out->each) == 0 &&
		 (scan.at < scan.text.n || out->each.pick.all || out->each.pick.nth > 1))
		scan_expected(&scan, "a segment alone, or with a condition: OBX[11=F]");
	if (why.code != ERR_NONE)
		compiler_fail(c, s, en, &why);
}

/* The keys that are about messages. */
static void
compile_message_keys(struct compiler *c, struct section *out, struct conf_section *s)
{
	static const char *const keys[] = {"events", "creates", "unmerge"};
	struct conf_entry *en;

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]) && !c->hl7; i++)
		if ((en = conf_get(s, keys[i])) != NULL)
			conf_error_at(
			    c->conf->errors, s, en, "is for messages (format = hl7)");
	if (!c->hl7)
		return;
	out->events = compile_events(c, s, "events");
	out->creates = compile_events(c, s, "creates");
	compile_each(c, out, s);
	if ((en = conf_get(s, "unmerge")) == NULL)
		return;
	out->unmerge = span_eq(en->value, SPAN_LIT("yes"));
	if ((!out->unmerge && !span_eq(en->value, SPAN_LIT("no"))) ||
	    out->schema->type != RECORD_PATIENT || out->op == OP_MERGE)
		conf_error_at(c->conf->errors, s, en,
		    "is yes or no, and of a patient that is patched or put");
}

/* The keys that are no fields. */
static void
compile_keys(struct compiler *c, struct section *out, struct conf_section *s)
{
	struct conf_entry *en;

	set_op(c, out, s);
	compile_message_keys(c, out, s);
	if ((en = conf_get(s, "when")) != NULL)
		out->when = compile_condition(c, s, en);
	for (size_t i = 0; i < sizeof(section_keys) / sizeof(*section_keys); i++)
		if ((en = conf_get(s, section_keys[i])) != NULL)
			en->used = true;
}

/* False: it has mistakes, which are told. */
static bool
add_one(struct compiler *c, struct section *out, struct conf_section *s,
    struct conf_entry *en, struct span key)
{
	struct rule *ru = &out->rules[out->nrules];
	struct err why = {0};

	ru->order = (unsigned short)out->nrules;
	if (resolve_key(c, out->schema, key, ru, &why) == 0) {
		set_role(ru, out);
		out->nrules++;
		if (compile_value(c, ru, en->value, &why) == 0) {
			check_codes(c, ru);
			return true;
		}
	}
	compiler_fail(c, s, en, &why);
	return false;
}

/* "contact[1..3].name" is a rule for each; # in its value is the number. */
static void
add_range(struct compiler *c, struct section *out, struct conf_section *s,
    struct conf_entry *en, const long range[2])
{
	struct column_list **group = c->group;
	const struct span word = c->word;
	bool good = word.n == 0 && !c->hl7;
	char number[8];

	if (!good)
		conf_error_at(c->conf->errors, s, en,
		    c->hl7 ? "a range is of columns; write [*]"
			   : "a range can't stand in a section with each: # is its word");
	for (long n = range[0]; good && n <= range[1]; n++) {
		struct rule *ru = &out->rules[out->nrules];
		struct span key = key_in_range(c, en->key, n);

		snprintf(number, sizeof(number), "%ld", n);
		c->word = arena_span(&c->map->kit.arena, span_of(number));
		if (key.p == NULL || c->word.p == NULL) {
			c->nomem = true;
			break;
		}
		c->group = &ru->columns;
		good = add_one(c, out, s, en, key);
		ru->ranged = true;
	}
	c->group = group;
	c->word = word;
}

static void
add_rule(struct compiler *c, struct section *out, struct conf_section *s,
    struct conf_entry *en)
{
	long range[2];

	if (en->used)
		return;
	en->used = true;
	if (key_range(en->key, &range[0], &range[1]))
		add_range(c, out, s, en, range);
	else
		add_one(c, out, s, en, en->key);
}

/* A key with a range is a rule for each number in it. */
static size_t
count_rules(const struct conf_section *s)
{
	size_t n = 0;
	long from, to;

	for (size_t i = 0; i < s->n; i++)
		n += key_range(s->entries[i].key, &from, &to) ? (size_t)(to - from + 1)
							      : 1;
	return n;
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
pipe_has(const struct pipeline *p, const char *name)
{
	for (const struct step *st = p->steps; st != NULL; st = st->next)
		if (transform_is(st, name))
			return true;
	return false;
}

/* Behind the value, or behind each reference. */
static bool
is_guarded(const struct expr *x)
{
	if (pipe_has(&x->pipe, "not_scientific"))
		return true;
	for (const struct alternative *a = x->alts; a != NULL; a = a->next)
		for (const struct part *p = a->parts; p != NULL; p = p->next)
			if (p->refs != NULL && !pipe_has(&p->pipe, "not_scientific"))
				return false;
	return true;
}

/* Takes every transform off; was there a code among them? */
static bool
strip_pipes(struct expr *x)
{
	bool code = pipe_has(&x->pipe, "code");

	x->pipe = (struct pipeline){0};
	for (struct alternative *a = x->alts; a != NULL; a = a->next) {
		for (struct part *p = a->parts; p != NULL; p = p->next) {
			code |= pipe_has(&p->pipe, "code");
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
	struct value_text in = {
	    .arena = &c->map->kit.arena, .hl7 = c->hl7, .word = c->word};

	if (at < 0 || status == NULL || find_rule(out, "status_raw") != NULL)
		return;
	*ru = *status;
	ru->agree = false;
	in.text = status->text;
	if (expr_parse(&in, &ru->expr, &why) != 0 || !strip_pipes(&ru->expr))
		return;
	ru->at = ru->group = (unsigned short)at;
	ru->field = &out->schema->fields[at];
	ru->place = rule_place(c, at);
	ru->path = ru->field->path;
	ru->kind = ru->field->kind;
	ru->rejects = false;
	ru->need = NEED_NO;
	if (compile_expr(c, &ru->expr, &why) == 0)
		out->nrules++;
	else
		compiler_fail(c, s, NULL, &why);
}

/* By a rule of its own, or as a member of a composite. */
static bool
maps(const struct section *sec, const struct field *f)
{
	for (size_t i = 0; i < sec->nrules; i++) {
		const struct rule *ru = &sec->rules[i];

		if (ru->field == f)
			return true;
		for (size_t k = 0; k < HL7_MEMBERS_MAX && ru->composite; k++)
			if (ru->members[k] == f - sec->schema->fields)
				return true;
	}
	return false;
}

/* Merges and deletions say who is meant, and when; nothing else is sent with them. */
static void
check_bare(struct compiler *c, const struct section *sec, const struct conf_section *s)
{
	bool merge = sec->op == OP_MERGE;

	if (merge && find_rule(sec, "retired_id") == NULL)
		conf_error_at(c->conf->errors, s, NULL,
		    "retired_id is not mapped; a merge needs one");
	for (size_t i = 0; i < sec->nrules && (merge || sec->op == OP_DELETE); i++) {
		const char *path = sec->rules[i].path;

		if (sec->rules[i].role == ROLE_FIELD &&
		    !(merge && strcmp(path, "retired_id") == 0))
			conf_error_at(c->conf->errors, s, NULL,
			    "%s has no place in a %s: only id, updated_at%s", path,
			    record_op_name(sec->op), merge ? " and retired_id" : "");
	}
}

static void
check_needed(struct compiler *c, const struct section *sec, const struct conf_section *s)
{
	bool named = false, needs_name = false;

	if (find_rule(sec, "id") == NULL)
		conf_error_at(
		    c->conf->errors, s, NULL, "id is not mapped; a record needs one");
	check_bare(c, sec, s);
	if (sec->op != OP_PUT)
		return;
	for (const struct field *f = sec->schema->fields; f->path != NULL; f++) {
		bool mapped = f->need == NEED_NO || maps(sec, f);

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

/* How many values a rule may give. */
static size_t
most_values(const struct rule *ru)
{
	size_t n = ru->composite ? HL7_MEMBERS_MAX : 1;

	return ru->list || ru->aligned || (ru->composite && ru->object)
		   ? n * VALUE_LIST_MAX
		   : n;
}

/* Does the composite `a` give what rule `b`, the next one, does? */
static bool
covers(const struct rule *a, const struct rule *b)
{
	/* A list of objects out of one field may have members of others beside it. */
	if (a->group == b->group && a->composite && a->object && !b->aligned)
		return true;
	for (size_t i = 0; i < HL7_MEMBERS_MAX && a->composite; i++)
		if (a->members[i] == b->at && b->at != FIELD_NONE)
			return true;
	return false;
}

/* An alternative, its first part, the first reference in it, and that into a message. */
static void
note_first(struct rule *ru)
{
	const struct alternative *a = ru->expr.alts;
	const struct part *p;

	while (a != NULL && a->elements != NULL)
		a = a->elements;
	p = a != NULL ? a->parts : NULL;
	ru->first[0] = a;
	ru->first[1] = p;
	ru->first[2] = p != NULL ? p->refs : NULL;
	ru->first[3] = p != NULL && p->refs != NULL ? p->refs->hl7 : NULL;
}

static void
arrange(struct compiler *c, struct section *out, const struct conf_section *s)
{
	qsort(out->rules, out->nrules, sizeof(*out->rules), compare_rules);
	for (size_t i = 0; i < out->nrules; i++) {
		const struct rule *ru = &out->rules[i];

		out->max_values += most_values(ru);
		note_first(&out->rules[i]);
		if (i > 0 && (compare_rules(ru - 1, ru) == 0 || covers(ru - 1, ru)))
			conf_error_at(
			    c->conf->errors, s, NULL, "%s is mapped twice", ru->path);
	}
}

/* Which ids a spreadsheet may spoil unseen. */
static void
find_unguarded(const struct compiler *c, struct section *out)
{
	for (size_t i = 0; i < out->nrules; i++)
		out->rules[i].unguarded = !c->hl7 && out->rules[i].kind == FIELD_ID &&
					  !is_guarded(&out->rules[i].expr);
}

void
compile_rules(struct compiler *c, struct section *out, struct conf_section *s)
{
	size_t n = count_rules(s);

	if (n > MAP_RULES_MAX) {
		conf_error_at(
		    c->conf->errors, s, NULL, "more than %d fields", MAP_RULES_MAX);
		return;
	}
	/* One more for status_raw. */
	out->rules = arena_alloc(&c->map->kit.arena, (n + 1) * sizeof(*out->rules));
	if (out->rules == NULL) {
		c->nomem = true;
		return;
	}
	c->section = out;
	c->group = c->word.n > 0 ? &out->group : NULL;
	compile_keys(c, out, s);
	for (size_t i = 0; i < s->n; i++)
		add_rule(c, out, s, &s->entries[i]);
	add_status_raw(c, out, s);
	c->group = NULL;
	if (share_columns(c, out, s) != 0)
		c->nomem = true;
	check_needed(c, out, s);
	arrange(c, out, s);
	find_unguarded(c, out);
	out->id = find_rule(out, "id");
	out->zip = find_rule(out, "address.postal_code");
	out->timed = find_rule(out, "updated_at") != NULL;
	compile_missing(c, out, s);
	/* What has mistakes, or had no memory, is not evaluated, and may not be whole. */
	if (c->hl7 && c->conf->errors->n == 0 && !c->nomem && compile_asks(c, out) != 0)
		c->nomem = true;
	if (out->op == OP_MERGE)
		out->retired = find_rule(out, "retired_id");
}
