#include "mappers/dates.h"

#include <stdio.h>
#include <string.h>

#include "base/civil.h"
#include "mappers/ascii.h"

#define VALUE_MIN  3
#define VALUE_MAX  40
#define YEAR_MIN   1880 /* the year of birth of the oldest, and some slips */
#define YEAR_MAX   2100
#define DAY        "2000-01-01"
#define DAY_FORMAT "%Y-%m-%d"

/*
 * Formats of one shape differ in the order of day and month alone; no value has two
 * shapes.
 */
static const struct {
	const char *text;
	unsigned shape;
} days[DATES_DAYS] = {
    {"", 0},
    {"%Y-%m-%d", 1},
    {"%m/%d/%Y", 2},
    {"%d/%m/%Y", 2},
    {"%m-%d-%Y", 3},
    {"%d-%m-%Y", 3},
    {"%d.%m.%Y", 4},
    {"%m.%d.%Y", 4},
    {"%Y/%m/%d", 5},
    {"%Y%m%d", 6},
    {"%m%d%Y", 7},
    {"%m/%d/%y", 8},
    {"%d/%m/%y", 8},
    {"%d-%b-%Y", 9},
    {"%d-%b-%y", 10},
    {"%d %b %Y", 11},
    {"%b %d, %Y", 12},
    {"%b %d %Y", 13},
};

static const char *const clocks[DATES_CLOCKS] = {"", " %H:%M", " %H:%M:%S", " %I:%M %p",
    " %I:%M:%S %p", " %I:%M%p", "T%H:%M", "T%H:%M:%S", "T%H:%M:%S%z", "T%H:%M:%S.%f%z"};

static bool
may_be(struct span s)
{
	size_t digits = 0;

	if (s.n < VALUE_MIN || s.n > VALUE_MAX)
		return false;
	for (size_t i = 0; i < s.n; i++)
		digits += ascii_digit(s.p[i]);
	return digits >= VALUE_MIN;
}

/* Where the clock time begins, with the blank or T before it; s.n: there is none. */
static size_t
clock_at(struct span s)
{
	const char *colon = memchr(s.p, ':', s.n);
	size_t at = colon == NULL ? s.n : (size_t)(colon - s.p);

	if (colon == NULL)
		return s.n;
	while (at > 0 && ascii_digit(s.p[at - 1]))
		at--;
	/* A blank may be one of those that don't break a line. */
	while (at > 0 && (s.p[at - 1] == ' ' || (s.p[at - 1] & 0x80) != 0))
		at--;
	return at > 0 && s.p[at - 1] == 'T' ? at - 1 : at;
}

/* Bit n: format n of the table fits. */
static unsigned
fit_days(struct span s)
{
	unsigned bits = s.n == 0;
	struct civil c;

	for (size_t i = 1; s.n > 0 && i < DATES_DAYS; i++)
		if (civil_parse(s, days[i].text, DATES_PIVOT, &c) && c.year >= YEAR_MIN &&
		    c.year <= YEAR_MAX)
			bits |= 1u << i;
	return bits;
}

/* Does a clock time fit, with what stands before it? A time is read behind a day. */
static bool
fits_clock(const char *day, struct span s, const char *format)
{
	char text[sizeof(DAY) + VALUE_MAX + 1], whole[DATES_FORMAT_MAX];
	int n = snprintf(text, sizeof(text), "%s%.*s", day, (int)s.n, s.p);
	struct civil c;

	snprintf(whole, sizeof(whole), "%s%s", DAY_FORMAT, format);
	return civil_parse((struct span){text, (size_t)n}, whole, 0, &c);
}

/* A time without day has no blank before it. */
static unsigned
fit_clocks(struct span s, bool alone)
{
	unsigned bits = s.n == 0;

	for (size_t i = 1; s.n > 0 && i < DATES_CLOCKS; i++)
		if ((!alone || clocks[i][0] == ' ') &&
		    fits_clock(alone ? DAY " " : DAY, s, clocks[i]))
			bits |= 1u << i;
	return bits;
}

bool
dates_take(struct dates *d, struct span value)
{
	size_t at = may_be(value) ? clock_at(value) : value.n;
	struct span day = {value.p, at}, clock = {value.p + at, value.n - at};
	unsigned by_day, by_clock;

	if (!may_be(value) || (by_day = fit_days(day)) == 0 ||
	    (by_clock = fit_clocks(clock, at == 0)) == 0)
		return false;
	for (unsigned i = 0; i < DATES_DAYS; i++)
		for (unsigned k = 0; k < DATES_CLOCKS; k++)
			d->fits[i][k] += (by_day >> i & 1) & (by_clock >> k & 1);
	return true;
}

/* The one that fits most of the shapes that were not taken yet; false: none does. */
static bool
next_best(const struct dates *d, uint64_t left[DATES_DAYS][DATES_CLOCKS],
    struct dates_format *out)
{
	unsigned day = 0, clock = 0;

	for (unsigned i = 0; i < DATES_DAYS; i++)
		for (unsigned k = 0; k < DATES_CLOCKS; k++)
			if (left[i][k] > left[day][clock]) {
				day = i;
				clock = k;
			}
	if (left[day][clock] == 0)
		return false;
	*out = (struct dates_format){
	    .fits = left[day][clock], .day = day > 0, .clock = clock > 0};
	snprintf(out->text, sizeof(out->text), "%s%s", days[day].text,
	    clocks[clock] + (day == 0));
	for (unsigned i = 0; i < DATES_DAYS; i++) {
		if (days[i].shape != days[day].shape)
			continue;
		out->either |= i != day && d->fits[i][clock] == out->fits;
		left[i][clock] = 0;
	}
	return true;
}

void
dates_find(const struct dates *d, struct dates_found *out)
{
	uint64_t left[DATES_DAYS][DATES_CLOCKS];

	memset(out, 0, sizeof(*out));
	memcpy(left, d->fits, sizeof(left));
	while (out->n < DATES_FOUND_MAX && next_best(d, left, &out->format[out->n]))
		out->fits += out->format[out->n++].fits;
}
