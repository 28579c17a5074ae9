/*
 * Groups of columns that repeat: "Ins1 Plan, Ins1 ID, Ins2 Plan, Ins2 ID". `each` in a
 * section makes a record of each group, a range in a key an object of a list; # in the
 * value is what tells the groups apart.
 */
#include <stdio.h>
#include <string.h>

#include "mappers/map_compile.h"

#define WORDS_MAX 64 /* groups of one section */

/* A number at the head of the text, of at most three digits; false: none. */
static bool
take_number(struct span *s, long *out)
{
	size_t n = 0;

	*out = 0;
	for (; n < s->n && n < 4 && s->p[n] >= '0' && s->p[n] <= '9'; n++)
		*out = *out * 10 + (s->p[n] - '0');
	*s = (struct span){s->p + n, s->n - n};
	return n > 0 && n < 4;
}

/* "1..3", with no more numbers than there may be groups. */
static bool
take_range(struct span *s, long *from, long *to)
{
	if (!take_number(s, from) || s->n < 2 || memcmp(s->p, "..", 2) != 0)
		return false;
	*s = (struct span){s->p + 2, s->n - 2};
	return take_number(s, to) && *from <= *to && *to - *from < WORDS_MAX;
}

static int
add_word(struct compiler *c, struct span *v, size_t *n, struct span word, struct err *e)
{
	if (*n == WORDS_MAX)
		return err_set(e, ERR_CONFIG, "more than %d groups", WORDS_MAX);
	v[*n] = arena_span(&c->map->kit.arena, word);
	if (v[*n].p == NULL)
		return err_nomem(e);
	for (size_t i = 0; i < *n; i++)
		if (span_eq(v[i], word))
			return err_set(
			    e, ERR_CONFIG, "%.*s is there twice", (int)word.n, word.p);
	++*n;
	return 0;
}

/* One of the words of `each`: "1..3" stands for three. */
static int
add_words(struct compiler *c, struct span *v, size_t *n, struct span word, struct err *e)
{
	struct span rest = word;
	char number[8];
	long from, to;

	if (memmem(word.p, word.n, "..", 2) == NULL)
		return add_word(c, v, n, word, e);
	if (!take_range(&rest, &from, &to) || rest.n > 0)
		return err_set(e, ERR_CONFIG,
		    "\"%.*s\" is no range of at most %d numbers, such as 1..3",
		    (int)word.n, word.p, WORDS_MAX);
	for (; from <= to; from++) {
		snprintf(number, sizeof(number), "%ld", from);
		if (add_word(c, v, n, span_of(number), e) != 0)
			return -1;
	}
	return 0;
}

bool
group_words(struct compiler *c, struct conf_section *s, struct words *out)
{
	struct conf_entry *en = c->hl7 ? NULL : conf_get(s, "each");
	struct arena *a = &c->map->kit.arena;
	struct conf_list list = {.n = 0};
	struct err why = {0};
	struct span *v;
	int rc;

	*out = (struct words){NULL, 0};
	if (en == NULL)
		return false;
	v = arena_alloc(a, WORDS_MAX * sizeof(*v));
	rc = v == NULL ? err_nomem(&why) : conf_words(a, en->value, &list, &why);
	for (size_t i = 0; rc == 0 && i < list.n; i++)
		rc = add_words(c, v, &out->n, span_of(list.v[i]), &why);
	out->v = v;
	if (rc == 0)
		return true;
	compiler_fail(c, s, en, &why);
	out->n = 0;
	/* The section was looked at; no more is to be said of it. */
	for (size_t i = 0; i < s->n; i++)
		s->entries[i].used = true;
	return true;
}

/* The text between the brackets; .p is NULL if there are none. */
static struct span
brackets(struct span key)
{
	const char *open = memchr(key.p, '[', key.n), *close;

	if (open == NULL)
		return (struct span){NULL, 0};
	close = memchr(open, ']', key.n - (size_t)(open - key.p));
	return close == NULL ? (struct span){NULL, 0}
			     : (struct span){open + 1, (size_t)(close - open - 1)};
}

bool
key_range(struct span key, long *from, long *to)
{
	struct span in = brackets(key);

	return in.p != NULL && take_range(&in, from, to) && in.n == 0;
}

struct span
key_in_range(struct compiler *c, struct span key, long n)
{
	struct span in = brackets(key);
	size_t before = (size_t)(in.p - key.p), after = key.n - before - in.n;
	char *to = arena_bytes(&c->map->kit.arena, before + 8 + after);
	int len;

	if (to == NULL)
		return (struct span){NULL, 0};
	memcpy(to, key.p, before);
	len = snprintf(to + before, 8, "%ld", n);
	memcpy(to + before + len, in.p + in.n, after);
	return (struct span){to, before + (size_t)len + after};
}

static int
add_column(struct compiler *c, struct column_list **to, unsigned slot, struct err *e)
{
	struct column_list *l = arena_alloc(&c->map->kit.arena, sizeof(*l));

	if (l == NULL)
		return err_nomem(e);
	*l = (struct column_list){*to, slot};
	*to = l;
	return 0;
}

int
note_column(struct compiler *c, const struct ref *r, struct err *e)
{
	if (!r->of_group || c->group == NULL)
		return 0;
	for (const struct column_list *l = *c->group; l != NULL; l = l->next)
		if (l->slot == r->slot)
			return 0;
	return add_column(c, c->group, r->slot, e);
}

static bool
same_object(const struct rule *a, const struct rule *b)
{
	return a->ranged && b->ranged && a->group == b->group && a->index == b->index;
}

/* The columns of all rules of one object, for each of them. */
static int
share_object(struct compiler *c, struct section *sec, size_t first)
{
	struct column_list *all = NULL;

	for (size_t i = first; i < sec->nrules; i++)
		for (const struct column_list *l = sec->rules[i].columns;
		    same_object(&sec->rules[first], &sec->rules[i]) && l != NULL;
		    l = l->next)
			if (add_column(c, &all, l->slot, NULL) != 0)
				return -1;
	for (size_t i = first; i < sec->nrules; i++)
		if (same_object(&sec->rules[first], &sec->rules[i]))
			sec->rules[i].columns = all;
	return 0;
}

static bool
is_first(const struct section *sec, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (same_object(&sec->rules[k], &sec->rules[i]))
			return false;
	return sec->rules[i].ranged;
}

/* Is there a # in the value that the word takes the place of? */
static bool
has_mark(struct span value)
{
	bool quoted = false, found = false;

	for (size_t i = 0; i < value.n; i++) {
		quoted ^= value.p[i] == '"';
		found |= !quoted && value.p[i] == '#';
	}
	return found;
}

int
share_columns(struct compiler *c, struct section *sec, struct conf_section *s)
{
	const struct conf_entry *id = conf_get(s, "id");

	for (size_t i = 0; i < sec->nrules; i++) {
		if (!is_first(sec, i))
			continue;
		if (share_object(c, sec, i) != 0)
			return -1;
		if (sec->rules[i].columns == NULL && c->conf->errors->n == 0)
			conf_error_at(c->conf->errors, s, NULL,
			    "%s: no column of the range has a # in its title, for the number",
			    sec->rules[i].path);
	}
	if (c->word.n == 0 || c->conf->errors->n > 0)
		return 0;
	if (sec->group == NULL)
		conf_error_at(c->conf->errors, s, conf_get(s, "each"),
		    "no column of the section has a # in its title, for the group");
	else if (id != NULL && !has_mark(id->value))
		conf_error_at(c->conf->errors, s, id,
		    "needs a #: else all groups of a row would be one record");
	return 0;
}
