/* P6: which batch waits for which. */
#include "tests/unit/changes_rig.h"

TestSuite(changes_order, .init = setup, .fini = teardown);

struct order {
	struct row row;
	uint64_t after; /* the batch it waits for; each row is a batch */
};

static void
expect_order(const struct order *rows, size_t n)
{
	conf.batch_records = 1;
	begin();
	for (size_t i = 0; i < n; i++)
		cr_assert_eq(add(&rows[i].row, i + 2), 0, "%s", e.msg);
	end();
	for (size_t i = 0; i < n; i++) {
		cr_assert(next());
		cr_expect_eq(frame.number, i + 1);
		cr_expect_eq(frame.after, rows[i].after, "batch %zu waits for %llu",
		    i + 1, (unsigned long long)frame.after);
	}
	cr_expect_not(next());
}

/* P6: in order by record, and after what a record refers to. */
Test(changes_order, a_batch_waits_for_what_it_refers_to)
{
	static const struct order rows[] = {
	    {{"patient", "7", {"preferred_name", "A"}, 0, OP_PUT}, 0},
	    {{"patient", "8", {"preferred_name", "A"}, 0, OP_PUT}, 0},
	    {{"appointment", "A1", {"patient_id", "7"}, 0, OP_PUT}, 1},
	    {{"appointment", "A2", {"patient_id", "none"}, 0, OP_PUT}, 0},
	    {{"patient", "7", {"preferred_name", "B"}, 0, OP_PUT}, 1},
	    {{"location", "7", {"name", "x"}, 0, OP_PUT}, 0},
	    {{"appointment", "A3", {"patient_id", "8", "location_id", "7"}, 0, OP_PUT},
		6},
	    {{"appointment", "A1", {"patient_id", "8"}, 0, OP_PUT}, 3},
	    {{"practitioner", "P", {"email", "x"}, 0, OP_PATCH}, 0},
	    {{"appointment", "A4", {"practitioner_id", "P"}, 0, OP_PUT}, 9},
	    {{"patient", "9", {"retired_id", "7"}, 0, OP_MERGE}, 5},
	};

	expect_order(rows, COUNT(rows));
}

Test(changes_order, waits_for_all_that_it_refers_to)
{
	static const struct order rows[] = {
	    {{"patient", "7", {"preferred_name", "A"}, 0, OP_PUT}, 0},
	    {{"slot", "S", {"comment", "A"}, 0, OP_PUT}, 0},
	    {{"appointment", "A1",
		 {"patient_id", "7", "practitioner.id", "P1", "practitioner.id", "P2",
		     "practitioner.id", "P3", "practitioner_id", "P1", "location_id", "L",
		     "slot_id", "S"},
		 0, OP_PUT},
		2},
	};

	expect_order(rows, COUNT(rows));
}

/* Where the API takes records one by one, the order within a batch counts as well. */
Test(changes_order, a_record_refers_to_one_before_it_in_its_batch)
{
	static const struct {
		struct row row;
		uint64_t batch;
		bool refers;
	} rows[] = {
	    {{"patient", "7", {"preferred_name", "A"}, 0, OP_PUT}, 1, false},
	    {{"appointment", "A1", {"patient_id", "7"}, 0, OP_PUT}, 1, true},
	    {{"appointment", "A2", {"patient_id", "none"}, 0, OP_PUT}, 1, false},
	    {{"appointment", "A3", {"slot_id", "S", "patient_id", "7"}, 0, OP_PUT}, 1,
		true},
	    {{"patient", "7", {"preferred_name", "B"}, 0, OP_PUT}, 2, false},
	    {{"appointment", "A4", {"patient_id", "7"}, 0, OP_PUT}, 2, true},
	    {{"patient", "8", {"preferred_name", "A"}, 0, OP_PUT}, 2, false},
	    {{"patient", "9", {"retired_id", "8"}, 0, OP_MERGE}, 2, true},
	    {{"appointment", "A5", {"patient_id", "9"}, 0, OP_PUT}, 2, true},
	};
	size_t k = 0;

	begin();
	for (size_t i = 0; i < COUNT(rows); i++)
		cr_assert_eq(add(&rows[i].row, i + 2), 0, "%s", e.msg);
	end();
	while (next())
		for (size_t m = 0; m < frame.n; m++, k++) {
			cr_assert_lt(k, COUNT(rows));
			cr_expect_eq(frame.number, rows[k].batch, "row %zu", k + 1);
			cr_expect_eq(
			    frame.records[m].refers, rows[k].refers, "row %zu", k + 1);
		}
	cr_expect_eq(k, COUNT(rows));
}

/* A put and a patch of the same record are two changes of one record. */
Test(changes_order, put_and_patch_of_one_record_stay_in_order)
{
	static const struct order rows[] = {
	    {{"patient", "7", {"preferred_name", "A"}, 0, OP_PUT}, 0},
	    {{"patient", "7", {"email", "x"}, 0, OP_PATCH}, 1},
	    {{"patient", "7", {"preferred_name", "B"}, 0, OP_PUT}, 2},
	};

	expect_order(rows, COUNT(rows));
}

/*
 * P6: the API may want the first of two changes of one record later, so they never
 * stand in one batch. A touch is not sent, and may stand behind its change.
 */
Test(changes_order, two_changes_of_one_record_never_stand_in_one_batch)
{
	static const struct {
		const char *name;
		struct row rows[4];
		struct {
			uint64_t batch, after;
		} want[4]; /* of each row that gives an entry; after: its batch's */
	} cases[] = {
	    {"changed there and back",
		{{"patient", "7", {"preferred_name", "A"}, 0, OP_PUT},
		    {"patient", "7", {"preferred_name", "B"}, 0, OP_PUT},
		    {"patient", "7", {"preferred_name", "A"}, 0, OP_PUT},
		    {"patient", "8", {"preferred_name", "A"}, 0, OP_PUT}},
		{{1, 0}, {2, 1}, {3, 2}, {3, 2}}},
	    {"others before it stay where they are",
		{{"patient", "1", {"preferred_name", "A"}, 0, OP_PUT},
		    {"patient", "2", {"preferred_name", "A"}, 0, OP_PUT},
		    {"patient", "3", {"preferred_name", "A"}, 0, OP_PUT},
		    {"patient", "1", {"preferred_name", "B"}, 0, OP_PUT}},
		{{1, 0}, {1, 0}, {1, 0}, {2, 1}}},
	    {"put, then patched",
		{{"patient", "7", {"preferred_name", "A"}, 0, OP_PUT},
		    {"patient", "7", {"email", "x"}, 0, OP_PATCH}},
		{{1, 0}, {2, 1}}},
	    {"patched, then put",
		{{"patient", "7", {"email", "x"}, 0, OP_PATCH},
		    {"patient", "7", {"preferred_name", "A"}, 0, OP_PUT}},
		{{1, 0}, {2, 1}}},
	    {"put, then removed",
		{{"patient", "7", {"preferred_name", "A"}, 0, OP_PUT},
		    {"patient", "7", {NULL}, 0, OP_DELETE}},
		{{1, 0}, {2, 1}}},
	    {"touched, then changed",
		{{"patient", "7", {"preferred_name", "A"}, SEC(10), OP_PUT},
		    {"patient", "7", {"preferred_name", "A"}, SEC(20), OP_PUT},
		    {"patient", "7", {"preferred_name", "B"}, SEC(30), OP_PUT}},
		{{1, 0}, {1, 0}, {2, 1}}},
	    {"another type of the same id",
		{{"patient", "7", {"preferred_name", "A"}, 0, OP_PUT},
		    {"location", "7", {"name", "A"}, 0, OP_PUT}},
		{{1, 0}, {1, 0}}},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		size_t n = 0, k = 0;

		while (n < 4 && cases[i].rows[n].type != NULL)
			n++;
		begin();
		add_all(cases[i].rows, n);
		end();
		while (next())
			for (size_t m = 0; m < frame.n; m++, k++) {
				cr_assert_lt(k, n, "%s", cases[i].name);
				cr_expect_eq(frame.number, cases[i].want[k].batch,
				    "%s: row %zu", cases[i].name, k + 1);
				cr_expect_eq(frame.after, cases[i].want[k].after,
				    "%s: row %zu", cases[i].name, k + 1);
			}
		cr_expect_eq(k, n, "%s", cases[i].name);
	}
}

Test(changes_order, within_a_batch_order_is_enough)
{
	static const struct row rows[] = {
	    {"patient", "7", {"preferred_name", "A"}, 0, OP_PUT},
	    {"appointment", "A1", {"patient_id", "7"}, 0, OP_PUT}};

	begin();
	add_all(rows, 2);
	end();
	cr_assert(next());
	cr_expect_eq(frame.n, 2);
	cr_expect_eq(frame.after, 0);
}
