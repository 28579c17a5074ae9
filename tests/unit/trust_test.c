#include "outbound/trust.h"

#include <criterion/criterion.h>

/* t: a record is taken; d: one is refused by its status; s: nothing more can be sent. */
Test(trust, what_is_believed)
{
	static const struct {
		const char *story;
		uint64_t believed; /* doubts, from the first */
		bool settled;      /* by the last s */
	} rows[] = {{"d", 0, false}, {"ds", 0, false}, {"dt", 1, false},
	    {"dtd", 1, false}, {"tds", 1, true}, {"dddt", 3, false}, {"dddtds", 4, true},
	    {"s", 0, true}, {"dddddddddddddddddds", 0, false},
	    {"tddddddddddddddddddds", 19, true}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct trust t = {.row = 0};
		bool settled = false;
		uint64_t n = 0;

		for (const char *p = rows[i].story; *p != '\0'; p++) {
			if (*p == 't')
				trust_taken(&t);
			else if (*p == 'd')
				cr_expect_eq(trust_doubt(&t), ++n, "%s", rows[i].story);
			else
				settled = trust_settle(&t);
		}
		cr_expect_eq(t.believed, rows[i].believed, "%s", rows[i].story);
		cr_expect_eq(settled, rows[i].settled, "%s", rows[i].story);
	}
}

/* What was refused before is marked, so there is nothing to lose by believing it. */
Test(trust, nothing_is_in_doubt_that_was_judged)
{
	struct trust t = {.judged = true};

	for (uint64_t i = 1; i <= 100; i++) {
		cr_expect_eq(trust_doubt(&t), i);
		cr_expect_eq(t.believed, i);
	}
	cr_expect(trust_settle(&t));
}

/* Settling does not count as taking: a chain of batches that wait for each other ends. */
Test(trust, twenty_in_a_row_end_it)
{
	struct trust t = {.takes = true};

	for (int i = 0; i < 19; i++) {
		cr_expect_neq(trust_doubt(&t), 0);
		cr_expect(trust_settle(&t));
	}
	cr_expect_eq(trust_doubt(&t), 0);
	cr_expect_eq(t.believed, 19);
}
