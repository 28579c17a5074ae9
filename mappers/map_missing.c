#include "base/near.h"
#include "mappers/map_compile.h"

static bool
can_be_cancelled(const struct schema *schema)
{
	int at = schema_field(schema, SPAN_LIT("status"));

	return at >= 0 && schema->fields[at].codes != NULL &&
	       schema_code_allowed(&schema->fields[at], SPAN_LIT("cancelled"));
}

static void
set_how(struct compiler *c, struct section *out, struct conf_section *s,
    struct conf_entry *en)
{
	static const char *const words[] = {"ignore", "cancel", "delete", NULL};
	char hint[NEAR_HINT_SIZE];
	size_t i = 0;

	while (i < 3 && !span_eq(en->value, span_of(words[i])))
		i++;
	if (i == 3)
		conf_error_at(c->conf->errors, s, en, "is ignore, cancel or delete%s",
		    near_hint_of(en->value, words, hint));
	else
		out->missing.how = (enum on_missing)i;
	if (out->missing.how == MISSING_IGNORE)
		return;
	if (!c->snapshot)
		conf_error_at(c->conf->errors, s, en,
		    "%s needs contents = snapshot in [feed]: in a feed of changes, what is "
		    "not in a file stays as it is",
		    words[i]);
	if (out->missing.how == MISSING_CANCEL && !can_be_cancelled(out->schema))
		conf_error_at(c->conf->errors, s, en,
		    "cancel is for records with a status that may be cancelled, and %s has "
		    "none: delete removes it",
		    out->schema->name);
}

static void
set_window(struct compiler *c, struct section *out, struct conf_section *s,
    struct conf_entry *en)
{
	static const char *const words[] = {"start", NULL};
	char hint[NEAR_HINT_SIZE];

	if (!span_eq(en->value, span_of(words[0])))
		conf_error_at(c->conf->errors, s, en, "is start%s",
		    near_hint_of(en->value, words, hint));
	for (size_t i = 0; i < out->nrules; i++)
		out->missing.window |= out->rules[i].window;
	if (!out->missing.window)
		conf_error_at(c->conf->errors, s, en,
		    "start is not mapped; the window is between the first and the last");
}

/*
 * What is missing is found by type: its sections can't differ in what becomes of it. And
 * records of a snapshot go out without an order, so one must not be put and patched.
 */
static void
check_sisters(struct compiler *c, const struct section *sec, struct conf_section *s)
{
	const struct missing *a = &sec->missing;

	for (const struct section *o = c->map->sections; o < sec; o++) {
		const struct missing *b = &o->missing;

		if (o->schema != sec->schema ||
		    (a->how == b->how && a->window == b->window && a->op == b->op))
			continue;
		conf_error_at(c->conf->errors, s, NULL,
		    "another section of %s has another op, on_missing or missing_window; in "
		    "a snapshot all of a type must have the same",
		    sec->schema->name);
		return;
	}
}

void
compile_missing(struct compiler *c, struct section *out, struct conf_section *s)
{
	struct missing *of_type = &c->map->missing[out->schema->type];
	bool timed = of_type->timed || out->timed;
	struct conf_entry *en;

	out->missing.op = out->op;
	if ((en = conf_get(s, "on_missing")) != NULL)
		set_how(c, out, s, en);
	if ((en = conf_get(s, "missing_window")) != NULL)
		set_window(c, out, s, en);
	if (c->snapshot)
		check_sisters(c, out, s);
	*of_type = out->missing;
	of_type->timed = timed;
	c->map->removes |= out->missing.how != MISSING_IGNORE;
}
