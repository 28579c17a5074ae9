#include "state/files_impl.h"
#include "state/watch_impl.h"
#include "tests/unit/ledger_rig.h"

#define T0 INT64_C(1700000000000)

static uint32_t scope;
static struct store_ops counting;
static int commits;

static int
count_commit(struct txn *t, struct err *why)
{
	commits++;
	return store_lmdb.commit(t, why);
}

static void
setup(void)
{
	rig_init();
	cr_assert_eq(ledger_scope_get(l, "northside", true, &scope, &e), 0);
	counting = *l->ops;
	counting.commit = count_commit;
	l->ops = &counting;
}

TestSuite(looks, .init = setup, .fini = rig_release);

static void
note(const char *feed, int64_t at)
{
	const struct look_note look = {
	    scope, at, {3, at - 7, 2, 4, at - 9, WAITS_MARKER}};

	cr_assert_eq(ledger_look_note(l, feed, &look, &e), 0, "%s", e.msg);
}

static struct feed_state
feed(const char *name)
{
	struct feed_state f;

	cr_assert_eq(ledger_feed_get(l, name, &f, &e), 0, "%s", e.msg);
	return f;
}

Test(looks, are_known_before_they_are_committed)
{
	note("north", T0);
	note("north", T0 + 1);
	cr_expect_eq(commits, 0);
	cr_expect_eq(feed("north").last_look, T0 + 1);
	cr_expect_eq(feed("north").scope, scope);
	cr_expect_eq(feed("north").next_pass, 1);
	cr_expect_eq(feed("north").finds.old_since, T0 - 6);
	cr_expect_eq(feed("south").last_look, 0);
}

Test(looks, go_with_a_ledger_that_is_closed)
{
	note("north", T0);
	rig_reopen();
	cr_expect_eq(feed("north").last_look, 0);
	cr_expect_eq(feed("north").scope, 0);
}

Test(looks, of_many_feeds_are_one_commit)
{
	char name[20];

	for (int i = 0; i < 50; i++) {
		snprintf(name, sizeof(name), "clinic_%d", i);
		note(name, T0 + i);
	}
	cr_assert_eq(ledger_looks_keep(l, &e), 0, "%s", e.msg);
	cr_assert_eq(ledger_looks_keep(l, &e), 0, "nothing waits any more");
	cr_expect_eq(commits, 1);
	rig_reopen();
	for (int i = 0; i < 50; i++) {
		snprintf(name, sizeof(name), "clinic_%d", i);
		cr_expect_eq(feed(name).last_look, T0 + i);
		cr_expect_eq(feed(name).scope, scope);
	}
}

/* Whatever is committed next takes them with it, and undoes nothing of its own. */
Test(looks, go_with_another_commit)
{
	struct feed_state f = {.name = "north", .scope = scope, .next_pass = 7};

	cr_assert_eq(rig_feed_put(&f), 0);
	note("north", T0);
	note("south", T0 + 1);
	f = feed("north");
	f.files = 3;
	commits = 0;
	cr_assert_eq(rig_feed_put(&f), 0);
	cr_expect_eq(commits, 1);
	rig_reopen();
	cr_expect_eq(feed("north").last_look, T0);
	cr_expect_eq(feed("north").files, 3);
	cr_expect_eq(feed("north").next_pass, 7);
	cr_expect_eq(feed("north").finds.old_markers, 3);
	cr_expect_eq(feed("north").finds.old_since, T0 - 7);
	cr_expect_eq(feed("north").finds.bad_names, 2);
	cr_expect_eq(feed("north").finds.waiting, 4);
	cr_expect_eq(feed("north").finds.since, T0 - 9);
	cr_expect_eq(feed("north").finds.what, WAITS_MARKER);
	cr_expect_eq(feed("south").last_look, T0 + 1);
}

/* The feed's lock was free meanwhile: another run has looked, and delivered. */
Test(looks, are_not_newer_than_what_another_process_saw)
{
	struct feed_state f = {.name = "north", .scope = scope, .last_look = T0 - 1};
	struct act a;

	cr_assert_eq(rig_feed_put(&f), 0);
	note("north", T0);
	note("south", T0);
	f.last_look = T0 + 5;
	f.scope = scope + 1;
	f.delivered = 12;
	/* As another process would: past what waits here. */
	cr_assert_eq(act_begin(&a, l, true, &e), 0);
	cr_assert_eq(feed_write(&a, &f), 0);
	cr_assert_eq(l->ops->commit(a.txn, &e), 0);
	cr_expect_eq(feed("north").last_look, T0 + 5);
	cr_assert_eq(ledger_looks_keep(l, &e), 0, "%s", e.msg);
	cr_expect_eq(feed("north").last_look, T0 + 5);
	cr_expect_eq(feed("north").scope, scope + 1);
	cr_expect_eq(feed("north").finds.bad_names, 0, "they saw none");
	cr_expect_eq(feed("north").delivered, 12);
	cr_expect_eq(feed("south").last_look, T0);
}

static struct figures
figures(const char *feed)
{
	struct figures f;

	cr_assert_eq(ledger_figures_get(l, feed, &f, &e), 0, "%s", e.msg);
	return f;
}

static void
count(const char *feed, int64_t at)
{
	const struct figures run = {
	    .runs = 1, .total_ms = 10, .last_ms = 10, .last_run = at};

	cr_assert_eq(ledger_figures_note(l, feed, &run, &e), 0, "%s", e.msg);
}

Test(looks, wait_together_with_figures)
{
	count("north", T0);
	note("north", T0);
	count("north", T0 + 7);
	count("south", T0);
	cr_expect_eq(figures("north").runs, 2);
	cr_expect_eq(commits, 0);
	cr_assert_eq(ledger_looks_keep(l, &e), 0, "%s", e.msg);
	cr_expect_eq(commits, 1);
	rig_reopen();
	cr_expect_eq(figures("north").runs, 2);
	cr_expect_eq(figures("north").total_ms, 20);
	cr_expect_eq(figures("north").last_ms, 10);
	cr_expect_eq(figures("north").last_run, T0 + 7);
	cr_expect_eq(feed("north").last_look, T0);
	cr_expect_eq(figures("south").runs, 1);
	cr_expect_eq(feed("south").scope, 0, "it was not listed");
}

/* Two processes run one feed, one after the other: both count, whoever commits first. */
Test(looks, add_to_the_figures_of_another_process)
{
	const struct figures theirs = {.runs = 1, .delivered = 12, .last_success = T0};
	struct act a;

	count("north", T0 + 1);
	cr_assert_eq(act_begin(&a, l, true, &e), 0);
	cr_assert_eq(figures_write(&a, "north", &theirs), 0);
	cr_assert_eq(l->ops->commit(a.txn, &e), 0);
	cr_expect_eq(figures("north").runs, 2);
	cr_assert_eq(ledger_looks_keep(l, &e), 0, "%s", e.msg);
	cr_expect_eq(figures("north").runs, 2);
	cr_expect_eq(figures("north").delivered, 12);
	cr_expect_eq(figures("north").last_success, T0, "ours was none");
}

/* They wait on, for a commit that comes through. */
Test(looks, outlive_a_commit_that_fails)
{
	struct feed_state f;

	note("north", T0);
	f = feed("north");
	cr_assert_eq(ledger_looks_keep(l, &e), 0);
	note("north", T0 + 1);
	rig_damage(TABLE_FEEDS, 3);
	e.code = ERR_NONE;
	cr_expect_eq(ledger_looks_keep(l, &e), -1);
	cr_expect_eq(e.code, ERR_LEDGER);
	rig_damage(TABLE_FEEDS, 3);
	cr_expect_eq(ledger_looks_keep(l, &e), 0, "%s", e.msg);
	cr_expect_eq(feed("north").last_look, f.last_look + 1);
}
