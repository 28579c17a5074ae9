#include <string.h>

#include "base/utf8.h"
#include "mappers/ascii.h"
#include "mappers/letters.h"
#include "mappers/regexp.h"
#include "mappers/transform_list.h"

#define PAD_MAX        255
#define LENGTH_MAX     1000000
#define INTEGER_DIGITS 15 /* JSON readers keep integers exact to 2^53 */

#define REPLACE_GROWTH 4    /* a replacement may make a text this many times longer, */
#define REPLACE_EXTRA  1024 /* and this much on top */

static enum problem_code
recase(struct run *r, struct text *t, enum letters_case how)
{
	char *to;

	if (!letters_may_change(t->s, how))
		return PROBLEM_NONE;
	to = run_bytes(r, t->s.n);
	if (to == NULL)
		return PROBLEM_LIMIT;
	*t = (struct text){.s = {to, letters_recase(t->s, how, to)}};
	return PROBLEM_NONE;
}

enum problem_code
upper_apply(const void *data, struct run *r, struct text *t)
{
	(void)data;
	return recase(r, t, LETTERS_UPPER);
}

enum problem_code
lower_apply(const void *data, struct run *r, struct text *t)
{
	(void)data;
	return recase(r, t, LETTERS_LOWER);
}

enum problem_code
title_apply(const void *data, struct run *r, struct text *t)
{
	(void)data;
	return recase(r, t, LETTERS_TITLE);
}

struct replace {
	struct regexp *regexp; /* else `from` is text */
	struct span from, to;
};

int
replace_compile(struct kit *k, struct step *st, struct err *e)
{
	struct replace *d = arena_alloc(&k->arena, sizeof(*d));

	if (d == NULL)
		return err_nomem(e);
	st->data = d;
	d->from = st->args->text;
	d->to = st->args->next->text;
	if (st->args->kind == ARG_REGEX)
		return (d->regexp = kit_regexp(k, d->from, e)) == NULL
			   ? -1
			   : regexp_check(d->from, d->to, e);
	return d->from.n > 0 ? 0 : err_set(e, ERR_CONFIG, "the text to replace is empty");
}

static enum problem_code
replace_regexp(const struct replace *d, struct run *r, struct text *t)
{
	size_t n = REPLACE_GROWTH * (t->s.n + d->to.n) + REPLACE_EXTRA;
	char *to;
	int ret = regexp_match(d->regexp, t->s);

	if (ret == 0)
		return PROBLEM_NONE;
	if (ret < 0)
		return PROBLEM_PATTERN;
	if ((to = run_bytes(r, n)) == NULL)
		return PROBLEM_LIMIT;
	if (regexp_replace(d->regexp, t->s, d->to, to, &n) < 0)
		return PROBLEM_LIMIT;
	*t = (struct text){.s = span_trim((struct span){to, n})};
	return PROBLEM_NONE;
}

static size_t
count(struct span s, struct span what)
{
	const char *at;
	size_t n = 0;

	while ((at = memmem(s.p, s.n, what.p, what.n)) != NULL) {
		n++;
		s.n -= (size_t)(at - s.p) + what.n;
		s.p = at + what.n;
	}
	return n;
}

enum problem_code
replace_apply(const void *data, struct run *r, struct text *t)
{
	const struct replace *d = data;
	struct span s = t->s;
	const char *at;
	char *to, *out;
	size_t n;

	if (d->regexp != NULL)
		return replace_regexp(d, r, t);
	n = count(s, d->from);
	if (n == 0)
		return PROBLEM_NONE;
	out = to = run_bytes(r, s.n - n * d->from.n + n * d->to.n);
	if (out == NULL)
		return PROBLEM_LIMIT;
	while ((at = memmem(s.p, s.n, d->from.p, d->from.n)) != NULL) {
		out = mempcpy(out, s.p, (size_t)(at - s.p));
		if (d->to.n > 0)
			out = mempcpy(out, d->to.p, d->to.n);
		s.n -= (size_t)(at - s.p) + d->from.n;
		s.p = at + d->from.n;
	}
	out = mempcpy(out, s.p, s.n);
	*t = (struct text){.s = span_trim((struct span){to, (size_t)(out - to)})};
	return PROBLEM_NONE;
}

struct pad {
	size_t width; /* characters */
	char with;
};

int
pad_compile(struct kit *k, struct step *st, struct err *e)
{
	struct pad *d = arena_alloc(&k->arena, sizeof(*d));
	const struct arg *with = st->args->next;
	long width;

	if (d == NULL)
		return err_nomem(e);
	if (arg_number(st->args->text, 1, PAD_MAX, &width, e) != 0)
		return -1;
	if (with != NULL && (with->text.n != 1 || (unsigned char)with->text.p[0] >= 0x80))
		return err_set(e, ERR_CONFIG, "pads with one ASCII character, such as 0");
	*d = (struct pad){(size_t)width, with == NULL ? '0' : with->text.p[0]};
	st->data = d;
	return 0;
}

enum problem_code
pad_apply(const void *data, struct run *r, struct text *t)
{
	const struct pad *d = data;
	size_t n = utf8_count(t->s), more;
	char *to;

	if (n >= d->width)
		return PROBLEM_NONE;
	more = d->width - n;
	to = run_bytes(r, more + t->s.n);
	if (to == NULL)
		return PROBLEM_LIMIT;
	memset(to, d->with, more);
	memcpy(to + more, t->s.p, t->s.n);
	*t = (struct text){.s = {to, more + t->s.n}};
	return PROBLEM_NONE;
}

int
strip_compile(struct kit *k, struct step *st, struct err *e)
{
	static const struct span zero = {"0", 1};

	(void)k;
	st->data = st->args == NULL ? &zero : &st->args->text;
	if (st->args != NULL && st->args->text.n == 0)
		return err_set(e, ERR_CONFIG, "the text to strip is empty");
	return 0;
}

/* As often as it stands there, but something is always left: "000" is "0". */
enum problem_code
strip_apply(const void *data, struct run *r, struct text *t)
{
	const struct span *what = data;

	(void)r;
	while (t->s.n > what->n && memcmp(t->s.p, what->p, what->n) == 0) {
		t->s.p += what->n;
		t->s.n -= what->n;
		t->kind = TEXT_PLAIN;
	}
	t->s = span_trim(t->s);
	return PROBLEM_NONE;
}

int
length_compile(struct kit *k, struct step *st, struct err *e)
{
	size_t *d = arena_alloc(&k->arena, sizeof(*d));
	long n;

	if (d == NULL)
		return err_nomem(e);
	if (arg_number(st->args->text, 1, LENGTH_MAX, &n, e) != 0)
		return -1;
	*d = (size_t)n;
	st->data = d;
	return 0;
}

enum problem_code
length_apply(const void *data, struct run *r, struct text *t)
{
	(void)r;
	return utf8_count(t->s) > *(const size_t *)data ? PROBLEM_TOO_LONG : PROBLEM_NONE;
}

/* ".00" as spreadsheets write whole numbers. */
static struct span
without_zero_fraction(struct span s)
{
	size_t n = s.n;

	while (n > 0 && s.p[n - 1] == '0')
		n--;
	if (n > 1 && n < s.n && s.p[n - 1] == '.')
		s.n = n - 1;
	return s;
}

enum problem_code
integer_apply(const void *data, struct run *r, struct text *t)
{
	struct span s = without_zero_fraction(t->s);
	bool minus = s.n > 0 && s.p[0] == '-';
	char *to;

	(void)data;
	if (minus || (s.n > 0 && s.p[0] == '+'))
		s = (struct span){s.p + 1, s.n - 1};
	for (size_t i = 0; i < s.n; i++)
		if (!ascii_digit(s.p[i]))
			return PROBLEM_NOT_INTEGER;
	if (s.n == 0)
		return PROBLEM_NOT_INTEGER;
	while (s.n > 1 && s.p[0] == '0')
		s = (struct span){s.p + 1, s.n - 1};
	if (s.n > INTEGER_DIGITS)
		return PROBLEM_NOT_INTEGER;
	minus &= s.p[0] != '0';
	if (minus) {
		if ((to = run_bytes(r, s.n + 1)) == NULL)
			return PROBLEM_LIMIT;
		to[0] = '-';
		memcpy(to + 1, s.p, s.n);
		s = (struct span){to, s.n + 1};
	}
	*t = (struct text){.s = s};
	return PROBLEM_NONE;
}
