#include "base/civil.h"

#define EPOCH_MIN   (-62135596800LL) /* 0001-01-01T00:00:00Z */
#define EPOCH_MAX   253402300799LL   /* 9999-12-31T23:59:59Z */
#define EPOCH_WIDTH 12               /* digits of EPOCH_MAX */

/* What a format or a text has given. */
enum {
	HAS_YEAR = 1 << 0,
	HAS_MONTH = 1 << 1,
	HAS_DAY = 1 << 2,
	HAS_YEARDAY = 1 << 3,
	HAS_WEEKDAY = 1 << 4,
	HAS_HOUR = 1 << 5,
	HAS_HOUR12 = 1 << 6,
	HAS_HALF = 1 << 7,
	HAS_MINUTE = 1 << 8,
	HAS_SECOND = 1 << 9,
	HAS_FRACTION = 1 << 10,
	HAS_ZONE = 1 << 11,
	HAS_EPOCH = 1 << 12
};

#define CLOCK                                                                        \
	(HAS_HOUR | HAS_HOUR12 | HAS_HALF | HAS_MINUTE | HAS_SECOND | HAS_FRACTION | \
	    HAS_ZONE)

/* min: the fewest digits, where leading zeros may be left out; max: the field's width. */
struct directive {
	unsigned gives;
	unsigned char known, min, max; /* max 0: no digits */
};

static const struct directive directives[128] = {
    ['Y'] = {HAS_YEAR, 1, 4, 4},
    ['y'] = {HAS_YEAR, 1, 2, 2},
    ['m'] = {HAS_MONTH, 1, 1, 2},
    ['d'] = {HAS_DAY, 1, 1, 2},
    ['j'] = {HAS_YEARDAY, 1, 1, 3},
    ['H'] = {HAS_HOUR, 1, 1, 2},
    ['I'] = {HAS_HOUR12, 1, 1, 2},
    ['M'] = {HAS_MINUTE, 1, 1, 2},
    ['S'] = {HAS_SECOND, 1, 1, 2},
    ['f'] = {HAS_FRACTION, 1, 1, 9},
    ['s'] = {HAS_EPOCH, 1, 1, EPOCH_WIDTH},
    ['p'] = {HAS_HALF, 1, 0, 0},
    ['b'] = {HAS_MONTH, 1, 0, 0},
    ['B'] = {HAS_MONTH, 1, 0, 0},
    ['a'] = {HAS_WEEKDAY, 1, 0, 0},
    ['A'] = {HAS_WEEKDAY, 1, 0, 0},
    ['z'] = {HAS_ZONE, 1, 0, 0},
    ['%'] = {0, 1, 0, 0},
};

/* What cannot be used without one of, or together with any of. */
static const struct {
	unsigned has, without, with;
} senseless[] = {
    {HAS_EPOCH, 0, ~(unsigned)(HAS_EPOCH | HAS_FRACTION)},
    {HAS_MONTH, HAS_YEAR, HAS_YEARDAY},
    {HAS_DAY, HAS_MONTH, HAS_YEARDAY},
    {HAS_YEARDAY, HAS_YEAR, 0},
    {HAS_WEEKDAY, HAS_DAY | HAS_YEARDAY, 0},
    {HAS_HOUR, HAS_DAY | HAS_YEARDAY, HAS_HOUR12},
    {HAS_HOUR12, HAS_DAY | HAS_YEARDAY, 0},
    {HAS_HOUR12, HAS_HALF, 0},
    {HAS_HALF, HAS_HOUR | HAS_HOUR12, 0},
    {HAS_MINUTE, HAS_HOUR | HAS_HOUR12, 0},
    {HAS_SECOND, HAS_MINUTE, 0},
    {HAS_FRACTION, HAS_SECOND | HAS_EPOCH, 0},
    {HAS_ZONE, HAS_HOUR | HAS_HOUR12, 0},
};

static const char *const months[] = {"January", "February", "March", "April", "May",
    "June", "July", "August", "September", "October", "November", "December"};
static const char *const weekdays[] = {
    "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"};

/* A text on its way into a civil. */
struct parse {
	struct span rest;
	int pivot;
	struct civil c;
	struct civil_places at;
	unsigned has;
	int yearday, weekday;
	bool afternoon;
	int64_t epoch;
	bool minus; /* before the epoch */
};

/* NULL: there is no such directive. */
static const struct directive *
directive_find(char letter)
{
	unsigned char i = (unsigned char)letter;

	return i < 128 && directives[i].known ? &directives[i] : NULL;
}

/* Is there a digit field right at `format`? */
static bool
digits_at(const char *format)
{
	const struct directive *d;

	if (format[0] != '%' || format[1] == '\0')
		return format[0] >= '0' && format[0] <= '9';
	d = directive_find(format[1]);
	return d != NULL && d->max > 0;
}

static bool
blank(char c)
{
	return c == ' ' || c == '\t';
}

static void
skip(struct parse *p, size_t n)
{
	p->rest = (struct span){p->rest.p + n, p->rest.n - n};
}

static bool
take_char(struct parse *p, char c)
{
	if (p->rest.n == 0 || p->rest.p[0] != c)
		return false;
	skip(p, 1);
	return true;
}

/* Between min and max digits; the number of them, 0 for no match. */
static size_t
take_digits(struct parse *p, size_t min, size_t max, int64_t *out)
{
	size_t n = 0;

	*out = 0;
	while (n < max && n < p->rest.n && p->rest.p[n] >= '0' && p->rest.p[n] <= '9')
		*out = *out * 10 + (p->rest.p[n++] - '0');
	if (n < min)
		return 0;
	skip(p, n);
	return n;
}

/* A full English name or its first three letters; -1: neither. */
static int
take_name(struct parse *p, const char *const *names, int count)
{
	for (int i = 0; i < count; i++) {
		struct span name = span_of(names[i]);

		for (;; name.n = 3) {
			struct span head = {p->rest.p, name.n};

			if (p->rest.n >= name.n && span_eq_nocase(head, name)) {
				skip(p, name.n);
				return i;
			}
			if (name.n == 3)
				break;
		}
	}
	return -1;
}

static bool
take_half(struct parse *p)
{
	static const struct span halves[] = {
	    {"AM", 2}, {"PM", 2}, {"A.M.", 4}, {"P.M.", 4}};

	for (size_t i = 0; i < sizeof(halves) / sizeof(halves[0]); i++) {
		size_t n = halves[i].n;

		if (p->rest.n < n ||
		    !span_eq_nocase((struct span){p->rest.p, n}, halves[i]))
			continue;
		p->afternoon = i % 2 == 1;
		skip(p, n);
		return true;
	}
	return false;
}

static bool
take_zone(struct parse *p)
{
	bool west;
	int64_t h, m;

	p->c.has_offset = true;
	if (take_char(p, 'Z'))
		return true;
	west = take_char(p, '-');
	if ((!west && !take_char(p, '+')) || take_digits(p, 2, 2, &h) == 0)
		return false;
	take_char(p, ':');
	if (take_digits(p, 2, 2, &m) == 0 || m > 59)
		return false;
	p->c.offset = (int)(h * 3600 + m * 60);
	if (west)
		p->c.offset = -p->c.offset;
	return true;
}

static bool
take_word(struct parse *p, char letter)
{
	int i;

	switch (letter) {
	case 'b':
	case 'B':
		i = take_name(p, months, 12);
		p->c.month = i + 1;
		return i >= 0;
	case 'a':
	case 'A':
		p->weekday = take_name(p, weekdays, 7);
		return p->weekday >= 0;
	case 'p':
		return take_half(p);
	case 'z':
		return take_zone(p);
	default:
		return take_char(p, '%');
	}
}

/* The latest year up to the pivot that ends in these two digits. */
static int
pivot_year(int pivot, int digits)
{
	return pivot - ((pivot - digits) % 100 + 100) % 100;
}

static bool
take_number(struct parse *p, char letter, bool fixed)
{
	const struct directive *d = directive_find(letter);
	bool minus = letter == 's' && take_char(p, '-');
	/* A fraction and an epoch have no width of their own. */
	bool open = letter == 'f' || letter == 's';
	size_t n;
	int64_t v;

	n = take_digits(p, fixed && !open ? d->max : d->min, d->max, &v);
	if (n == 0)
		return false;
	switch (letter) {
	case 'Y':
		p->c.year = (int)v;
		break;
	case 'y':
		p->c.year = pivot_year(p->pivot, (int)v);
		return p->pivot > 0;
	case 'm':
		p->c.month = (int)v;
		break;
	case 'd':
		p->c.day = (int)v;
		break;
	case 'j':
		p->yearday = (int)v;
		break;
	case 'H':
	case 'I':
		p->c.hour = (int)v;
		break;
	case 'M':
		p->c.minute = (int)v;
		break;
	case 'S':
		p->c.second = (int)v;
		break;
	case 'f':
		for (; n < 3; n++)
			v *= 10;
		for (; n > 3; n--)
			v /= 10;
		p->c.milli = (int)v;
		break;
	default:
		p->epoch = minus ? -v : v;
		p->minus = minus;
	}
	return true;
}

/* One item of the format at *format, which moves behind it. */
static bool
item_take(struct parse *p, const char **format, bool after_digits)
{
	const char *f = *format;
	const struct directive *d;
	size_t n;

	if (blank(*f)) {
		*format = f + 1;
		if (civil_blank(p->rest) == 0)
			return false;
		/* "a  b" in the format still asks for one blank or more. */
		if (blank(f[1]))
			return true;
		while ((n = civil_blank(p->rest)) > 0)
			skip(p, n);
		return true;
	}
	if (*f != '%') {
		*format = f + 1;
		return take_char(p, *f);
	}
	d = directive_find(f[1]);
	if (d == NULL || (p->has & d->gives) != 0)
		return false;
	*format = f + 2;
	p->has |= d->gives;
	*(d->gives & CLOCK ? &p->at.clock : &p->at.day) = p->rest.p;
	if (d->max == 0)
		return take_word(p, f[1]);
	return take_number(p, f[1], after_digits || digits_at(f + 2));
}

/* What of `has` makes no sense; 0: nothing. */
static unsigned
senseless_of(unsigned has)
{
	for (size_t i = 0; i < sizeof(senseless) / sizeof(senseless[0]); i++) {
		if (!(has & senseless[i].has))
			continue;
		if (has & senseless[i].with)
			return senseless[i].has;
		if (senseless[i].without != 0 && !(has & senseless[i].without))
			return senseless[i].has;
	}
	return 0;
}

static bool
epoch_finish(struct parse *p)
{
	int milli = p->c.milli;

	/* -1.25 is a quarter before -1. */
	if (p->minus && milli > 0) {
		p->epoch--;
		milli = 1000 - milli;
	}
	if (p->epoch < EPOCH_MIN || p->epoch > EPOCH_MAX)
		return false;
	civil_from_seconds(p->epoch, &p->c);
	p->c.milli = milli;
	p->c.has_offset = true;
	return true;
}

static bool
yearday_finish(struct parse *p)
{
	int year;

	if (p->yearday < 1)
		return false;
	civil_from_days(
	    civil_days(p->c.year, 1, 1) + p->yearday - 1, &year, &p->c.month, &p->c.day);
	return year == p->c.year;
}

static bool
hour_finish(struct parse *p)
{
	if (p->has & HAS_HOUR12) {
		if (p->c.hour < 1 || p->c.hour > 12)
			return false;
		p->c.hour = p->c.hour % 12 + (p->afternoon ? 12 : 0);
	}
	return !(p->has & HAS_HALF) || p->afternoon == (p->c.hour >= 12);
}

static enum precision
precision_of(unsigned has)
{
	if (has & HAS_FRACTION)
		return PRECISION_MILLI;
	if (has & (HAS_SECOND | HAS_EPOCH))
		return PRECISION_SECOND;
	if (has & HAS_MINUTE)
		return PRECISION_MINUTE;
	if (has & (HAS_HOUR | HAS_HOUR12))
		return PRECISION_HOUR;
	if (has & (HAS_DAY | HAS_YEARDAY))
		return PRECISION_DAY;
	return has & HAS_MONTH ? PRECISION_MONTH : PRECISION_YEAR;
}

/* Is there such a time of day, on whatever day? */
static bool
clock_fits(struct parse *p)
{
	struct civil c = p->c;

	c.year = c.month = c.day = 1;
	return hour_finish(p) && civil_valid(&c);
}

/* From what was read to a date that a calendar has; p->at.wrong is what it has not. */
static bool
parse_finish(struct parse *p)
{
	p->at.wrong = p->at.day;
	if (senseless_of(p->has) != 0 || !(p->has & (HAS_YEAR | HAS_EPOCH)))
		return false;
	if ((p->has & HAS_EPOCH) && !epoch_finish(p))
		return false;
	if ((p->has & HAS_YEARDAY) && !yearday_finish(p))
		return false;
	if (!clock_fits(p)) {
		p->at.wrong = p->at.clock;
		return false;
	}
	p->c.precision = precision_of(p->has);
	return civil_valid(&p->c) &&
	       (!(p->has & HAS_WEEKDAY) || civil_weekday(civil_days(p->c.year, p->c.month,
					       p->c.day)) == (unsigned)p->weekday);
}

/* Does all of it fit the format? Else p->rest is from where it does not. */
static bool
take_all(struct parse *p, const char *format)
{
	bool digits = false;

	while (*format != '\0') {
		const char *item = format;

		if (!item_take(p, &format, digits))
			return false;
		digits = digits_at(item);
	}
	return p->rest.n == 0;
}

bool
civil_parse_places(struct span s, const char *format, int pivot, struct civil *out,
    struct civil_places *at)
{
	struct parse p = {.rest = s, .pivot = pivot, .c = {.month = 1, .day = 1}};
	bool good;

	p.at.fits = take_all(&p, format);
	good = p.at.fits && parse_finish(&p);
	if (good)
		*out = p.c;
	else if (!p.at.fits)
		p.at.wrong = p.rest.p;
	*at = p.at;
	return good;
}

/* The directives of a format as bits; with `find`, the place of the one that gives it. */
static bool
format_scan(const char *format, unsigned find, unsigned *has, const char **place)
{
	*has = 0;
	for (; *format != '\0'; format++) {
		const struct directive *d;

		if (*format != '%')
			continue;
		*place = format++;
		d = directive_find(*format);
		if (d == NULL || (*has & d->gives) != 0)
			return false;
		if (d->gives & find)
			return true;
		*has |= d->gives;
	}
	return true;
}

bool
civil_format_ok(const char *format, const char **bad)
{
	unsigned has, wrong;

	if (!format_scan(format, 0, &has, bad))
		return false;
	if ((wrong = senseless_of(has)) != 0) {
		format_scan(format, wrong, &has, bad);
		return false;
	}
	*bad = has & (HAS_YEAR | HAS_EPOCH) ? NULL : format;
	return *bad == NULL;
}
