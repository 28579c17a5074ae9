/* A ledger with something in every table, made through the facade alone. */
#ifndef TESTS_UNIT_WHOLE_RIG_H
#define TESTS_UNIT_WHOLE_RIG_H

#include <sys/stat.h>

#include "state/answers.h"
#include "state/controls.h"
#include "state/upkeep.h"
#include "state/watch.h"
#include "tests/unit/ledger_rig.h"

/* Names and ids that must not be found anywhere in the clear. */
#define WHOLE_NAME "quolldrop.csv"
#define WHOLE_PATH "/archive/quolldrop.csv"
#define WHOLE_AT   INT64_C(1795203002007) /* 2026-11-20T19:30:02.007Z */
#define WHOLE_RUN  "01M85N4PGQAAAAAAAAAAAAAAAA"

static uint32_t whole_scope;
static struct digest whole_file;

static inline struct entry
whole_entry(enum record_type type, const char *id, const char *content)
{
	struct entry en = rig_entry(id, content, WHOLE_AT);

	en.key = record_key(ledger_keys(l), "northside", type, span_of(id));
	return en;
}

static inline void
whole_put_feed(const char *name)
{
	const struct feed_state f = {.scope = whole_scope,
	    .next_pass = 1,
	    .last_look = WHOLE_AT,
	    .last_delivery = WHOLE_AT};
	struct feed_state out = f;

	snprintf(out.name, sizeof(out.name), "%s", name);
	cr_assert_eq(rig_feed_put(&out), 0, "%s", e.msg);
}

static inline int
whole_count_one(void *arg, struct span key, struct span value)
{
	(void)key;
	(void)value;
	++*(size_t *)arg;
	return 0;
}

/* How many values a table has. */
static inline size_t
whole_count(enum table table)
{
	const struct span all = {NULL, 0};
	size_t n = 0;
	const struct visitor count = {whole_count_one, &n};
	struct txn *t = l->ops->begin(l->store, false, &e);

	cr_assert_eq(l->ops->each(t, table, all, &count, &e), 0, "%s", e.msg);
	l->ops->abort(t);
	return n;
}

static int64_t
whole_wall(void *self)
{
	(void)self;
	return WHOLE_AT;
}

static const struct clock whole_clock = {.wall = whole_wall};
static const struct auditor whole_auditor = {.clock = &whole_clock, .uid = 1000};

/* A file that was read at `at`. */
static inline struct file_entry
whole_entry_of(const char *feed, const char *name, int64_t at)
{
	struct file_entry f = {.size = 100,
	    .mtime = 1795200000,
	    .read_at = at,
	    .rows = 3,
	    .mapped = 2,
	    .rejected = 1,
	    .records = 4,
	    .delivered = 4,
	    .closed = true};

	snprintf(f.feed, sizeof(f.feed), "%s", feed);
	snprintf(f.name, sizeof(f.name), "%s", name);
	memset(f.sha256, 8, sizeof(f.sha256));
	f.id = ledger_file_id(l, feed, name, f.sha256);
	return f;
}

/* With a problem; its id. */
static inline struct digest
whole_put_file(const char *feed, const char *name, int64_t at)
{
	const struct file_entry f = whole_entry_of(feed, name, at);
	const struct problem p = {.code = PROBLEM_NOT_DATE,
	    .weight = WEIGHT_REJECT,
	    .row = 3,
	    .column = SPAN_LIT("DOB"),
	    .type = "patient",
	    .field = "birth_date"};

	cr_assert_eq(ledger_file_put(l, &f, &p, 1, &e), 0, "%s", e.msg);
	return f.id;
}

/* What a human decided of it. */
static inline void
whole_decide(const char *feed, const char *name)
{
	const struct file_entry f = whole_entry_of(feed, name, WHOLE_AT);
	const struct audit_act act = {
	    .act = "hold-approved", .feed = feed, .file = &f.id};

	cr_assert_eq(ledger_decide(l, &f, DECISION_APPROVE, &act, &e), 0, "%s", e.msg);
}

static inline void
whole_controls(void)
{
	const struct audit_act act = {.act = "paused", .feed = "south"};
	const struct digest settings = rig_content("settings");

	whole_decide("north", WHOLE_NAME);
	cr_assert_eq(ledger_pause_put(l, "south", WHOLE_AT, &act, &e), 0);
	cr_assert_eq(ledger_settings_note(l, "south", &settings, &act, &e), 1);
}

/* What is watched of a feed. */
static inline void
whole_watch(void)
{
	const struct digest expect = {{0}};
	const struct troubles troubles = {.v[TROUBLE_LATE] = {WHOLE_AT, 3}};
	const struct figures figures = {.runs = 2, .last_run = WHOLE_AT};
	const struct login_pause login = {.since = WHOLE_AT};

	cr_assert_eq(
	    ledger_arrivals_begin(l, "south", &expect, WHOLE_AT, &e), 0, "%s", e.msg);
	rig_arrive("south", WHOLE_AT, 3);
	cr_assert_eq(ledger_troubles_put(l, "south", &troubles, &e), 0, "%s", e.msg);
	cr_assert_eq(ledger_figures_note(l, "south", &figures, &e), 0, "%s", e.msg);
	cr_assert_eq(ledger_login_put(l, "south", &login, &e), 0, "%s", e.msg);
}

static inline void
whole_put_run(const char *ulid, const char *feed, const struct digest *file)
{
	char json[200], id[FILE_ID_HEX_SIZE];

	digest_hex(file, id);
	snprintf(json, sizeof(json), "{\"feed\":\"%s\",\"files\":[{\"file\":\"%s\"}]}",
	    feed, id);
	cr_assert_eq(ledger_run_put(l, ulid, feed, span_of(json), &e), 0, "%s", e.msg);
}

static inline void
whole_put_name(const char *feed, const char *name, enum name_state state, int64_t seen,
    const struct digest *file)
{
	struct name_put put = {name, {.state = state, .size = 100, .seen = seen}};

	if (file != NULL)
		put.entry.file = *file;
	cr_assert_eq(ledger_names_put(l, feed, &put, 1, &e), 0, "%s", e.msg);
}

/* A header with one title that must not be found in the clear. */
static inline struct header_mark
whole_header(const char *second)
{
	const struct span titles[] = {SPAN_LIT("MRN"), span_of(second)};
	struct header_mark h;

	cr_assert_eq(header_mark_set(&h, titles, 2, &e), 0, "%s", e.msg);
	h.v[1].profile = (struct column_profile){60, 3, 50, 2, 1, 399};
	return h;
}

static inline void
whole_settle(
    const char *feed, const char *name, const char *path, const struct digest *file)
{
	struct settling s = {.size = 100, .mtime = 1795200000};
	const struct name_put put = {
	    name, {.state = NAME_DONE, .size = 100, .seen = WHOLE_AT, .file = *file}};
	const struct snapshot_state snapshot = {
	    .clock = SNAPSHOT_MTIME, .at = WHOLE_AT, .removals = 7, .rows[1][0] = 3};
	struct file_header drift = {whole_header("Quoll"), whole_header("Quolls"), true};
	const struct conclusion c = {.name = &put,
	    .header = &drift.now,
	    .drift = &drift,
	    .settling = &s,
	    .snapshot = &snapshot,
	    .audit = {.act = "file-delivered", .feed = feed, .file = file}};

	snprintf(s.name, sizeof(s.name), "%s", name);
	snprintf(s.path, sizeof(s.path), "%s", path);
	cr_assert_eq(ledger_conclude(l, &c, &e), 0, "%s", e.msg);
	file_header_release(&drift);
}

static inline void
whole_answer(const char *feed, const struct digest *file)
{
	char id[FILE_ID_HEX_SIZE];
	struct answer *a;

	digest_hex(file, id);
	a = answer_new(&(struct answer_place){rig_dir, feed, ANSWERS_TO_GIVE}, id, &e);
	cr_assert_not_null(a, "%s", e.msg);
	cr_assert_eq(answer_keep(a, &e), 0, "%s", e.msg);
	answer_free(a);
}

static inline struct pass
whole_pass(uint64_t batches)
{
	struct pass p = rig_pass(whole_scope, batches);

	p.file = whole_file;
	rig_open_pass(&p);
	return p;
}

static inline void
whole_close(struct pass *p)
{
	struct merged sum;

	cr_assert_eq(pass_close(l, p, &sum, &e), 0, "%s", e.msg);
}

/* Put whole, patched by a feed, removed, refused, in doubt, merged away. */
static inline void
whole_records(void)
{
	struct entry all[] = {whole_entry(RECORD_PATIENT, "QUOLL1", "one"),
	    whole_entry(RECORD_PATIENT, "QUOLL2", "two"),
	    whole_entry(RECORD_APPOINTMENT, "QUOLL3", ""),
	    whole_entry(RECORD_APPOINTMENT, "QUOLL4", "four"),
	    whole_entry(RECORD_SLOT, "QUOLL5", "five"),
	    whole_entry(RECORD_RETIRED, "QUOLL6", "six")};
	const unsigned char outcomes[] = {OUTCOME_TAKEN, OUTCOME_TAKEN, OUTCOME_TAKEN,
	    OUTCOME_REFUSED, OUTCOME_NONE, OUTCOME_TAKEN};
	const struct digest south = patch_section(ledger_keys(l), "south");
	struct pass p = whole_pass(1);

	all[1].key = record_key_patch(&all[1].key, &south);
	all[5].window = 12;
	rig_intent(&p, 1, all, COUNT(all));
	rig_ack(&p, 1, outcomes, COUNT(all));
	whole_close(&p);
}

/* Two batches; one of them is answered, but for a record that it was halved around twice. */
static inline void
whole_open_pass(void)
{
	struct entry first[] = {whole_entry(RECORD_PATIENT, "QUOLL1", "more"),
	    whole_entry(RECORD_PATIENT, "QUOLL7", "seven")};
	struct entry second = whole_entry(RECORD_RETIRED, "QUOLL8", "eight");
	const unsigned char outcomes[] = {OUTCOME_TAKEN, 2 * OUTCOME_HALVED};
	struct pass p = whole_pass(3);

	second.window = 13;
	rig_intent(&p, 1, first, 2);
	rig_intent(&p, 2, &second, 1);
	rig_ack(&p, 1, outcomes, 2);
}

static inline void
whole_init(void)
{
	rig_init();
	ledger_audit_by(l, &whole_auditor);
	cr_assert_eq(ledger_scope_get(l, "northside", true, &whole_scope, &e), 0);
	whole_put_feed("north");
	whole_put_feed("south");
	whole_file = whole_put_file("north", WHOLE_NAME, WHOLE_AT);
	whole_put_run(WHOLE_RUN, "north", &whole_file);
	whole_settle("north", WHOLE_NAME, WHOLE_PATH, &whole_file);
	whole_answer("north", &whole_file);
	whole_controls();
	whole_watch();
	whole_records();
	whole_open_pass();
}

static inline void
whole_release(void)
{
	char path[300];
	DIR *d;
	struct dirent *en;

	snprintf(path, sizeof(path), "%s/answers/north", rig_dir);
	d = opendir(path);
	while (d != NULL && (en = readdir(d)) != NULL)
		unlinkat(dirfd(d), en->d_name, 0);
	if (d != NULL)
		closedir(d);
	rmdir(path);
	rmdir(rig_path("answers"));
	rig_release();
}

#endif
