/* The audit trail, and what people decide, which it tells of. */
#include "tests/unit/ledger_rig.h"
#include "state/controls.h"

static int64_t
noon(void *self)
{
	(void)self;
	return INT64_C(1795694400123); /* 2026-11-26T12:00:00.123Z, by `date -d` */
}

static const struct clock clock = {.wall = noon, .mono = noon};
static const struct auditor auditor = {
    &clock, "01M8CE5T091CN517R0HXVSWK4E", 1000, "ann", "emrdrop@north.service"};

static void
setup(void)
{
	rig_init();
	ledger_audit_by(l, &auditor);
}

TestSuite(audit, .init = setup, .fini = rig_release);

static void
pause_feed(const char *feed, int64_t since)
{
	const struct audit_act act = {
	    .act = since != 0 ? "feed-paused" : "feed-resumed", .feed = feed};

	cr_assert_eq(ledger_pause_put(l, feed, since, &act, &e), 0, "%s", e.msg);
}

struct lines {
	char text[1024];
	size_t n, bad;
};

static int
collect(void *arg, const struct audit_line *a)
{
	struct lines *all = arg;

	all->n++;
	all->bad += !a->good;
	snprintf(all->text, sizeof(all->text), "%.*s", (int)a->json.n, a->json.p);
	return 0;
}

static void
expect_trail(size_t n, size_t bad, bool want_whole)
{
	struct lines got = {.n = 0};
	bool whole = !want_whole;

	cr_assert_eq(ledger_audit_each(l, collect, &got, &whole, &e), 0, "%s", e.msg);
	cr_expect_eq(got.n, n, "%zu lines", got.n);
	cr_expect_eq(got.bad, bad, "%zu bad", got.bad);
	cr_expect_eq(whole, want_whole);
}

Test(audit, a_line_says_who_did_what_and_when)
{
	struct lines got = {.n = 0};
	struct audit_head head;
	bool whole;

	cr_assert_eq(ledger_audit_head(l, &head, &e), 0);
	cr_expect_eq(head.number, 0);
	expect_trail(0, 0, true);
	pause_feed("north", 5);
	cr_assert_eq(ledger_audit_each(l, collect, &got, &whole, &e), 0);
	cr_expect_str_eq(got.text,
	    "{\"number\":1,\"at\":\"2026-11-26T12:00:00.123Z\",\"act\":\"feed-paused\","
	    "\"feed\":\"north\",\"run\":\"01M8CE5T091CN517R0HXVSWK4E\",\"uid\":1000,"
	    "\"sudo_user\":\"ann\",\"unit\":\"emrdrop@north.service\"}");
	cr_assert_eq(ledger_audit_head(l, &head, &e), 0);
	cr_expect_eq(head.number, 1);
}

static void
take_out(uint64_t number)
{
	struct txn *t = l->ops->begin(l->store, true, &e);
	struct key k;

	key_init(&k);
	key_u64(&k, number);
	cr_assert_eq(l->ops->del(t, TABLE_AUDIT, key_span(&k), &e), 0);
	cr_assert_eq(l->ops->commit(t, &e), 0);
}

Test(audit, what_was_taken_out_or_cut_off_shows)
{
	for (int i = 1; i <= 6; i++)
		pause_feed("north", i % 2);
	expect_trail(6, 0, true);
	take_out(6);
	expect_trail(5, 0, false);
	pause_feed("north", 1);
	expect_trail(6, 1, false);
	take_out(2);
	expect_trail(5, 2, false);
	take_out(1);
	expect_trail(4, 2, false);
}

Test(audit, a_line_that_was_changed_is_damage)
{
	struct lines got = {.n = 0};
	bool whole;

	pause_feed("north", 1);
	rig_damage(TABLE_AUDIT, 20);
	cr_expect_eq(ledger_audit_each(l, collect, &got, &whole, &e), -1);
	cr_expect_eq(e.code, ERR_LEDGER);
}

/* The trail is as old as what it tells of: neither without the other. */
Test(audit, a_control_and_its_line_are_one_commit)
{
	int64_t since;

	pause_feed("north", 77);
	rig_damage(TABLE_META, 0);
	for (size_t i = 0; i < 8; i++)
		rig_damage(TABLE_META, i);
	cr_expect_eq(ledger_pause_put(l, "north", 0,
			 &(struct audit_act){.act = "feed-resumed", .feed = "north"}, &e),
	    -1);
	cr_assert_eq(ledger_pause_get(l, "north", &since, &e), 0);
	cr_expect_eq(since, 77);
}

Test(audit, pauses)
{
	int64_t since;

	cr_assert_eq(ledger_pause_get(l, "north", &since, &e), 0);
	cr_expect_eq(since, 0);
	pause_feed("north", 77);
	rig_reopen();
	cr_assert_eq(ledger_pause_get(l, "north", &since, &e), 0);
	cr_expect_eq(since, 77);
	cr_assert_eq(ledger_pause_get(l, "south", &since, &e), 0);
	cr_expect_eq(since, 0);
	ledger_audit_by(l, &auditor);
	pause_feed("north", 0);
	cr_assert_eq(ledger_pause_get(l, "north", &since, &e), 0);
	cr_expect_eq(since, 0);
	expect_trail(2, 0, true);
}

/* For one content in one feed; and it goes with the file's conclusion. */
Test(audit, decisions)
{
	struct file_entry f = {.id = {{1}}, .feed = "north"}, other = f;
	const struct audit_act act = {.act = "hold-approved", .feed = "north"};
	enum decision d;

	f.sha256[0] = 9;
	cr_expect_eq(ledger_decision_get(l, "north", f.sha256, &d, &e), 0);
	cr_assert_eq(ledger_decide(l, &f, DECISION_APPROVE, &act, &e), 0);
	cr_expect_eq(ledger_decision_get(l, "north", f.sha256, &d, &e), 1);
	cr_expect_eq(d, DECISION_APPROVE);
	cr_expect_eq(ledger_decision_get(l, "south", f.sha256, &d, &e), 0);
	cr_expect_eq(ledger_decision_get(l, "north", other.sha256, &d, &e), 0);
	cr_assert_eq(ledger_decide(l, &f, DECISION_DISCARD, &act, &e), 0);
	cr_expect_eq(ledger_decision_get(l, "north", f.sha256, &d, &e), 1);
	cr_expect_eq(d, DECISION_DISCARD);
	cr_assert_eq(ledger_conclude(l,
			 &(struct conclusion){.file = &f,
			     .decided = true,
			     .audit = {.act = "file-discarded", .feed = "north"}},
			 &e),
	    0);
	cr_expect_eq(ledger_decision_get(l, "north", f.sha256, &d, &e), 0);
	expect_trail(3, 0, true);
}

Test(audit, changed_settings_are_told_once)
{
	const struct digest one = {{1}}, two = {{2}};
	const struct audit_act act = {.act = "settings-changed", .feed = "north"};

	cr_expect_eq(ledger_settings_note(l, "north", &one, &act, &e), 1);
	cr_expect_eq(ledger_settings_note(l, "north", &one, &act, &e), 0);
	cr_expect_eq(ledger_settings_note(l, "south", &one, &act, &e), 1);
	cr_expect_eq(ledger_settings_note(l, "north", &two, &act, &e), 1);
	cr_expect_eq(ledger_settings_note(l, "north", &two, &act, &e), 0);
	expect_trail(3, 0, true);
}
