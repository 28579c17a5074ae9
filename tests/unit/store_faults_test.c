/*
 * Each call of the store fails in turn, under everything that the ledger does: it is told,
 * what was to be one commit has not happened by half, and once the store is well again the
 * same act does all that it should.
 */
#include "tests/unit/whole_rig.h"

#include "state/walk.h"

#define CALLS_MAX 2000
#define DUMP_MAX  (16u << 20)
#define DAY       INT64_C(86400000)
#define KEEP      (400 * DAY)

static const struct store_ops *real;
static unsigned long calls, failing; /* the call that fails; 0: none */

static bool
fails(struct err *err)
{
	if (++calls != failing)
		return false;
	err_set(err, ERR_LEDGER, "the store fails");
	return true;
}

static struct txn *
faulty_begin(struct store *s, bool write, struct err *err)
{
	return fails(err) ? NULL : real->begin(s, write, err);
}

static int
faulty_commit(struct txn *t, struct err *err)
{
	if (!fails(err))
		return real->commit(t, err);
	real->abort(t);
	return -1;
}

static int
faulty_get(
    struct txn *t, enum table table, struct span key, struct span *value, struct err *err)
{
	return fails(err) ? -1 : real->get(t, table, key, value, err);
}

static int
faulty_put(
    struct txn *t, enum table table, struct span key, struct span value, struct err *err)
{
	return fails(err) ? -1 : real->put(t, table, key, value, err);
}

static int
faulty_del(struct txn *t, enum table table, struct span key, struct err *err)
{
	return fails(err) ? -1 : real->del(t, table, key, err);
}

static int
faulty_each(struct txn *t, enum table table, struct span prefix, const struct visitor *v,
    struct err *err)
{
	return fails(err) ? -1 : real->each(t, table, prefix, v, err);
}

static int
faulty_each_after(struct txn *t, enum table table, const struct range *range,
    const struct visitor *v, struct err *err)
{
	return fails(err) ? -1 : real->each_after(t, table, range, v, err);
}

static int
faulty_clear(struct txn *t, enum table table, struct span prefix, struct err *err)
{
	return fails(err) ? -1 : real->clear(t, table, prefix, err);
}

static struct store_ops faulty;

static void
setup(void)
{
	whole_init();
	real = l->ops;
	faulty = *real;
	faulty.begin = faulty_begin;
	faulty.commit = faulty_commit;
	faulty.get = faulty_get;
	faulty.put = faulty_put;
	faulty.del = faulty_del;
	faulty.each = faulty_each;
	faulty.each_after = faulty_each_after;
	faulty.clear = faulty_clear;
}

static void
teardown(void)
{
	whole_release();
}

TestSuite(store_faults, .init = setup, .fini = teardown);

static int
dump_pair(void *arg, struct span key, struct span value)
{
	struct buf *b = arg;

	buf_addf(b, "%zu %zu ", key.n, value.n);
	buf_add_span(b, key);
	buf_add_span(b, value);
	return 0;
}

/* Every byte of the ledger. */
static struct buf
dump(void)
{
	const struct span all = {NULL, 0};
	struct txn *t = real->begin(l->store, false, &e);
	struct buf b;

	buf_init(&b, DUMP_MAX);
	cr_assert_not_null(t);
	for (int i = 0; i < TABLE_COUNT; i++)
		cr_assert_eq(real->each(t, (enum table)i, all,
				 &(struct visitor){dump_pair, &b}, &e),
		    0);
	real->abort(t);
	cr_assert_eq(buf_check(&b, "the dump", &e), 0);
	return b;
}

static bool
same(const struct buf *a, const struct buf *b)
{
	return span_eq(buf_span(a), buf_span(b));
}

static int
tell_mismatch(void *arg, const struct mismatch *m)
{
	const char *what = arg;

	if (what != NULL)
		cr_expect(false, "%s: %s, %s: %s", what, m->table, m->where, m->what);
	return 0;
}

static void
expect_sound(const char *what)
{
	struct verified n;
	char name[64];

	snprintf(name, sizeof(name), "%s", what);
	cr_expect_eq(
	    ledger_verify(l, &(struct mismatch_visitor){tell_mismatch, name}, &n, &e), 0,
	    "%s", e.msg);
}

/* ---- acts, and questions ---- */

static const struct audit_act act = {.act = "tried", .feed = "north"};

static int
do_conclude(void)
{
	const struct file_entry file = whole_entry_of("north", WHOLE_NAME, WHOLE_AT + 1);
	const struct problem p = {.code = PROBLEM_NOT_DATE, .weight = WEIGHT_REJECT};
	const struct feed_state feed = {.name = "north", .scope = 1, .next_pass = 4};
	const struct snapshot_state snapshot = {.clock = SNAPSHOT_NAME, .at = WHOLE_AT};
	const struct name_put name = {"new.csv", {.size = 1, .seen = WHOLE_AT}};
	const struct settling s = {.name = "new.csv", .path = "/archive/new.csv"};
	const struct pass p2 = rig_pass(1, 3);
	const struct conclusion c = {.pass = &p2,
	    .file = &file,
	    .problems = &p,
	    .nproblems = 1,
	    .decided = true,
	    .again = &file,
	    .feed = &feed,
	    .snapshot = &snapshot,
	    .name = &name,
	    .settling = &s,
	    .audit = act};

	return ledger_conclude(l, &c, &e);
}

static int
do_scope(void)
{
	uint32_t scope;

	return ledger_scope_get(l, "elsewhere", true, &scope, &e);
}

static int
do_feed(void)
{
	const struct feed_state f = {.name = "south", .scope = 1, .files = 9};

	return rig_feed_put(&f);
}

static int
do_names(void)
{
	const struct name_put puts[] = {{"x.csv", {.size = 1, .seen = WHOLE_AT}},
	    {"y.csv", {.size = 2, .seen = WHOLE_AT}}};

	return ledger_names_put(l, "north", puts, 2, &e);
}

static int
do_settle_end(void)
{
	struct settling s = {.size = 100};

	snprintf(s.name, sizeof(s.name), WHOLE_NAME);
	snprintf(s.path, sizeof(s.path), WHOLE_PATH);
	return ledger_settle_end(l, "north", &s, &e);
}

static int
do_file(void)
{
	const struct file_entry f = whole_entry_of("north", "z.csv", WHOLE_AT);
	const struct problem p[] = {
	    {.code = PROBLEM_NOT_DATE, .row = 2}, {.code = PROBLEM_NOT_EMAIL, .row = 3}};

	return ledger_file_put(l, &f, p, 2, &e);
}

static int
do_run(void)
{
	return ledger_run_put(l, WHOLE_RUN, "south", SPAN_LIT("{}"), &e);
}

static int
do_decide(void)
{
	const struct file_entry f = whole_entry_of("north", WHOLE_NAME, WHOLE_AT);

	return ledger_decide(l, &f, DECISION_DISCARD, &act, &e);
}

static int
do_pause(void)
{
	return ledger_pause_put(l, "north", WHOLE_AT, &act, &e);
}

static int
do_settings(void)
{
	const struct digest now = rig_content("other settings");

	return ledger_settings_note(l, "south", &now, &act, &e) == 1 ? 0 : -1;
}

static int
do_step(void)
{
	const struct pass p = rig_pass(1, 3);
	unsigned char outcome = OUTCOME_TAKEN;
	const struct entry en = whole_entry(RECORD_SLOT, "QUOLL9", "nine");
	struct intent intent = rig_intent_of(&p, 3, &en, 1);
	const struct ack ack = {2, 0, &outcome, 1};
	int r = pass_commit(l, &p,
	    &(struct pass_step){(const struct intent *[]){&intent}, 1, &ack, 1}, &e);

	intent_release(&intent);
	return r;
}

static int
do_open(void)
{
	struct pass p = rig_pass(7, 1);

	return pass_open(l, &p, &e);
}

static const struct {
	const char *name;
	int (*fn)(void);
} acts[] = {{"a scope", do_scope}, {"a feed", do_feed}, {"names", do_names},
    {"a settled file", do_settle_end}, {"a file", do_file}, {"a run", do_run},
    {"a decision", do_decide}, {"a pause", do_pause}, {"settings", do_settings},
    {"a step of a pass", do_step}, {"a pass", do_open}, {"the end", do_conclude}};

/* Lets the Nth call fail; false: there is none, and all is done. */
static bool
disturbed(int (*fn)(void), unsigned long n, const char *what)
{
	int rc;

	calls = 0;
	failing = n;
	e = (struct err){.code = ERR_NONE};
	l->ops = &faulty;
	rc = fn();
	l->ops = real;
	failing = 0;
	if (calls < n) {
		cr_expect_eq(rc, 0, "%s: %s", what, e.msg);
		return false;
	}
	cr_expect_eq(rc, -1, "%s, call %lu: no error", what, n);
	cr_expect_eq(e.code, ERR_LEDGER, "%s, call %lu", what, n);
	cr_expect_str_eq(e.msg, "the store fails");
	return true;
}

Test(store_faults, an_act_happens_whole_or_not_at_all)
{
	for (size_t i = 0; i < COUNT(acts); i++) {
		struct buf before = dump(), after;
		unsigned long n = 1;

		for (; disturbed(acts[i].fn, n, acts[i].name); n++) {
			after = dump();
			cr_expect(same(&before, &after), "%s, call %lu", acts[i].name, n);
			buf_release(&after);
			cr_assert_lt(n, CALLS_MAX);
		}
		cr_expect_gt(n, 2, "%s", acts[i].name);
		after = dump();
		cr_expect_not(same(&before, &after), "%s", acts[i].name);
		buf_release(&before);
		buf_release(&after);
	}
}

static int
do_merge(void)
{
	struct merged sum;
	struct pass p;

	if (pass_get(l, whole_scope, &p, &e) < 0)
		return -1;
	return pass_merge(l, &p, &sum, &e);
}

static unsigned
flags_of(enum record_type type, const char *id)
{
	struct lookup it = {
	    .key = record_key(ledger_keys(l), "northside", type, span_of(id))};

	cr_assert_eq(ledger_known(l, whole_scope, &it, 1, &e), 0, "%s", e.msg);
	cr_assert(it.known.found, "%s", id);
	return it.known.flags;
}

/* In several commits: what failed is gone on with. */
Test(store_faults, a_merge_is_gone_on_with)
{
	unsigned long n = 1;

	while (disturbed(do_merge, n, "a merge"))
		cr_assert_lt(n++, CALLS_MAX);
	cr_expect_gt(n, 10);
	cr_expect_eq(flags_of(RECORD_PATIENT, "QUOLL1"), 0);
	cr_expect_eq(flags_of(RECORD_PATIENT, "QUOLL7"), KNOWN_DOUBT | KNOWN_EMPTY);
	cr_expect_eq(flags_of(RECORD_RETIRED, "QUOLL8"), KNOWN_DOUBT | KNOWN_EMPTY);
	expect_sound("a merge");
}

static const char *
one_name(void *arg, size_t index)
{
	(void)index;
	return arg;
}

static int
do_retain(void)
{
	const struct retention r = {
	    "north", whole_scope, WHOLE_AT + KEEP + 4 * DAY, KEEP};
	char name[] = "there.csv";

	return ledger_retain(l, &r, &(struct listing){one_name, name, 1}, &e);
}

/* What is old of everything, and what of that something still refers to. */
Test(store_faults, what_is_old_is_forgotten_whole_or_not_at_all)
{
	struct buf before, after;
	unsigned long n = 1;
	struct digest id;

	cr_assert_eq(do_merge(), 0);
	cr_assert_eq(
	    ledger_conclude(l,
		&(struct conclusion){.pass = &(struct pass){.scope = whole_scope}}, &e),
	    0);
	id = whole_put_file("north", "gone.csv", WHOLE_AT);
	whole_put_name("north", "gone.csv", NAME_DONE, WHOLE_AT, &id);
	before = dump();
	for (; disturbed(do_retain, n, "a sweep"); n++) {
		after = dump();
		cr_expect(same(&before, &after), "call %lu", n);
		buf_release(&after);
		cr_assert_lt(n, CALLS_MAX);
	}
	cr_expect_gt(n, 20);
	cr_expect_eq(whole_count(TABLE_RUNS), 0);
	cr_expect_eq(whole_count(TABLE_FILES), 1, "one is needed");
	expect_sound("a sweep");
	buf_release(&before);
}

static int
see_settling(void *arg, const struct settling *s)
{
	(void)s;
	++*(int *)arg;
	return 0;
}

static int
see_file(void *arg, const struct file_entry *f)
{
	(void)f;
	++*(int *)arg;
	return 0;
}

static int
see_problem(void *arg, const struct problem *p)
{
	(void)p;
	++*(int *)arg;
	return 0;
}

static int
see_feed(void *arg, const struct feed_state *f)
{
	(void)f;
	++*(int *)arg;
	return 0;
}

static int
see_audit(void *arg, const struct audit_line *line)
{
	(void)line;
	++*(int *)arg;
	return 0;
}

static int
see_record(void *arg, const struct walked *it)
{
	(void)it;
	++*(int *)arg;
	return 0;
}

static int
see_line(void *arg, struct span line)
{
	(void)line;
	++*(int *)arg;
	return 0;
}

static int seen;

static int
ask_files(void)
{
	struct file_entry f;
	struct name_entry name;
	struct snapshot_state snapshot;
	enum decision d;
	unsigned char sha[SHA256_SIZE] = {0};

	return ledger_file_get(l, &whole_file, &f, &e) < 0 ||
		       ledger_file_each(l, see_file, &seen, &e) != 0 ||
		       ledger_problem_each(l, &whole_file, see_problem, &seen, &e) != 0 ||
		       ledger_name_get(l, "north", WHOLE_NAME, &name, &e) < 0 ||
		       ledger_settling_each(l, "north", see_settling, &seen, &e) != 0 ||
		       ledger_snapshot_get(l, "north", &snapshot, &e) != 0 ||
		       ledger_decision_get(l, "north", sha, &d, &e) < 0
		   ? -1
		   : 0;
}

static int
ask_feeds(void)
{
	struct feed_state f;
	struct audit_head head;
	int64_t since;
	uint32_t scope;
	bool whole;

	return ledger_feed_get(l, "north", &f, &e) != 0 ||
		       ledger_feed_each(l, see_feed, &seen, &e) != 0 ||
		       ledger_scope_get(l, "northside", false, &scope, &e) != 0 ||
		       ledger_pause_get(l, "south", &since, &e) != 0 ||
		       ledger_audit_head(l, &head, &e) != 0 ||
		       ledger_audit_each(l, see_audit, &seen, &whole, &e) != 0
		   ? -1
		   : 0;
}

static int
ask_records(void)
{
	const struct retention r = {"north", whole_scope, WHOLE_AT, KEEP};
	struct walk w = {.scope = whole_scope, .type = RECORD_PATIENT};
	struct lookup it[2] = {{.key = rig_key("QUOLL1")}, {.key = rig_key("QUOLL2")}};
	unsigned char outcomes[8];
	struct ack ack = {1, 0, outcomes, sizeof(outcomes)};
	struct pass p;
	uint32_t n;

	return pass_get(l, whole_scope, &p, &e) < 0 || pass_ack(l, &p, &ack, &e) < 0 ||
		       ledger_known(l, whole_scope, it, 2, &e) != 0 ||
		       ledger_has_type(l, whole_scope, RECORD_SLOT, &e) < 0 ||
		       ledger_ordinals(l, whole_scope, &n, &e) != 0 ||
		       ledger_walk(l, &w, see_record, &seen, &e) < 0 ||
		       ledger_retain_due(l, &r, &e) < 0
		   ? -1
		   : 0;
}

static int
ask_export(void)
{
	return ledger_export(l, &(struct line_visitor){see_line, &seen}, &e);
}

/* No answer is made up: none, nothing, or half of a list would each be taken for the truth. */
Test(store_faults, a_question_without_answer_is_an_error)
{
	static const struct {
		const char *name;
		int (*fn)(void);
		unsigned long calls;
	} questions[] = {{"files", ask_files, 14}, {"feeds", ask_feeds, 12},
	    {"records", ask_records, 15}, {"an export", ask_export, 1 + TABLE_COUNT}};

	for (size_t i = 0; i < COUNT(questions); i++) {
		unsigned long n = 1;

		while (disturbed(questions[i].fn, n, questions[i].name))
			cr_assert_lt(n++, CALLS_MAX);
		cr_expect_geq(n, questions[i].calls, "%s: %lu", questions[i].name, n);
	}
	cr_expect_gt(seen, 0);
}

/* It goes on behind what can't be read, but finds no ledger sound that it could not read. */
Test(store_faults, what_can_not_be_read_is_not_sound)
{
	const struct mismatch_visitor quiet = {tell_mismatch, NULL};
	struct verified got;
	int rc;

	for (failing = 1;; failing++) {
		calls = 0;
		l->ops = &faulty;
		rc = ledger_verify(l, &quiet, &got, &e);
		l->ops = real;
		if (calls < failing)
			break;
		cr_expect(rc != 0 || got.mismatches > 0, "call %lu", failing);
		cr_assert_lt(failing, CALLS_MAX);
	}
	cr_expect_gt(failing, TABLE_COUNT);
	cr_expect_eq(rc, 0);
	cr_expect_eq(got.mismatches, 0);
}
