/* What does not come as news: files' own times stand in for event times, and retries. */
#include "tests/unit/changes_rig.h"

TestSuite(changes_old, .init = setup, .fini = teardown);

/* A file of that time, with one row: how it is judged. */
static const struct changes_counts *
judge(int64_t file_at, bool old, const struct row *row)
{
	conf.file_at = file_at;
	conf.old = old;
	begin();
	add_all(row, 1);
	end();
	return changes_counts(c);
}

static void
deliver_at(int64_t file_at, const char *text)
{
	const struct row row = patient("1", text, 0);

	conf.file_at = file_at;
	conf.old = false;
	deliver_rows(&row, 1, OUTCOME_TAKEN);
}

Test(changes_old, the_files_time_stands_in)
{
	const struct row b = patient("1", "B", 0), c_row = patient("1", "C", 0),
			 other = patient("2", "B", 0);

	deliver_at(100, "A");
	deliver_at(200, "B");
	cr_expect_eq(judge(150, true, &c_row)->stale, 1, "older than what is known");
	cr_expect_eq(judge(150, true, &b)->stale, 1, "even if it says the same");
	cr_expect_eq(judge(150, true, &other)->changed, 1, "nothing is known of it");
	cr_expect_eq(judge(250, true, &c_row)->changed, 1, "newer");
	cr_expect_eq(judge(200, true, &c_row)->changed, 1, "of the same time: not older");
	cr_expect_eq(judge(150, false, &c_row)->changed, 1, "news is news");
	cr_expect_eq(judge(TIME_NONE, true, &c_row)->changed, 1, "a time nobody knows");
}

/* What was delivered stays as old as the file that changed it last; nothing is touched. */
Test(changes_old, an_unchanged_row_moves_no_time)
{
	const struct row a = patient("1", "A", 0), b = patient("1", "B", 0);

	deliver_at(100, "A");
	cr_expect_eq(judge(300, false, &a)->unchanged, 1);
	cr_expect_eq(changes_counts(c)->batches, 0);
	cr_expect_eq(judge(200, true, &b)->changed, 1);
}

/* Of records that have an event time, or could have one, the file's says nothing. */
Test(changes_old, event_times_come_first)
{
	const struct row timed = patient("1", "A", 50), newer = patient("1", "B", 60);

	conf.file_at = 1000;
	deliver_rows(&timed, 1, OUTCOME_TAKEN);
	rows_timed = true;
	cr_expect_eq(judge(10, true, &newer)->changed, 1);
	cr_expect_eq(
	    judge(10, true,
		&(struct row){"patient", "1", {"preferred_name", "C"}, 0, OP_PUT})
		->changed,
	    1, "its row has none: nothing is older");
}

Test(changes_old, a_retry_sends_what_is_refused_still)
{
	const struct row rows[] = {patient("1", "A", 0), patient("2", "A", 0),
	    patient("3", "A", 0), patient("4", "A", 0)};
	const struct row newer = patient("2", "B", 0), taken = patient("3", "C", 0);

	deliver_rows(rows, 3, OUTCOME_REFUSED);
	deliver_rows(&newer, 1, OUTCOME_REFUSED);
	deliver_rows(&taken, 1, OUTCOME_TAKEN);
	conf.old = conf.refused_only = true;
	begin();
	add_all(rows, 4);
	end();
	cr_expect_eq(changes_counts(c)->changed, 1);
	cr_expect_eq(
	    changes_counts(c)->stale, 3, "refused anew, taken since, never sent");
	cr_expect_eq(changes_counts(c)->refused, 0);
	cr_expect_eq(changes_counts(c)->otherwise, 1, "refused anew");
	cr_assert(next());
	cr_assert_eq(frame.n, 1);
	cr_expect(span_eq(frame.records[0].entry.id, SPAN_LIT("1")));
	deliver_rows(rows, 4, OUTCOME_TAKEN);
	begin();
	add_all(rows, 4);
	end();
	cr_expect_eq(changes_counts(c)->changed, 0);
	cr_expect_eq(changes_counts(c)->unchanged, 1);
	conf.refused_only = false;
	conf.old = false;
	begin();
	add_all(&rows[1], 1);
	end();
	cr_expect_eq(changes_counts(c)->otherwise, 0, "no retry");
}
