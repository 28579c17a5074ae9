#include <criterion/criterion.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/civil.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

Test(civil_days, known_days)
{
	static const struct {
		int year, month, day;
		int64_t days;
	} cases[] = {
	    {1970, 1, 1, 0},
	    {1969, 12, 31, -1},
	    {1970, 3, 1, 59},
	    {1972, 2, 29, 789},
	    {2000, 2, 29, 11016},
	    {2000, 3, 1, 11017},
	    {2026, 3, 8, 20520},
	    {1900, 3, 1, -25508},
	    {1900, 2, 28, -25509},
	    {1, 1, 1, -719162},
	    {9999, 12, 31, 2932896},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		int y, m, d;

		cr_expect_eq(civil_days(cases[i].year, cases[i].month, cases[i].day),
		    cases[i].days, "%d-%d-%d", cases[i].year, cases[i].month,
		    cases[i].day);
		civil_from_days(cases[i].days, &y, &m, &d);
		cr_expect(y == cases[i].year && m == cases[i].month && d == cases[i].day,
		    "%lld: %d-%d-%d", (long long)cases[i].days, y, m, d);
	}
}

Test(civil_days, every_day_follows_the_one_before)
{
	static const int length[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	int y = 1, m = 1, d = 1;
	int64_t days = -719162;

	for (; y < 10000; days++) {
		bool leap = (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;
		int gy, gm, gd;

		civil_from_days(days, &gy, &gm, &gd);
		if (civil_days(y, m, d) != days || gy != y || gm != m || gd != d)
			cr_assert_fail("%d-%d-%d", y, m, d);
		if (++d > length[m - 1] + (m == 2 && leap)) {
			d = 1;
			m++;
		}
		if (m > 12) {
			m = 1;
			y++;
		}
	}
	cr_expect_eq(days, 2932897);
}

Test(civil_days, seconds)
{
	static const struct {
		int64_t seconds;
		int year, month, day, hour, minute, second;
	} cases[] = {
	    {0, 1970, 1, 1, 0, 0, 0},
	    {-1, 1969, 12, 31, 23, 59, 59},
	    {-86400, 1969, 12, 31, 0, 0, 0},
	    {-86401, 1969, 12, 30, 23, 59, 59},
	    {1772955000, 2026, 3, 8, 7, 30, 0},
	    {253402300799, 9999, 12, 31, 23, 59, 59},
	    {-62135596800, 1, 1, 1, 0, 0, 0},
	};
	struct civil c;

	for (size_t i = 0; i < COUNT(cases); i++) {
		civil_from_seconds(cases[i].seconds, &c);
		cr_expect(c.year == cases[i].year && c.month == cases[i].month &&
			      c.day == cases[i].day && c.hour == cases[i].hour &&
			      c.minute == cases[i].minute && c.second == cases[i].second,
		    "case %zu", i);
		cr_expect(
		    c.precision == PRECISION_SECOND && !c.has_offset && c.milli == 0);
		cr_expect_eq(civil_seconds(&c), cases[i].seconds, "case %zu", i);
	}
}

Test(civil_days, valid)
{
	static const struct {
		struct civil c;
		bool valid;
	} cases[] = {
	    {{.year = 2024, .month = 2, .day = 29}, true},
	    {{.year = 2026, .month = 2, .day = 29}, false},
	    {{.year = 2000, .month = 2, .day = 29}, true},
	    {{.year = 1900, .month = 2, .day = 29}, false},
	    {{.year = 2026, .month = 2, .day = 31}, false},
	    {{.year = 2026, .month = 4, .day = 31}, false},
	    {{.year = 2026, .month = 12, .day = 31}, true},
	    {{.year = 2026, .month = 0, .day = 1}, false},
	    {{.year = 2026, .month = 13, .day = 1}, false},
	    {{.year = 2026, .month = 1, .day = 0}, false},
	    {{.year = 2026, .month = INT_MIN, .day = INT_MAX}, false},
	    {{.year = 0, .month = 1, .day = 1}, false},
	    {{.year = 10000, .month = 1, .day = 1}, false},
	    {{.year = 1, .month = 1, .day = 1, .hour = 23, .minute = 59, .second = 59},
		true},
	    {{.year = 1, .month = 1, .day = 1, .hour = 24}, false},
	    {{.year = 1, .month = 1, .day = 1, .hour = -1}, false},
	    {{.year = 1, .month = 1, .day = 1, .minute = 60}, false},
	    {{.year = 1, .month = 1, .day = 1, .second = 60}, false},
	    {{.year = 1, .month = 1, .day = 1, .milli = 1000}, false},
	    {{.year = 1, .month = 1, .day = 1, .has_offset = true, .offset = 50400},
		true},
	    {{.year = 1, .month = 1, .day = 1, .has_offset = true, .offset = 50460},
		false},
	};

	for (size_t i = 0; i < COUNT(cases); i++)
		cr_expect_eq(civil_valid(&cases[i].c), cases[i].valid, "case %zu", i);
}

/* What was read, in a form that can be written down in a table. */
static const char *
shown(const struct civil *c)
{
	static char text[96];
	int n = snprintf(text, sizeof(text), "%04d-%02d-%02d %02d:%02d:%02d.%03d %d",
	    c->year, c->month, c->day, c->hour, c->minute, c->second, c->milli,
	    (int)c->precision);

	if (c->has_offset)
		snprintf(text + n, sizeof(text) - (size_t)n, " %d", c->offset);
	return text;
}

/* Precision: 1 year, 2 month, 3 day, 4 hour, 5 minute, 6 second, 7 milli. */
static const struct {
	const char *format, *text, *expected;
} good[] = {
    {"%m/%d/%Y", "1/5/2026", "2026-01-05 00:00:00.000 3"},
    {"%m/%d/%Y", "01/05/2026", "2026-01-05 00:00:00.000 3"},
    {"%m/%d/%Y", "12/31/9999", "9999-12-31 00:00:00.000 3"},
    {"%d.%m.%Y", "5.1.2026", "2026-01-05 00:00:00.000 3"},
    {"%Y-%m-%d", "2024-02-29", "2024-02-29 00:00:00.000 3"},
    {"%m%d%Y", "01052026", "2026-01-05 00:00:00.000 3"},
    {"%Y%m%d", "20260105", "2026-01-05 00:00:00.000 3"},
    {"%Y%m%d%H%M", "202601050930", "2026-01-05 09:30:00.000 5"},
    {"%Y%m%d%H%M%S%z", "20210924093000+0215", "2021-09-24 09:30:00.000 6 8100"},
    {"%Y", "1958", "1958-01-01 00:00:00.000 1"},
    {"%Y-%m", "1958-7", "1958-07-01 00:00:00.000 2"},
    {"%Y-%m-%d %H", "2026-01-05 7", "2026-01-05 07:00:00.000 4"},
    {"%m/%d/%Y %I:%M %p", "1/5/2026 12:30 AM", "2026-01-05 00:30:00.000 5"},
    {"%m/%d/%Y %I:%M %p", "1/5/2026 12:30 PM", "2026-01-05 12:30:00.000 5"},
    {"%m/%d/%Y %I:%M %p", "1/5/2026 1:05 pm", "2026-01-05 13:05:00.000 5"},
    {"%m/%d/%Y %I:%M %p", "1/5/2026 1:05 p.m.", "2026-01-05 13:05:00.000 5"},
    {"%m/%d/%Y %I:%M %p", "1/5/2026 12:05 A.M.", "2026-01-05 00:05:00.000 5"},
    {"%m/%d/%Y %I:%M %p", "1/5/2026 1:05\xe2\x80\xafPM", "2026-01-05 13:05:00.000 5"},
    {"%m/%d/%Y %I:%M %p", "1/5/2026\xc2\xa0 1:05 PM", "2026-01-05 13:05:00.000 5"},
    {"%m/%d/%Y %I:%M %p", "1/5/2026 11:59 PM", "2026-01-05 23:59:00.000 5"},
    {"%m/%d/%Y %I:%M %p", "1/5/2026 01:05 am", "2026-01-05 01:05:00.000 5"},
    {"%m/%d/%Y %I:%M%p", "1/5/2026 9:30AM", "2026-01-05 09:30:00.000 5"},
    {"%m/%d/%Y %H:%M %p", "1/5/2026 13:05 PM", "2026-01-05 13:05:00.000 5"},
    {"%Y-%m-%d %H:%M:%S.%f", "2026-01-05 09:30:15.5", "2026-01-05 09:30:15.500 7"},
    {"%Y-%m-%d %H:%M:%S.%f", "2026-01-05 09:30:15.123456789",
	"2026-01-05 09:30:15.123 7"},
    {"%Y-%m-%d %H:%M:%S.%f", "2026-01-05 09:30:15.0009", "2026-01-05 09:30:15.000 7"},
    {"%Y-%m-%d %H:%M:%S.%f", "2026-01-05 09:30:15.05", "2026-01-05 09:30:15.050 7"},
    {"%Y%m%d%H%M%S%f", "202601050930151", "2026-01-05 09:30:15.100 7"},
    {"%Y-%m-%dT%H:%M:%S%z", "2026-01-05T09:30:15Z", "2026-01-05 09:30:15.000 6 0"},
    {"%Y-%m-%dT%H:%M:%S%z", "2026-01-05T09:30:15-06:00",
	"2026-01-05 09:30:15.000 6 -21600"},
    {"%Y-%m-%dT%H:%M:%S%z", "2026-01-05T09:30:15+1400",
	"2026-01-05 09:30:15.000 6 50400"},
    {"%b %d, %Y", "Aug 15, 1942", "1942-08-15 00:00:00.000 3"},
    {"%b %d, %Y", "AUGUST 5, 1942", "1942-08-05 00:00:00.000 3"},
    {"%d-%b-%Y", "5-may-2026", "2026-05-05 00:00:00.000 3"},
    {"%B %d %Y", "Sep 5 2026", "2026-09-05 00:00:00.000 3"},
    {"%a %b %d %Y", "Sun Mar 8 2026", "2026-03-08 00:00:00.000 3"},
    {"%A, %B %d, %Y", "sunday, march 8, 2026", "2026-03-08 00:00:00.000 3"},
    {"%a %Y-%m-%d", "Thursday 1970-01-01", "1970-01-01 00:00:00.000 3"},
    {"%a %Y-%m-%d", "Wed 1969-12-31", "1969-12-31 00:00:00.000 3"},
    {"%Y-%j", "2026-067", "2026-03-08 00:00:00.000 3"},
    {"%Y-%j", "2026-67", "2026-03-08 00:00:00.000 3"},
    {"%Y%j", "2024366", "2024-12-31 00:00:00.000 3"},
    {"%Y %m  %d", "2026    1\t \t5", "2026-01-05 00:00:00.000 3"},
    {"%s", "0", "1970-01-01 00:00:00.000 6 0"},
    {"%s", "-1", "1969-12-31 23:59:59.000 6 0"},
    {"%s", "253402300799", "9999-12-31 23:59:59.000 6 0"},
    {"%s.%f", "1772955000.25", "2026-03-08 07:30:00.250 7 0"},
    {"%s.%f", "-1.25", "1969-12-31 23:59:58.750 7 0"},
    {"%s.%f", "-0.5", "1969-12-31 23:59:59.500 7 0"},
    {"%s.%f", "-1.000", "1969-12-31 23:59:59.000 7 0"},
    {"on %Y%%", "on 2026%", "2026-01-01 00:00:00.000 1"},
};

Test(civil_parse, matches)
{
	struct civil c;

	for (size_t i = 0; i < COUNT(good); i++) {
		const char *bad = "?";

		cr_expect(civil_format_ok(good[i].format, &bad), "%s", good[i].format);
		cr_assert(civil_parse(span_of(good[i].text), good[i].format, 0, &c),
		    "%s by %s", good[i].text, good[i].format);
		cr_expect_str_eq(shown(&c), good[i].expected, "%s by %s: %s",
		    good[i].text, good[i].format, shown(&c));
	}
}

static const struct {
	const char *format, *text;
} none[] = {
    {"%m/%d/%Y", ""},
    {"%m/%d/%Y", "2/31/2026"},
    {"%m/%d/%Y", "2/29/2026"},
    {"%m/%d/%Y", "31/01/2026"},
    {"%m/%d/%Y", "0/5/2026"},
    {"%m/%d/%Y", "1/0/2026"},
    {"%m/%d/%Y", "1/5/26"},
    {"%m/%d/%Y", "1/5/02026"},
    {"%m/%d/%Y", "001/5/2026"},
    {"%m/%d/%Y", "1/5/0000"},
    {"%m/%d/%Y", "1/5/2026 "},
    {"%m/%d/%Y", " 1/5/2026"},
    {"%m/%d/%Y", "1/5/2026 10:00"},
    {"%m/%d/%Y", "1/5"},
    {"%m/%d/%Y", "1//2026"},
    {"%m/%d/%Y", "-1/5/2026"},
    {"%m/%d/%Y", "1/+5/2026"},
    {"%m%d%Y", "1052026"},
    {"%m%d%Y", "152026"},
    {"%Y%m%d", "2026105"},
    {"%Y%m%d", "196203520"},
    {"%Y%m%d%H%M", "20260105930"},
    {"%Y-%m-%d %H:%M", "2026-01-05 24:00"},
    {"%Y-%m-%d %H:%M", "2026-01-05 23:60"},
    {"%Y-%m-%d %H:%M", "2026-01-0523:30"},
    {"%Y-%m-%d %H:%M:%S", "2026-01-05 23:59:60"},
    {"%m/%d/%Y %I:%M %p", "1/5/2026 13:00 PM"},
    {"%m/%d/%Y %I:%M %p", "1/5/2026 0:30 AM"},
    {"%m/%d/%Y %I:%M %p", "1/5/2026 1:00 XM"},
    {"%m/%d/%Y %I:%M %p", "1/5/2026 1:00 p.m"},
    {"%m/%d/%Y %I:%M %p", "1/5/2026 1:00\xe2\x80\x8bPM"},
    {"%m/%d/%Y %I:%M %p", "1/5/2026 1:00 P"},
    {"%m/%d/%Y %I:%M %p", "1/5/2026 1:00 PMx"},
    {"%m/%d/%Y %H:%M %p", "1/5/2026 2:30 PM"},
    {"%m/%d/%Y %H:%M %p", "1/5/2026 14:30 AM"},
    {"%Y-%m-%d %H:%M:%S.%f", "2026-01-05 09:30:15."},
    {"%Y-%m-%d %H:%M:%S.%f", "2026-01-05 09:30:15.1234567890"},
    {"%Y-%m-%dT%H:%M:%S%z", "2026-01-05T09:30:15"},
    {"%Y-%m-%dT%H:%M:%S%z", "2026-01-05T09:30:15z"},
    {"%Y-%m-%dT%H:%M:%S%z", "2026-01-05T09:30:15+1401"},
    {"%Y-%m-%dT%H:%M:%S%z", "2026-01-05T09:30:15+0260"},
    {"%Y-%m-%dT%H:%M:%S%z", "2026-01-05T09:30:15+2:00"},
    {"%b %d, %Y", "Augu 15, 1942"},
    {"%b %d, %Y", "Au 15, 1942"},
    {"%b %d, %Y", "8 15, 1942"},
    {"%a %b %d %Y", "Mon Mar 8 2026"},
    {"%Y-%j", "2026-366"},
    {"%Y-%j", "2026-0"},
    {"%s", "253402300800"},
    {"%s", "-62135596801"},
    {"%s", "1772955000123"},
    {"%s", "-"},
    {"%m/%d/%y", "1/5/26"},
};

Test(civil_parse, matches_whole_or_not_at_all)
{
	struct civil c;

	for (size_t i = 0; i < COUNT(none); i++)
		cr_expect_not(civil_parse(span_of(none[i].text), none[i].format, 0, &c),
		    "%s by %s", none[i].text, none[i].format);
	cr_expect_not(civil_parse((struct span){"2026\0", 5}, "%Y", 0, &c));
	cr_expect_not(civil_parse((struct span){NULL, 0}, "%Y", 0, &c));
	cr_expect(civil_parse((struct span){"2026garbage", 4}, "%Y", 0, &c),
	    "no NUL is needed");
}

Test(civil_parse, two_digit_years_by_pivot)
{
	static const struct {
		int pivot;
		const char *text;
		int year;
	} cases[] = {
	    {2026, "1/5/26", 2026},
	    {2026, "1/5/27", 1927},
	    {2026, "1/5/00", 2000},
	    {2026, "1/5/99", 1999},
	    {2076, "1/5/76", 2076},
	    {2076, "1/5/77", 1977},
	    {2099, "1/5/00", 2000},
	    {2100, "1/5/00", 2100},
	    {0, "1/5/26", 0},
	    {-5, "1/5/26", 0},
	    {50, "1/5/60", 0},
	    {2026, "1/5/6", 0},
	    {2026, "1/5/2026", 0},
	    {2026, "2/29/23", 0},
	};
	struct civil c;

	for (size_t i = 0; i < COUNT(cases); i++) {
		bool ok = civil_parse(
		    span_of(cases[i].text), "%m/%d/%y", cases[i].pivot, &c);

		cr_expect_eq(
		    ok, cases[i].year != 0, "%s by %d", cases[i].text, cases[i].pivot);
		if (ok)
			cr_expect_eq(c.year, cases[i].year, "%s by %d", cases[i].text,
			    cases[i].pivot);
	}
	cr_expect(civil_parse(SPAN_LIT("010526"), "%m%d%y", 2026, &c) && c.year == 2026);
	cr_expect_not(civil_parse(SPAN_LIT("10526"), "%m%d%y", 2026, &c));
}

Test(civil_format, knows_what_it_can_parse)
{
	static const struct {
		const char *format;
		int bad; /* where, -1: it is fine */
	} cases[] = {
	    {"%m/%d/%Y", -1},
	    {"%m/%d/%y %I:%M %p", -1},
	    {"%Y-%m-%dT%H:%M:%S.%f%z", -1},
	    {"%a %A", 3},
	    {"%Y-%m-%d %Q", 9},
	    {"%Y%", 2},
	    {"%Y-%m-%m", 6},
	    {"%Y %y", 3},
	    {"%m/%d/%Y %I:%M", 9},
	    {"%m/%d/%Y %p", 9},
	    {"%m/%d/%Y %M", 9},
	    {"%d", 0},
	    {"%H:%M", 0},
	    {"", 0},
	    {"today", 0},
	    {"%Y %d", 3},
	    {"%Y-%j %d", 6},
	    {"%s %Y", 0},
	    {"%Y-%m-%d %f", 9},
	    {"%Y-%m-%d%z", 8},
	    {"%Y-%m-%d %H %I %p", 9},
	    {"%Y\xc3\xa9%\xe9", 4},
	    {"%%%Y", -1},
	};
	struct civil c;

	for (size_t i = 0; i < COUNT(cases); i++) {
		const char *bad = NULL;
		bool ok = civil_format_ok(cases[i].format, &bad);

		cr_expect_eq(ok, cases[i].bad < 0, "%s", cases[i].format);
		if (!ok)
			cr_expect_eq(bad - cases[i].format, cases[i].bad, "%s: %s",
			    cases[i].format, bad);
		if (!ok)
			cr_expect_not(
			    civil_parse(SPAN_LIT("2026"), cases[i].format, 2026, &c));
	}
	cr_expect(civil_format_has("%m/%d/%y", 'y'));
	cr_expect_not(civil_format_has("%m/%d/%Y", 'y'));
	cr_expect_not(civil_format_has("%Y%%y", 'y'));
	cr_expect(civil_format_has("%H:%M%z", 'z'));
	cr_expect_not(civil_format_has("%", 'z'));
	cr_expect_not(civil_format_has("", 'H'));
}

Test(civil_format, writes_fhir)
{
	static const struct {
		struct civil c;
		const char *text;
	} cases[] = {
	    {{2026, 1, 1, .precision = PRECISION_YEAR}, "2026"},
	    {{2026, 3, 1, .precision = PRECISION_MONTH}, "2026-03"},
	    {{2026, 3, 8, .precision = PRECISION_DAY}, "2026-03-08"},
	    {{33, 3, 8, .precision = PRECISION_DAY}, "0033-03-08"},
	    {{2026, 3, 8, .precision = PRECISION_DAY, .has_offset = true, .offset = 3600},
		"2026-03-08"},
	    {{2026, 3, 8, 1, .precision = PRECISION_HOUR, .has_offset = true,
		 .offset = -21600},
		"2026-03-08T01:00:00-06:00"},
	    {{2026, 3, 8, 1, 30, .precision = PRECISION_MINUTE, .has_offset = true,
		 .offset = -21600},
		"2026-03-08T01:30:00-06:00"},
	    {{2026, 3, 8, 1, 30, 9, .precision = PRECISION_SECOND, .has_offset = true},
		"2026-03-08T01:30:09Z"},
	    {{2026, 3, 8, 1, 30, 9, 7, PRECISION_MILLI, true, 20700},
		"2026-03-08T01:30:09.007+05:45"},
	    {{2026, 3, 8, 1, 30, 9, 0, PRECISION_MILLI, true, -1800},
		"2026-03-08T01:30:09.000-00:30"},
	    {{2026, 3, 8, 1, 30, .precision = PRECISION_MINUTE}, ""},
	    {{2026, 2, 31, .precision = PRECISION_DAY}, ""},
	    /* Chicago's local mean time, -5:50:36: the instant stays what it was. */
	    {{1880, 7, 4, 23, 59, 50, .precision = PRECISION_SECOND, .has_offset = true,
		 .offset = -21036},
		"1880-07-05T00:00:26-05:50"},
	    {{1880, 7, 4, 12, .precision = PRECISION_HOUR, .has_offset = true,
		 .offset = 1172},
		"1880-07-04T11:59:28+00:19"},
	    {{9999, 12, 31, 23, 59, 59, .precision = PRECISION_SECOND, .has_offset = true,
		 .offset = -21036},
		""},
	};
	char out[40];

	for (size_t i = 0; i < COUNT(cases); i++) {
		size_t n = civil_format_fhir(&cases[i].c, out, sizeof(out));

		cr_expect_eq(n, strlen(cases[i].text), "case %zu: %zu", i, n);
		if (n > 0)
			cr_expect_str_eq(out, cases[i].text);
	}
	cr_expect_eq(civil_format_fhir(&cases[0].c, out, 35), 0);
}

/* Any bytes: an answer, and nothing else. */
Test(civil_parse, survives_noise)
{
	static const char letters[] =
	    "%%%%YymdHIMSfpbBaAjzs 0123456789/-:.TZAMPJan\t\xff";
	unsigned seed = 12345;
	struct civil c;
	char format[24], text[24];

	for (int i = 0; i < 200000; i++) {
		const char *bad;

		for (size_t k = 0; k < sizeof(format); k++) {
			seed = seed * 1103515245 + 12345;
			format[k] = letters[(seed >> 16) % (sizeof(letters) - 1)];
			seed = seed * 1103515245 + 12345;
			text[k] = letters[(seed >> 16) % (sizeof(letters) - 1)];
		}
		format[(seed >> 20) % sizeof(format)] = '\0';
		if (civil_parse((struct span){text, (seed >> 8) % sizeof(text)}, format,
			(int)(seed % 3000), &c)) {
			cr_assert(civil_valid(&c));
			cr_assert(civil_format_ok(format, &bad), "%s", format);
		}
	}
}
