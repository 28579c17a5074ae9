#include "mappers/hl7_dtm.h"

#include "mappers/ascii.h"

#define FRACTION_MAX 4
#define OFFSET_MAX   14 /* hours */

static int
two_digits(const char *p)
{
	return (p[0] - '0') * 10 + (p[1] - '0');
}

static void
skip(struct span *s, size_t n)
{
	s->p += n;
	s->n -= n;
}

static bool
take_fraction(struct span *s, struct civil *c)
{
	size_t n;
	int scale = 100;

	if (s->n == 0 || s->p[0] != '.')
		return true;
	skip(s, 1);
	n = ascii_digits(*s);
	if (c->precision != PRECISION_SECOND || n == 0 || n > FRACTION_MAX)
		return false;
	for (size_t i = 0; i < n; i++, scale /= 10)
		c->milli += (s->p[i] - '0') * scale;
	c->precision = PRECISION_MILLI;
	skip(s, n);
	return true;
}

static bool
take_offset(struct span *s, struct civil *c)
{
	int hours, minutes;

	if (s->n == 0)
		return true;
	if (s->n != 5 || (s->p[0] != '+' && s->p[0] != '-') ||
	    ascii_digits((struct span){s->p + 1, 4}) != 4)
		return false;
	hours = two_digits(s->p + 1);
	minutes = two_digits(s->p + 3);
	if (hours > OFFSET_MAX || minutes > 59)
		return false;
	c->has_offset = true;
	c->offset = (hours * 60 + minutes) * (s->p[0] == '-' ? -60 : 60);
	return true;
}

/* `n` digits, an even number of them: they end where the precision does. */
static void
take_digits(const char *p, size_t n, struct civil *out)
{
	out->year = two_digits(p) * 100 + two_digits(p + 2);
	out->precision = (enum precision)(PRECISION_YEAR + (n - 4) / 2);
	switch (n) {
	case 14:
		out->second = two_digits(p + 12);
		__attribute__((fallthrough));
	case 12:
		out->minute = two_digits(p + 10);
		__attribute__((fallthrough));
	case 10:
		out->hour = two_digits(p + 8);
		__attribute__((fallthrough));
	case 8:
		out->day = two_digits(p + 6);
		__attribute__((fallthrough));
	case 6:
		out->month = two_digits(p + 4);
		__attribute__((fallthrough));
	default:
		break;
	}
}

bool
hl7_dtm_parse(struct span s, struct civil *out)
{
	size_t n = ascii_digits(s);

	*out = (struct civil){.month = 1, .day = 1, .precision = PRECISION_YEAR};
	if (n < 4 || n > 14 || n % 2 != 0)
		return false;
	take_digits(s.p, n, out);
	skip(&s, n);
	return (s.n == 0 || (take_fraction(&s, out) && take_offset(&s, out))) &&
	       civil_valid(out);
}
