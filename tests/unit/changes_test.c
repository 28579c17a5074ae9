#include "tests/unit/changes_rig.h"

TestSuite(changes, .init = setup, .fini = teardown);

static void
expect_balance(const struct changes_counts *n)
{
	cr_expect_eq(
	    n->records, n->changed + n->unchanged + n->duplicate + n->stale + n->refused);
}

/* As deploy/openapi.yaml has it. Versions are SipHash-2-4-128 of "put" or so and the data. */
Test(changes, records_as_they_are_sent)
{
	static const struct row rows[] = {
	    {"patient", "00343166",
		{"id", "00343166", "name.family", "O\"Hara", "name.given", "Ann",
		    "name.given", "B", "birth_date", "1970-01-31"},
		7, OP_PUT},
	    {"appointment", "A-77",
		{"id", "A-77", "status", "booked", "patient_id", "00343166",
		    "duration_minutes", "15"},
		0, OP_PATCH},
	    {"appointment", "A-12\n", {NULL}, 0, OP_DELETE},
	};
	static struct site_keys keys;

	memset(&keys, 0x5a, sizeof(keys));
	conf.ledger = NULL;
	conf.keys = &keys;
	begin();
	add_all(rows, 3);
	end();
	cr_assert(next());
	cr_expect_eq(frame.number, 1);
	cr_expect_eq(frame.after, 0);
	cr_assert_eq(frame.n, 3);
	cr_expect(
	    span_eq(buf_span(&frame.json),
		SPAN_LIT(
		    "{\"n\":1,\"op\":\"put\",\"type\":\"patient\",\"source\":\"northside\","
		    "\"id\":\"00343166\",\"version\":\"570f3b1eb2d154a2864784ca86a3a470\","
		    "\"event_at\":\"2026-11-20T19:30:02Z\",\"origin\":{\"row\":2},\"data\":{"
		    "\"id\":\"00343166\",\"name\":{\"family\":\"O\\\"Hara\",\"given\":[\"Ann\","
		    "\"B\"]},\"birth_date\":\"1970-01-31\"}},"
		    "{\"n\":2,\"op\":\"patch\",\"type\":\"appointment\",\"source\":\"northside\","
		    "\"id\":\"A-77\",\"version\":\"17ab27627622ef8f5f803e4dd005bbd8\","
		    "\"origin\":{\"row\":3},\"data\":{\"id\":\"A-77\",\"status\":\"booked\","
		    "\"patient_id\":\"00343166\",\"duration_minutes\":15}},"
		    "{\"n\":3,\"op\":\"delete\",\"type\":\"appointment\",\"source\":\"northside\","
		    "\"id\":\"A-12\\n\",\"version\":\"438e39ca49183cd062f47ae62e88f3d3\","
		    "\"origin\":{\"row\":4}}")),
	    "%.*s", (int)frame.json.n, frame.json.p);
	for (size_t i = 0; i < 3; i++) {
		const struct frame_record *r = &frame.records[i];

		cr_expect_eq(r->n, i + 1);
		cr_expect_eq(r->row, i + 2);
		cr_expect_eq(frame.json.p[r->at], '{');
		cr_expect_eq(frame.json.p[r->at + r->length - 1], '}');
		cr_expect(span_eq(r->entry.id, span_of(rows[i].id)));
		cr_expect_eq(r->entry.removed, i == 2);
	}
	cr_expect_eq(frame.records[0].entry.at, 7);
	cr_expect_eq(frame.records[1].entry.at, TIME_NONE);
	cr_expect_not(next());
}

/* TOUCHED: unchanged, and its event time moves on. */
enum judged { CHANGED, UNCHANGED, DUPLICATE, STALE, REFUSED, TOUCHED };

static const uint64_t *
count_of(enum judged j)
{
	const struct changes_counts *n = changes_counts(c);
	const uint64_t *const all[] = {&n->changed, &n->unchanged, &n->duplicate,
	    &n->stale, &n->refused, &n->unchanged};

	return all[j];
}

/* What was delivered before, each in a pass of its own, and what a row is then. */
struct judgement {
	const char *name;
	struct {
		const char *text; /* NULL: no more; empty: deleted */
		int64_t at;
		enum outcome outcome;
	} before[3];
	const char *text;
	int64_t at;
	enum judged is;
};

static void
expect_judgement(const struct judgement *j, const char *id)
{
	struct row row = patient(id, j->text, j->at);

	for (size_t i = 0; i < 3 && j->before[i].text != NULL; i++) {
		struct row was = patient(id, j->before[i].text, j->before[i].at);

		if (j->before[i].text[0] == '\0') {
			was.op = OP_DELETE;
			was.fields[0] = NULL;
		}
		deliver_rows(&was, 1, j->before[i].outcome);
	}
	begin();
	add_all(&row, 1);
	end();
	cr_expect_eq(*count_of(j->is), 1, "%s", j->name);
	cr_expect_eq(changes_counts(c)->records, 1, "%s", j->name);
	expect_balance(changes_counts(c));
	if (j->is != CHANGED && j->is != TOUCHED) {
		cr_expect_not(next(), "%s", j->name);
		return;
	}
	cr_assert(next(), "%s", j->name);
	cr_assert_eq(frame.n, 1, "%s", j->name);
	cr_expect_eq(frame.records[0].length == 0, j->is == TOUCHED, "%s", j->name);
	cr_expect_eq(frame.json.n == 0, j->is == TOUCHED, "%s", j->name);
	cr_expect_eq(frame.records[0].entry.at, row.at == 0 ? TIME_NONE : row.at);
	cr_expect_not(next(), "%s", j->name);
}

Test(changes, what_a_row_is_to_what_is_known)
{
	static const struct judgement cases[] = {
	    {"unknown", {{NULL, 0, 0}}, "A", 0, CHANGED},
	    {"the same", {{"A", 0, OUTCOME_TAKEN}}, "A", 0, UNCHANGED},
	    {"another", {{"A", 0, OUTCOME_TAKEN}}, "B", 0, CHANGED},
	    {"the same, newer", {{"A", SEC(10), OUTCOME_TAKEN}}, "A", SEC(11), TOUCHED},
	    {"the same, newer by less than a second", {{"A", SEC(10), OUTCOME_TAKEN}},
		"A", SEC(10) + 1, TOUCHED},
	    {"the same, as old", {{"A", SEC(10), OUTCOME_TAKEN}}, "A", SEC(10),
		UNCHANGED},
	    {"the same, older", {{"A", SEC(10), OUTCOME_TAKEN}}, "A", SEC(9), STALE},
	    {"the same, of no known age", {{"A", SEC(10), OUTCOME_TAKEN}}, "A", 0,
		UNCHANGED},
	    {"the same, first with an age", {{"A", 0, OUTCOME_TAKEN}}, "A", SEC(9),
		TOUCHED},
	    {"the same, as old as the touch before",
		{{"A", SEC(10), OUTCOME_TAKEN}, {"A", SEC(20), OUTCOME_TAKEN}}, "A",
		SEC(20), UNCHANGED},
	    {"refused before, and newer", {{"A", SEC(10), OUTCOME_REFUSED}}, "A", SEC(20),
		REFUSED},
	    {"never answered, and newer", {{"A", SEC(10), OUTCOME_NONE}}, "A", SEC(20),
		CHANGED},
	    {"back to what was taken, and newer",
		{{"A", SEC(10), OUTCOME_TAKEN}, {"B", SEC(20), OUTCOME_REFUSED}}, "A",
		SEC(30), TOUCHED},
	    {"what was refused last, after a touch",
		{{"A", SEC(10), OUTCOME_TAKEN}, {"B", SEC(20), OUTCOME_REFUSED},
		    {"A", SEC(30), OUTCOME_TAKEN}},
		"B", SEC(40), REFUSED},
	    {"removed again, later",
		{{"A", SEC(10), OUTCOME_TAKEN}, {"", SEC(20), OUTCOME_TAKEN},
		    {"", SEC(30), OUTCOME_TAKEN}},
		"A", SEC(25), STALE},
	    {"another, newer", {{"A", 10, OUTCOME_TAKEN}}, "B", 11, CHANGED},
	    {"another, as old", {{"A", 10, OUTCOME_TAKEN}}, "B", 10, CHANGED},
	    {"another, older", {{"A", 10, OUTCOME_TAKEN}}, "B", 9, STALE},
	    {"another, of no known age", {{"A", 10, OUTCOME_TAKEN}}, "B", 0, CHANGED},
	    {"another, first with an age", {{"A", 0, OUTCOME_TAKEN}}, "B", 9, CHANGED},
	    {"refused before", {{"A", 0, OUTCOME_REFUSED}}, "A", 0, REFUSED},
	    {"refused before, now another", {{"A", 0, OUTCOME_REFUSED}}, "B", 0, CHANGED},
	    {"what was refused last",
		{{"A", 0, OUTCOME_TAKEN}, {"B", 0, OUTCOME_REFUSED}}, "B", 0, REFUSED},
	    {"back to what was taken",
		{{"A", 0, OUTCOME_TAKEN}, {"B", 0, OUTCOME_REFUSED}}, "A", 0, UNCHANGED},
	    {"refused, then taken, then the refused one again",
		{{"A", 0, OUTCOME_REFUSED}, {"B", 0, OUTCOME_TAKEN}}, "A", 0, CHANGED},
	    {"never answered", {{"A", 0, OUTCOME_NONE}}, "A", 0, CHANGED},
	    {"wanted later", {{"A", 0, OUTCOME_LATER}}, "A", 0, CHANGED},
	    {"in doubt, back to what was taken",
		{{"A", 0, OUTCOME_TAKEN}, {"B", 0, OUTCOME_NONE}}, "A", 0, CHANGED},
	    {"doubt is over", {{"A", 0, OUTCOME_NONE}, {"A", 0, OUTCOME_TAKEN}}, "A", 0,
		UNCHANGED},
	    {"back from removal", {{"A", 0, OUTCOME_TAKEN}, {"", 0, OUTCOME_TAKEN}}, "A",
		0, CHANGED},
	    {"in doubt, and older than what was taken",
		{{"A", 10, OUTCOME_TAKEN}, {"B", 20, OUTCOME_NONE}}, "C", 5, STALE},
	    /* B may stand at the API: what was taken last is not surely there. */
	    {"back after doubt and refusal",
		{{"A", 0, OUTCOME_TAKEN}, {"B", 0, OUTCOME_NONE},
		    {"C", 0, OUTCOME_REFUSED}},
		"A", 0, CHANGED},
	    {"older than its removal",
		{{"A", 10, OUTCOME_TAKEN}, {"", 20, OUTCOME_TAKEN}}, "B", 15, STALE},
	};
	char id[24];

	for (size_t i = 0; i < COUNT(cases); i++) {
		snprintf(id, sizeof(id), "%zu", i);
		expect_judgement(&cases[i], id);
	}
}

Test(changes, rows_of_one_file_are_compared_with_each_other)
{
	static const struct {
		const char *name, *known; /* NULL: nothing is */
		const char *rows[4];
		uint64_t changed, unchanged, duplicate;
	} cases[] = {
	    {"two equal rows are one", NULL, {"A", "A"}, 1, 0, 1},
	    {"there and back is three", NULL, {"A", "B", "A"}, 3, 0, 0},
	    {"each twice", NULL, {"A", "A", "B", "B"}, 2, 0, 2},
	    {"away from what is known, and back", "A", {"A", "B", "A"}, 2, 1, 0},
	    {"as known, twice", "A", {"A", "A"}, 0, 2, 0},
	};
	char id[24];

	for (size_t i = 0; i < COUNT(cases); i++) {
		snprintf(id, sizeof(id), "%zu", i);
		if (cases[i].known != NULL) {
			struct row was = patient(id, cases[i].known, 0);

			deliver_rows(&was, 1, OUTCOME_TAKEN);
		}
		begin();
		for (size_t k = 0; k < 4 && cases[i].rows[k] != NULL; k++) {
			struct row row = patient(id, cases[i].rows[k], 0);

			cr_assert_eq(add(&row, k + 2), 0);
		}
		end();
		cr_expect_eq(
		    changes_counts(c)->changed, cases[i].changed, "%s", cases[i].name);
		cr_expect_eq(changes_counts(c)->unchanged, cases[i].unchanged, "%s",
		    cases[i].name);
		cr_expect_eq(changes_counts(c)->duplicate, cases[i].duplicate, "%s",
		    cases[i].name);
		expect_balance(changes_counts(c));
	}
}

/* P7 within a file: the second row is older than the first, or than what is known. */
Test(changes, an_older_row_of_the_same_file_is_stale)
{
	struct row known = patient("7", "A", SEC(10));
	struct row rows[] = {patient("7", "B", SEC(20)), patient("7", "C", SEC(5))};
	struct row unknown[] = {patient("8", "B", SEC(20)), patient("8", "C", SEC(15))};

	deliver_rows(&known, 1, OUTCOME_TAKEN);
	begin();
	add_all(rows, 2);
	end();
	cr_expect_eq(changes_counts(c)->changed, 1, "older than what the ledger knows");
	cr_expect_eq(changes_counts(c)->stale, 1);
	begin();
	add_all(unknown, 2);
	end();
	cr_expect_eq(changes_counts(c)->changed, 1, "older than the row before");
	cr_expect_eq(changes_counts(c)->stale, 1);
}

/* P7: what is unchanged but newer moves the event time on. */
Test(changes, unchanged_but_newer_moves_on)
{
	struct row first = patient("7", "A", SEC(10)), again = patient("7", "A", SEC(30));
	struct row between = patient("7", "B", SEC(20));

	deliver_rows(&first, 1, OUTCOME_TAKEN);
	deliver_rows(&again, 1, OUTCOME_TAKEN);
	begin();
	add_all(&between, 1);
	end();
	cr_expect_eq(changes_counts(c)->stale, 1);
}

/* P7 within a file: an equal row that is newer moves the time on too. */
Test(changes, a_duplicate_but_newer_moves_on)
{
	struct row rows[] = {patient("7", "A", SEC(10)), patient("7", "A", SEC(30)),
	    patient("7", "B", SEC(20)), patient("7", "A", SEC(30)),
	    patient("8", "A", SEC(10))};
	static const uint64_t numbers[] = {1, 0, 2};

	begin();
	add_all(rows, COUNT(rows));
	end();
	cr_expect_eq(changes_counts(c)->changed, 2);
	cr_expect_eq(changes_counts(c)->duplicate, 2);
	cr_expect_eq(changes_counts(c)->stale, 1, "older than the touch");
	expect_balance(changes_counts(c));
	cr_assert(next());
	cr_assert_eq(frame.n, COUNT(numbers));
	for (size_t i = 0; i < frame.n; i++) {
		cr_expect_eq(frame.records[i].n, numbers[i], "touches have no number");
		cr_expect_eq(frame.records[i].length == 0, i == 1);
	}
	cr_expect_eq(frame.records[1].entry.at, SEC(30));
	cr_expect_not(next());
}

/* What the API says to a row says nothing of the touch behind it, and the other way. */
Test(changes, a_touch_is_no_delivery)
{
	static const struct {
		const char *id;
		enum outcome outcome;
		enum judged is; /* the same again, and newer */
	} cases[] = {
	    {"1", OUTCOME_TAKEN, TOUCHED},
	    {"2", OUTCOME_REFUSED, REFUSED},
	    {"3", OUTCOME_LATER, CHANGED},
	    {"4", OUTCOME_NONE, CHANGED},
	};

	/* The touch is in the batch of its row, or in one of its own. */
	for (size_t i = 0; i < 2 * COUNT(cases); i++) {
		const char *id = cases[i / 2].id, *text = i % 2 == 0 ? "A" : "B";
		int64_t at = SEC(100 * (int64_t)i + 1);
		struct row rows[] = {
		    patient(id, text, at), patient(id, text, at + SEC(10))};
		struct row again = patient(id, text, at + SEC(20));

		conf.batch_records = i % 2 == 0 ? 500 : 1;
		deliver_rows(rows, 2, cases[i / 2].outcome);
		begin();
		add_all(&again, 1);
		end();
		cr_expect_eq(*count_of(cases[i / 2].is), 1, "record %s, %s", id, text);
		cr_expect_eq(changes_counts(c)->records, 1);
	}
}

/* Nothing is sent of such a file, and its times are known all the same. */
Test(changes, a_file_of_touches_only)
{
	struct row rows[] = {patient("1", "A", SEC(10)), patient("2", "A", SEC(10)),
	    patient("3", "A", SEC(10))};
	static const size_t want[] = {2, 1};
	size_t n = 0;

	deliver_rows(rows, 3, OUTCOME_TAKEN);
	for (size_t i = 0; i < 3; i++)
		rows[i].at = SEC(30);
	conf.batch_records = 2;
	begin();
	add_all(rows, 3);
	end();
	cr_expect_eq(changes_counts(c)->unchanged, 3);
	cr_expect_eq(changes_counts(c)->changed, 0);
	cr_expect_eq(changes_counts(c)->batches, 2);
	for (; next(); n++) {
		cr_assert_lt(n, COUNT(want));
		cr_expect_eq(frame.number, n + 1);
		cr_expect_eq(frame.n, want[n]);
		cr_expect_eq(frame.json.n, 0);
		for (size_t i = 0; i < frame.n; i++)
			cr_expect_eq(frame.records[i].length, 0);
	}
	cr_expect_eq(n, COUNT(want));
	deliver_rows(rows, 3, OUTCOME_NONE); /* no answer is needed */
	begin();
	add_all(rows, 3);
	end();
	cr_expect_eq(changes_counts(c)->unchanged, 3);
	cr_expect_not(next(), "the times have moved on, and stand");
}

/* A patch has a history of its own, and so has each feed's. */
Test(changes, patches_and_puts_are_apart)
{
	struct row put = patient("7", "A", 0), patch = put, other = patient("7", "A", 0);

	patch.op = OP_PATCH;
	other.type = "practitioner";
	other.fields[0] = "email";
	deliver_rows(&put, 1, OUTCOME_TAKEN);
	deliver_rows(&patch, 1, OUTCOME_TAKEN);
	begin();
	add_all(&put, 1);
	add_all(&patch, 1);
	add_all(&other, 1);
	end();
	cr_expect_eq(changes_counts(c)->unchanged, 2);
	cr_expect_eq(changes_counts(c)->changed, 1);
	conf.feed = "south";
	begin();
	add_all(&put, 1);
	add_all(&patch, 1);
	end();
	cr_expect_eq(changes_counts(c)->unchanged, 1);
	cr_expect_eq(changes_counts(c)->changed, 1);
}

#define MANY 3000 /* more than two blocks */

/* All of a run's batches in one text, with their heads. */
static void
many(struct buf *out, const char *odd)
{
	char id[24];

	begin();
	for (size_t i = 0; i < MANY; i++) {
		struct row row;

		snprintf(id, sizeof(id), "%zu", i % 2500);
		row = patient(id, i == 1234 ? odd : "A", 0);
		cr_assert_eq(add(&row, i + 2), 0);
	}
	end();
	while (next()) {
		buf_addf(out, "\n%llu %llu ", (unsigned long long)frame.number,
		    (unsigned long long)frame.after);
		buf_add_span(out, buf_span(&frame.json));
	}
}

/* P5: what stands in a body, or in an intent, tells one list from another. */
Test(changes, a_row_or_a_time_makes_another_list)
{
	static const struct {
		uint64_t row;
		int64_t at;
	} lists[] = {{2, SEC(100)}, {3, SEC(100)}, {2, SEC(3700)}, {2, SEC(100)}};
	unsigned char first[SHA256_SIZE];

	for (size_t i = 0; i < COUNT(lists); i++) {
		const struct row row = patient("7", "A", lists[i].at);

		begin();
		cr_assert_eq(add(&row, lists[i].row), 0);
		end();
		if (i == 0)
			memcpy(first, list, sizeof(first));
		cr_expect_eq(memcmp(list, first, sizeof(first)) == 0, i == 0 || i == 3,
		    "list %zu", i);
	}
}

/* P5: the same input makes the same batches and the same digest. */
Test(changes, the_same_again_is_the_same)
{
	unsigned char first[SHA256_SIZE];
	struct buf a, b;

	buf_init(&a, 4 << 20);
	buf_init(&b, 4 << 20);
	conf.batch_records = 100;
	many(&a, "A");
	memcpy(first, list, sizeof(first));
	cr_expect_eq(changes_counts(c)->records, MANY);
	cr_expect_eq(changes_counts(c)->changed, 2500);
	cr_expect_eq(changes_counts(c)->duplicate, 500);
	cr_expect_eq(changes_counts(c)->batches, 25);
	rig_reopen();
	conf.ledger = l;
	conf.keys = ledger_keys(l);
	conf.outbox_memory = 0;
	many(&b, "A");
	cr_expect(span_eq(buf_span(&a), buf_span(&b)));
	cr_expect_arr_eq(list, first, sizeof(first));
	many(&b, "B");
	cr_expect_arr_neq(list, first, sizeof(first), "another record");
	conf.batch_records = 99;
	many(&b, "A");
	cr_expect_arr_neq(list, first, sizeof(first), "other batches");
	buf_release(&a);
	buf_release(&b);
}

Test(changes, cut_by_count)
{
	static const size_t want[] = {3, 3, 3, 1};
	char id[24];
	size_t n = 0;

	conf.batch_records = 3;
	begin();
	for (size_t i = 0; i < 10; i++) {
		struct row row;

		snprintf(id, sizeof(id), "%zu", i);
		row = patient(id, "A", 0);
		cr_assert_eq(add(&row, i + 2), 0);
	}
	end();
	for (; next(); n++) {
		cr_assert_lt(n, COUNT(want));
		cr_expect_eq(frame.number, n + 1);
		cr_expect_eq(frame.n, want[n]);
		cr_expect_eq(frame.records[0].n, 3 * n + 1);
	}
	cr_expect_eq(n, COUNT(want));
	cr_expect_eq(changes_counts(c)->batches, COUNT(want));
}

Test(changes, cut_by_bytes)
{
	char text[900], id[24];
	size_t records = 0, frames = 0;

	memset(text, 't', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	conf.batch_bytes = 5000;
	begin();
	for (size_t i = 0; i < 20; i++) {
		struct row row;

		snprintf(id, sizeof(id), "%zu", i);
		row = patient(id, i == 10 ? text : text + 400, 0);
		cr_assert_eq(add(&row, i + 2), 0);
	}
	end();
	for (; next(); frames++) {
		cr_expect_leq(frame.json.n, 5000, "batch %zu has %zu bytes", frames + 1,
		    frame.json.n);
		records += frame.n;
	}
	cr_expect_eq(records, 20);
	cr_expect_geq(frames, 3);
	cr_expect_leq(frames, 4);
	/* One that is larger than that goes alone. */
	conf.batch_bytes = 100;
	begin();
	for (size_t i = 0; i < 3; i++) {
		struct row row;

		snprintf(id, sizeof(id), "%zu", i);
		row = patient(id, text, 0);
		cr_assert_eq(add(&row, i + 2), 0);
	}
	end();
	cr_expect_eq(changes_counts(c)->batches, 3);
}

/* P7: a row without a time leaves the one that an earlier row had. */
Test(changes, a_row_without_time_erases_no_time)
{
	struct row rows[] = {patient("7", "A", SEC(20)), patient("7", "B", 0),
	    patient("7", "C", SEC(10)), patient("7", "D", SEC(20) + 1)};
	struct row known[] = {patient("8", "A", SEC(20)), patient("8", "B", 0)};
	struct row older = patient("8", "C", SEC(20) - 1);

	begin();
	add_all(rows, COUNT(rows));
	end();
	cr_expect_eq(changes_counts(c)->changed, 3);
	cr_expect_eq(changes_counts(c)->stale, 1, "within a file");
	for (size_t i = 0; i < COUNT(known); i++)
		deliver_rows(&known[i], 1, OUTCOME_TAKEN);
	begin();
	add_all(&older, 1);
	end();
	cr_expect_eq(changes_counts(c)->stale, 1, "from file to file");
}

Test(changes, nothing_is_known_without_a_ledger)
{
	struct row row = patient("7", "A", 0);

	deliver_rows(&row, 1, OUTCOME_TAKEN);
	conf.ledger = NULL;
	begin();
	add_all(&row, 1);
	end();
	cr_expect_eq(changes_counts(c)->changed, 1);
	begin();
	end();
	cr_expect_not(next());
	cr_expect_eq(changes_counts(c)->batches, 0);
	changes_free(NULL);
}

Test(changes, what_goes_wrong_is_told)
{
	static char text[20 << 20];
	struct row row = patient("7", "A", 0);
	int r = 0;

	deliver_rows(&row, 1, OUTCOME_TAKEN);
	rig_damage(TABLE_RECORDS, 3);
	begin();
	cr_assert_eq(add(&row, 2), 0);
	cr_expect_eq(changes_end(c, list, &e), -1);
	cr_expect_eq(e.code, ERR_LEDGER);
	conf.ledger = NULL;
	memset(text, 't', sizeof(text) - 1);
	row = patient("8", text, 0);
	begin();
	e.code = ERR_NONE;
	cr_expect_eq(add(&row, 2), -1);
	cr_expect(e.code == ERR_REFUSED || e.code == ERR_NOMEM, "%s", e.msg);
	conf.outbox_dir = "/proc/self";
	text[100000] = '\0';
	begin();
	e.code = ERR_NONE;
	for (size_t i = 0; i < 200 && r == 0; i++) {
		char id[24];

		snprintf(id, sizeof(id), "%zu", i);
		row = patient(id, text, 0);
		conf.batch_records = 1;
		r = add(&row, i + 2);
	}
	if (r == 0)
		r = changes_end(c, list, &e);
	cr_expect_eq(r, -1);
	cr_expect_eq(e.code, ERR_IO, "%s", e.msg);
}

/* Refused before, or not: what is told of them, in its order. */
static void
note_problem(void *arg, const struct problem *p)
{
	struct buf *told = arg;

	buf_addf(told, " %llu", (unsigned long long)p->row);
}

/* More than all blocks hold: while some are filled others are judged. */
#define WHOLE (5 * 512u)

static void
add_numbered(size_t n, const char *text)
{
	char id[24];

	for (size_t i = 0; i < n; i++) {
		struct row row;

		snprintf(id, sizeof(id), "%zu", i);
		row = patient(id, text, 0);
		if (add(&row, i + 2) != 0)
			return;
	}
	changes_end(c, list, &e);
}

Test(changes, problems_of_all_blocks_are_told_in_order)
{
	struct row odd[] = {patient("0", "A", 0), patient("700", "A", 0),
	    patient("1500", "A", 0), patient("2559", "A", 0)};
	struct buf told;

	for (size_t i = 0; i < COUNT(odd); i++)
		deliver_rows(&odd[i], 1, OUTCOME_REFUSED);
	buf_init(&told, 4096);
	conf.problem = note_problem;
	conf.arg = &told;
	begin();
	add_numbered(WHOLE, "A");
	cr_expect(span_eq(buf_span(&told), SPAN_LIT(" 2 702 1502 2561")), "%.*s",
	    (int)told.n, told.p);
	cr_expect_eq(changes_counts(c)->refused, COUNT(odd));
	cr_expect_eq(changes_counts(c)->changed, WHOLE - COUNT(odd));
	expect_balance(changes_counts(c));
	conf.problem = NULL;
	buf_release(&told);
}

/* The reader hears of it, and it may be let go in the middle of a file. */
Test(changes, a_judge_that_fails_ends_the_reading)
{
	struct row row = patient("2000", "A", 0);

	deliver_rows(&row, 1, OUTCOME_TAKEN);
	rig_damage(TABLE_RECORDS, 3);
	begin();
	e.code = ERR_NONE;
	add_numbered(2 * WHOLE, "A");
	cr_expect_eq(e.code, ERR_LEDGER);
	cr_expect_leq(changes_counts(c)->records, 2000, "none behind it is judged");
	conf.ledger = NULL;
	begin();
	for (size_t i = 0; i < 1500; i++)
		cr_assert_eq(add(&row, i + 2), 0);
	changes_free(c);
	c = NULL;
}
