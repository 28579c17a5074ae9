#include "state/watch.h"
#include "tests/unit/ledger_rig.h"

TestSuite(watch, .init = rig_init, .fini = rig_release);

/* Whatever field is mistaken for another shows: each has a number of its own. */
Test(watch, is_kept_by_feed)
{
	struct arrivals arrivals = {.since = 5}, a;
	struct troubles troubles, t;
	struct figures figures, f;
	struct login_pause login = {.since = 9, .ended = 10}, p;

	memset(arrivals.expect.b, 7, DIGEST_SIZE);
	cr_assert_eq(
	    ledger_arrivals_begin(l, "north", &arrivals.expect, arrivals.since, &e), 0,
	    "%s", e.msg);
	for (uint32_t i = 0; i < 3 * ARRIVALS_MAX / 2; i++) {
		int64_t at = 1000 * (1 + i / 3 * 2 + i % 3 / 2) * ARRIVALS_MERGE_S;

		arrivals_add(&arrivals, at, 2000 + i);
		rig_arrive("north", at, 2000 + i);
	}
	for (size_t i = 0; i < TROUBLE_COUNT; i++) {
		troubles.v[i].since = (int64_t)i;
		troubles.v[i].mark = 100 + i;
	}
	figures = (struct figures){
	    1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19};
	memset(login.credentials.b, 8, DIGEST_SIZE);
	cr_assert_eq(ledger_troubles_put(l, "north", &troubles, &e), 0, "%s", e.msg);
	cr_assert_eq(ledger_figures_note(l, "north", &figures, &e), 0, "%s", e.msg);
	cr_assert_eq(ledger_login_put(l, "north", &login, &e), 0, "%s", e.msg);
	cr_assert_eq(ledger_looks_keep(l, &e), 0, "%s", e.msg);
	rig_reopen();
	cr_assert_eq(ledger_arrivals_get(l, "north", &a, &e), 0, "%s", e.msg);
	cr_expect_arr_eq(&a, &arrivals, sizeof(a));
	cr_assert_eq(ledger_troubles_get(l, "north", &t, &e), 0, "%s", e.msg);
	cr_expect_arr_eq(&t, &troubles, sizeof(t));
	cr_assert_eq(ledger_figures_get(l, "north", &f, &e), 0, "%s", e.msg);
	cr_expect_eq(f.runs, 1);
	cr_expect_eq(f.files, 3);
	cr_expect_eq(f.last_ms, 13);
	cr_expect_eq(f.last_run, 14);
	cr_expect_eq(f.last_exit, 16);
	cr_expect_eq(f.pgp_looked, 19);
	cr_assert_eq(ledger_login_get(l, "north", &p, &e), 0, "%s", e.msg);
	cr_expect_arr_eq(&p, &login, sizeof(p));
	cr_assert_eq(ledger_login_get(l, "nort", &p, &e), 0, "%s", e.msg);
	cr_expect_eq(p.since, 0);
}

/* Whatever a run added to them since they were looked at. */
Test(watch, another_calendar_leaves_what_came)
{
	struct arrivals all = {.since = 5}, now;
	struct digest first, second;

	memset(first.b, 1, DIGEST_SIZE);
	memset(second.b, 2, DIGEST_SIZE);
	all.expect = first;
	arrivals_add(&all, 7000, 3);
	cr_assert_eq(ledger_arrivals_begin(l, "north", &first, all.since, &e), 0);
	rig_arrive("north", 7000, 3);
	cr_assert_eq(ledger_arrivals_begin(l, "north", &first, 9, &e), 0, "%s", e.msg);
	cr_assert_eq(ledger_arrivals_get(l, "north", &now, &e), 0);
	cr_expect_arr_eq(&now, &all, sizeof(now));
	cr_assert_eq(ledger_arrivals_begin(l, "north", &second, 9, &e), 0, "%s", e.msg);
	cr_assert_eq(ledger_arrivals_get(l, "north", &now, &e), 0);
	cr_expect_eq(now.since, 9);
	cr_expect(digest_eq(&now.expect, &second));
	cr_expect_arr_eq(now.v, all.v, sizeof(now.v));
}

/* Feeds that share an account share its lock-out. */
Test(watch, refused_credentials_are_found_whatever_the_feed)
{
	struct login_pause a = {.since = 5}, b = {.since = 6}, p;
	int64_t since;

	memset(a.credentials.b, 1, DIGEST_SIZE);
	memset(b.credentials.b, 2, DIGEST_SIZE);
	cr_assert_eq(ledger_login_put(l, "north", &a, &e), 0);
	cr_assert_eq(ledger_login_put(l, "south", &a, &e), 0);
	cr_assert_eq(ledger_login_put(l, "west", &b, &e), 0);
	cr_expect_eq(ledger_login_find(l, &a.credentials, &since, &e), 1);
	cr_expect_eq(since, 5);
	cr_expect_eq(ledger_login_end(l, &a.credentials, 7, &e), 0);
	cr_expect_eq(ledger_login_find(l, &a.credentials, &since, &e), 0);
	cr_assert_eq(ledger_login_get(l, "south", &p, &e), 0);
	cr_expect_eq(p.since, 0);
	cr_expect_eq(p.ended, 7);
	cr_expect_eq(ledger_login_find(l, &b.credentials, &since, &e), 1);
	cr_expect_eq(since, 6);
}
