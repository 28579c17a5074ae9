/* What a file's entry is once it was retried: its books balance as they did. */
#include "cmd/retried.h"

#include <stdio.h>
#include <stdlib.h>

#include <criterion/criterion.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static uint64_t
sum_of(const struct file_entry *en)
{
	return en->delivered + en->unchanged + en->duplicate + en->stale + en->refused;
}

static const struct kept {
	const char *name;
	uint64_t refused;                                  /* of the file, before */
	uint64_t delivered, unchanged, stale, still, left; /* of the retry */
	uint64_t then_delivered, then_unchanged, then_stale, then_refused;
} cases[] = {
    {"all taken", 3, 3, 97, 0, 0, 0, 103, 20, 30, 0},
    {"refused again", 3, 0, 97, 0, 3, 0, 100, 20, 30, 3},
    {"some", 3, 1, 97, 0, 2, 0, 101, 20, 30, 2},
    {"nothing to send: known so by now", 3, 0, 100, 0, 0, 0, 100, 23, 30, 0},
    {"nothing to send: known otherwise", 3, 0, 90, 10, 0, 0, 100, 20, 33, 0},
    {"of both", 3, 1, 98, 1, 0, 0, 101, 21, 31, 0},
    {"read otherwise", 3, 1, 96, 3, 0, 2, 101, 20, 30, 2},
    {"read otherwise, and refused again", 3, 0, 96, 3, 1, 2, 100, 20, 30, 3},
    {"taken of what it was not refused", 1, 3, 97, 0, 0, 0, 101, 20, 30, 0},
    {"refused of what it was not", 1, 0, 97, 0, 3, 0, 100, 20, 30, 1},
};

Test(retried, an_entry_is_kept)
{
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct kept *k = &cases[i];
		struct intake *in = calloc(1, sizeof(*in));
		struct file_entry kept = {.delivered = 100,
		    .unchanged = 20,
		    .stale = 30,
		    .duplicate = 40,
		    .refused = k->refused};
		uint64_t before = sum_of(&kept);

		cr_assert_not_null(in);
		in->left = k->left;
		in->entry.delivered = k->delivered;
		in->entry.unchanged = k->unchanged;
		in->entry.stale = k->stale;
		in->entry.refused = k->still;
		retried_keep(&kept, in);
		cr_expect_eq(kept.delivered, k->then_delivered, "%s", k->name);
		cr_expect_eq(kept.unchanged, k->then_unchanged, "%s", k->name);
		cr_expect_eq(kept.stale, k->then_stale, "%s", k->name);
		cr_expect_eq(kept.refused, k->then_refused, "%s", k->name);
		cr_expect_eq(kept.duplicate, 40, "%s", k->name);
		cr_expect_eq(sum_of(&kept), before, "%s", k->name);
		free(in);
	}
}

/* What a pass keeps of a retry's reading is what its end needs. */
Test(retried, counts_are_recalled)
{
	struct intake *in = calloc(2, sizeof(*in));
	struct file_entry *en = &in[0].entry;
	struct pass pass = {.number = 9};

	cr_assert_not_null(in);
	en->records = 1;
	en->removals = 2;
	en->unchanged = 3;
	en->duplicate = 4;
	en->stale = 5;
	en->refused = 6;
	in[0].left = 7;
	pass.counts = retried_counts(&in[0]);
	in[1].entry.rows = 11;
	in[1].entry.delivered = 12;
	snprintf(in[1].entry.reason, sizeof(in[1].entry.reason), "given up");
	retried_recall(&in[1], &pass);
	cr_expect_eq(in[1].entry.rows, 11, "as the file's entry has it");
	cr_expect_eq(in[1].entry.delivered, 0);
	cr_expect_eq(in[1].entry.records, 1);
	cr_expect_eq(in[1].entry.removals, 2);
	cr_expect_eq(in[1].entry.unchanged, 3);
	cr_expect_eq(in[1].entry.duplicate, 4);
	cr_expect_eq(in[1].entry.stale, 5);
	cr_expect_eq(in[1].entry.refused, 6);
	cr_expect_eq(in[1].entry.pass, 9);
	cr_expect_str_empty(in[1].entry.reason);
	cr_expect_eq(in[1].left, 7);
	free(in);
}
