#include "base/record.h"
#include "tests/unit/whole_rig.h"

#define DAY  INT64_C(86400000)
#define KEEP (400 * DAY)
#define T0   WHOLE_AT

static uint32_t other_scope;

static void
setup(void)
{
	rig_init();
	cr_assert_eq(ledger_scope_get(l, "elsewhere", true, &other_scope, &e), 0);
	cr_assert_eq(ledger_scope_get(l, "northside", true, &whole_scope, &e), 0);
	whole_put_feed("north");
	whole_put_feed("south");
}

static int
fail_mismatch(void *arg, const struct mismatch *m)
{
	(void)arg;
	cr_expect(false, "%s, %s: %s", m->table, m->where, m->what);
	return 0;
}

/* Whatever was forgotten, what is left refers to nothing that is gone. */
static void
expect_sound(void)
{
	const struct mismatch_visitor each = {fail_mismatch, NULL};
	struct verified n;

	cr_expect_eq(ledger_verify(l, &each, &n, &e), 0, "%s", e.msg);
}

static void
teardown(void)
{
	expect_sound();
	whole_release();
}

TestSuite(retention, .init = setup, .fini = teardown);

static const char *
listed_name(void *arg, size_t index)
{
	return ((const char *const *)arg)[index];
}

static struct retention
at(int64_t now)
{
	return (struct retention){"north", whole_scope, now, KEEP};
}

static int
due(int64_t now)
{
	const struct retention r = at(now);

	return ledger_retain_due(l, &r, &e);
}

/* One run's share, with this one name in the drop, or none. */
static void
retain_with(int64_t now, const char *name)
{
	const struct retention r = at(now);
	const struct listing listing = {listed_name, &name, name != NULL};

	cr_assert_eq(ledger_retain(l, &r, &listing, &e), 0, "%s", e.msg);
}

static void
retain(int64_t now)
{
	retain_with(now, NULL);
}

static bool
has_file(const struct digest *id)
{
	struct file_entry f;
	int r = ledger_file_get(l, id, &f, &e);

	cr_assert_geq(r, 0, "%s", e.msg);
	return r == 1;
}

static bool
has_name(const char *feed, const char *name)
{
	struct name_entry n;
	int r = ledger_name_get(l, feed, name, &n, &e);

	cr_assert_geq(r, 0, "%s", e.msg);
	return r == 1;
}

/* A file with all that goes with it, as it was read at this time. */
static struct digest
put_all(const char *feed, const char *name, int64_t when)
{
	struct digest id = whole_put_file(feed, name, when);
	char ulid[ULID_SIZE];

	ulid_make(when, ulid);
	whole_put_run(ulid, feed, &id);
	whole_put_name(feed, name, NAME_DONE, when, &id);
	return id;
}

Test(retention, is_due_when_something_has_become_old)
{
	cr_expect_eq(due(T0), 1, "nobody has looked yet");
	retain(T0);
	cr_expect_eq(due(T0), 0);
	put_all("north", "a.csv", T0 + DAY);
	cr_expect_eq(due(T0 + KEEP - 1), 0, "nothing can be old before");
	cr_expect_eq(due(T0 + KEEP), 1);
	retain(T0 + KEEP);
	cr_expect_eq(whole_count(TABLE_FILES), 1);
	cr_expect_eq(due(T0 + KEEP + DAY - 1), 0);
	cr_expect_eq(due(T0 + KEEP + DAY), 1);
	retain(T0 + KEEP + DAY);
	cr_expect_eq(whole_count(TABLE_FILES), 0);
	cr_expect_eq(due(T0 + KEEP + 30 * DAY), 0);
}

/* One sweep by a clock that was ahead keeps no later one from being due. */
Test(retention, a_clock_may_go_back)
{
	retain(T0 + 10 * KEEP);
	cr_expect_eq(due(T0), 1);
	retain(T0);
	cr_expect_eq(due(T0), 0);
}

/* As soon as `keep` is shortened. */
Test(retention, a_shorter_keep_counts_at_once)
{
	struct retention r = at(T0 + 40 * DAY);
	struct digest id = put_all("north", "a.csv", T0);

	retain(T0);
	cr_expect_eq(ledger_retain_due(l, &r, &e), 0);
	r.keep = 40 * DAY;
	cr_expect_eq(ledger_retain_due(l, &r, &e), 1);
	cr_assert_eq(ledger_retain(l, &r, &(struct listing){.n = 0}, &e), 0);
	cr_expect_not(has_file(&id));
}

Test(retention, old_files_go_with_their_problems_runs_and_names)
{
	struct digest old = put_all("north", "a.csv", T0);
	struct digest young = put_all("north", "b.csv", T0 + DAY);
	struct file_header h = {whole_header("A"), whole_header("B"), false};

	cr_assert_eq(ledger_file_header_put(l, &old, &h, &e), 0);
	cr_assert_eq(ledger_file_header_put(l, &young, &h, &e), 0);
	file_header_release(&h);
	retain(T0 + KEEP - 1);
	cr_expect(has_file(&old));
	cr_expect_eq(whole_count(TABLE_HEADERS), 2);
	retain(T0 + KEEP + DAY - 1);
	cr_expect_not(has_file(&old));
	cr_expect_not(has_name("north", "a.csv"));
	cr_expect(has_file(&young));
	cr_expect(has_name("north", "b.csv"));
	cr_expect_eq(whole_count(TABLE_PROBLEMS), 1);
	cr_expect_eq(whole_count(TABLE_HEADERS), 1);
	cr_expect_eq(whole_count(TABLE_RUNS), 1);
}

Test(retention, other_feeds_keep_what_is_theirs)
{
	struct digest id = put_all("south", "a.csv", T0);

	retain(T0 + KEEP);
	cr_expect(has_file(&id));
	cr_expect(has_name("south", "a.csv"));
}

/* Whatever may refer to a file: it stays as long as that does. */
static struct pass elsewhere;

static void
by_pass(const struct digest *id)
{
	elsewhere = rig_pass(other_scope, 1);
	elsewhere.file = *id;
	rig_open_pass(&elsewhere);
}

static void
by_pass_no_more(const struct digest *id)
{
	(void)id;
	whole_close(&elsewhere);
}

static void
by_merge(const struct digest *id)
{
	struct entry en = whole_entry(RECORD_RETIRED, "6", "six");
	const unsigned char taken = OUTCOME_TAKEN;
	struct pass p;

	en.window = 1;
	whole_file = *id;
	p = whole_pass(1);
	rig_intent(&p, 1, &en, 1);
	rig_ack(&p, 1, &taken, 1);
	whole_close(&p);
}

/* The merge is reversed by the message of another file. */
static void
by_merge_no_more(const struct digest *id)
{
	struct entry all[] = {whole_entry(RECORD_PATIENT, "6", "six"),
	    whole_entry(RECORD_RETIRED, "6", "")};
	const unsigned char outcomes[] = {OUTCOME_TAKEN, OUTCOME_TOUCHED};
	struct pass p;

	(void)id;
	whole_file = whole_put_file("south", "later.hl7", T0 + KEEP);
	p = whole_pass(1);
	rig_intent(&p, 1, all, 2);
	rig_ack(&p, 1, outcomes, 2);
	whole_close(&p);
}

static void
by_settling(const struct digest *id)
{
	whole_settle("north", "a.csv", "/done/a.csv", id);
}

static void
by_settling_no_more(const struct digest *id)
{
	struct settling s = {.name = "a.csv", .path = "/done/a.csv"};

	(void)id;
	cr_assert_eq(ledger_settle_end(l, "north", &s, &e), 0);
}

/* The name was taken by a new file meanwhile, which nobody has read yet. */
static void
by_settling_alone(const struct digest *id)
{
	by_settling(id);
	whole_put_name("north", "a.csv", NAME_SEEN, T0 + 100 * KEEP, NULL);
}

static void
by_decision(const struct digest *id)
{
	(void)id;
	whole_decide("north", "a.csv");
}

static void
by_decision_no_more(const struct digest *id)
{
	const struct file_entry f = whole_entry_of("north", "a.csv", T0);
	const struct conclusion c = {.file = &f, .decided = true, .audit = {.act = "x"}};

	(void)id;
	cr_assert_eq(ledger_conclude(l, &c, &e), 0, "%s", e.msg);
}

static void
by_answer(const struct digest *id)
{
	whole_answer("north", id);
}

static void
by_answer_no_more(const struct digest *id)
{
	char hex[FILE_ID_HEX_SIZE], path[100];

	digest_hex(id, hex);
	snprintf(path, sizeof(path), "answers/north/%s", hex);
	cr_assert_eq(unlink(rig_path(path)), 0);
}

/* What is found again under another name keeps its first id. */
static void
by_name(const struct digest *id)
{
	whole_put_name("north", "renamed.csv", NAME_DONE, T0 + 100 * KEEP, id);
}

static void
by_name_no_more(const struct digest *id)
{
	(void)id;
	whole_put_name("north", "renamed.csv", NAME_SEEN, T0 + 100 * KEEP, NULL);
}

/* Of a retry: when it is old itself, it goes and then the file. */
static int64_t today;

static void
by_run(const struct digest *id)
{
	char ulid[ULID_SIZE];

	ulid_make(today, ulid);
	whole_put_run(ulid, "north", id);
}

static void
by_run_no_more(const struct digest *id)
{
	(void)id;
}

Test(retention, a_file_stays_as_long_as_something_refers_to_it)
{
	static const struct {
		const char *what;
		void (*begin)(const struct digest *id);
		void (*end)(const struct digest *id);
	} cases[] = {{"a pass of another source", by_pass, by_pass_no_more},
	    {"a merge", by_merge, by_merge_no_more},
	    {"a file that is put away", by_settling, by_settling_no_more},
	    {"the same, its name taken", by_settling_alone, by_settling_no_more},
	    {"a decision", by_decision, by_decision_no_more},
	    {"an answer", by_answer, by_answer_no_more},
	    {"a young name", by_name, by_name_no_more},
	    {"a young run", by_run, by_run_no_more}};

	for (size_t i = 0; i < COUNT(cases); i++) {
		int64_t now = T0 + KEEP + (int64_t)i * 2 * KEEP;
		struct digest id = whole_put_file("north", "a.csv", T0);

		today = now;
		cases[i].begin(&id);
		retain(now);
		cr_expect(has_file(&id), "%s", cases[i].what);
		expect_sound();
		cases[i].end(&id);
		retain(now + KEEP);
		cr_expect_not(has_file(&id), "%s no more", cases[i].what);
		expect_sound();
	}
}

/* Done, held and refused: as long as the drop has it, and no longer. */
Test(retention, names_stay_as_long_as_they_lie_in_the_drop)
{
	for (int s = NAME_DONE; s <= NAME_HELD; s++) {
		struct digest id = whole_put_file("north", "a.csv", T0);

		whole_put_name("north", "a.csv", (enum name_state)s, T0, &id);
		retain_with(T0 + (s + 1) * KEEP, "a.csv");
		cr_expect(has_name("north", "a.csv"));
		cr_expect(has_file(&id));
		retain_with(T0 + (s + 1) * KEEP + KEEP / 2, "b.csv");
		cr_expect(has_name("north", "a.csv"), "not due yet");
		retain_with(T0 + (s + 2) * KEEP, "b.csv");
		cr_expect_not(has_name("north", "a.csv"));
		cr_expect_not(has_file(&id));
	}
}

Test(retention, names_that_were_only_seen_go_by_their_age)
{
	whole_put_name("north", "a.csv", NAME_SEEN, T0, NULL);
	whole_put_name("north", "b.csv", NAME_SEEN, T0 + 1, NULL);
	retain(T0 + KEEP);
	cr_expect_not(has_name("north", "a.csv"));
	cr_expect(has_name("north", "b.csv"));
}

static void
deliver(const char *id, const char *content, int64_t event, enum outcome outcome)
{
	struct entry en = whole_entry(RECORD_PATIENT, id, content);
	const unsigned char one = (unsigned char)outcome;
	struct pass p;

	en.at = event;
	whole_file = whole_put_file("south", "b.csv", T0 + 10 * KEEP);
	p = whole_pass(1);
	rig_intent(&p, 1, &en, 1);
	rig_ack(&p, 1, &one, 1);
	whole_close(&p);
}

static bool
known(const char *id)
{
	return rig_known(whole_scope, id).found;
}

/* By our clock, it stays `keep` at least: what its event says may be long ago. */
Test(retention, tombstones_go_when_two_sweeps_found_them_old)
{
	retain(T0 - KEEP);
	deliver("live", "x", T0 - KEEP, OUTCOME_TAKEN);
	deliver("gone", "x", T0 - KEEP - 1, OUTCOME_TAKEN);
	deliver("gone", "", T0 - KEEP, OUTCOME_TAKEN);
	deliver("timeless", "", TIME_NONE, OUTCOME_TAKEN);
	deliver("later", "", T0 + KEEP + 1, OUTCOME_TAKEN);
	deliver("refused", "", T0 - KEEP, OUTCOME_TAKEN);
	deliver("refused", "y", T0 - KEEP + 1, OUTCOME_REFUSED);
	deliver("doubt", "", T0 - KEEP, OUTCOME_TAKEN);
	deliver("doubt", "y", T0 - KEEP + 1, OUTCOME_NONE);
	deliver("again", "", T0 - KEEP, OUTCOME_TAKEN);
	deliver("back", "", T0 - KEEP, OUTCOME_TAKEN);
	retain(T0);
	cr_expect(known("gone"));
	cr_expect_eq(rig_known(whole_scope, "gone").flags, KNOWN_TOMBSTONE | KNOWN_OLD);
	cr_expect_eq(rig_known(whole_scope, "live").flags, 0);
	retain(T0 + KEEP - 1);
	cr_expect(known("gone"), "the next sweep is not due yet");
	deliver("again", "", T0 - KEEP + 1, OUTCOME_TAKEN);
	deliver("back", "z", T0 - KEEP + 1, OUTCOME_TAKEN);
	retain(T0 + KEEP);
	cr_expect_not(known("gone"));
	cr_expect_not(known("timeless"));
	cr_expect(known("live"));
	cr_expect(known("later"));
	cr_expect(known("refused"));
	cr_expect(known("doubt"));
	cr_expect_eq(rig_known(whole_scope, "again").flags, KNOWN_TOMBSTONE | KNOWN_OLD,
	    "it was removed once more, and is as young as that");
	cr_expect_eq(rig_known(whole_scope, "back").flags, 0);
	retain(T0 + 3 * KEEP);
	cr_expect_not(known("again"));
	cr_expect_not(
	    known("later") && !(rig_known(whole_scope, "later").flags & KNOWN_OLD));
}

/* The first sweep of a source only begins to count: it comes right behind its first load. */
Test(retention, the_first_sweep_leaves_records_alone)
{
	deliver("gone", "", T0 - KEEP, OUTCOME_TAKEN);
	retain(T0);
	cr_expect_eq(rig_known(whole_scope, "gone").flags, KNOWN_TOMBSTONE);
	cr_expect_eq(due(T0 + KEEP - 1), 0);
	cr_expect_eq(due(T0 + KEEP), 1);
	retain(T0 + KEEP);
	cr_expect_eq(rig_known(whole_scope, "gone").flags, KNOWN_TOMBSTONE | KNOWN_OLD);
	retain(T0 + 2 * KEEP);
	cr_expect_not(known("gone"));
}

/* What a clock that was ahead has marked is not `keep` old when the clock is right again. */
Test(retention, tombstones_outlive_a_clock_that_was_ahead)
{
	retain(T0 - KEEP);
	deliver("timeless", "", TIME_NONE, OUTCOME_TAKEN);
	deliver("past", "", T0 - 2 * KEEP, OUTCOME_TAKEN);
	retain(T0 + 10 * KEEP);
	cr_expect_eq(rig_known(whole_scope, "past").flags, KNOWN_TOMBSTONE | KNOWN_OLD);
	retain(T0);
	cr_expect(known("timeless") && known("past"));
	cr_expect_eq(rig_known(whole_scope, "past").flags, KNOWN_TOMBSTONE);
	retain(T0 + KEEP);
	cr_expect_eq(rig_known(whole_scope, "past").flags, KNOWN_TOMBSTONE | KNOWN_OLD);
	cr_expect(known("timeless"), "it is marked, and not older than that");
	retain(T0 + 2 * KEEP);
	cr_expect_not(known("timeless") || known("past"));
}

/* The clock that is not set makes no mark older, nor is anything forgotten by it. */
Test(retention, tombstones_outlive_a_clock_of_1970)
{
	retain(T0 - KEEP);
	deliver("past", "", T0 - 2 * KEEP, OUTCOME_TAKEN);
	retain(T0);
	cr_expect_eq(due(1), 0);
	cr_expect_eq(due(KEEP), 0);
	cr_expect_eq(due(T0 + DAY), 0);
	retain(T0 - 2 * KEEP); /* years behind */
	retain(T0 + DAY);
	cr_expect(known("past"));
}

/* The number of one that is gone is not given to another. */
Test(retention, ordinals_are_given_once)
{
	uint32_t gone;

	retain(T0 - KEEP);
	deliver("a", "", T0 - KEEP, OUTCOME_TAKEN);
	gone = rig_known(whole_scope, "a").ordinal;
	retain(T0);
	retain(T0 + KEEP);
	cr_assert_not(known("a"));
	deliver("a", "x", T0 + KEEP, OUTCOME_TAKEN);
	cr_expect_gt(rig_known(whole_scope, "a").ordinal, gone);
}

Test(retention, nothing_happens_while_a_pass_is_open)
{
	struct digest id = put_all("north", "a.csv", T0), other;
	struct pass p;

	other = whole_put_file("south", "b.csv", T0 + KEEP);
	whole_file = other;
	p = whole_pass(1);
	retain(T0 + KEEP);
	cr_expect(has_file(&id));
	cr_expect(has_name("north", "a.csv"));
	cr_expect_eq(whole_count(TABLE_RUNS), 1);
	whole_close(&p);
	retain(T0 + KEEP);
	cr_expect_not(has_file(&id));
}

/* A run changes 500 of a table, and the next one goes on behind them. */
Test(retention, a_long_sweep_goes_on_in_the_next_runs)
{
	size_t runs = 0, before, left = 1100;
	char name[20];

	for (size_t i = 0; i < left; i++) {
		snprintf(name, sizeof(name), "%zu.csv", i);
		whole_put_name("north", name, NAME_SEEN, T0, NULL);
	}
	put_all("north", "a.csv", T0);
	for (; whole_count(TABLE_NAMES) > 0 && runs < 10; runs++) {
		cr_expect_eq(due(T0 + KEEP + (int64_t)runs), 1, "%zu", runs);
		before = whole_count(TABLE_NAMES);
		retain(T0 + KEEP + (int64_t)runs);
		cr_expect_leq(before - whole_count(TABLE_NAMES), 500);
		cr_expect_lt(whole_count(TABLE_NAMES), before);
	}
	cr_expect_eq(runs, 3);
	cr_expect_eq(whole_count(TABLE_FILES), 0, "names first, then what they refer to");
	cr_expect_eq(due(T0 + KEEP + (int64_t)runs), 0);
}

/* A sweep by a clock that is ahead is under way when the clock is put right. */
Test(retention, a_sweep_of_a_clock_that_was_ahead_goes_no_further)
{
	char name[20];
	size_t files;

	retain(T0 - KEEP);
	deliver("past", "", T0 - 2 * KEEP, OUTCOME_TAKEN);
	for (size_t i = 0; i < 1100; i++) {
		snprintf(name, sizeof(name), "%zu.csv", i);
		whole_put_name("north", name, NAME_SEEN, T0, NULL);
	}
	put_all("north", "a.csv", T0);
	files = whole_count(TABLE_FILES);
	retain(T0 + 10 * KEEP);
	cr_expect_eq(whole_count(TABLE_NAMES), 601, "a slice of it");
	for (int64_t run = 1; run < 5; run++)
		retain(T0 + run);
	cr_expect_eq(whole_count(TABLE_NAMES), 601, "and no more");
	cr_expect_eq(whole_count(TABLE_FILES), files);
	cr_expect_eq(whole_count(TABLE_RUNS), 1);
	cr_expect_eq(due(T0 + 5), 0);
	cr_expect(known("past"));
}

/* So that the ledger is sound in the end. */
static void
forget_sweep(const struct key *k)
{
	struct txn *t = l->ops->begin(l->store, true, &e);

	cr_assert_eq(l->ops->del(t, TABLE_META, key_span(k), &e), 0);
	cr_assert_eq(l->ops->commit(t, &e), 0);
}

Test(retention, damage_is_told)
{
	const struct retention r = at(T0 + KEEP);
	struct key k;

	whole_put_name("north", "a.csv", NAME_SEEN, T0, NULL);
	rig_damage(TABLE_NAMES, 3);
	e.code = ERR_NONE;
	cr_expect_eq(ledger_retain(l, &r, &(struct listing){.n = 0}, &e), -1);
	cr_expect_eq(e.code, ERR_LEDGER);
	rig_damage(TABLE_NAMES, 3);
	key_init(&k);
	key_bytes(&k, "sweep-feed north", 16);
	rig_put_raw(TABLE_META, key_span(&k), SPAN_LIT("nonsense"));
	e.code = ERR_NONE;
	cr_expect_eq(ledger_retain_due(l, &r, &e), -1);
	cr_expect_eq(e.code, ERR_LEDGER);
	forget_sweep(&k);
}
