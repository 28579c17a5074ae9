#include "mappers/iso_time.h"

#define ISO_MINUTE 16 /* characters of YYYY-MM-DDTHH:MM */

static bool
two_digits(const char *p, int *out)
{
	if (p[0] < '0' || p[0] > '9' || p[1] < '0' || p[1] > '9')
		return false;
	*out = (p[0] - '0') * 10 + (p[1] - '0');
	return true;
}

bool
iso_day(struct span s, struct civil *c)
{
	int century, year;

	*c = (struct civil){.precision = PRECISION_DAY};
	if (s.n < ISO_DAY || s.p[4] != '-' || s.p[7] != '-' ||
	    !two_digits(s.p, &century) || !two_digits(s.p + 2, &year) ||
	    !two_digits(s.p + 5, &c->month) || !two_digits(s.p + 8, &c->day))
		return false;
	c->year = century * 100 + year;
	return civil_valid(c);
}

/* Seconds and their fraction, if there are any: ":SS.fff". */
static bool
iso_second(struct span *s, struct civil *c)
{
	int scale = 100;

	if (s->n == 0 || s->p[0] != ':')
		return true;
	if (s->n < 3 || !two_digits(s->p + 1, &c->second))
		return false;
	c->precision = PRECISION_SECOND;
	*s = (struct span){s->p + 3, s->n - 3};
	if (s->n < 2 || s->p[0] != '.' || s->p[1] < '0' || s->p[1] > '9')
		return true;
	c->precision = PRECISION_MILLI;
	for (*s = (struct span){s->p + 1, s->n - 1};
	    s->n > 0 && s->p[0] >= '0' && s->p[0] <= '9';
	    *s = (struct span){s->p + 1, s->n - 1}, scale /= 10)
		c->milli += (s->p[0] - '0') * scale;
	return true;
}

/* "", "Z", "+hh:mm" or "+hhmm", up to the end. */
static bool
iso_offset(struct span s, struct civil *c)
{
	int h, m;
	size_t colon;

	if (s.n == 0)
		return true;
	c->has_offset = true;
	if (s.n == 1 && (s.p[0] == 'Z' || s.p[0] == 'z'))
		return true;
	colon = s.n == 6 && s.p[3] == ':';
	if (s.n != 5 + colon || (s.p[0] != '+' && s.p[0] != '-') ||
	    !two_digits(s.p + 1, &h) || !two_digits(s.p + 3 + colon, &m) || h > 14 ||
	    m > 59)
		return false;
	c->offset = (h * 60 + m) * (s.p[0] == '-' ? -60 : 60);
	return true;
}

bool
iso_parse(struct span s, struct civil *c)
{
	struct span rest;

	if (!iso_day(s, c))
		return false;
	if (s.n == ISO_DAY)
		return true;
	if (s.n < ISO_MINUTE || (s.p[ISO_DAY] != 'T' && s.p[ISO_DAY] != ' ') ||
	    s.p[13] != ':' || !two_digits(s.p + 11, &c->hour) ||
	    !two_digits(s.p + 14, &c->minute))
		return false;
	c->precision = PRECISION_MINUTE;
	rest = (struct span){s.p + ISO_MINUTE, s.n - ISO_MINUTE};
	return iso_second(&rest, c) && iso_offset(rest, c) && civil_valid(c);
}

const char *
iso_wrong(struct span s)
{
	struct civil c;

	if (!iso_day(s, &c))
		return s.p;
	return s.p + ISO_DAY + (s.n > ISO_DAY && s.p[ISO_DAY] == ' ');
}
