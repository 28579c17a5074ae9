#include "outbound/pace.h"

#include <criterion/criterion.h>

#define T0 1000000 /* ms: some time after the machine's start */

/* Sends `n` as soon as each may go out, and looks at the clock `late` ms too late. */
static int64_t
last_of(long long rate, int n, int64_t late)
{
	int64_t now = T0, wait;
	struct pace p;

	pace_init(&p, rate);
	for (int i = 0; i < n; i++) {
		if ((wait = pace_wait(&p, now)) > 0)
			now += wait + late;
		cr_expect_eq(pace_wait(&p, now), 0);
		pace_sent(&p, now);
	}
	return now - T0;
}

Test(pace, evenly)
{
	static const struct {
		long long rate;
		int n;
		int64_t late, first, last; /* when the last goes out, ms */
	} rows[] = {
	    {0, 1000, 0, 0, 0},
	    {1, 4, 0, 3000, 3000},
	    {10, 1, 0, 0, 0},
	    {10, 11, 0, 1000, 1000},
	    /* a gap that is no whole number of ms, and is not lost by that */
	    {3, 31, 0, 10000, 10001},
	    {300, 301, 0, 1000, 1001},
	    {1000, 1001, 0, 1000, 1000},
	    /* what is missed is not made up for */
	    {10, 11, 50, 1500, 1500},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int64_t last = last_of(rows[i].rate, rows[i].n, rows[i].late);

		cr_expect(last >= rows[i].first && last <= rows[i].last,
		    "%lld a second: the last of %d after %lld ms", rows[i].rate,
		    rows[i].n, (long long)last);
	}
}

/* A second of silence gives no right to two at once. */
Test(pace, no_burst_after_a_pause)
{
	struct pace p;

	pace_init(&p, 20);
	pace_sent(&p, T0);
	cr_expect_eq(pace_wait(&p, T0), 50);
	cr_expect_eq(pace_wait(&p, T0 + 1000), 0);
	pace_sent(&p, T0 + 1000);
	cr_expect_eq(pace_wait(&p, T0 + 1000), 50);
	cr_expect_eq(pace_wait(&p, T0 + 1049), 1);
	cr_expect_eq(pace_wait(&p, T0 + 1050), 0);
}

Test(pace, probes_after_failures_in_a_row)
{
	struct pace p;
	int i;

	pace_init(&p, 0);
	for (i = 0; i < PACE_PROBE_AFTER; i++) {
		cr_expect(!pace_probes(&p));
		pace_failed(&p);
	}
	cr_expect(pace_probes(&p));
	pace_failed(&p);
	cr_expect(pace_probes(&p));
	pace_answered(&p);
	cr_expect(!pace_probes(&p));
}
