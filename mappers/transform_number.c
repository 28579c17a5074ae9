#include <string.h>

#include "mappers/ascii.h"
#include "mappers/transform_list.h"

#define GROUP         3 /* digits between separators of thousands */
#define CURRENCY_SIZE 3

/* How the feed writes numbers; nothing of it is guessed. */
struct number_form {
	char decimal;
	char thousands; /* '\0': none */
};

static int
form_compile(struct number_form *f, const struct arg *a, struct err *e)
{
	*f = (struct number_form){.decimal = '.'};
	if (a == NULL)
		return 0;
	if (a->text.n != 1 || (a->text.p[0] != '.' && a->text.p[0] != ','))
		return err_set(e, ERR_CONFIG, "the decimal sign is . or ,");
	f->decimal = a->text.p[0];
	if ((a = a->next) == NULL)
		return 0;
	if (a->text.n != 1 || strchr(".,' ", a->text.p[0]) == NULL)
		return err_set(e, ERR_CONFIG,
		    "what divides thousands is \",\" \".\" \"'\" or \" \"");
	f->thousands = a->text.p[0];
	if (f->thousands == f->decimal)
		return err_set(e, ERR_CONFIG,
		    "%c can't both begin decimals and divide "
		    "thousands",
		    f->decimal);
	return 0;
}

/* How long the separator at the head is; 0: there is none. */
static size_t
separator(const struct number_form *f, struct span s)
{
	/* Blanks that don't break a line, and the typographer's apostrophe. */
	static const struct {
		char as;
		struct span text;
	} others[] = {{' ', {"\xc2\xa0", 2}}, {' ', {"\xe2\x80\xaf", 3}},
	    {' ', {"\xe2\x80\x89", 3}}, {'\'', {"\xe2\x80\x99", 3}}};

	if (f->thousands == '\0' || s.n == 0)
		return 0;
	if (s.p[0] == f->thousands)
		return 1;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (others[i].as == f->thousands && s.n > others[i].text.n &&
		    memcmp(s.p, others[i].text.p, others[i].text.n) == 0)
			return others[i].text.n;
	return 0;
}

/* Whole digits with their separators, which stand where thousands end or not at all. */
static bool
take_whole(const struct number_form *f, struct span *s, char *out, size_t *n)
{
	bool divided = false, zero = s->n > 0 && s->p[0] == '0';
	size_t group = 0, skip;

	for (; s->n > 0; *s = (struct span){s->p + skip, s->n - skip}) {
		if (ascii_digit(s->p[0])) {
			out[(*n)++] = s->p[0];
			group++;
			skip = 1;
			continue;
		}
		if ((skip = separator(f, *s)) == 0)
			break;
		/* In 0,250 it begins decimals. */
		if (zero || group == 0 || group > GROUP || (divided && group != GROUP))
			return false;
		divided = true;
		group = 0;
	}
	return !divided || group == GROUP;
}

/* What is left is the decimal sign with digits behind it, or nothing. */
static bool
take_fraction(const struct number_form *f, struct span s, char *out, size_t *n)
{
	if (s.n == 0)
		return true;
	if (s.n == 1 || s.p[0] != f->decimal)
		return false;
	out[(*n)++] = '.';
	for (size_t i = 1; i < s.n; i++) {
		if (!ascii_digit(s.p[i]))
			return false;
		out[(*n)++] = s.p[i];
	}
	return true;
}

/* No zeros ahead of the number but one before the point; zero has no sign. */
static struct span
canonical(char *p, size_t n, size_t whole, bool minus)
{
	bool zero = true;

	while (whole > 1 && p[0] == '0') {
		p++;
		n--;
		whole--;
	}
	if (whole == 0) {
		*--p = '0';
		n++;
	}
	for (size_t i = 0; i < n; i++)
		zero &= p[i] == '0' || p[i] == '.';
	if (minus && !zero) {
		*--p = '-';
		n++;
	}
	return (struct span){p, n};
}

/* The text without sign in JSON's form; as many decimals as were sent. */
static bool
write_number(
    const struct number_form *f, struct run *r, struct span s, bool minus, struct text *t)
{
	/* A zero and a sign may come before it. */
	char *to = run_bytes(r, s.n + 2);
	size_t n = 0, whole;

	if (to == NULL)
		return false;
	to += 2;
	if (!take_whole(f, &s, to, &n))
		return false;
	whole = n;
	if (!take_fraction(f, s, to, &n) || n == 0)
		return false;
	*t = (struct text){.s = canonical(to, n, whole, minus)};
	return true;
}

/* Takes a sign off the front; U+2212 is the typographer's minus. */
static bool
take_sign(struct span *s, bool *minus)
{
	static const struct span odd = {"\xe2\x88\x92", 3};
	size_t n = 0;

	if (s->n > 0 && (s->p[0] == '-' || s->p[0] == '+'))
		n = 1;
	else if (s->n > odd.n && memcmp(s->p, odd.p, odd.n) == 0)
		n = odd.n;
	*minus |= n > 0 && s->p[0] != '+';
	*s = (struct span){s->p + n, s->n - n};
	return n > 0;
}

static enum problem_code
number_problem(struct run *r, const struct text *t, enum problem_code code)
{
	if (r->full || r->nomem)
		return PROBLEM_LIMIT;
	return not_scientific_apply(NULL, r, &(struct text){.s = t->s}) != PROBLEM_NONE
		   ? PROBLEM_SCIENTIFIC
		   : code;
}

int
number_compile(struct kit *k, struct step *st, struct err *e)
{
	struct number_form *f = arena_alloc(&k->arena, sizeof(*f));

	if (f == NULL)
		return err_nomem(e);
	st->data = f;
	return form_compile(f, st->args, e);
}

enum problem_code
number_apply(const void *data, struct run *r, struct text *t)
{
	struct span s = t->s;
	bool minus = false;

	take_sign(&s, &minus);
	return write_number(data, r, s, minus, t)
		   ? PROBLEM_NONE
		   : number_problem(r, t, PROBLEM_NOT_NUMBER);
}

/* An amount of one currency: what is marked as another one fails. */
struct money {
	struct number_form form;
	struct span currency;
};

int
money_compile(struct kit *k, struct step *st, struct err *e)
{
	struct money *d = arena_alloc(&k->arena, sizeof(*d));
	struct span c = st->args->text;
	size_t capitals = 0;

	if (d == NULL)
		return err_nomem(e);
	for (size_t i = 0; i < c.n; i++)
		capitals += c.p[i] >= 'A' && c.p[i] <= 'Z';
	if (c.n != CURRENCY_SIZE || capitals != CURRENCY_SIZE)
		return err_set(e, ERR_CONFIG,
		    "the currency comes first, in ISO 4217's three letters, such as USD");
	d->currency = c;
	st->data = d;
	return form_compile(&d->form, st->args->next, e);
}

/* So many bytes of its head or end; empty if it has no more. */
static struct span
part_of(struct span s, size_t n, bool end)
{
	if (s.n <= n)
		return (struct span){NULL, 0};
	return (struct span){end ? s.p + s.n - n : s.p, n};
}

/* How long the currency's mark is at the head, or the end, of the text; 0: none. */
static size_t
mark_at(struct span currency, struct span s, bool end)
{
	static const struct {
		const char *currency, *mark;
	} marks[] = {{"USD", "US$"}, {"USD", "$"}, {"CAD", "CA$"}, {"CAD", "C$"},
	    {"CAD", "$"}, {"AUD", "A$"}, {"AUD", "$"}, {"MXN", "$"},
	    {"EUR", "\xe2\x82\xac"}, {"GBP", "\xc2\xa3"}, {"JPY", "\xc2\xa5"},
	    {"INR", "\xe2\x82\xb9"}, {"CHF", "Fr."}};

	if (span_eq_nocase(part_of(s, CURRENCY_SIZE, end), currency))
		return CURRENCY_SIZE;
	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
		struct span mark = span_of(marks[i].mark);

		if (span_eq(currency, span_of(marks[i].currency)) &&
		    span_eq(part_of(s, mark.n, end), mark))
			return mark.n;
	}
	return 0;
}

/* The digits alone: without sign, brackets (as bookkeepers write a minus) and mark. */
static struct span
bare_amount(const struct money *d, struct span s, bool *minus)
{
	bool sign;
	size_t n;

	if (s.n > 2 && s.p[0] == '(' && s.p[s.n - 1] == ')') {
		*minus = true;
		s = span_trim((struct span){s.p + 1, s.n - 2});
	}
	sign = take_sign(&s, minus);
	s = span_trim(s);
	n = mark_at(d->currency, s, false);
	s = span_trim((struct span){s.p + n, s.n - n});
	if (!sign)
		take_sign(&s, minus);
	if (n == 0)
		s.n -= mark_at(d->currency, s, true);
	return span_trim(s);
}

enum problem_code
money_apply(const void *data, struct run *r, struct text *t)
{
	const struct money *d = data;
	bool minus = false;
	struct span s = bare_amount(d, t->s, &minus);

	return write_number(&d->form, r, s, minus, t)
		   ? PROBLEM_NONE
		   : number_problem(r, t, PROBLEM_NOT_MONEY);
}
