/*
 * The days of feeds, in Chicago: 6 hours behind UTC in winter, 5 in summer; on 1 November
 * 2026 the clock was set back, so that this day had 25 hours.
 */
#include "base/civil.h"
#include "cmd/history.h"
#include "tests/unit/ledger_rig.h"

static struct history h;
static struct zone *chicago;

static int64_t
ms(const char *utc)
{
	struct civil c;

	cr_assert(civil_parse(span_of(utc), "%Y-%m-%d %H:%M", 0, &c), "%s", utc);
	return civil_seconds(&c) * 1000;
}

static void
begin(const char *now, size_t days, size_t feeds)
{
	rig_init();
	cr_assert_not_null(chicago = zone_load("America/Chicago", &e));
	history_init(&h, chicago, ms(now), days);
	cr_assert_eq(history_begin(&h, feeds, &e), 0);
	for (size_t i = 0; i < feeds; i++)
		h.v[i].name = i == 0 ? "north" : "south";
}

static void
end(void)
{
	history_release(&h);
	zone_free(chicago);
	rig_release();
}

/* A file with rejected rows, and so many of its problems. */
static void
read_file(size_t feed, const char *at, uint64_t rejected, uint64_t took)
{
	static unsigned char number;
	struct file_entry f = {.read_at = ms(at),
	    .rows = 100,
	    .delivered = 10,
	    .rejected = rejected,
	    .took = took};
	struct problem p[20];

	memset(f.id.b, ++number, sizeof(f.id.b));
	snprintf(f.feed, sizeof(f.feed), "%s", h.v[feed].name);
	for (size_t i = 0; i < rejected; i++)
		p[i] = (struct problem){.code = PROBLEM_NOT_DATE,
		    .column = i % 4 == 3 ? SPAN_LIT("MRN") : SPAN_LIT("DOB"),
		    .weight = i % 4 == 2 ? WEIGHT_WARNING : WEIGHT_REJECT};
	cr_assert_eq(ledger_file_put(l, &f, p, rejected, &e), 0);
	cr_assert_eq(history_file(&h, feed, &f, &e), 0);
}

Test(history, a_day_is_the_zones)
{
	begin("2026-11-03 05:59", 3, 1);
	cr_expect_eq(h.first, civil_days(2026, 10, 31));
	read_file(0, "2026-10-31 04:59", 0, 0); /* 30 October */
	read_file(0, "2026-10-31 05:00", 0, 0);
	read_file(0, "2026-11-01 04:59", 0, 0);
	read_file(0, "2026-11-01 05:00", 0, 0);
	read_file(0, "2026-11-02 05:59", 0, 0); /* the 25th hour */
	read_file(0, "2026-11-02 06:00", 1, 0);
	read_file(0, "2026-11-03 06:00", 0, 0); /* later than now */
	cr_expect_eq(h.v[0].days[0].files, 2);
	cr_expect_eq(h.v[0].days[1].files, 2);
	cr_expect_eq(h.v[0].days[2].files, 1);
	cr_expect_eq(h.v[0].days[2].rejected, 1);
	cr_expect_eq(history_sum(&h, &h.v[0]).rows, 500);
	cr_expect_eq(history_sum(&h, &h.v[0]).changes, 50);
	end();
}

/* Of 8 problems 4 are DOB, 2 MRN and 2 warnings. */
Test(history, columns_are_counted_by_rows)
{
	const struct history_column *top[3];

	begin("2026-11-26 23:00", 28, 2);
	read_file(0, "2026-11-25 08:00", 8, 0);
	read_file(1, "2026-11-25 09:00", 8, 0);
	read_file(1, "2026-11-24 09:00", 8, 0);
	read_file(1, "2026-01-24 09:00", 8, 0); /* long ago */
	cr_assert_eq(history_problems(&h, l, &e), 0, "%s", e.msg);
	cr_assert_eq(history_worst(&h, top, 3), 3);
	cr_expect_str_eq(top[0]->feed, "south");
	cr_expect_str_eq(top[0]->title, "DOB");
	cr_expect_eq(top[0]->rows, 8);
	cr_expect_eq(top[0]->files, 2);
	cr_expect_eq(top[0]->last, ms("2026-11-25 09:00"));
	cr_expect_str_eq(top[1]->feed, "south");
	cr_expect_str_eq(top[1]->title, "MRN");
	cr_expect_eq(top[1]->rows, 4);
	cr_expect_str_eq(top[2]->feed, "north");
	cr_expect_eq(top[2]->rows, 4);
	cr_expect_eq(history_worst(&h, top, 1), 1);
	cr_expect_eq(top[0]->rows, 8);
	end();
}

Test(history, the_slowest_is_by_the_file)
{
	const struct history_feed *top[2];

	begin("2026-11-26 23:00", 28, 2);
	read_file(0, "2026-11-25 08:00", 0, 1000);
	read_file(0, "2026-11-25 09:00", 0, 3000);
	read_file(0, "2026-11-25 10:00", 0, 0); /* nobody knows how long */
	read_file(1, "2026-11-25 08:00", 0, 2500);
	cr_assert_eq(history_slowest(&h, top, 2), 2);
	cr_expect_str_eq(top[0]->name, "south");
	cr_expect_eq(top[1]->pace.files, 2);
	cr_expect_eq(top[1]->pace.ms, 4000);
	cr_expect_eq(top[1]->pace.longest, 3000);
	end();
}

/* Due at 13:00, with an hour of grace. */
Test(history, lateness_is_of_the_day_that_it_was_due)
{
	static const struct {
		const char *at, *came;
		uint64_t got;
	} cases[] = {{"2026-11-23 13:00", "2026-11-23 12:00", 1},
	    {"2026-11-24 13:00", "2026-11-24 14:00", 1},
	    {"2026-11-25 13:00", "2026-11-25 14:30", 1},
	    {"2026-11-26 13:00", "1970-01-01 00:00", 0}};
	struct due v[COUNT(cases)];

	begin("2026-11-26 23:00", 4, 1);
	for (size_t i = 0; i < COUNT(cases); i++)
		v[i] = (struct due){.at = ms(cases[i].at),
		    .wanted = 1,
		    .got = cases[i].got,
		    .first = ms(cases[i].came)};
	history_dues(&h, 0, v, COUNT(v), 3600000);
	for (size_t i = 0; i < COUNT(cases); i++) {
		cr_expect_eq(h.v[0].days[i].due, 1);
		cr_expect_eq(h.v[0].days[i].late, i >= 2, "%zu", i);
	}
	cr_expect_eq(h.v[0].days[2].minutes, 90);
	cr_expect_eq(h.v[0].days[3].minutes, HISTORY_MISSED);
	end();
}
