#include <string.h>

#include "base/utf8.h"
#include "mappers/ascii.h"
#include "mappers/spreadsheet.h"
#include "mappers/transform_list.h"

#define E164_MIN 8 /* digits of the shortest number we take as international */
#define E164_MAX 15
#define NANP     10 /* digits: area, exchange, line */
#define LOCAL    7  /* without the area */
#define LINE     4
#define NPI      10

/* RFC 5321 4.5.3.1 */
#define EMAIL_LOCAL_MAX 64
#define EMAIL_MAX       254
#define LABEL_MAX       63

static bool
alnum(char c)
{
	return ascii_digit(c) || ascii_letter(c);
}

int
phone_compile(struct kit *k, struct step *st, struct err *e)
{
	static const bool nanp = true;

	(void)k;
	if (st->args == NULL)
		return 0;
	if (!span_eq(st->args->text, SPAN_LIT("US")) &&
	    !span_eq(st->args->text, SPAN_LIT("CA")))
		return err_set(e, ERR_CONFIG,
		    "knows the regions US and CA; without one, "
		    "numbers must begin with +");
	st->data = &nanp;
	return 0;
}

/* Digits of a number in usual writing, at most one more than E.164 allows; 0 if odd. */
static size_t
phone_digits(struct span s, char *out)
{
	size_t n = 0;

	/* In +44 (0)20 it is not dialled, in +39 (0)6 it is; .0 ends a spreadsheet's number. */
	if (memmem(s.p, s.n, "(0)", 3) != NULL ||
	    (s.n > 2 && memcmp(s.p + s.n - 2, ".0", 2) == 0))
		return 0;
	for (size_t i = s.p[0] == '+'; i < s.n; i++) {
		if (ascii_digit(s.p[i])) {
			if (n == E164_MAX)
				return 0;
			out[n++] = s.p[i];
		} else if (strchr(" ()-./", s.p[i]) == NULL || s.p[i] == '\0') {
			return 0;
		}
	}
	return n;
}

/* A slash divides the area from the rest: in 555-2142/143 it divides two numbers. */
static bool
slash_fits(struct span s)
{
	const char *slash = memrchr(s.p, '/', s.n);
	size_t behind = 0;

	for (const char *p = slash; p != NULL && p < s.p + s.n; p++)
		behind += ascii_digit(*p);
	return slash == NULL || behind == LOCAL || behind == LINE;
}

static enum problem_code
phone_raw(struct text *t)
{
	t->kept = true;
	return PROBLEM_NOT_PHONE;
}

/* NANP: area and exchange are [2-9]NN. What is no number is kept as it was written. */
enum problem_code
phone_apply(const void *data, struct run *r, struct text *t)
{
	char digits[E164_MAX], *to;
	const char *d = digits;
	size_t n = phone_digits(t->s, digits);
	bool plus = t->s.p[0] == '+', nanp;

	nanp = (n == NANP + 1 && d[0] == '1' && (plus || data != NULL)) ||
	       (n == NANP && !plus && data != NULL);
	if (nanp) {
		d += n - NANP;
		if (d[0] < '2' || d[3] < '2' || !slash_fits(t->s))
			return phone_raw(t);
		n = NANP;
	} else if (!plus || n < E164_MIN || d[0] == '0' || d[0] == '1') {
		return phone_raw(t);
	}
	if ((to = run_bytes(r, E164_MAX + 3)) == NULL)
		return PROBLEM_LIMIT;
	memcpy(to, "+1", 2);
	memcpy(to + (nanp ? 2 : 1), d, n);
	*t = (struct text){.s = {to, n + (nanp ? 2 : 1)}};
	return PROBLEM_NONE;
}

/* Letters of all scripts are let pass; blanks, marks and what is not seen are none. */
static bool
has_no_letter(struct span s)
{
	return !utf8_ascii(s) &&
	       (memchr(s.p, 0xc2, s.n) != NULL ||             /* U+0080 to U+00BF */
		   memmem(s.p, s.n, "\xe2\x80", 2) != NULL || /* U+2000 to U+203F, */
		   memmem(s.p, s.n, "\xe2\x81", 2) != NULL || /* and to U+207F */
		   memmem(s.p, s.n, "\xef\xbb\xbf", 3) != NULL);
}

static bool
domain_ok(struct span s)
{
	size_t label = 0, dots = 0;

	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (c == '.') {
			if (label == 0 || s.p[i - 1] == '-')
				return false;
			dots++;
			label = 0;
		} else if (alnum(c) || (unsigned char)c >= 0x80 ||
			   (c == '-' && label > 0)) {
			if (++label > LABEL_MAX)
				return false;
		} else {
			return false;
		}
	}
	return dots > 0 && label >= 2 && s.p[s.n - 1] != '-' &&
	       !ascii_digit(s.p[s.n - 1]);
}

static bool
local_ok(struct span s)
{
	if (s.n == 0 || s.n > EMAIL_LOCAL_MAX || s.p[0] == '.' || s.p[s.n - 1] == '.')
		return false;
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (c == '.' && s.p[i + 1] == '.')
			return false;
		if (!alnum(c) && (unsigned char)c < 0x80 &&
		    (c == '\0' || strchr(".!#$%&'*+-/=?^_`{|}~", c) == NULL))
			return false;
	}
	return true;
}

/* RFC 5321's dot-atom form; quoted local parts are not met in practice. */
enum problem_code
email_apply(const void *data, struct run *r, struct text *t)
{
	const char *at = memchr(t->s.p, '@', t->s.n);
	size_t n;

	(void)data;
	(void)r;
	if (at == NULL || t->s.n > EMAIL_MAX || has_no_letter(t->s))
		return PROBLEM_NOT_EMAIL;
	n = (size_t)(at - t->s.p);
	if (!local_ok((struct span){t->s.p, n}) ||
	    !domain_ok((struct span){at + 1, t->s.n - n - 1}))
		return PROBLEM_NOT_EMAIL;
	return PROBLEM_NONE;
}

/* Luhn's sum over 80840 and the number (45 CFR 162.406); the prefix gives 24. */
enum problem_code
npi_apply(const void *data, struct run *r, struct text *t)
{
	unsigned sum = 24, d;

	(void)data;
	(void)r;
	if (t->s.n != NPI)
		return PROBLEM_NPI_CHECK;
	for (size_t i = 0; i < NPI; i++) {
		if (!ascii_digit(t->s.p[i]))
			return PROBLEM_NPI_CHECK;
		d = (unsigned)(t->s.p[i] - '0') * (i % 2 == 0 ? 2 : 1);
		sum += d > 9 ? d - 9 : d;
	}
	t->kept = true;
	return sum % 10 == 0 ? PROBLEM_NONE : PROBLEM_NPI_CHECK;
}

enum problem_code
not_scientific_apply(const void *data, struct run *r, struct text *t)
{
	(void)data;
	(void)r;
	return spreadsheet_is_scientific(t->s) ? PROBLEM_SCIENTIFIC : PROBLEM_NONE;
}
