/*
 * Due times and what came for them. Moments are written as the clock in UTC shows them;
 * Chicago is 6 hours behind it in winter and 5 in summer: clocks changed on 8 March and
 * on 1 November 2026, at 02:00.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/civil.h"
#include "cmd/arrivals.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static struct conf conf;
static struct conf_errors errors;
static struct expectation x;
static struct err e;

static int64_t
ms(const char *text)
{
	struct civil c;

	if (text == NULL || text[0] == '\0')
		return 0;
	cr_assert(civil_parse(span_of(text), "%Y-%m-%d %H:%M", 0, &c), "%s", text);
	return civil_seconds(&c) * 1000;
}

/* An [expect] out of lines "key = value", with "; " between them. */
static void
expect(const char *lines)
{
	char path[] = "/tmp/arrivals_test_XXXXXX", text[1000];
	int fd = mkstemp(path);
	FILE *f = fdopen(fd, "w");

	cr_assert_not_null(f);
	snprintf(text, sizeof(text), "%s", lines);
	for (char *p = text; (p = strstr(p, "; ")) != NULL;)
		memcpy(p, " \n", 2);
	fprintf(f, "[expect]\n%s\n", text);
	fclose(f);
	conf_errors_init(&errors);
	cr_assert_eq(conf_load(&conf, path, NULL, &errors, &e), 0, "%s", e.msg);
	expect_bind(&conf, conf_find(&conf, "expect", ""), NULL, &x);
	unlink(path);
}

static void
forget(void)
{
	conf_release(&conf);
	conf_errors_release(&errors);
}

/* The first mistake without the file's name and line, or "". */
static const char *
mistake(void)
{
	const char *at = errors.n == 0 ? "" : strstr(errors.text[0], "[expect]");

	return at == NULL ? errors.text[0] : at;
}

#define CHICAGO "timezone = America/Chicago; "

Test(arrivals, mistakes_say_how_to_write_it)
{
	static const struct {
		const char *lines, *told;
	} cases[] = {
	    {CHICAGO "by = 06:00", ""},
	    {CHICAGO "by = Mon-Fri 06:00, Sat 09:00", ""},
	    {CHICAGO "by = mon, wednesday 6:00 18:00 , sat 09:00; days = Mon Wed, Sat",
		""},
	    {CHICAGO "by = 06:00, Sat 09:00; days = Mon-Sat", ""},
	    {CHICAGO "by = Fri-Mon 06:00", ""},
	    {CHICAGO "by = 06:00; min_rows = 10, Sat 2; max_rows = Mon-Fri 900", ""},
	    {CHICAGO "by = 06:00; holidays = 2026-12-25, 2027-01-01", ""},
	    {"by = 06:00", "[expect] by: needs a zone: set timezone here, or in [feed]"},
	    {CHICAGO "by = 6am", "[expect] by: '6am' is not understood: write it such as "
				 "Mon-Fri 06:00, Sat 09:00"},
	    {CHICAGO "by = Mon-Fri",
		"[expect] by: ends without a value: write it such as "
		"Mon-Fri 06:00, Sat 09:00"},
	    {CHICAGO "by = Mon-Fri 06:00, Sat", "[expect] by: ends without a value"},
	    {CHICAGO "by = Mn 06:00", "[expect] by: 'Mn' is not understood"},
	    {CHICAGO "by = 25:00", "[expect] by: '25:00' is not understood"},
	    {CHICAGO "by = Mon 06:00; days = Mon, Sun",
		"[expect] by: Sun has no time here, but stands in days"},
	    {CHICAGO "by = Mon 06:00, Sat 09:00; days = Mon",
		"[expect] by: Sat has a time here, but does not stand in days"},
	    {"days = Mon-Fri", "[expect] days: needs a time of day: by = 06:00"},
	    {"min_rows = 200", "[expect] min_rows: needs a time of day: by = 06:00"},
	    {CHICAGO "by = 06:00; days = weekdays",
		"[expect] days: 'weekdays' is no day: write Mon-Fri or Mon, Thu"},
	    {"by = 06:00; timezone = America/Chicagoo", "[expect] timezone: "},
	    {CHICAGO "by = 06:00; holidays = 25.12.2026",
		"[expect] holidays: '25.12.2026' is no date such as 2026-12-25, and no "
		"absolute path of a file"},
	    {CHICAGO "by = 06:00; holidays = /nowhere/at/all",
		"[expect] holidays: /nowhere/at/all: No such file or directory"},
	    {"min_rows = many",
		"[expect] min_rows: 'many' is not understood: write it such "
		"as 200, or Mon-Fri 200, Sat 20"},
	    {CHICAGO "by = 06:00; min_rows = 10; max_rows = 20, Sun 5",
		"[expect] max_rows: Sun has less than in min_rows"},
	    {CHICAGO "by = 1:00 2:00 3:00 4:00 5:00 6:00 7:00 8:00 9:00",
		"[expect] by: '9:00' is not understood"},
	    {CHICAGO "bye = 06:00", "[expect] bye: there is no such key here"},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		expect(cases[i].lines);
		cr_expect_eq(strncmp(mistake(), cases[i].told, strlen(cases[i].told)), 0,
		    "%s: %s", cases[i].lines, mistake());
		cr_expect(cases[i].told[0] != '\0' || errors.n == 0, "%s: %s",
		    cases[i].lines, mistake());
		forget();
	}
}

#define HOLIDAYS "/tmp/arrivals_test_holidays"

static void
write_holidays(const char *text, int dates)
{
	FILE *f = fopen(HOLIDAYS, "w");

	cr_assert_not_null(f);
	fprintf(f, "%s", text);
	for (int i = 0; i < dates; i++)
		fprintf(f, "2027-01-01\n");
	fclose(f);
}

Test(arrivals, files_of_holidays)
{
	static const char in_file[] = CHICAGO "by = 06:00; holidays = " HOLIDAYS;
	char text[600];

	snprintf(text, sizeof(text), "# %0300d\n\n2026-12-25 Christmas %0200d\r\n", 0, 0);
	write_holidays(text, 2);
	expect(in_file);
	cr_expect_eq(errors.n, 0, "%s", mistake());
	cr_expect_eq(x.nholidays, 3);
	forget();
	snprintf(text, sizeof(text), "# %0300d\n\n2026-12-25\n25.12.2027\n", 0);
	write_holidays(text, 0);
	expect(in_file);
	cr_expect_not_null(
	    strstr(mistake(), "holidays, line 4: no date such as 2026-12-25"), "%s",
	    mistake());
	forget();
	write_holidays("", 1001);
	expect(in_file);
	cr_expect_not_null(strstr(mistake(), "line 1001: there are more than 1000 dates"),
	    "%s", mistake());
	forget();
	unlink(HOLIDAYS);
	expect(CHICAGO "by = 06:00; holidays = /tmp");
	cr_expect_not_null(
	    strstr(mistake(), "holidays: /tmp: Is a directory"), "%s", mistake());
	forget();
}

Test(arrivals, rows_by_weekday)
{
	expect("min_rows = 10, Sat 2, Sun-Mon 0; max_rows = Mon-Fri 900");
	for (unsigned d = 0; d < 7; d++) {
		cr_expect_eq(x.min_rows[d], d == 6 ? 2 : d <= 1 ? 0 : 10, "day %u", d);
		cr_expect_eq(x.max_rows[d], d >= 1 && d <= 5 ? 900 : 0, "day %u", d);
	}
	forget();
}

/* The due times of a day and the next, as UTC shows them. */
Test(arrivals, due_times_by_the_clinics_calendar)
{
	static const struct {
		const char *label, *lines, *now, *due[3];
	} cases[] = {
	    {"winter", CHICAGO "by = 06:00", "2026-11-24 18:00",
		{"2026-11-24 12:00", "2026-11-25 12:00"}},
	    {"summer", CHICAGO "by = 06:00", "2026-07-01 18:00",
		{"2026-07-01 11:00", "2026-07-02 11:00"}},
	    {"clocks go forward: 02:30 is not, so 03:30 it is", CHICAGO "by = 02:30",
		"2026-03-08 07:00", {"2026-03-07 08:30", "2026-03-08 08:30"}},
	    {"clocks go back: the second 01:30", CHICAGO "by = 01:30", "2026-11-01 05:30",
		{"2026-10-31 06:30", "2026-11-01 07:30"}},
	    {"on Friday, the next is Monday's", CHICAGO "by = Mon-Fri 06:00",
		"2026-11-20 18:00", {"2026-11-20 12:00", "2026-11-23 12:00"}},
	    {"Saturday has a time of its own", CHICAGO "by = Mon-Fri 06:00, Sat 09:00",
		"2026-11-20 18:00", {"2026-11-20 12:00", "2026-11-21 15:00"}},
	    {"the other days", CHICAGO "by = 06:00, Sat 09:00", "2026-11-21 18:00",
		{"2026-11-21 15:00", "2026-11-22 12:00"}},
	    {"a holiday", CHICAGO "by = 06:00; holidays = 2026-11-26, 2026-11-27",
		"2026-11-25 18:00", {"2026-11-25 12:00", "2026-11-28 12:00"}},
	    {"two a day", CHICAGO "by = 18:00 06:00", "2026-11-24 18:00",
		{"2026-11-24 12:00", "2026-11-25 00:00"}},
	    {"the day in the clinic is another than ours",
		"timezone = Pacific/Auckland; by = Mon 06:00", "2026-11-22 16:00",
		{"2026-11-15 17:00", "2026-11-22 17:00"}},
	};
	struct due v[DUES_MAX];
	struct dues d = {.v = v, .max = DUES_MAX};
	struct arrivals none = {.since = 1};

	for (size_t i = 0; i < COUNT(cases); i++) {
		int64_t now = ms(cases[i].now);
		size_t n = 0;

		expect(cases[i].lines);
		cr_expect_eq(errors.n, 0, "%s: %s", cases[i].label, mistake());
		cr_assert_eq(arrivals_dues(&x, &none, now, &d, &e), 0);
		while (n < d.n && v[n].at <= now)
			n++;
		cr_assert(n > 0 && n < d.n, "%s", cases[i].label);
		cr_expect_eq(v[n - 1].at, ms(cases[i].due[0]), "%s: last %lld, not %lld",
		    cases[i].label, (long long)v[n - 1].at,
		    (long long)ms(cases[i].due[0]));
		cr_expect_eq(v[n].at, ms(cases[i].due[1]), "%s: next %lld, not %lld",
		    cases[i].label, (long long)v[n].at, (long long)ms(cases[i].due[1]));
		forget();
	}
}

/* 16 November 2026 is a Monday, and 12:00 UTC is 06:00 in Chicago. */
#define MON    "2026-11-16 "
#define TUE    "2026-11-17 "
#define WED    "2026-11-18 "
#define FRI    "2026-11-20 "
#define SAT    "2026-11-21 "
#define MONDAY "2026-11-23 "
#define DAILY  CHICAGO "by = 06:00"
#define WORK   CHICAGO "by = Mon-Fri 06:00"

static const struct {
	const char *label, *lines, *since, *came[5], *now;
	enum arrival_state state;
	const char *late_from;
	uint64_t missed;
} cases[] = {
    {"nothing is expected", "min_rows = 3", MON "00:00", {NULL}, WED "14:00",
	ARRIVAL_NONE, NULL, 0},
    {"nothing was due since it is watched", DAILY, MON "12:10", {NULL}, TUE "11:00",
	ARRIVAL_NONE, NULL, 0},
    {"it came", DAILY, MON "00:00", {MON "11:00"}, MON "14:00", ARRIVAL_IN_TIME, NULL, 0},
    {"at the very moment", DAILY, MON "00:00", {MON "12:00"}, MON "14:00",
	ARRIVAL_IN_TIME, NULL, 0},
    {"within grace it is not late", DAILY, MON "00:00", {NULL}, MON "12:29", ARRIVAL_NONE,
	NULL, 0},
    {"after grace it is", DAILY, MON "00:00", {NULL}, MON "12:30", ARRIVAL_LATE,
	MON "12:00", 1},
    {"no grace", DAILY "; grace = 0", MON "00:00", {NULL}, MON "12:00", ARRIVAL_LATE,
	MON "12:00", 1},
    {"late, but here", DAILY, MON "00:00", {MON "15:00"}, MON "16:00", ARRIVAL_IN_TIME,
	NULL, 0},
    {"late today, and tomorrow's lacks", DAILY, MON "00:00", {MON "15:00"}, TUE "13:00",
	ARRIVAL_LATE, TUE "12:00", 1},
    {"late by day, and the next in time", DAILY, MON "00:00", {MON "15:00", TUE "11:00"},
	TUE "13:00", ARRIVAL_IN_TIME, NULL, 0},
    {"three days without one", DAILY, MON "00:00", {NULL}, WED "13:00", ARRIVAL_LATE,
	MON "12:00", 3},
    {"Monday's never came, Tuesday's did", DAILY, MON "00:00", {TUE "11:00"}, TUE "13:00",
	ARRIVAL_IN_TIME, NULL, 0},
    {"Monday's lacks, and Tuesday's is early: files come again", DAILY, MON "00:00",
	{TUE "01:00"}, TUE "02:00", ARRIVAL_IN_TIME, NULL, 0},
    {"the evening before", DAILY, MON "00:00", {MON "11:00", TUE "01:00"}, TUE "13:00",
	ARRIVAL_IN_TIME, NULL, 0},
    {"Friday evening for Monday", WORK, MON "00:00", {FRI "11:00", SAT "01:00"},
	MONDAY "13:00", ARRIVAL_IN_TIME, NULL, 0},
    {"the same file twice on Friday is not Monday's", WORK, MON "00:00",
	{FRI "11:00", FRI "14:00"}, MONDAY "13:00", ARRIVAL_LATE, MONDAY "12:00", 1},
    {"Friday's came at night, and is not Monday's", WORK, FRI "00:00", {SAT "02:00"},
	MONDAY "13:00", ARRIVAL_LATE, MONDAY "12:00", 1},
    {"nothing is due on a Saturday", WORK, MON "00:00", {FRI "11:00"}, SAT "23:00",
	ARRIVAL_IN_TIME, NULL, 0},
    {"nor on a holiday", DAILY "; holidays = 2026-11-17", MON "00:00", {MON "11:00"},
	TUE "23:00", ARRIVAL_IN_TIME, NULL, 0},
    {"once a week, late by more than a day", CHICAGO "by = Mon 06:00", MON "00:00",
	{TUE "20:00"}, MONDAY "13:00", ARRIVAL_LATE, MONDAY "12:00", 1},
    {"two by one time, one came", CHICAGO "by = 06:00 06:00", MON "00:00", {MON "11:00"},
	MON "13:00", ARRIVAL_LATE, MON "12:00", 1},
    {"two by one time, both came", CHICAGO "by = 06:00 06:00", MON "00:00",
	{MON "11:00", MON "11:30"}, MON "13:00", ARRIVAL_IN_TIME, NULL, 0},
    {"morning and evening: only the morning's", CHICAGO "by = 06:00 18:00", MON "00:00",
	{MON "11:00"}, TUE "01:00", ARRIVAL_LATE, TUE "00:00", 1},
    {"morning and evening: both", CHICAGO "by = 06:00 18:00", MON "00:00",
	{MON "11:00", MON "23:00"}, TUE "01:00", ARRIVAL_IN_TIME, NULL, 0},
    {"what came before it was watched helps", DAILY, MON "11:30", {MON "11:00"},
	MON "13:00", ARRIVAL_IN_TIME, NULL, 0},
};

Test(arrivals, what_came_for_which_due_time)
{
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct arrivals a = {.since = ms(cases[i].since)};
		const struct arrival_facts facts = {.now = ms(cases[i].now)};
		struct arrival got;

		expect(cases[i].lines);
		for (size_t n = 0; n < COUNT(cases[i].came) && cases[i].came[n]; n++)
			arrivals_add(&a, ms(cases[i].came[n]), 100);
		cr_assert_eq(arrivals_judge(&x, &a, &facts, &got, &e), 0, "%s", e.msg);
		cr_expect_eq(got.state, cases[i].state, "%s: %s, not %s", cases[i].label,
		    arrival_word(got.state), arrival_word(cases[i].state));
		cr_expect_eq(got.late_from, ms(cases[i].late_from), "%s: since %lld",
		    cases[i].label, (long long)got.late_from);
		cr_expect_eq(got.missed, cases[i].missed, "%s: %llu", cases[i].label,
		    (unsigned long long)got.missed);
		forget();
	}
}

/* Of one file at 11:00 for 12:00, at 13:00. */
Test(arrivals, what_came_may_be_strange_or_stand_aside)
{
	static const struct {
		const char *label, *lines;
		uint32_t rows;
		uint64_t twice;
		const char *aside;
		enum arrival_state state;
	} all[] = {{"plain", DAILY, 100, 0, NULL, ARRIVAL_IN_TIME},
	    {"empty", DAILY, 0, 0, NULL, ARRIVAL_STRANGE},
	    {"not read to its end", DAILY, ARRIVAL_ROWS_UNKNOWN, 200, NULL,
		ARRIVAL_IN_TIME},
	    {"enough", DAILY "; min_rows = Mon 100", 100, 0, NULL, ARRIVAL_IN_TIME},
	    {"too few", DAILY "; min_rows = Mon 101", 100, 0, NULL, ARRIVAL_STRANGE},
	    {"too few for another day", DAILY "; min_rows = Tue 101", 100, 0, NULL,
		ARRIVAL_IN_TIME},
	    {"too many", DAILY "; max_rows = 99", 100, 0, NULL, ARRIVAL_STRANGE},
	    {"half of the usual", DAILY, 100, 400, NULL, ARRIVAL_IN_TIME},
	    {"less than half of it", DAILY, 99, 400, NULL, ARRIVAL_STRANGE},
	    {"twice the usual", DAILY, 400, 400, NULL, ARRIVAL_IN_TIME},
	    {"more than twice", DAILY, 401, 400, NULL, ARRIVAL_STRANGE},
	    {"held", DAILY, ARRIVAL_ROWS_UNKNOWN, 0, MON "11:00", ARRIVAL_ASIDE},
	    {"one is held since last week", DAILY, 100, 0, "2026-11-11 11:00",
		ARRIVAL_IN_TIME},
	    {"another is held since", DAILY, 100, 0, MON "23:59", ARRIVAL_ASIDE}};

	for (size_t i = 0; i < COUNT(all); i++) {
		struct arrivals a = {.since = ms(MON "00:00")};
		const struct aside aside = {ms(all[i].aside), true};
		const struct arrival_facts facts = {.now = ms(MON "13:00"),
		    .last_look = ms(MON "11:59"),
		    .aside = &aside,
		    .naside = all[i].aside != NULL,
		    .usual_twice[1] = all[i].twice};
		struct arrival got;

		expect(all[i].lines);
		arrivals_add(&a, ms(MON "11:00"), all[i].rows);
		cr_assert_eq(arrivals_judge(&x, &a, &facts, &got, &e), 0, "%s", e.msg);
		cr_expect_eq(got.state, all[i].state, "%s: %s", all[i].label,
		    arrival_word(got.state));
		cr_expect(got.unseen, "%s", all[i].label);
		cr_expect_eq(got.next, ms(TUE "12:00"));
		cr_expect_eq(got.came, ms(MON "11:00"));
		forget();
	}
}

/* The list is bounded: of files every minute the last hours are known. */
Test(arrivals, files_that_come_together_are_one_mark)
{
	struct arrivals a = {.since = 1};
	int64_t t = ms(MON "00:00");

	for (uint32_t i = 0; i < 3000; i++)
		arrivals_add(&a, t + (int64_t)i * 60000, i);
	cr_expect_eq(arrivals_count(&a), ARRIVALS_MAX);
	cr_expect_eq((int64_t)a.v[ARRIVALS_MAX - 1].at * 1000, t + INT64_C(2990) * 60000);
	cr_expect_eq(a.v[ARRIVALS_MAX - 1].files, 10);
	cr_expect_eq(a.v[ARRIVALS_MAX - 1].rows, 2999);
	cr_expect_eq((int64_t)a.v[0].at * 1000, t + INT64_C(1720) * 60000);
	/* A clock that was set back makes a new mark, and nothing worse. */
	arrivals_add(&a, t, 7);
	cr_expect_eq((int64_t)a.v[ARRIVALS_MAX - 1].at * 1000, t);
}

/* Files that count as one arrival: whoever looks at a later one has to know that it is among them. */
Test(arrivals, what_is_said_of_the_last)
{
	struct arrival a = {
	    .state = ARRIVAL_IN_TIME, .came = 1763379000000, .together = 1};
	struct buf out;

	buf_init(&out, 1000);
	arrival_text(&a, &out);
	buf_add_char(&out, '\0');
	cr_expect_not_null(
	    strstr(out.p, "; last file read 2025-11-17 11:30:00Z"), "%s", out.p);
	buf_clear(&out);
	a.together = 3;
	arrival_text(&a, &out);
	buf_add_char(&out, '\0');
	cr_expect_not_null(
	    strstr(out.p, "; last 3 files read from 2025-11-17 11:30:00Z on"), "%s",
	    out.p);
	buf_release(&out);
}
