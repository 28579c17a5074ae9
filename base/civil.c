#include "base/civil.h"

#include <string.h>

#define OFFSET_MAX (14 * 3600) /* FHIR R4 dateTime */

static bool
leap(int year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int
month_days(int year, int month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

	return month == 2 && leap(year) ? 29 : days[month - 1];
}

/* Years are counted from March, so that the leap day is a year's last, in eras of 400. */
int64_t
civil_days(int year, int month, int day)
{
	int64_t y = (int64_t)year - (month <= 2);
	int64_t era = (y >= 0 ? y : y - 399) / 400;
	int64_t of_era = y - era * 400;
	int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

void
civil_from_days(int64_t days, int *year, int *month, int *day)
{
	int64_t z = days + 719468;
	int64_t era = (z >= 0 ? z : z - 146096) / 146097;
	int64_t d = z - era * 146097;
	int64_t y = (d - d / 1460 + d / 36524 - d / 146096) / 365;
	int64_t of_year = d - (365 * y + y / 4 - y / 100);
	int64_t m = (5 * of_year + 2) / 153;

	*day = (int)(of_year - (153 * m + 2) / 5 + 1);
	*month = (int)(m < 10 ? m + 3 : m - 9);
	*year = (int)(y + era * 400 + (*month <= 2));
}

bool
civil_valid(const struct civil *c)
{
	if (c->year < 1 || c->year > 9999 || c->month < 1 || c->month > 12)
		return false;
	if (c->day < 1 || c->day > month_days(c->year, c->month))
		return false;
	if (c->hour < 0 || c->hour > 23 || c->minute < 0 || c->minute > 59)
		return false;
	if (c->second < 0 || c->second > 59 || c->milli < 0 || c->milli > 999)
		return false;
	return !c->has_offset || (c->offset >= -OFFSET_MAX && c->offset <= OFFSET_MAX);
}

unsigned
civil_weekday(int64_t days)
{
	/* 1970-01-01 was a Thursday. */
	return (unsigned)(((days + 4) % 7 + 7) % 7);
}

int64_t
civil_seconds(const struct civil *c)
{
	return civil_days(c->year, c->month, c->day) * DAY_SECONDS + c->hour * 3600 +
	       c->minute * 60 + c->second;
}

void
civil_from_seconds(int64_t s, struct civil *out)
{
	int64_t days = (s >= 0 ? s : s - (DAY_SECONDS - 1)) / DAY_SECONDS;
	int rest = (int)(s - days * DAY_SECONDS);

	*out = (struct civil){.hour = rest / 3600,
	    .minute = rest / 60 % 60,
	    .second = rest % 60,
	    .precision = PRECISION_SECOND};
	civil_from_days(days, &out->year, &out->month, &out->day);
}

/* Digits by hand: a file has millions of times, and printf took a third of the map. */
static inline char *
put_two(char *out, int v)
{
	out[0] = (char)('0' + v / 10);
	out[1] = (char)('0' + v % 10);
	return out + 2;
}

static char *
put_part(char *out, char before, int v)
{
	*out++ = before;
	return put_two(out, v);
}

static char *
put_date(char *out, const struct civil *c)
{
	out = put_two(put_two(out, c->year / 100), c->year % 100);
	if (c->precision >= PRECISION_MONTH)
		out = put_part(out, '-', c->month);
	if (c->precision >= PRECISION_DAY)
		out = put_part(out, '-', c->day);
	return out;
}

static char *
put_offset(char *out, int offset)
{
	int minutes = (offset < 0 ? -offset : offset) / 60;

	if (offset == 0) {
		*out++ = 'Z';
		return out;
	}
	out = put_part(out, offset < 0 ? '-' : '+', minutes / 60);
	return put_part(out, ':', minutes % 60);
}

/*
 * Offsets of local mean time have seconds, which FHIR cannot write: the instant is
 * kept, and the clock on the wall moved to the whole minute.
 */
static struct civil
whole_minutes(const struct civil *c)
{
	int odd = c->offset % 60;
	struct civil moved;

	civil_from_seconds(civil_seconds(c) - odd, &moved);
	moved.milli = c->milli;
	moved.precision = c->precision;
	moved.has_offset = true;
	moved.offset = c->offset - odd;
	return moved;
}

static char *
put_clock(char *out, const struct civil *c)
{
	out = put_part(out, 'T', c->hour);
	out = put_part(out, ':', c->minute);
	out = put_part(out, ':', c->second);
	if (c->precision == PRECISION_MILLI) {
		out = put_part(out, '.', c->milli / 10);
		*out++ = (char)('0' + c->milli % 10);
	}
	return put_offset(out, c->offset);
}

size_t
civil_format_fhir(const struct civil *c, char *out, size_t n)
{
	struct civil moved;
	char *end;

	if (n < CIVIL_TEXT_SIZE || !civil_valid(c) ||
	    (c->precision > PRECISION_DAY && !c->has_offset))
		return 0;
	if (c->precision > PRECISION_DAY && c->offset % 60 != 0) {
		moved = whole_minutes(c);
		if (!civil_valid(&moved))
			return 0;
		c = &moved;
	}
	end = put_date(out, c);
	if (c->precision > PRECISION_DAY)
		end = put_clock(end, c);
	*end = '\0';
	return (size_t)(end - out);
}

size_t
civil_format_ms(int64_t ms, char out[CIVIL_TEXT_SIZE])
{
	int64_t s = ms / 1000 - (ms % 1000 < 0);
	struct civil c;

	civil_from_seconds(s, &c);
	c.milli = (int)(ms - s * 1000);
	c.precision = PRECISION_MILLI;
	c.has_offset = true;
	out[0] = '\0';
	return civil_format_fhir(&c, out, CIVIL_TEXT_SIZE);
}

size_t
civil_blank(struct span s)
{
	if (s.n > 0 && (s.p[0] == ' ' || s.p[0] == '\t'))
		return 1;
	if (s.n > 1 && memcmp(s.p, "\xc2\xa0", 2) == 0)
		return 2;
	return s.n > 2 && memcmp(s.p, "\xe2\x80\xaf", 3) == 0 ? 3 : 0;
}

bool
civil_format_has(const char *format, char directive)
{
	for (; *format != '\0'; format++) {
		if (*format != '%')
			continue;
		if (*++format == directive)
			return true;
		if (*format == '\0')
			break;
	}
	return false;
}
