#include "tests/unit/changes_rig.h"

#include "base/problem.h"

static struct missing rules[RECORD_TYPE_MAX + 1];
static struct problem told[10];
static size_t ntold;

static void
keep_problem(void *arg, const struct problem *p)
{
	(void)arg;
	cr_assert_lt(ntold, COUNT(told));
	told[ntold++] = *p;
}

/* A feed that puts patients and appointments, and removes both where they are missing. */
static void
setup_snapshot(void)
{
	setup();
	memset(rules, 0, sizeof(rules));
	rules[RECORD_PATIENT] = (struct missing){.how = MISSING_DELETE, .op = OP_PUT};
	rules[RECORD_APPOINTMENT] = (struct missing){.how = MISSING_CANCEL, .op = OP_PUT};
	conf.missing = rules;
	conf.problem = keep_problem;
	ntold = 0;
}

TestSuite(changes_snapshot, .init = setup_snapshot, .fini = teardown);

static void
expect_balance(void)
{
	const struct changes_counts *n = changes_counts(c);

	cr_expect_eq(n->records + n->removals,
	    n->changed + n->unchanged + n->duplicate + n->stale + n->refused);
}

static void
read_whole(void)
{
	cr_assert_eq(changes_missing(c, &e), 0, "%s", e.msg);
	end();
	expect_balance();
}

static void
snapshot_of(const struct row *rows, size_t n)
{
	begin();
	add_all(rows, n);
	read_whole();
}

static struct row
visit(const char *id, const char *status)
{
	return (struct row){"appointment", id, {"status", status}, 0, OP_PUT};
}

/* Patients 1 to n, and no more: the API has them all. */
static void
patients_known(unsigned n)
{
	char ids[1000][8];
	struct row rows[1000];

	cr_assert_leq(n, COUNT(rows));
	for (unsigned i = 0; i < n; i++) {
		snprintf(ids[i], sizeof(ids[i]), "%u", i + 1);
		rows[i] = patient(ids[i], "A", 0);
	}
	snapshot_of(rows, n);
	deliver(OUTCOME_TAKEN);
}

static bool
frame_has(const char *text)
{
	buf_add_char(&frame.json, '\0');
	frame.json.n--;
	return strstr(frame.json.p, text) != NULL;
}

Test(changes_snapshot, what_is_missing_is_removed)
{
	const struct row all[] = {patient("1", "A", SEC(5)), patient("2", "A", 0),
	    patient("3", "A", SEC(7)), visit("V1", "booked"), visit("V2", "booked")};
	const struct row left[] = {
	    patient("1", "A", SEC(5)), patient("2", "A", 0), all[3]};
	char want[200], hex[2 * DIGEST_SIZE + 1];
	struct digest version;

	snapshot_of(all, 5);
	cr_expect_eq(changes_counts(c)->removals, 0);
	deliver(OUTCOME_TAKEN);
	snapshot_of(left, 3);
	cr_expect_eq(changes_counts(c)->removals, 2);
	cr_expect_eq(changes_counts(c)->changed, 2);
	cr_expect_eq(changes_counts(c)->unchanged, 3);
	cr_expect_eq(changes_counts(c)->missing[RECORD_PATIENT].known, 3);
	cr_expect_eq(changes_counts(c)->missing[RECORD_PATIENT].missing, 1);

	/* What refers to a patient goes first. */
	cr_assert(next());
	cr_assert_eq(frame.n, 1);
	version = rig_content("patch{\"status\":\"cancelled\"}");
	digest_hex(&version, hex);
	snprintf(want, sizeof(want),
	    "{\"n\":2,\"op\":\"patch\",\"type\":\"appointment\",\"source\":\"northside\","
	    "\"id\":\"V2\",\"version\":\"%s\",\"data\":{\"status\":\"cancelled\"}}",
	    hex);
	cr_expect(span_eq(buf_span(&frame.json), span_of(want)), "%.*s",
	    (int)frame.json.n, frame.json.p);
	cr_expect(frame.records[0].entry.removed);
	cr_expect_not(frame.records[0].op == OP_DELETE);

	cr_assert(next());
	cr_assert_eq(frame.n, 1);
	version = rig_content("delete{}");
	digest_hex(&version, hex);
	snprintf(want, sizeof(want),
	    "{\"n\":1,\"op\":\"delete\",\"type\":\"patient\",\"source\":\"northside\","
	    "\"id\":\"3\",\"version\":\"%s\"}",
	    hex);
	cr_expect(span_eq(buf_span(&frame.json), span_of(want)), "%.*s",
	    (int)frame.json.n, frame.json.p);
	cr_expect(frame.records[0].op == OP_DELETE);
	cr_expect_eq(frame.after, 1);
	cr_expect_eq(frame.number, 2);
	cr_expect_not(next());
}

/* A tombstone keeps its time: what comes back is sent, unless it is older. */
Test(changes_snapshot, what_was_removed_stays_removed_until_it_comes_back)
{
	const struct row all[] = {patient("1", "A", 0), patient("2", "A", SEC(7))};
	const struct row older = patient("2", "A", SEC(6)), again = patient("2", "A", 0);
	struct known known;

	snapshot_of(all, 2);
	deliver(OUTCOME_TAKEN);
	snapshot_of(all, 1);
	deliver(OUTCOME_TAKEN);
	known = rig_known(scope, "2");
	cr_expect_eq(known.flags, KNOWN_TOMBSTONE);
	cr_expect_eq(known.at, SEC(7));
	snapshot_of(all, 1);
	cr_expect_eq(changes_counts(c)->removals, 0);
	cr_expect_eq(changes_counts(c)->missing[RECORD_PATIENT].known, 1);
	cr_expect_not(next());
	snapshot_of(&older, 1);
	cr_expect_eq(changes_counts(c)->stale, 1);
	snapshot_of(&again, 1);
	cr_expect_eq(changes_counts(c)->unchanged, 0);
	cr_expect_eq(changes_counts(c)->changed, 2, "comes back, and 1 goes");
}

/* A file from between, that is read later, does not bring back what is gone (P7). */
Test(changes_snapshot, an_older_file_brings_nothing_back)
{
	static const struct {
		const char *source;
		bool timed;
		int64_t at;
	} cases[] = {{"untimed", false, 300}, {"timed", true, 100}};
	const struct row rows[] = {patient("1", "A", 0), patient("2", "A", 0)};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct lookup it;

		conf.source = cases[i].source;
		cr_assert_eq(ledger_scope_get(l, conf.source, true, &scope, &e), 0);
		conf.scope = scope;
		rules[RECORD_PATIENT].timed = cases[i].timed;
		conf.file_at = 100;
		snapshot_of(rows, 2);
		deliver(OUTCOME_TAKEN);
		conf.file_at = 300;
		snapshot_of(rows, 1);
		deliver(OUTCOME_TAKEN);
		it.key = record_key(
		    ledger_keys(l), conf.source, RECORD_PATIENT, SPAN_LIT("2"));
		cr_assert_eq(ledger_known(l, scope, &it, 1, &e), 0);
		cr_expect_eq(it.known.flags, KNOWN_TOMBSTONE);
		cr_expect_eq(it.known.at, cases[i].at, "%s", conf.source);
	}
}

/* Rows of one patient, what is known of it, and what is left of them. */
static const struct last_row {
	const char *name;
	const char *known; /* NULL: nothing */
	int64_t known_at;
	struct {
		const char *text;
		int64_t at;
	} rows[4];
	const char *sent; /* NULL: nothing */
	uint64_t changed, unchanged, duplicate, stale;
} last_rows[] = {
    {"one", NULL, 0, {{"B", 0}}, "B", 1, 0, 0, 0},
    {"two", NULL, 0, {{"B", 0}, {"C", 0}}, "C", 1, 0, 1, 0},
    {"the same", NULL, 0, {{"B", 0}, {"B", 0}}, "B", 1, 0, 1, 0},
    {"four", NULL, 0, {{"B", 0}, {"C", 0}, {"B", 0}, {"D", 0}}, "D", 1, 0, 3, 0},
    {"there and back", NULL, 0, {{"B", 0}, {"C", 0}, {"B", 0}}, "B", 1, 0, 2, 0},
    {"known, then another", "A", 0, {{"A", 0}, {"B", 0}}, "B", 1, 0, 1, 0},
    {"another, then as known", "A", 0, {{"B", 0}, {"A", 0}}, NULL, 0, 1, 1, 0},
    {"known twice", "A", 0, {{"A", 0}, {"A", 0}}, NULL, 0, 1, 1, 0},
    {"as known in between", "A", 0, {{"B", 0}, {"A", 0}, {"B", 0}}, "B", 1, 0, 2, 0},
    {"as known again and again", "A", 0, {{"B", 0}, {"A", 0}, {"A", 0}}, NULL, 0, 1, 2,
	0},
    {"newer", NULL, 0, {{"B", SEC(1)}, {"C", SEC(2)}}, "C", 1, 0, 1, 0},
    {"older than the row before", NULL, 0, {{"B", SEC(2)}, {"C", SEC(1)}}, "B", 1, 0, 0,
	1},
    {"the same, newer", NULL, 0, {{"B", SEC(1)}, {"B", SEC(2)}}, "B", 1, 0, 1, 0},
    {"older than known", "A", SEC(5), {{"B", SEC(6)}, {"C", SEC(4)}}, "B", 1, 0, 0, 1},
    {"older than known, then not", "A", SEC(5), {{"C", SEC(4)}, {"B", SEC(6)}}, "B", 1, 0,
	0, 1},
    {"touched", "A", SEC(5), {{"A", SEC(6)}}, NULL, 0, 1, 0, 0},
    {"touched, then changed", "A", SEC(5), {{"A", SEC(6)}, {"B", SEC(7)}}, "B", 1, 0, 1,
	0},
    {"changed, then touched", "A", SEC(5), {{"B", SEC(6)}, {"A", SEC(7)}}, NULL, 0, 1, 1,
	0},
};

/* What is sent of patient `id`; touches are not. */
static void
expect_sent(const struct last_row *t, const char *id)
{
	char want[40];
	unsigned sent = 0;

	snprintf(want, sizeof(want), "{\"preferred_name\":\"%s\"}", t->sent);
	while (next())
		for (size_t i = 0; i < frame.n; i++) {
			const struct frame_record *r = &frame.records[i];

			cr_expect(span_eq(r->entry.id, span_of(id)), "%s", t->name);
			if (r->length == 0)
				continue;
			sent++;
			cr_assert_not_null(t->sent, "%s", t->name);
			cr_expect(frame_has(want), "%s: %s", t->name, frame.json.p);
		}
	cr_expect_eq(sent, t->sent != NULL, "%s", t->name);
}

Test(changes_snapshot, only_the_last_row_of_a_record_counts)
{
	rules[RECORD_PATIENT].how = MISSING_IGNORE;
	for (size_t i = 0; i < COUNT(last_rows); i++) {
		const struct last_row *t = &last_rows[i];
		const struct changes_counts *n;
		char id[8];

		snprintf(id, sizeof(id), "P%zu", i);
		if (t->known != NULL) {
			const struct row known = patient(id, t->known, t->known_at);

			snapshot_of(&known, 1);
			deliver(OUTCOME_TAKEN);
		}
		begin();
		for (size_t k = 0; k < 4 && t->rows[k].text != NULL; k++) {
			struct row row = patient(id, t->rows[k].text, t->rows[k].at);

			cr_assert_eq(add(&row, k + 2), 0);
		}
		read_whole();
		n = changes_counts(c);
		cr_expect_eq(n->changed, t->changed, "%s: %zu", t->name, n->changed);
		cr_expect_eq(
		    n->unchanged, t->unchanged, "%s: %zu", t->name, n->unchanged);
		cr_expect_eq(
		    n->duplicate, t->duplicate, "%s: %zu", t->name, n->duplicate);
		cr_expect_eq(n->stale, t->stale, "%s: %zu", t->name, n->stale);
		expect_sent(t, id);
	}
}

/* The rows of a record may be blocks apart, and in batches that are long full. */
Test(changes_snapshot, the_last_row_counts_however_far_away)
{
	static const char *const names[] = {"A", "B", "C"};
	unsigned sent = 0;
	char id[12];

	conf.batch_records = 7;
	begin();
	for (unsigned k = 0; k < COUNT(names); k++)
		for (unsigned i = 0; i < 3000; i++) {
			struct row row;

			snprintf(id, sizeof(id), "%u", i);
			row = patient(id, names[k], 0);
			cr_assert_eq(add(&row, 3000 * k + i + 2), 0);
		}
	read_whole();
	cr_expect_eq(changes_counts(c)->duplicate, 6000);
	for (uint64_t number = 1; next(); number++) {
		cr_expect_eq(frame.number, number, "batches are numbered without gaps");
		sent += (unsigned)frame.n;
		for (size_t i = 0; i < frame.n; i++)
			cr_expect_geq(frame.records[i].row, 6002);
	}
	cr_expect_eq(sent, 3000);
}

/* P6, though the patient's last row stands behind the appointment's. */
Test(changes_snapshot, what_is_referred_to_goes_first)
{
	static const struct row rows[] = {
	    {"appointment", "V1", {"patient_id", "7", "location_id", "L"}, 0, OP_PUT},
	    {"patient", "7", {"preferred_name", "A"}, 0, OP_PUT},
	    {"location", "L", {"name", "X"}, 0, OP_PUT},
	    {"appointment", "V2", {"patient_id", "7"}, 0, OP_PUT},
	    {"patient", "7", {"preferred_name", "B"}, 0, OP_PUT}};
	static const struct {
		const char *type;
		size_t n;
		uint64_t number, after;
	} want[] = {
	    {"location", 1, 1, 0}, {"patient", 1, 2, 1}, {"appointment", 2, 3, 2}};

	conf.outbox_memory = 1;
	snapshot_of(rows, COUNT(rows));
	for (size_t i = 0; i < COUNT(want); i++) {
		cr_assert(next(), "%s", want[i].type);
		cr_expect_str_eq(
		    schema_by_type(frame.records[0].entry.key.type)->name, want[i].type);
		cr_expect_eq(frame.n, want[i].n);
		cr_expect_eq(frame.number, want[i].number);
		cr_expect_eq(frame.after, want[i].after);
	}
	cr_expect_not(next());
}

static void
present(const char *id, uint64_t row)
{
	const struct record r = {.schema = schema_by_type(RECORD_PATIENT),
	    .op = OP_PUT,
	    .id = span_of(id),
	    .row = row};

	cr_assert_eq(changes_present(c, &r, &e), 0);
}

Test(changes_snapshot, a_row_that_was_not_taken_is_there)
{
	const struct row one = patient("1", "A", 0);

	patients_known(3);
	begin();
	add_all(&one, 1);
	present("3", 9);
	present("never seen", 10);
	read_whole();
	cr_expect_eq(changes_counts(c)->records, 1);
	cr_expect_eq(changes_counts(c)->removals, 1);
	cr_assert(next());
	cr_expect(frame_has("\"id\":\"2\""), "%s", frame.json.p);
}

Test(changes_snapshot, a_row_of_nobody_knows_what_removes_nothing)
{
	patients_known(30);
	begin();
	present("1", 2);
	present(NULL, 9);
	present(NULL, 11);
	read_whole();
	cr_expect_eq(changes_counts(c)->removals, 0);
	cr_expect_not(next());
	cr_assert_eq(ntold, 1);
	cr_expect_eq(told[0].code, PROBLEM_NO_REMOVALS);
	cr_expect_eq(told[0].weight, WEIGHT_WARNING);
	cr_expect_eq(told[0].row, 9);
}

/* Stale, refused and in doubt: they are in the file. */
Test(changes_snapshot, a_row_that_is_not_sent_is_there)
{
	const struct row was[] = {patient("1", "A", SEC(9)), patient("2", "A", 0)};
	const struct row bad = patient("2", "B", 0);
	const struct row now[] = {patient("1", "C", SEC(8)), patient("2", "B", 0)};

	snapshot_of(was, 2);
	deliver(OUTCOME_TAKEN);
	conf.missing = NULL;
	deliver_rows(&bad, 1, OUTCOME_REFUSED);
	conf.missing = rules;
	snapshot_of(now, 2);
	cr_expect_eq(changes_counts(c)->stale, 1);
	cr_expect_eq(changes_counts(c)->refused, 1);
	cr_expect_eq(changes_counts(c)->removals, 0);
	cr_expect_not(next());
}

/* The last row counts, though it may not be sent: the one before is not, either. */
Test(changes_snapshot, a_refused_row_takes_the_one_before_with_it)
{
	const struct row was = patient("2", "A", 0), bad = patient("2", "B", 0);
	const struct row now[] = {patient("2", "C", 0), patient("2", "B", 0)};

	conf.missing = NULL;
	deliver_rows(&was, 1, OUTCOME_TAKEN);
	deliver_rows(&bad, 1, OUTCOME_REFUSED);
	conf.missing = rules;
	snapshot_of(now, 2);
	cr_expect_eq(changes_counts(c)->duplicate, 1);
	cr_expect_eq(changes_counts(c)->refused, 1);
	cr_expect_eq(changes_counts(c)->changed, 0);
	cr_expect_not(next());
}

Test(changes_snapshot, only_what_starts_within_the_window)
{
	static const struct {
		const char *id;
		int64_t start;
	} known[] = {{"V1", 100}, {"V2", 199}, {"V3", 200}, {"V4", 250}, {"V5", 300},
	    {"V6", 301}, {"V7", TIME_NONE}};
	static const struct {
		const char *id;
		int64_t start;
	} in_file[] = {{"V10", 200}, {"V11", 300}};
	struct row row;

	rules[RECORD_APPOINTMENT].window = true;
	begin();
	for (size_t i = 0; i < COUNT(known); i++) {
		rows_window = known[i].start;
		row = visit(known[i].id, "booked");
		cr_assert_eq(add(&row, i + 2), 0);
	}
	read_whole();
	deliver(OUTCOME_TAKEN);
	begin();
	for (size_t i = 0; i < COUNT(in_file); i++) {
		rows_window = in_file[i].start;
		row = visit(in_file[i].id, "booked");
		cr_assert_eq(add(&row, i + 2), 0);
	}
	read_whole();
	cr_expect_eq(changes_counts(c)->removals, 3);
	cr_expect_eq(changes_counts(c)->missing[RECORD_APPOINTMENT].known, 3);
	cr_expect_eq(changes_counts(c)->missing[RECORD_APPOINTMENT].missing, 3);
	cr_assert(next());
	cr_assert(next());
	cr_expect(frame_has("\"V3\"") && frame_has("\"V4\"") && frame_has("\"V5\""), "%s",
	    frame.json.p);
	/* The window that is known stays. */
	for (size_t i = 0; i < frame.n; i++)
		cr_expect_geq(frame.records[i].entry.window, 200);
}

/* Other feeds' patches of the type are theirs; this feed's own are a history, too. */
Test(changes_snapshot, a_feed_removes_what_it_delivered_itself)
{
	static const struct row theirs = {
	    "patient", "7", {"preferred_name", "X"}, 0, OP_PATCH};
	static const struct row mine[] = {
	    {"patient", "8", {"preferred_name", "X"}, 0, OP_PATCH},
	    {"patient", "9", {"preferred_name", "X"}, 0, OP_PATCH}};

	conf.missing = NULL;
	conf.feed = "other";
	deliver_rows(&theirs, 1, OUTCOME_TAKEN);
	conf.feed = "north";
	deliver_rows(mine, 2, OUTCOME_TAKEN);
	conf.missing = rules;
	patients_known(2);
	cr_expect_eq(changes_counts(c)->removals, 0, "patches are not what it puts");
	rules[RECORD_PATIENT].op = OP_PATCH;
	snapshot_of(mine, 1);
	cr_expect_eq(changes_counts(c)->missing[RECORD_PATIENT].known, 2);
	cr_expect_eq(changes_counts(c)->removals, 1);
	cr_assert(next());
	cr_expect(frame_has("\"id\":\"9\""), "%s", frame.json.p);
	cr_expect_not(next());
}

/* What became of a removal, and whether the next snapshot removes the record again. */
Test(changes_snapshot, removals_that_were_not_taken)
{
	static const struct {
		const char *source;
		enum outcome outcome;
		uint64_t removals, sent, refused;
	} cases[] = {{"taken", OUTCOME_TAKEN, 0, 0, 0},
	    {"refused", OUTCOME_REFUSED, 1, 0, 1}, {"unanswered", OUTCOME_NONE, 1, 1, 0},
	    {"later", OUTCOME_LATER, 1, 1, 0}};
	const struct row rows[] = {visit("V1", "booked"), visit("V2", "booked")};

	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct changes_counts *n;

		conf.source = cases[i].source;
		cr_assert_eq(ledger_scope_get(l, conf.source, true, &scope, &e), 0);
		conf.scope = scope;
		ntold = 0;
		snapshot_of(rows, 2);
		deliver(OUTCOME_TAKEN);
		snapshot_of(rows, 1);
		deliver(cases[i].outcome);
		snapshot_of(rows, 1);
		n = changes_counts(c);
		cr_expect_eq(n->removals, cases[i].removals, "%s", conf.source);
		cr_expect_eq(n->refused, cases[i].refused, "%s", conf.source);
		cr_expect_eq(n->changed, cases[i].sent, "%s", conf.source);
		cr_expect_eq(next(), cases[i].sent > 0, "%s", conf.source);
		cr_expect_eq(ntold, cases[i].refused, "%s", conf.source);
	}
}

/* A record that the API never took is not there to be removed; one in doubt may be. */
/* What is missing, and what is changed, and was not refused so, is no matter of a retry. */
Test(changes_snapshot, a_retry_removes_what_it_was_refused_to_remove)
{
	const struct row was[] = {
	    patient("1", "A", 0), patient("3", "A", 0), patient("2", "A", 0)};
	const struct row now = patient("1", "B", 0);

	snapshot_of(was, 3);
	deliver(OUTCOME_TAKEN);
	snapshot_of(was, 2);
	deliver(OUTCOME_REFUSED);
	conf.old = conf.refused_only = true;
	snapshot_of(&now, 1);
	cr_expect_eq(changes_counts(c)->stale, 1);
	cr_expect_eq(changes_counts(c)->removals, 1);
	cr_expect_eq(changes_counts(c)->changed, 1);
	cr_assert(next());
	cr_expect_eq(frame.n, 1);
	cr_expect(frame_has("\"id\":\"2\""), "%s", frame.json.p);
	cr_expect(frame_has("\"op\":\"delete\""), "%s", frame.json.p);
	cr_expect_not(next());
	snapshot_of(&now, 1);
	deliver(OUTCOME_TAKEN);
	snapshot_of(&now, 1);
	cr_expect_eq(changes_counts(c)->removals, 0);
	cr_expect_eq(ntold, 0);
}

/* Of a retry too the last row counts, and is sent if just that was refused. */
Test(changes_snapshot, a_retry_sends_a_last_row_that_was_refused)
{
	const struct row was = patient("2", "A", 0), bad = patient("2", "B", 0);
	const struct row last[] = {patient("2", "C", 0), patient("2", "B", 0)};
	const struct row not_last[] = {patient("2", "B", 0), patient("2", "C", 0)};

	conf.missing = NULL;
	deliver_rows(&was, 1, OUTCOME_TAKEN);
	deliver_rows(&bad, 1, OUTCOME_REFUSED);
	conf.missing = rules;
	conf.old = conf.refused_only = true;
	snapshot_of(not_last, 2);
	cr_expect_eq(changes_counts(c)->duplicate, 1);
	cr_expect_eq(changes_counts(c)->stale, 1);
	cr_expect_eq(changes_counts(c)->otherwise, 1);
	cr_expect_not(next());
	snapshot_of(last, 2);
	cr_expect_eq(changes_counts(c)->stale, 1);
	cr_expect_eq(changes_counts(c)->changed, 1);
	cr_assert(next());
	cr_expect_eq(frame.n, 1);
	cr_expect(frame_has("\"B\""), "%s", frame.json.p);
	cr_expect_not(next());
}

Test(changes_snapshot, what_was_never_taken_is_not_removed)
{
	const struct row refused = patient("1", "A", 0), doubtful = patient("2", "A", 0);

	conf.missing = NULL;
	deliver_rows(&refused, 1, OUTCOME_REFUSED);
	deliver_rows(&doubtful, 1, OUTCOME_NONE);
	conf.missing = rules;
	begin();
	read_whole();
	cr_expect_eq(changes_counts(c)->removals, 1);
	cr_assert(next());
	cr_expect(frame_has("\"id\":\"2\""), "%s", frame.json.p);
}

/* A patient who was merged away is not in the export any more, as it should be. */
Test(changes_snapshot, a_retired_patient_is_not_removed)
{
	static const struct row merge = {
	    "patient", "1", {"retired_id", "2"}, 0, OP_MERGE};
	const struct row one = patient("1", "A", 0);

	patients_known(3);
	conf.missing = NULL;
	deliver_rows(&merge, 1, OUTCOME_TAKEN);
	conf.missing = rules;
	snapshot_of(&one, 1);
	cr_expect_eq(changes_counts(c)->missing[RECORD_PATIENT].known, 2);
	cr_expect_eq(changes_counts(c)->removals, 1);
	cr_assert(next());
	cr_expect(frame_has("\"id\":\"3\""), "%s", frame.json.p);
}

/* P5: in the order of their keys, the same batches each time, and told by the digest. */
Test(changes_snapshot, the_same_removals_in_the_same_batches)
{
	const struct row left = patient("1", "A", 0);
	unsigned char first[SHA256_SIZE], bodies[2][SHA256_SIZE];
	unsigned removed = 0;

	conf.batch_records = 100;
	patients_known(900);
	for (size_t k = 0; k < 2; k++) {
		struct sha256 *sha = sha256_new(&e);
		struct digest last = {{0}};

		snapshot_of(&left, 1);
		cr_expect_eq(changes_counts(c)->removals, 899);
		cr_expect_eq(changes_counts(c)->batches, 9);
		while (next()) {
			sha256_add(sha, frame.json.p, frame.json.n);
			for (size_t i = 0; i < frame.n; i++, removed++) {
				const struct digest *d =
				    &frame.records[i].entry.key.digest;

				cr_expect_gt(memcmp(d->b, last.b, DIGEST_SIZE), 0);
				last = *d;
			}
		}
		sha256_end(sha, bodies[k]);
		sha256_free(sha);
		if (k == 0)
			memcpy(first, list, sizeof(first));
	}
	cr_expect_eq(removed, 2 * 899);
	cr_expect_arr_eq(first, list, sizeof(first));
	cr_expect_arr_eq(bodies[0], bodies[1], SHA256_SIZE);
	/* One record more in the file is another list of changes. */
	begin();
	add_all(&left, 1);
	present("2", 3);
	read_whole();
	cr_expect_arr_neq(first, list, sizeof(first));
}

/* Without a ledger nothing is known, and nothing is missing. */
Test(changes_snapshot, a_dry_run_before_the_first)
{
	const struct row one = patient("1", "A", 0);

	conf.ledger = NULL;
	snapshot_of(&one, 1);
	cr_expect_eq(changes_counts(c)->changed, 1);
	cr_expect_eq(changes_counts(c)->removals, 0);
}
