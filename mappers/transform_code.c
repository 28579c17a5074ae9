#include <string.h>

#include "base/near.h"
#include "mappers/transform_list.h"

static int
find_table(struct kit *k, struct step *st, const char *section, struct err *e)
{
	bool lookup = strcmp(section, "lookup") == 0;
	struct span name = st->args->text;
	struct near near;

	near_start(&near, name);
	near.limit = name.n / 3 + 1;
	for (const struct code_table *t = k->codes; t != NULL; t = t->next) {
		if (t->lookup != lookup)
			continue;
		if (span_eq(t->name, name)) {
			st->data = t;
			return 0;
		}
		near_try(&near, t->name);
	}
	if (near.found.p == NULL)
		return err_set(e, ERR_CONFIG, "there is no section [%s %.*s]", section,
		    (int)name.n, name.p);
	return err_set(e, ERR_CONFIG,
	    "there is no section [%s %.*s] (did you mean [%s %.*s]?)", section,
	    (int)name.n, name.p, section, (int)near.found.n, near.found.p);
}

int
code_compile(struct kit *k, struct step *st, struct err *e)
{
	return find_table(k, st, "code", e);
}

int
lookup_compile(struct kit *k, struct step *st, struct err *e)
{
	return find_table(k, st, "lookup", e);
}

/* Without a table the results themselves are compared. */
int
agree_compile(struct kit *k, struct step *st, struct err *e)
{
	return st->args == NULL ? 0 : code_compile(k, st, e);
}

static enum problem_code
take_code(const struct code_table *t, struct text *text, enum problem_code unknown)
{
	struct span ours;

	if (!codes_find(t, text->s, &ours))
		return unknown;
	*text = (struct text){.s = ours};
	return PROBLEM_NONE;
}

enum problem_code
code_apply(const void *data, struct run *r, struct text *t)
{
	(void)r;
	return take_code(data, t, PROBLEM_UNKNOWN_CODE);
}

enum problem_code
lookup_apply(const void *data, struct run *r, struct text *t)
{
	(void)r;
	return take_code(data, t, PROBLEM_NOT_LISTED);
}

static const struct code_row yes_no[] = {
    {"true", {"yes", "y", "1", "x"}}, {"false", {"no", "n", "0"}}};

/* Words between commas, all of one meaning. */
static int
own_words(struct kit *k, const struct arg *a, const char *ours, struct code_table *t,
    struct err *e)
{
	struct item *items;
	struct span seen;

	if (a->text.n == 0)
		return err_set(e, ERR_CONFIG, "a list of words is empty");
	if (items_parse(&k->arena, a->text, &items, e) != 0)
		return -1;
	for (; items != NULL; items = items->next) {
		if (codes_find(t, items->text, &seen) && !span_eq(seen, span_of(ours)))
			return err_set(e, ERR_CONFIG, "\"%.*s\" can't be both yes and no",
			    (int)items->text.n, items->text.p);
		codes_add(t, items->text, span_of(ours));
	}
	return 0;
}

int
bool_compile(struct kit *k, struct step *st, struct err *e)
{
	struct code_table *t;
	size_t n = 0;

	if (st->args == NULL)
		return (st->data = kit_rows(k, yes_no, 2, e)) == NULL ? -1 : 0;
	/* No list has more words than characters. */
	for (const struct arg *a = st->args; a != NULL; a = a->next)
		n += a->text.n;
	if ((st->data = t = codes_empty(&k->arena, n)) == NULL)
		return err_nomem(e);
	if (own_words(k, st->args, "true", t, e) != 0)
		return -1;
	return st->args->next == NULL ? 0 : own_words(k, st->args->next, "false", t, e);
}

enum problem_code
bool_apply(const void *data, struct run *r, struct text *t)
{
	(void)r;
	return take_code(data, t, PROBLEM_NOT_BOOL);
}
