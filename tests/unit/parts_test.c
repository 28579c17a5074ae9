/*
 * Batches in parts, against an API that refuses as a whole whatever holds a culprit:
 * how many requests that takes, what they are called, and that a rerun from any point
 * sends the same.
 */
#include "cmd/parts.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define N_MAX        10000
#define REQUESTS_MAX 64

/* A batch, with what an API thinks of each of its records. */
struct batch_rig {
	struct frame frame;
	struct parts parts;
	bool bad[N_MAX], later[N_MAX];
	unsigned taken[N_MAX]; /* how often */
	size_t requests, deepest;
	char paths[REQUESTS_MAX][BATCH_PATH_SIZE];
};

static struct batch_rig *
rig_new(size_t n)
{
	struct batch_rig *r = calloc(1, sizeof(*r));

	cr_assert_not_null(r);
	frame_init(&r->frame);
	r->frame.records = calloc(n, sizeof(*r->frame.records));
	cr_assert_not_null(r->frame.records);
	r->frame.n = n;
	for (size_t i = 0; i < n; i++)
		r->frame.records[i].length = 1;
	cr_assert_eq(parts_start(&r->parts, &r->frame), 0);
	return r;
}

static void
rig_free(struct batch_rig *r)
{
	parts_release(&r->parts);
	frame_release(&r->frame);
	free(r);
}

static size_t
size_of(const struct batch_rig *r, const struct part *part, bool *refused)
{
	size_t n = 0;

	*refused = false;
	for (size_t at = 0; at < r->parts.nsent; at++) {
		if (!parts_hold(&r->parts, part, at))
			continue;
		*refused |= r->bad[r->parts.sent[at]];
		n++;
	}
	return n;
}

static void
take(struct batch_rig *r, const struct part *part)
{
	bool later = false;

	for (size_t at = part->lo; at < part->hi; at++) {
		size_t i = r->parts.sent[at];

		if (!parts_hold(&r->parts, part, at))
			continue;
		later |= r->later[i];
		r->parts.outcomes[i] = r->later[i] ? OUTCOME_LATER : OUTCOME_TAKEN;
		r->taken[i] += !r->later[i];
	}
	if (later)
		parts_postpone(&r->parts);
}

/* Sends the part that is due; false if there is none. */
static bool
step(struct batch_rig *r)
{
	struct part part;
	bool refused;
	size_t n;

	if (!parts_next(&r->parts, &part))
		return false;
	n = size_of(r, &part, &refused);
	cr_assert_gt(n, 0);
	if (r->requests < REQUESTS_MAX)
		parts_path(&r->parts, 3, &part, r->paths[r->requests]);
	r->requests++;
	if (strlen(part.bits) > r->deepest)
		r->deepest = strlen(part.bits);
	if (!refused)
		take(r, &part);
	else if (n > 1)
		parts_halve(&r->parts, &part);
	else
		r->parts.outcomes[r->parts.sent[part.lo]] = OUTCOME_REFUSED;
	return true;
}

/* What the next run makes of what is in the ledger. */
static void
restart(struct batch_rig *r)
{
	unsigned char *kept = malloc(r->parts.n);
	unsigned round = r->parts.round;

	cr_assert_not_null(kept);
	memcpy(kept, r->parts.outcomes, r->parts.n);
	cr_assert_eq(parts_start(&r->parts, &r->frame), 0);
	memcpy(r->parts.outcomes, kept, r->parts.n);
	r->parts.round = round;
	parts_resume(&r->parts);
	free(kept);
}

/* Each record was taken once, but for the culprits. */
static void
check_taken(const struct batch_rig *r)
{
	for (size_t i = 0; i < r->frame.n; i++) {
		cr_assert_eq(r->taken[i], !r->bad[i], "record %zu of %zu: %u", i,
		    r->frame.n, r->taken[i]);
		cr_assert_eq(
		    r->parts.outcomes[i], r->bad[i] ? OUTCOME_REFUSED : OUTCOME_TAKEN);
	}
}

/* Those are the parts that were sent, in this order. */
static void
check_paths(const struct batch_rig *r, const char *const *want, size_t n)
{
	cr_assert_eq(r->requests, n);
	for (size_t i = 0; i < n; i++)
		cr_expect_str_eq(r->paths[i], want[i], "%zu: %s", i, r->paths[i]);
}

#define CHECK_PATHS(r, want) check_paths(r, want, sizeof(want) / sizeof((want)[0]))

static size_t
requests_for(size_t n, size_t culprit)
{
	struct batch_rig *r = rig_new(n);
	size_t requests;

	r->bad[culprit] = true;
	while (step(r))
		;
	check_taken(r);
	requests = r->requests;
	cr_assert_leq(r->deepest, PARTS_DEPTH_MAX);
	rig_free(r);
	return requests;
}

/* By hand: halvings until one is left, if the larger half is taken each time. */
Test(parts, one_culprit_costs_two_requests_a_halving)
{
	static const struct {
		size_t n, halvings;
	} rows[] = {{1, 0}, {2, 1}, {3, 2}, {4, 2}, {5, 3}, {7, 3}, {8, 3}, {9, 4},
	    {63, 6}, {65, 7}, {499, 9}, {500, 9}, {501, 9}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t worst = 0;

		for (size_t culprit = 0; culprit < rows[i].n; culprit++) {
			size_t n = requests_for(rows[i].n, culprit);

			worst = n > worst ? n : worst;
		}
		cr_expect_eq(worst, 2 * rows[i].halvings + 1, "%zu records: %zu requests",
		    rows[i].n, worst);
	}
	/* 500 250 125 62 31 15 7 3 1, and 500 250 125 63 32 16 8 4 2 1 */
	cr_expect_eq(requests_for(500, 0), 17);
	cr_expect_eq(requests_for(500, 499), 19);
	cr_expect_eq(requests_for(10000, 9999), 29);
}

Test(parts, names)
{
	static const char *const want[] = {
	    "3", "3.0", "3.0.0", "3.0.1", "3.1", "3.1.0", "3.1.1", "3.1.1.0", "3.1.1.1"};
	struct batch_rig *r = rig_new(5);

	r->bad[0] = r->bad[4] = true;
	while (step(r))
		;
	check_taken(r);
	CHECK_PATHS(r, want);
	rig_free(r);
}

/* Of those, nothing is sent: they stand in no part, and halve nothing. */
Test(parts, touched_records_do_not_count)
{
	static const char *const want[] = {"3", "3.0", "3.1"};
	struct batch_rig *r = rig_new(6);

	for (size_t i = 0; i < 6; i++)
		r->frame.records[i].length = i == 1 || i == 5;
	cr_assert_eq(parts_start(&r->parts, &r->frame), 0);
	r->bad[5] = true;
	while (step(r))
		;
	CHECK_PATHS(r, want);
	for (size_t i = 0; i < 6; i++)
		cr_expect_eq(r->parts.outcomes[i], i == 1   ? OUTCOME_TAKEN
						   : i == 5 ? OUTCOME_REFUSED
							    : OUTCOME_TOUCHED);
	rig_free(r);
}

/* A refusal that is not believed yet holds nobody up, and is not over. */
Test(parts, a_doubt_is_passed_over)
{
	struct batch_rig *r = rig_new(2);
	struct part part;

	cr_assert(parts_next(&r->parts, &part));
	parts_halve(&r->parts, &part);
	cr_assert(parts_next(&r->parts, &part));
	cr_expect_str_eq(part.bits, "0");
	r->parts.doubts[0] = 1;
	cr_assert(parts_next(&r->parts, &part));
	cr_expect_str_eq(part.bits, "1");
	r->parts.outcomes[1] = OUTCOME_TAKEN;
	cr_expect(!parts_next(&r->parts, &part));
	/* The next run asks again, under the same name. */
	restart(r);
	cr_assert(parts_next(&r->parts, &part));
	cr_expect_str_eq(part.bits, "0");
	rig_free(r);
}

/* Killed before each request in turn, and all is as if nothing had been. */
Test(parts, a_rerun_sends_the_same_parts)
{
	static const size_t culprits[] = {3, 17, 18};
	struct batch_rig *whole = rig_new(37), *r;

	for (size_t i = 0; i < 3; i++)
		whole->bad[culprits[i]] = true;
	while (step(whole))
		;
	cr_assert_lt(whole->requests, REQUESTS_MAX);
	for (size_t kill = 0; kill < whole->requests; kill++) {
		r = rig_new(37);
		memcpy(r->bad, whole->bad, sizeof(r->bad));
		while (r->requests < kill && step(r))
			;
		restart(r);
		while (step(r))
			;
		check_taken(r);
		cr_assert_eq(r->requests, whole->requests, "killed at %zu", kill);
		cr_expect_arr_eq(r->paths, whole->paths, sizeof(r->paths));
		rig_free(r);
	}
	rig_free(whole);
}

/*
 * Record 1 is wanted later, 6 is bad: the first half of the first half ends the round,
 * and what is behind it waits. In the next round the whole is halved again.
 */
Test(parts, later_ends_the_round)
{
	static const char *const want[] = {"3", "3.0", /* and in the next run: */
	    "3.2.1", "3.2.1.0", "3.2.1.1", "3.2.1.1.0", "3.2.1.1.1", "3.2.1.1.1.0",
	    "3.2.1.1.1.1"};
	struct batch_rig *r = rig_new(8);

	r->later[1] = r->bad[6] = true;
	while (step(r))
		;
	cr_expect_eq(r->requests, 2);
	cr_expect_eq(r->parts.round, 1);
	r->later[1] = false;
	restart(r);
	while (step(r))
		;
	check_taken(r);
	CHECK_PATHS(r, want);
	rig_free(r);
}

/* Two of 64 wanted later, far from the middle: no half is sent that is the whole. */
Test(parts, a_later_round_halves_what_it_has)
{
	struct batch_rig *r = rig_new(64);

	r->later[60] = r->later[61] = true;
	while (step(r))
		;
	cr_expect_eq(r->requests, 1);
	r->later[60] = r->later[61] = false;
	r->bad[61] = true;
	restart(r);
	while (step(r))
		restart(r);
	check_taken(r);
	cr_expect_eq(r->requests, 4);
	cr_expect_str_eq(r->paths[1], "3.2.1");
	cr_expect_str_eq(r->paths[2], "3.2.1.1.1.1.1.0.0");
	cr_expect_str_eq(r->paths[3], "3.2.1.1.1.1.1.0.1");
	rig_free(r);
}

Test(parts, the_longest_name_fits)
{
	struct parts p = {.round = UINT16_MAX};
	struct part part = {.lo = 0, .hi = 1, .bits = "01010101010101"};
	char path[BATCH_PATH_SIZE];

	parts_path(&p, UINT64_MAX, &part, path);
	cr_expect_str_eq(
	    path, "18446744073709551615.2.65535.0.1.0.1.0.1.0.1.0.1.0.1.0.1");
}
