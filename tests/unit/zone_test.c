#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/zone_tzif.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static struct zone *
zone(const char *name)
{
	struct err e;
	struct zone *z = zone_load(name, &e);

	cr_assert_not_null(z, "%s: %s", name, e.msg);
	return z;
}

/* "2026-03-08 02:30:00" */
static struct civil
at(const char *text)
{
	struct civil c;

	cr_assert(civil_parse(span_of(text), "%Y-%m-%d %H:%M:%S", 0, &c), "%s", text);
	return c;
}

/* The offsets that the three policies give, in minutes but where LMT has seconds. */
static const struct {
	const char *zone, *local;
	enum zone_fit fit;
	int earlier, later; /* seconds */
} locals[] = {
    {"America/Chicago", "2026-01-15 12:00:00", ZONE_ONE, -21600, -21600},
    {"America/Chicago", "2026-07-15 12:00:00", ZONE_ONE, -18000, -18000},
    {"America/Chicago", "2026-03-08 01:59:59", ZONE_ONE, -21600, -21600},
    {"America/Chicago", "2026-03-08 02:00:00", ZONE_GAP, -18000, -21600},
    {"America/Chicago", "2026-03-08 02:30:00", ZONE_GAP, -18000, -21600},
    {"America/Chicago", "2026-03-08 02:59:59", ZONE_GAP, -18000, -21600},
    {"America/Chicago", "2026-03-08 03:00:00", ZONE_ONE, -18000, -18000},
    {"America/Chicago", "2026-11-01 00:59:59", ZONE_ONE, -18000, -18000},
    {"America/Chicago", "2026-11-01 01:00:00", ZONE_FOLD, -18000, -21600},
    {"America/Chicago", "2026-11-01 01:30:00", ZONE_FOLD, -18000, -21600},
    {"America/Chicago", "2026-11-01 01:59:59", ZONE_FOLD, -18000, -21600},
    {"America/Chicago", "2026-11-01 02:00:00", ZONE_ONE, -21600, -21600},
    {"America/Chicago", "1880-07-04 12:00:00", ZONE_ONE, -21036, -21036},
    {"America/Chicago", "0001-01-01 00:00:00", ZONE_ONE, -21036, -21036},
    /* 2050: second Sunday in March the 13th, first in November the 6th. */
    {"America/Chicago", "2050-03-13 02:30:00", ZONE_GAP, -18000, -21600},
    {"America/Chicago", "2050-11-06 01:30:00", ZONE_FOLD, -18000, -21600},
    {"America/Chicago", "2050-07-01 12:00:00", ZONE_ONE, -18000, -18000},
    /* The calendar of 2450 and 8450 is that of 2050. */
    {"America/Chicago", "2450-03-13 02:30:00", ZONE_GAP, -18000, -21600},
    {"America/Chicago", "8450-11-06 01:30:00", ZONE_FOLD, -18000, -21600},
    {"America/Chicago", "9999-12-31 23:59:59", ZONE_ONE, -21600, -21600},
    {"Europe/Berlin", "2026-03-29 02:30:00", ZONE_GAP, 7200, 3600},
    {"Europe/Berlin", "2026-10-25 02:00:00", ZONE_FOLD, 7200, 3600},
    {"Europe/Berlin", "2026-10-25 03:00:00", ZONE_ONE, 3600, 3600},
    /* Double summer time. */
    {"Europe/Berlin", "1945-06-01 12:00:00", ZONE_ONE, 10800, 10800},
    {"Asia/Kolkata", "2026-03-08 02:30:00", ZONE_ONE, 19800, 19800},
    {"Asia/Kolkata", "2126-03-08 02:30:00", ZONE_ONE, 19800, 19800},
    {"Asia/Kathmandu", "2026-03-08 02:30:00", ZONE_ONE, 20700, 20700},
    /* Half an hour of summer time: first Sunday in October, and in April. */
    {"Australia/Lord_Howe", "2026-10-04 02:15:00", ZONE_GAP, 39600, 37800},
    {"Australia/Lord_Howe", "2026-10-04 02:30:00", ZONE_ONE, 39600, 39600},
    {"Australia/Lord_Howe", "2026-04-05 01:45:00", ZONE_FOLD, 39600, 37800},
    {"Australia/Lord_Howe", "2026-04-05 01:29:59", ZONE_ONE, 39600, 39600},
    {"Australia/Lord_Howe", "2060-10-03 02:15:00", ZONE_GAP, 39600, 37800},
    /* A day that was skipped. */
    {"Pacific/Apia", "2011-12-29 23:59:59", ZONE_ONE, -36000, -36000},
    {"Pacific/Apia", "2011-12-30 00:00:00", ZONE_GAP, 50400, -36000},
    {"Pacific/Apia", "2011-12-30 23:59:59", ZONE_GAP, 50400, -36000},
    {"Pacific/Apia", "2011-12-31 00:00:00", ZONE_ONE, 50400, 50400},
    /* A day that came twice: Alaska changed hands, and the date line with it. */
    {"America/Juneau", "1867-10-19 12:00:00", ZONE_FOLD, 54139, -32261},
    /* Winter time is what the law calls the exception. */
    {"Europe/Dublin", "2050-03-27 01:30:00", ZONE_GAP, 3600, 0},
    {"Europe/Dublin", "2050-10-30 01:30:00", ZONE_FOLD, 3600, 0},
    {"Africa/Casablanca", "2026-07-01 12:00:00", ZONE_ONE, 3600, 3600},
    {"UTC", "2026-03-08 02:30:00", ZONE_ONE, 0, 0},
    {"Etc/UTC", "2026-03-08 02:30:00", ZONE_ONE, 0, 0},
    {"Etc/GMT+5", "2026-03-08 02:30:00", ZONE_ONE, -18000, -18000},
    {"+02:00", "2026-03-08 02:30:00", ZONE_ONE, 7200, 7200},
    {"-05:30", "2026-03-08 02:30:00", ZONE_ONE, -19800, -19800},
    {"+14:00", "0001-01-01 00:00:00", ZONE_ONE, 50400, 50400},
};

Test(zone_local, fits_and_offsets)
{
	for (size_t i = 0; i < COUNT(locals); i++) {
		struct zone *z = zone(locals[i].zone);
		struct civil c = at(locals[i].local);
		int off[3] = {1, 1, 1};

		for (int policy = DST_REJECT; policy <= DST_LATER; policy++)
			cr_expect_eq(zone_offset(z, civil_seconds(&c),
					 (enum dst_policy)policy, &off[policy]),
			    locals[i].fit, "%s %s", locals[i].zone, locals[i].local);
		cr_expect_eq(off[DST_EARLIER], locals[i].earlier, "%s %s: %d",
		    locals[i].zone, locals[i].local, off[DST_EARLIER]);
		cr_expect_eq(off[DST_LATER], locals[i].later, "%s %s: %d", locals[i].zone,
		    locals[i].local, off[DST_LATER]);
		cr_expect_eq(off[DST_REJECT], off[DST_EARLIER]);
		zone_free(z);
	}
}

Test(zone_instant, by_hand)
{
	static const struct {
		const char *zone;
		int64_t utc;
		int off;
	} cases[] = {
	    /* 2026-03-08T08:00Z, 2026-11-01T07:00Z */
	    {"America/Chicago", 1772956799, -21600},
	    {"America/Chicago", 1772956800, -18000},
	    {"America/Chicago", 1793516399, -18000},
	    {"America/Chicago", 1793516400, -21600},
	    {"America/Chicago", -2717647200, -21600},
	    {"America/Chicago", -2717647201, -21036},
	    {"America/Chicago", -62135596800, -21036},
	    /* 2050-03-13T08:00Z */
	    {"America/Chicago", 2530771199, -21600},
	    {"America/Chicago", 2530771200, -18000},
	    {"Pacific/Apia", 1325239199, -36000},
	    {"Pacific/Apia", 1325239200, 50400},
	    {"UTC", 0, 0},
	    {"-03:30", 0, -12600},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct zone *z = zone(cases[i].zone);

		cr_expect_eq(zone_offset_at(z, cases[i].utc), cases[i].off,
		    "case %zu: %d", i, zone_offset_at(z, cases[i].utc));
		zone_free(z);
	}
}

/* An instant's local time leads back to it, by one policy or the other. */
static void
round_trip(const struct zone *z, int64_t utc)
{
	int off = zone_offset_at(z, utc), earlier, later;
	enum zone_fit fit;
	struct civil c;

	civil_from_seconds(utc + off, &c);
	fit = zone_offset(z, civil_seconds(&c), DST_EARLIER, &earlier);
	cr_assert_eq(zone_offset(z, civil_seconds(&c), DST_LATER, &later), fit);
	if (fit == ZONE_ONE ? earlier != off || later != off
			    : fit != ZONE_FOLD || (earlier != off && later != off) ||
				  earlier == later)
		cr_assert_fail("%s at %lld: %d %d %d %d", zone_name(z), (long long)utc,
		    off, (int)fit, earlier, later);
}

static const char *const many[] = {"America/Chicago", "Europe/Berlin", "Asia/Kolkata",
    "Australia/Lord_Howe", "Pacific/Apia", "America/New_York", "America/St_Johns",
    "Europe/Dublin", "Africa/Casablanca", "Africa/Cairo", "Asia/Gaza", "Asia/Tehran",
    "America/Sao_Paulo", "America/Nuuk", "Antarctica/Troll", "Pacific/Kwajalein",
    "Europe/Lisbon", "America/Juneau", "Asia/Manila", "Africa/Monrovia", "America/Panama",
    "Etc/GMT-14", "UTC"};

/* glibc's reader is another one; each Criterion test has a process of its own. */
Test(zone_instant, agrees_with_glibc)
{
	for (size_t i = 0; i < COUNT(many); i++) {
		struct zone *z = zone(many[i]);
		int64_t t = -INT64_C(6000000000);

		setenv("TZ", many[i], 1);
		tzset();
		/* 1779 to 2600, some 8 days apart at any time of day. */
		for (; t < INT64_C(19900000000); t += 700001) {
			time_t instant = (time_t)t;
			struct tm tm;

			cr_assert_not_null(localtime_r(&instant, &tm));
			if (tm.tm_gmtoff != zone_offset_at(z, t))
				cr_assert_fail("%s at %lld: %ld, not %d", many[i],
				    (long long)t, tm.tm_gmtoff, zone_offset_at(z, t));
			round_trip(z, t);
		}
		zone_free(z);
	}
}

/* Each change, from a second before it to a second behind. */
Test(zone_instant, agrees_with_glibc_at_each_change)
{
	for (size_t i = 0; i < COUNT(many); i++) {
		struct zone *z = zone(many[i]);

		setenv("TZ", many[i], 1);
		tzset();
		for (size_t k = 1; k < z->n; k++) {
			for (int64_t t = z->periods[k].at - 1; t <= z->periods[k].at + 1;
			    t++) {
				time_t instant = (time_t)t;
				struct tm tm;

				if (t < YEAR_ONE)
					continue;
				cr_assert_not_null(localtime_r(&instant, &tm));
				cr_assert_eq(tm.tm_gmtoff, zone_offset_at(z, t),
				    "%s at %lld", many[i], (long long)t);
				round_trip(z, t);
			}
		}
		zone_free(z);
	}
}

Test(zone_name, good_and_bad)
{
	static const char *const bad[] = {"", "/etc/localtime", "../../etc/passwd",
	    "America/../UTC", "America/Chicago/", "America", "America//Chicago",
	    "localtime", "Mars/Olympus", "america/chicago ", "zone.tab", "tzdata.zi",
	    "+2:00", "+02:60", "+0200", "+14:01", "+99:00", "02:00", "CST;rm",
	    "America/Chicago\n", "right/UTC",
	    "A/very/long/name/that/is/no/zone/at/all/and/goes/on/and/on/and/on"};
	struct err e;
	struct zone *z;

	zone_free(NULL);
	for (size_t i = 0; i < COUNT(bad); i++) {
		e.code = ERR_NONE;
		cr_expect_null(zone_load(bad[i], &e), "%s", bad[i]);
		cr_expect_eq(e.code, ERR_CONFIG, "%s", bad[i]);
		cr_expect(strlen(e.msg) > 20, "%s: %s", bad[i], e.msg);
	}
	z = zone("America/Argentina/Buenos_Aires");
	cr_expect_str_eq(zone_name(z), "America/Argentina/Buenos_Aires");
	zone_free(z);
}

Test(zone_name, fingerprints)
{
	static const char *const names[] = {"America/Chicago", "America/New_York", "UTC",
	    "+02:00", "-02:00", "Europe/Berlin"};
	uint64_t seen[COUNT(names)];

	for (size_t i = 0; i < COUNT(names); i++) {
		struct zone *z = zone(names[i]), *again = zone(names[i]);

		seen[i] = zone_fingerprint(z);
		cr_expect_eq(zone_fingerprint(again), seen[i]);
		for (size_t j = 0; j < i; j++)
			cr_expect_neq(seen[i], seen[j], "%s, %s", names[i], names[j]);
		zone_free(z);
		zone_free(again);
	}
}

/* A TZif file, put together by hand. */
struct tzif {
	unsigned char b[512];
	size_t n;
};

static void
add(struct tzif *t, const void *p, size_t n)
{
	memcpy(t->b + t->n, p, n);
	t->n += n;
}

static void
add32(struct tzif *t, uint32_t v)
{
	add(t,
	    (unsigned char[]){(unsigned char)(v >> 24), (unsigned char)(v >> 16),
		(unsigned char)(v >> 8), (unsigned char)v},
	    4);
}

static void
add_header(struct tzif *t, char version, const uint32_t counts[6])
{
	static const char zeros[15];

	add(t, "TZif", 4);
	add(t, &version, 1);
	add(t, zeros, 15);
	for (int i = 0; i < 6; i++)
		add32(t, counts[i]);
}

/* One change at 1970-01-01T00:00:00Z from +0 to +1 h, and a footer. */
static struct tzif
tzif_make(const char *footer)
{
	struct tzif t = {.n = 0};

	add_header(&t, '2', (const uint32_t[]){0, 0, 0, 0, 1, 1});
	add(&t, "\0\0\0\0\0\0\0", 7);
	add_header(&t, '2', (const uint32_t[]){0, 0, 0, 1, 2, 4});
	add(&t,
	    "\0\0\0\0\0\0\0\0"
	    "\1",
	    9);
	add(&t, "\0\0\0\0\0\0", 6);
	add32(&t, 3600);
	add(&t,
	    "\1\0"
	    "ABC",
	    6);
	add(&t, footer, strlen(footer));
	return t;
}

static struct zone *
tzif_take(const void *p, size_t n, struct err *e)
{
	struct zone *z = calloc(1, sizeof(*z));
	/* A copy of its own, so that a read past its end is found. */
	char *copy = malloc(n ? n : 1);

	z->fold_from = INT64_MAX;
	memcpy(z->name, "Test", 5);
	memcpy(copy, p, n);
	if (zone_tzif_load(z, (struct span){copy, n}, e) != 0) {
		zone_free(z);
		z = NULL;
	}
	free(copy);
	return z;
}

Test(zone_file, footers)
{
	static const struct {
		const char *footer;
		const char *utc;
		int off;
	} cases[] = {
	    {"\n\n", "2026-07-01 00:00:00", 3600},
	    {"\nABC-1\n", "2026-07-01 00:00:00", 3600},
	    {"\n<+0530>-5:30\n", "2026-07-01 00:00:00", 19800},
	    {"\n<-03>3:15:30\n", "2026-07-01 00:00:00", -11730},
	    {"\nCST6CDT,M3.2.0,M11.1.0\n", "2026-03-08 07:59:59", -21600},
	    {"\nCST6CDT,M3.2.0,M11.1.0\n", "2026-03-08 08:00:00", -18000},
	    {"\nCST6CDT,M3.2.0,M11.1.0\n", "2026-11-01 06:59:59", -18000},
	    {"\nCST6CDT,M3.2.0,M11.1.0\n", "2026-11-01 07:00:00", -21600},
	    {"\nCST6CDT5,M3.2.0/3:30,M11.1.0\n", "2026-03-08 09:29:59", -21600},
	    {"\nCST6CDT5,M3.2.0/3:30,M11.1.0\n", "2026-03-08 09:30:00", -18000},
	    /* The last Sunday: in a month of 31 days, and of 28. */
	    {"\nCET-1CEST,M3.5.0,M10.5.0/3\n", "2026-03-29 00:59:59", 3600},
	    {"\nCET-1CEST,M3.5.0,M10.5.0/3\n", "2026-03-29 01:00:00", 7200},
	    {"\nAAA0BBB,M2.5.0/0,M12.5.0/0\n", "2026-02-21 23:59:59", 0},
	    {"\nAAA0BBB,M2.5.0/0,M12.5.0/0\n", "2026-02-22 00:00:00", 3600},
	    {"\nAAA0BBB,M2.5.0/0,M12.5.0/0\n", "2026-12-26 22:59:59", 3600},
	    {"\nAAA0BBB,M2.5.0/0,M12.5.0/0\n", "2026-12-26 23:00:00", 0},
	    /* J60 is 1 March in every year, 59 only where there is no 29 February. */
	    {"\nAAA0BBB,J60/0,J300/0\n", "2024-02-29 23:59:59", 0},
	    {"\nAAA0BBB,J60/0,J300/0\n", "2024-03-01 00:00:00", 3600},
	    {"\nAAA0BBB,J60/0,J300/0\n", "2026-03-01 00:00:00", 3600},
	    {"\nAAA0BBB,59/0,300/0\n", "2024-02-29 00:00:00", 3600},
	    {"\nAAA0BBB,59/0,300/0\n", "2026-02-28 23:59:59", 0},
	    {"\nAAA0BBB,59/0,300/0\n", "2026-03-01 00:00:00", 3600},
	    /* Hours before midnight and days later: Nuuk, Gaza. */
	    {"\n<-02>2<-01>,M3.5.0/-1,M10.5.0/0\n", "2026-03-29 00:59:59", -7200},
	    {"\n<-02>2<-01>,M3.5.0/-1,M10.5.0/0\n", "2026-03-29 01:00:00", -3600},
	    {"\nEET-2EEST,M3.4.4/50,M10.4.4/50\n", "2026-03-27 23:59:59", 7200},
	    {"\nEET-2EEST,M3.4.4/50,M10.4.4/50\n", "2026-03-28 00:00:00", 10800},
	    {"\nAAA0BBB,J1/167,J365/-167\n", "2026-01-07 22:59:59", 0},
	    {"\nAAA0BBB,J1/167,J365/-167\n", "2026-01-07 23:00:00", 3600},
	    /* Negative summer time: Dublin. South of the equator. */
	    {"\nIST-1GMT0,M10.5.0,M3.5.0/1\n", "2026-01-01 00:00:00", 0},
	    {"\nIST-1GMT0,M10.5.0,M3.5.0/1\n", "2026-03-29 01:00:00", 3600},
	    {"\nIST-1GMT0,M10.5.0,M3.5.0/1\n", "2026-10-25 01:00:00", 0},
	    {"\nAEST-10AEDT,M10.1.0,M4.1.0/3\n", "2026-01-01 00:00:00", 39600},
	    {"\nAEST-10AEDT,M10.1.0,M4.1.0/3\n", "2026-07-01 00:00:00", 36000},
	    /* Summer time all year round: RFC 8536 3.3.1. */
	    {"\nXXX3EDT4,0/0,J365/23\n", "2026-01-01 02:59:59", -14400},
	    {"\nXXX3EDT4,0/0,J365/23\n", "2026-07-01 00:00:00", -14400},
	    {"\nEST5EDT,0/0,J365/25\n", "2026-01-01 05:00:00", -14400},
	    {"\nEST5EDT,0/0,J365/25\n", "2024-12-31 23:59:59", -14400},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct tzif t = tzif_make(cases[i].footer);
		struct civil c = at(cases[i].utc);
		struct err e;
		struct zone *z = tzif_take(t.b, t.n, &e);

		cr_assert_not_null(z, "%s: %s", cases[i].footer, e.msg);
		cr_expect_eq(zone_offset_at(z, civil_seconds(&c)), cases[i].off,
		    "%s at %s: %d", cases[i].footer, cases[i].utc,
		    zone_offset_at(z, civil_seconds(&c)));
		cr_expect_eq(zone_offset_at(z, -1), 0);
		cr_expect_eq(zone_offset_at(z, 0), 3600);
		zone_free(z);
	}
}

Test(zone_file, damaged_footers)
{
	static const char *const footers[] = {"", "x", "\n", "\nABC-1", "ABC-1\n",
	    "\nAB1\n", "\nABC\n", "\n<ABC1\n", "\n<A;C>1\n", "\nABC25\n", "\nABC1x\n",
	    "\nABC1DEF\n", "\nABC1DEF,\n", "\nABC1DEF,M3.2.0\n", "\nABC1DEF,M3.2.0,\n",
	    "\nABC1DEF,M13.2.0,M11.1.0\n", "\nABC1DEF,M0.2.0,M11.1.0\n",
	    "\nABC1DEF,M3.6.0,M11.1.0\n", "\nABC1DEF,M3.0.0,M11.1.0\n",
	    "\nABC1DEF,M3.2.7,M11.1.0\n", "\nABC1DEF,M3.2,M11.1.0\n", "\nABC1DEF,J0,J1\n",
	    "\nABC1DEF,J366,J1\n", "\nABC1DEF,366,1\n", "\nABC1DEF,M3.2.0/168,M11.1.0\n",
	    "\nABC1DEF,M3.2.0/-168,M11.1.0\n", "\nABC1DEF,M3.2.0/2:60,M11.1.0\n",
	    "\nABC1DEF,M3.2.0/,M11.1.0\n", "\nABC1DEF,M3.2.0,M11.1.0,\n",
	    "\nABC1DEF,M3.2.0,M11.1.0 \n", "\nABC99999999999999999999\n",
	    "\nABC1DEF,9999999999999,1\n", "\nABC1:\n", "\nABC--1\n"};

	for (size_t i = 0; i < COUNT(footers); i++) {
		struct tzif t = tzif_make(footers[i]);
		struct err e = {0};

		cr_expect_null(tzif_take(t.b, t.n, &e), "%s", footers[i]);
		cr_expect_eq(e.code, ERR_CONFIG);
	}
}

/* One byte or count of a good file made wrong. */
Test(zone_file, damaged_blocks)
{
	static const struct {
		size_t at;
		unsigned char byte;
		const char *told;
	} cases[] = {
	    {0, 'x', "no whole TZif"},
	    {20, 0xff, "no whole TZif"},
	    {32, 0xff, "no whole TZif"},
	    {51 + 0, 'x', "no whole TZif"},
	    {51 + 20, 0x7f, "no whole TZif"},
	    {51 + 24, 0xff, "no whole TZif"},
	    {51 + 28, 0xff, "no whole TZif"},
	    {51 + 32, 0xff, "no whole TZif"},
	    {51 + 36, 0xff, "no whole TZif"},
	    {51 + 40, 0xff, "no whole TZif"},
	    {51 + 39, 0, "no types"},
	    {51 + 44, 0x80, "out of order or bounds"},
	    {51 + 44, 0x7f, "out of order or bounds"},
	    {51 + 52, 2, "out of order or bounds"},
	    {51 + 53, 0x7f, "an offset is out of bounds"},
	    {51 + 59, 0x80, "an offset is out of bounds"},
	};
	const struct tzif good = tzif_make("\nABC-1\n");
	struct zone *z;
	struct err e;

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct tzif t = good;

		t.b[cases[i].at] = cases[i].byte;
		cr_expect_null(tzif_take(t.b, t.n, &e), "case %zu", i);
		cr_expect_not_null(
		    strstr(e.msg, cases[i].told), "case %zu: %s", i, e.msg);
	}
	for (size_t n = 0; n < good.n; n++)
		cr_expect_null(tzif_take(good.b, n, &e), "cut at %zu", n);
	z = tzif_take(good.b, good.n, &e);
	cr_expect_not_null(z);
	zone_free(z);
}

static size_t
file_get(const char *name, char *out, size_t max)
{
	char path[128];
	FILE *f;
	size_t n;

	snprintf(path, sizeof(path), "/usr/share/zoneinfo/%s", name);
	f = fopen(path, "r");
	cr_assert_not_null(f, "%s", path);
	n = fread(out, 1, max, f);
	fclose(f);
	return n;
}

static void
ask(const struct zone *z)
{
	struct civil c = at("2050-03-13 02:30:00");
	int off;

	zone_offset(z, civil_seconds(&c), DST_EARLIER, &off);
	zone_offset_at(z, INT64_C(253402300799));
	zone_offset_at(z, -INT64_C(62135596800));
}

/* Bytes of real files turned over, in many ways: an answer or an error. */
Test(zone_file, survives_noise)
{
	static const char *const names[] = {
	    "America/Chicago", "Europe/Dublin", "Etc/GMT+5"};
	static char good[8192], text[8192];
	unsigned seed = 4711;

	for (size_t i = 0; i < 3000 * COUNT(names); i++) {
		size_t n = file_get(names[i / 3000], good, sizeof(good));
		struct zone *z;
		struct err e;

		memcpy(text, good, n);
		for (int k = 0; k < 3; k++) {
			/* The header and the footer are hit more often than the rest. */
			size_t range = i % 2 || n < 120 ? n : 120, place;

			seed = seed * 1103515245 + 12345;
			place = (seed >> 8) % range;
			text[i % 3 ? place : n - 1 - place] = (char)(seed >> 24);
		}
		if ((z = tzif_take(text, n, &e)) != NULL)
			ask(z);
		zone_free(z);
	}
}

/* A file from before the second version: 32-bit times and no footer. */
Test(zone_file, version_one)
{
	struct tzif t = {.n = 0};
	struct zone *z;
	struct err e;

	add_header(&t, '\0', (const uint32_t[]){0, 0, 0, 2, 2, 4});
	add32(&t, (uint32_t)-86400);
	add32(&t, 86400);
	add(&t, "\1\0", 2);
	add32(&t, 3600);
	add(&t, "\0\0", 2);
	add32(&t, (uint32_t)-7200);
	add(&t,
	    "\1\0"
	    "ABC",
	    6);
	z = tzif_take(t.b, t.n, &e);
	cr_assert_not_null(z, "%s", e.msg);
	cr_expect_eq(zone_offset_at(z, -86401), 3600);
	cr_expect_eq(zone_offset_at(z, -86400), -7200);
	cr_expect_eq(zone_offset_at(z, 86399), -7200);
	cr_expect_eq(zone_offset_at(z, 86400), 3600);
	cr_expect_eq(zone_offset_at(z, INT64_C(253402300799)), 3600);
	zone_free(z);
}
