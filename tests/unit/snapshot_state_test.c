#include "state/files_impl.h"
#include "tests/unit/ledger_rig.h"

static int
put(const char *feed, const struct snapshot_state *s)
{
	struct act a;

	cr_assert_eq(act_begin(&a, l, true, &e), 0);
	cr_assert_eq(snapshot_write(&a, feed, s), 0);
	return act_commit(&a);
}

TestSuite(snapshot_state, .init = rig_init, .fini = rig_release);

Test(snapshot_state, is_kept_by_feed)
{
	struct snapshot_state a = {SNAPSHOT_COLUMN, -5, 77, {{0}}}, got;
	char longest[LEDGER_NAME_MAX + 1];

	memset(longest, 'n', LEDGER_NAME_MAX);
	longest[LEDGER_NAME_MAX] = '\0';
	cr_assert_eq(ledger_snapshot_get(l, "north", &got, &e), 0);
	cr_expect_eq(got.clock, SNAPSHOT_NEVER);
	cr_expect_eq(got.at, 0);
	for (uint32_t d = 0; d < 7; d++)
		for (uint32_t w = 0; w < SNAPSHOT_WEEKS; w++)
			a.rows[d][w] = d * 1000 + w;
	cr_assert_eq(put("north", &a), 0);
	a.at = 6;
	cr_assert_eq(put(longest, &a), 0);
	rig_reopen();
	cr_assert_eq(ledger_snapshot_get(l, "north", &got, &e), 0);
	cr_expect_eq(got.clock, SNAPSHOT_COLUMN);
	cr_expect_eq(got.at, -5);
	cr_expect_eq(got.removals, 77);
	cr_expect_arr_eq(got.rows, a.rows, sizeof(a.rows));
	cr_assert_eq(ledger_snapshot_get(l, longest, &got, &e), 0);
	cr_expect_eq(got.at, 6);
	cr_assert_eq(ledger_snapshot_get(l, "nort", &got, &e), 0);
	cr_expect_eq(got.clock, SNAPSHOT_NEVER);
}

Test(snapshot_state, senseless_is_told)
{
	struct snapshot_state a = {(enum snapshot_clock)4, 0, 0, {{0}}};

	cr_assert_eq(put("north", &a), 0);
	cr_expect_eq(ledger_snapshot_get(l, "north", &a, &e), -1);
	cr_expect_eq(e.code, ERR_LEDGER);
}

/* Of four the median is the mean of the middle two: twice it is their sum. */
Test(snapshot_state, what_a_weekday_usually_has)
{
	static const struct {
		uint64_t rows[6];
		uint64_t twice;
	} cases[] = {{{0}, 0}, {{400}, 0}, {{400, 401, 402}, 0},
	    {{400, 10, 500, 402}, 802}, {{1, 1, 1, 9000}, 2},
	    {{1, 400, 401, 402, 403}, 803}, {{1, 2, 400, 401, 402, 403}, 803},
	    {{(uint64_t)1 << 40, 5, 6, (uint64_t)1 << 33}, UINT32_MAX + UINT64_C(6)}};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct snapshot_state s = {.at = 0};

		for (size_t k = 0; k < 6 && cases[i].rows[k] != 0; k++)
			snapshot_add_rows(&s, 3, cases[i].rows[k]);
		cr_expect_eq(snapshot_usual_twice(&s, 3), cases[i].twice, "%zu", i);
		cr_expect_eq(snapshot_usual_twice(&s, 2), 0);
	}
}
