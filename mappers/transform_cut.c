#include <string.h>

#include "mappers/regexp.h"
#include "mappers/transform_list.h"

#define PART_MAX      1000
#define CHARACTER_MAX 1000000

/* "split GLUE N": the Nth part, from 1. */
struct split {
	struct span glue;
	long nth;
};

int
split_compile(struct kit *k, struct step *st, struct err *e)
{
	struct split *d = arena_alloc(&k->arena, sizeof(*d));

	if (d == NULL)
		return err_nomem(e);
	if (st->args->text.n == 0)
		return err_set(e, ERR_CONFIG, "the text to split at is empty");
	if (arg_lines(k, st->args, e) != 0)
		return -1;
	d->glue = st->args->text;
	if (st->args->next != NULL &&
	    arg_number(st->args->next->text, 1, PART_MAX, &d->nth, e) != 0)
		return -1;
	st->data = d;
	return 0;
}

bool
split_take(struct span *rest, struct span glue, struct span *part)
{
	const char *at;

	if (rest->p == NULL)
		return false;
	at = rest->n > 0 ? memmem(rest->p, rest->n, glue.p, glue.n) : NULL;
	*part = span_trim(
	    (struct span){rest->p, at == NULL ? rest->n : (size_t)(at - rest->p)});
	if (at == NULL)
		*rest = (struct span){NULL, 0};
	else
		*rest = (struct span){
		    at + glue.n, rest->n - (size_t)(at - rest->p) - glue.n};
	/* Several blanks divide as one does. */
	while (rest->n > 0 && glue.n == 1 && glue.p[0] == ' ' && rest->p[0] == ' ')
		*rest = (struct span){rest->p + 1, rest->n - 1};
	return true;
}

enum problem_code
split_apply(const void *data, struct run *r, struct text *t)
{
	const struct split *d = data;
	struct span rest = t->s, part = {NULL, 0};
	long n = 0;

	(void)r;
	while (n < d->nth && split_take(&rest, d->glue, &part))
		n++;
	*t = (struct text){.s = n == d->nth ? part : SPAN_LIT("")};
	return PROBLEM_NONE;
}

struct substr {
	long from, n;
};

int
substr_compile(struct kit *k, struct step *st, struct err *e)
{
	struct substr *d = arena_alloc(&k->arena, sizeof(*d));

	if (d == NULL)
		return err_nomem(e);
	d->n = CHARACTER_MAX;
	if (arg_number(st->args->text, 1, CHARACTER_MAX, &d->from, e) != 0 ||
	    (st->args->next != NULL &&
		arg_number(st->args->next->text, 1, CHARACTER_MAX, &d->n, e) != 0))
		return -1;
	st->data = d;
	return 0;
}

/* The text behind its first n characters; of fewer, nothing is left. */
static struct span
behind(struct span s, long n)
{
	size_t i = 0;

	for (; n > 0 && i < s.n; n--)
		do
			i++;
		while (i < s.n && ((unsigned char)s.p[i] & 0xc0) == 0x80);
	return (struct span){s.p + i, s.n - i};
}

enum problem_code
substr_apply(const void *data, struct run *r, struct text *t)
{
	const struct substr *d = data;
	struct span from = behind(t->s, d->from - 1);

	(void)r;
	from.n -= behind(from, d->n).n;
	*t = (struct text){.s = span_trim(from)};
	return PROBLEM_NONE;
}

int
regex_compile(struct kit *k, struct step *st, struct err *e)
{
	if (st->args->kind != ARG_REGEX)
		return err_set(e, ERR_CONFIG,
		    "takes a /regular expression/ (replace takes text as well)");
	return replace_compile(k, st, e);
}

struct extract {
	struct regexp *regexp;
};

int
extract_compile(struct kit *k, struct step *st, struct err *e)
{
	struct extract *d = arena_alloc(&k->arena, sizeof(*d));

	if (d == NULL)
		return err_nomem(e);
	if (st->args->kind != ARG_REGEX)
		return err_set(e, ERR_CONFIG, "takes a /regular expression/");
	st->data = d;
	d->regexp = kit_regexp(k, st->args->text, e);
	return d->regexp == NULL ? -1 : 0;
}

enum problem_code
extract_apply(const void *data, struct run *r, struct text *t)
{
	const struct extract *d = data;
	struct span found;

	(void)r;
	switch (regexp_extract(d->regexp, t->s, &found)) {
	case 1:
		*t = (struct text){.s = span_trim(found)};
		return PROBLEM_NONE;
	case 0:
		return PROBLEM_NO_MATCH;
	default:
		return PROBLEM_PATTERN;
	}
}
