/* Closing a pass: what the API's answers make of the records, killed or not. */
#include <sys/wait.h>

#include "tests/unit/ledger_rig.h"
#include "state/pass_impl.h"

#define STEPS_MAX 4

TestSuite(merge, .init = rig_init, .fini = rig_release);

/* One change of the record: in which pass, to what, and what the API said. */
struct step {
	unsigned pass;       /* 0: no more steps */
	const char *content; /* empty: removed */
	enum outcome outcome;
};

/* The n-th step has event time n. */
static const struct scenario {
	const char *name;
	struct step steps[STEPS_MAX];
	unsigned flags;
	const char *content, *refused; /* NULL: none */
	int64_t at;
} scenarios[] = {
    {"taken", {{1, "A", OUTCOME_TAKEN}}, 0, "A", NULL, 1},
    {"refused", {{1, "A", OUTCOME_REFUSED}}, KNOWN_EMPTY | KNOWN_REFUSED, NULL, "A", 1},
    {"wanted later", {{1, "A", OUTCOME_LATER}}, KNOWN_EMPTY | KNOWN_DOUBT, NULL, NULL, 1},
    {"never answered", {{1, "A", OUTCOME_NONE}}, KNOWN_EMPTY | KNOWN_DOUBT, NULL, NULL,
	1},
    {"the last one taken wins", {{1, "A", OUTCOME_TAKEN}, {1, "B", OUTCOME_TAKEN}}, 0,
	"B", NULL, 2},
    {"refused after taken", {{1, "A", OUTCOME_TAKEN}, {1, "B", OUTCOME_REFUSED}},
	KNOWN_REFUSED, "A", "B", 2},
    {"taken after refused", {{1, "A", OUTCOME_REFUSED}, {1, "B", OUTCOME_TAKEN}}, 0, "B",
	NULL, 2},
    {"refused twice", {{1, "A", OUTCOME_REFUSED}, {1, "B", OUTCOME_REFUSED}},
	KNOWN_EMPTY | KNOWN_REFUSED, NULL, "B", 2},
    {"unanswered after taken", {{1, "A", OUTCOME_TAKEN}, {1, "B", OUTCOME_NONE}},
	KNOWN_DOUBT, "A", NULL, 2},
    {"later after taken", {{1, "A", OUTCOME_TAKEN}, {1, "B", OUTCOME_LATER}}, KNOWN_DOUBT,
	"A", NULL, 2},
    {"taken after later", {{1, "A", OUTCOME_LATER}, {1, "B", OUTCOME_TAKEN}}, 0, "B",
	NULL, 2},
    {"three in a row",
	{{1, "A", OUTCOME_TAKEN}, {1, "B", OUTCOME_REFUSED}, {1, "C", OUTCOME_TAKEN}}, 0,
	"C", NULL, 3},
    {"removed", {{1, "A", OUTCOME_TAKEN}, {1, "", OUTCOME_TAKEN}}, KNOWN_TOMBSTONE, "",
	NULL, 2},
    {"removed at once", {{1, "", OUTCOME_TAKEN}}, KNOWN_TOMBSTONE, "", NULL, 1},
    {"removal refused", {{1, "A", OUTCOME_TAKEN}, {2, "", OUTCOME_REFUSED}},
	KNOWN_REFUSED, "A", "", 2},
    {"removal unanswered", {{1, "A", OUTCOME_TAKEN}, {2, "", OUTCOME_NONE}}, KNOWN_DOUBT,
	"A", NULL, 2},
    {"back from removal",
	{{1, "A", OUTCOME_TAKEN}, {2, "", OUTCOME_TAKEN}, {3, "B", OUTCOME_TAKEN}}, 0,
	"B", NULL, 3},
    {"coming back was refused",
	{{1, "A", OUTCOME_TAKEN}, {2, "", OUTCOME_TAKEN}, {3, "B", OUTCOME_REFUSED}},
	KNOWN_TOMBSTONE | KNOWN_REFUSED, "", "B", 3},
    {"doubt ends with what is taken", {{1, "A", OUTCOME_NONE}, {2, "B", OUTCOME_TAKEN}},
	0, "B", NULL, 2},
    {"a refusal ends with what is taken",
	{{1, "A", OUTCOME_REFUSED}, {2, "B", OUTCOME_TAKEN}}, 0, "B", NULL, 2},
    {"a refusal survives doubt", {{1, "A", OUTCOME_REFUSED}, {2, "B", OUTCOME_NONE}},
	KNOWN_EMPTY | KNOWN_REFUSED | KNOWN_DOUBT, NULL, "A", 2},
    /* P7: a touch moves the event time of what was taken, and tells nothing else. */
    {"touched", {{1, "A", OUTCOME_TAKEN}, {2, "A", OUTCOME_TOUCHED}}, 0, "A", NULL, 2},
    {"touched where it was sent", {{1, "A", OUTCOME_TAKEN}, {1, "A", OUTCOME_TOUCHED}}, 0,
	"A", NULL, 2},
    {"touched twice",
	{{1, "A", OUTCOME_TAKEN}, {2, "A", OUTCOME_TOUCHED}, {3, "A", OUTCOME_TOUCHED}},
	0, "A", NULL, 3},
    {"a removal is touched",
	{{1, "A", OUTCOME_TAKEN}, {2, "", OUTCOME_TAKEN}, {3, "", OUTCOME_TOUCHED}},
	KNOWN_TOMBSTONE, "", NULL, 3},
    {"changed after a touch",
	{{1, "A", OUTCOME_TAKEN}, {2, "A", OUTCOME_TOUCHED}, {3, "B", OUTCOME_TAKEN}}, 0,
	"B", NULL, 3},
    {"a touch of what is refused is no delivery",
	{{1, "A", OUTCOME_REFUSED}, {1, "A", OUTCOME_TOUCHED}},
	KNOWN_EMPTY | KNOWN_REFUSED, NULL, "A", 1},
    {"a touch of what is refused leaves what was taken",
	{{1, "A", OUTCOME_TAKEN}, {2, "B", OUTCOME_REFUSED}, {2, "B", OUTCOME_TOUCHED}},
	KNOWN_REFUSED, "A", "B", 2},
    {"a touch ends no refusal",
	{{1, "A", OUTCOME_TAKEN}, {2, "B", OUTCOME_REFUSED}, {3, "A", OUTCOME_TOUCHED}},
	KNOWN_REFUSED, "A", "B", 3},
    {"a touch of what was never answered is no delivery",
	{{1, "A", OUTCOME_NONE}, {1, "A", OUTCOME_TOUCHED}}, KNOWN_EMPTY | KNOWN_DOUBT,
	NULL, NULL, 1},
    {"a touch of what is wanted later is no delivery",
	{{1, "A", OUTCOME_LATER}, {1, "A", OUTCOME_TOUCHED}}, KNOWN_EMPTY | KNOWN_DOUBT,
	NULL, NULL, 1},
    {"a touch of an unanswered change leaves what was taken",
	{{1, "A", OUTCOME_TAKEN}, {2, "B", OUTCOME_NONE}, {2, "B", OUTCOME_TOUCHED}},
	KNOWN_DOUBT, "A", NULL, 2},
    {"a touch of an unanswered removal leaves what was taken",
	{{1, "A", OUTCOME_TAKEN}, {2, "", OUTCOME_NONE}, {2, "", OUTCOME_TOUCHED}},
	KNOWN_DOUBT, "A", NULL, 2},
    {"what was refused is gone", {{1, "A", OUTCOME_REFUSED}, {2, "", OUTCOME_TOUCHED}},
	KNOWN_EMPTY, NULL, NULL, 2},
    {"what was refused is gone, as what was taken before",
	{{1, "", OUTCOME_TAKEN}, {2, "B", OUTCOME_REFUSED}, {3, "", OUTCOME_TOUCHED}},
	KNOWN_TOMBSTONE, "", NULL, 3},
    {"a removal that was refused is none",
	{{1, "", OUTCOME_REFUSED}, {2, "", OUTCOME_TOUCHED}}, KNOWN_EMPTY | KNOWN_REFUSED,
	NULL, "", 1},
};

static void
run_pass(const struct step *steps, unsigned number)
{
	struct pass p = rig_pass(1, STEPS_MAX);
	struct merged sum;

	rig_open_pass(&p);
	for (unsigned i = 0; i < STEPS_MAX; i++) {
		struct entry en;
		unsigned char outcome = (unsigned char)steps[i].outcome;

		if (steps[i].pass != number)
			continue;
		en = rig_entry("7", steps[i].content, i + 1);
		rig_intent(&p, i + 1, &en, 1);
		if (outcome != OUTCOME_NONE)
			rig_ack(&p, i + 1, &outcome, 1);
	}
	cr_assert_eq(pass_close(l, &p, &sum, &e), 0, "%s", e.msg);
}

static void
expect_known(const char *name, const struct scenario *s)
{
	struct known k = rig_known(1, "7");
	struct digest d;

	cr_expect(k.found, "%s", name);
	cr_expect_eq(k.flags, s->flags, "%s: flags %u", name, k.flags);
	cr_expect_eq(k.at, s->at, "%s", name);
	cr_expect_eq(k.ordinal, 0, "%s", name);
	if (s->content != NULL) {
		d = rig_content(s->content);
		cr_expect(digest_eq(&k.content, &d), "%s", name);
	}
	if (s->refused != NULL) {
		d = rig_content(s->refused);
		cr_expect(digest_eq(&k.refused, &d), "%s", name);
	}
}

Test(merge, what_the_answers_make_of_a_record)
{
	for (size_t i = 0; i < COUNT(scenarios); i++) {
		for (unsigned pass = 1; pass <= STEPS_MAX; pass++)
			run_pass(scenarios[i].steps, pass);
		expect_known(scenarios[i].name, &scenarios[i]);
		ledger_close(l);
		l = NULL;
		rig_empty();
		rig_reopen();
	}
}

/*
 * A change that was sent and never answered may stand at the API. That a later one
 * was refused tells nothing of it: the doubt stays until something is taken.
 */
Test(merge, doubt_survives_a_refusal)
{
	static const struct scenario s = {"doubt, then refused",
	    {{1, "A", OUTCOME_TAKEN}, {2, "B", OUTCOME_NONE}, {3, "C", OUTCOME_REFUSED}},
	    KNOWN_DOUBT | KNOWN_REFUSED, "A", "C", 3};

	for (unsigned pass = 1; pass <= 3; pass++)
		run_pass(s.steps, pass);
	expect_known(s.name, &s);
}

/* P7: what is known of a record's time, after changes that had these times. */
Test(merge, time_never_goes_back)
{
	static const struct {
		const char *name;
		struct {
			const char *content; /* NULL: no more */
			int64_t at;
			enum outcome outcome;
		} steps[3];
		int64_t at;
	} cases[] = {
	    {"first time", {{"A", TIME_NONE, OUTCOME_TAKEN}, {"B", 7, OUTCOME_TAKEN}}, 7},
	    {"none at all",
		{{"A", TIME_NONE, OUTCOME_TAKEN}, {"B", TIME_NONE, OUTCOME_TAKEN}},
		TIME_NONE},
	    {"a change without time leaves it",
		{{"A", 7, OUTCOME_TAKEN}, {"B", TIME_NONE, OUTCOME_TAKEN}}, 7},
	    {"so does a removal without time",
		{{"A", 7, OUTCOME_TAKEN}, {"", TIME_NONE, OUTCOME_TAKEN}}, 7},
	    {"and what comes after it is newer than both",
		{{"A", 7, OUTCOME_TAKEN}, {"B", TIME_NONE, OUTCOME_TAKEN},
		    {"C", 9, OUTCOME_TAKEN}},
		9},
	    {"an older change that was sent all the same",
		{{"A", 7, OUTCOME_TAKEN}, {"B", 5, OUTCOME_TAKEN}}, 7},
	    {"an older touch", {{"A", 7, OUTCOME_TAKEN}, {"A", 5, OUTCOME_TOUCHED}}, 7},
	    {"a touch without time",
		{{"A", 7, OUTCOME_TAKEN}, {"A", TIME_NONE, OUTCOME_TOUCHED}}, 7},
	    {"a newer change that was refused",
		{{"A", 7, OUTCOME_TAKEN}, {"B", 9, OUTCOME_REFUSED}}, 9},
	    {"a newer change that is in doubt",
		{{"A", 7, OUTCOME_TAKEN}, {"B", 9, OUTCOME_NONE}}, 9},
	    {"0 is a time", {{"A", -5, OUTCOME_TAKEN}, {"B", 0, OUTCOME_TAKEN}}, 0},
	    {"before 1970", {{"A", 0, OUTCOME_TAKEN}, {"B", -5, OUTCOME_TAKEN}}, 0},
	};
	char id[24];

	for (size_t i = 0; i < COUNT(cases); i++) {
		snprintf(id, sizeof(id), "%zu", i);
		for (size_t k = 0; k < 3 && cases[i].steps[k].content != NULL; k++) {
			struct entry en = rig_entry(
			    id, cases[i].steps[k].content, cases[i].steps[k].at);
			unsigned char outcome = (unsigned char)cases[i].steps[k].outcome;
			struct pass p = rig_pass(1, 1);
			struct merged sum;

			rig_open_pass(&p);
			rig_intent(&p, 1, &en, 1);
			if (outcome != OUTCOME_NONE)
				rig_ack(&p, 1, &outcome, 1);
			cr_assert_eq(pass_close(l, &p, &sum, &e), 0, "%s", e.msg);
		}
		cr_expect_eq(rig_known(1, id).at, cases[i].at, "%s", cases[i].name);
	}
}

Test(merge, all_is_counted)
{
	static const unsigned char outcomes[] = {OUTCOME_TAKEN, OUTCOME_REFUSED,
	    OUTCOME_LATER, OUTCOME_NONE, OUTCOME_TAKEN, OUTCOME_TAKEN};
	struct entry entries[6];
	char ids[6][24];
	struct pass p = rig_pass(1, 2);
	struct merged sum;

	for (size_t i = 0; i < 6; i++) {
		snprintf(ids[i], sizeof(ids[i]), "%zu", i);
		entries[i] = rig_entry(ids[i], "A", 1);
	}
	rig_open_pass(&p);
	rig_intent(&p, 1, entries, 6);
	rig_intent(&p, 2, entries, 3);
	rig_ack(&p, 1, outcomes, 6);
	cr_assert_eq(pass_close(l, &p, &sum, &e), 0);
	cr_expect_eq(sum.taken, 3);
	cr_expect_eq(sum.refused, 1);
	cr_expect_eq(sum.doubtful, 5);
}

/* A touch was not sent: it is neither taken nor left in doubt. */
Test(merge, touches_are_not_counted)
{
	static const unsigned char outcomes[2][2] = {
	    {OUTCOME_TAKEN, OUTCOME_TAKEN}, {OUTCOME_TOUCHED, OUTCOME_TOUCHED}};
	const struct entry entries[2][2] = {
	    {rig_entry("1", "A", 1), rig_entry("2", "A", 1)},
	    {rig_entry("1", "A", 5), rig_entry("2", "A", 6)}};
	struct merged sum;

	for (unsigned i = 0; i < 2; i++) {
		struct pass p = rig_pass(1, 1);

		rig_open_pass(&p);
		rig_intent(&p, 1, entries[i], 2);
		rig_ack(&p, 1, outcomes[i], 2);
		cr_assert_eq(pass_close(l, &p, &sum, &e), 0, "%s", e.msg);
		cr_expect_eq(sum.taken, i == 0 ? 2 : 0);
		cr_expect_eq(sum.refused, 0);
		cr_expect_eq(sum.doubtful, 0);
	}
	cr_expect_eq(rig_known(1, "1").at, 5);
	cr_expect_eq(rig_known(1, "2").at, 6);
}

/*
 * What the API wants later is asked for again, round after round: the last round's
 * answers are those of the batch, and nothing is counted twice.
 */
Test(merge, later_rounds_replace_earlier_ones)
{
	static unsigned char outcomes[3][4] = {
	    {OUTCOME_TAKEN, OUTCOME_LATER, OUTCOME_LATER, OUTCOME_LATER},
	    {OUTCOME_TAKEN, OUTCOME_REFUSED, OUTCOME_LATER, OUTCOME_LATER},
	    {OUTCOME_TAKEN, OUTCOME_REFUSED, OUTCOME_TAKEN, OUTCOME_LATER}};
	static const unsigned flags[] = {
	    0, KNOWN_EMPTY | KNOWN_REFUSED, 0, KNOWN_EMPTY | KNOWN_DOUBT};
	const struct entry entries[] = {rig_entry("0", "A", 1), rig_entry("1", "A", 1),
	    rig_entry("2", "A", 1), rig_entry("3", "A", 1)};
	struct pass p = rig_pass(1, 1);
	unsigned char out[4];
	struct merged sum;

	rig_open_pass(&p);
	rig_intent(&p, 1, entries, 4);
	for (unsigned round = 1; round <= 3; round++) {
		const struct ack a = {1, round, outcomes[round - 1], 4};
		struct ack got = {.batch = 1, .outcomes = out, .n = 4};

		rig_step(&p, &(struct pass_step){.acks = &a, .nacks = 1});
		rig_reopen();
		cr_assert_eq(pass_ack(l, &p, &got, &e), 1);
		cr_expect_eq(got.round, round);
		cr_expect_eq(got.n, 4);
		cr_expect_arr_eq(out, outcomes[round - 1], 4);
	}
	cr_assert_eq(pass_close(l, &p, &sum, &e), 0, "%s", e.msg);
	cr_expect_eq(sum.taken, 2);
	cr_expect_eq(sum.refused, 1);
	cr_expect_eq(sum.doubtful, 1);
	for (unsigned i = 0; i < 4; i++) {
		const char id[] = {(char)('0' + i), '\0'};

		cr_expect_eq(rig_known(1, id).flags, flags[i], "record %u", i);
	}
}

/* Halved or not: what has no answer is in doubt. */
Test(merge, a_batch_in_halves_is_not_answered)
{
	static const unsigned char outcomes[] = {OUTCOME_TAKEN, OUTCOME_REFUSED,
	    OUTCOME_NONE | 2 * OUTCOME_HALVED, OUTCOME_NONE | 15 * OUTCOME_HALVED,
	    OUTCOME_NONE};
	static const unsigned flags[] = {0, KNOWN_EMPTY | KNOWN_REFUSED,
	    KNOWN_EMPTY | KNOWN_DOUBT, KNOWN_EMPTY | KNOWN_DOUBT,
	    KNOWN_EMPTY | KNOWN_DOUBT};
	const struct entry entries[] = {rig_entry("0", "A", 1), rig_entry("1", "A", 1),
	    rig_entry("2", "A", 1), rig_entry("3", "A", 1), rig_entry("4", "A", 1)};
	struct pass p = rig_pass(1, 1);
	struct merged sum;

	rig_open_pass(&p);
	rig_intent(&p, 1, entries, 5);
	rig_ack(&p, 1, outcomes, 5);
	cr_assert_eq(pass_close(l, &p, &sum, &e), 0, "%s", e.msg);
	cr_expect_eq(sum.taken, 1);
	cr_expect_eq(sum.refused, 1);
	cr_expect_eq(sum.doubtful, 3);
	for (unsigned i = 0; i < 5; i++) {
		const char id[] = {(char)('0' + i), '\0'};

		cr_expect_eq(rig_known(1, id).flags, flags[i], "record %u", i);
	}
}

/* Whole by its check, but no answer that there is. */
Test(merge, senseless_outcomes_are_told)
{
	static const unsigned char bad[] = {OUTCOME_TOUCHED + 1, 15,
	    OUTCOME_TAKEN | OUTCOME_HALVED, OUTCOME_TOUCHED | 3 * OUTCOME_HALVED};
	struct entry en = rig_entry("7", "A", 1);
	struct pass p = rig_pass(1, 1);
	struct merged sum;

	rig_open_pass(&p);
	rig_intent(&p, 1, &en, 1);
	for (size_t i = 0; i < COUNT(bad); i++) {
		rig_ack(&p, 1, &bad[i], 1);
		e = (struct err){.code = ERR_NONE};
		cr_expect_eq(pass_close(l, &p, &sum, &e), -1, "outcome %u", bad[i]);
		cr_expect_eq(e.code, ERR_LEDGER, "outcome %u", bad[i]);
	}
}

/* Fewer outcomes than records: the rest was not answered, whatever bytes come next. */
Test(merge, a_short_acknowledgement_answers_no_more_than_it_says)
{
	static const unsigned char taken[] = {OUTCOME_TAKEN};
	struct entry entries[5];
	char ids[5][24];
	struct pass p = rig_pass(1, 1);
	struct merged sum;

	for (size_t i = 0; i < 5; i++) {
		snprintf(ids[i], sizeof(ids[i]), "%zu", i);
		entries[i] = rig_entry(ids[i], "A", 1);
	}
	rig_open_pass(&p);
	rig_intent(&p, 1, entries, 5);
	rig_ack(&p, 1, taken, 1);
	e.code = ERR_NONE;
	if (pass_close(l, &p, &sum, &e) != 0) {
		cr_expect_eq(e.code, ERR_LEDGER); /* as good: it cannot be */
		return;
	}
	for (size_t i = 1; i < 5; i++)
		cr_expect_eq(rig_known(1, ids[i]).flags, KNOWN_EMPTY | KNOWN_DOUBT,
		    "record %zu", i);
}

/* n records "0", "1", ... from `first` on, all with this content, in batches of 1000. */
static void
open_many(struct pass *p, size_t first, size_t n, const char *content)
{
	static struct entry entries[1000];
	static char ids[1000][24];
	static unsigned char taken[1000];

	memset(taken, OUTCOME_TAKEN, sizeof(taken));
	p->batches = (n + 999) / 1000;
	rig_open_pass(p);
	for (size_t i = 0; i < n; i += 1000) {
		const struct ack a = {
		    i / 1000 + 1, 1, taken, n - i < 1000 ? n - i : 1000};
		struct intent in;

		for (size_t k = 0; k < a.n; k++) {
			snprintf(ids[k], sizeof(ids[k]), "%zu", first + i + k);
			entries[k] = rig_entry(ids[k], content, 1);
		}
		in = rig_intent_of(p, a.batch, entries, a.n);
		rig_step(
		    p, &(struct pass_step){(const struct intent *[]){&in}, 1, &a, 1});
		intent_release(&in);
	}
}

/* Ordinals are 0 to n - 1, each once; each record has this content. */
static void
expect_many(size_t n, const char *content)
{
	struct digest want = rig_content(content);
	bool *seen = calloc(n, sizeof(*seen));
	char id[24];

	for (size_t i = 0; i < n; i++) {
		struct known k;

		snprintf(id, sizeof(id), "%zu", i);
		k = rig_known(1, id);
		cr_assert(k.found, "record %zu", i);
		cr_assert_lt(k.ordinal, n);
		cr_assert_not(seen[k.ordinal], "ordinal %u twice", k.ordinal);
		seen[k.ordinal] = true;
		cr_assert_eq(k.flags, 0);
		cr_assert(digest_eq(&k.content, &want));
	}
	free(seen);
}

Test(merge, ordinals_are_dense_and_stable)
{
	uint32_t ordinals[1500];
	struct pass p = rig_pass(1, 0);
	struct merged sum;
	char id[24];

	open_many(&p, 0, 1500, "A");
	cr_assert_eq(pass_close(l, &p, &sum, &e), 0);
	expect_many(1500, "A");
	for (size_t i = 0; i < 1500; i++) {
		snprintf(id, sizeof(id), "%zu", i);
		ordinals[i] = rig_known(1, id).ordinal;
	}
	rig_reopen();
	open_many(&p, 0, 2500, "B");
	cr_assert_eq(pass_close(l, &p, &sum, &e), 0);
	expect_many(2500, "B");
	for (size_t i = 0; i < 1500; i++) {
		snprintf(id, sizeof(id), "%zu", i);
		cr_assert_eq(rig_known(1, id).ordinal, ordinals[i]);
	}
	/* Another scope counts for itself. */
	p = rig_pass(2, 0);
	open_many(&p, 0, 1, "C");
	cr_assert_eq(pass_close(l, &p, &sum, &e), 0);
	cr_expect_eq(rig_known(2, "0").ordinal, 0);
}

static struct store_ops weak; /* store_lmdb, but that it fails at a commit */
static int commits_left;
static enum { FAIL, DIE_BEFORE, DIE_AFTER } how;

static int
weak_commit(struct txn *t, struct err *err)
{
	int r;

	if (commits_left-- != 0)
		return store_lmdb.commit(t, err);
	if (how == DIE_BEFORE)
		_exit(7);
	if (how == DIE_AFTER) {
		r = store_lmdb.commit(t, err);
		_exit(r == 0 ? 7 : 1);
	}
	store_lmdb.abort(t);
	return err_set(err, ERR_IO, "no space");
}

static void
weaken(int commits)
{
	weak = store_lmdb;
	weak.commit = weak_commit;
	commits_left = commits;
	l->ops = &weak;
}

#define CHUNKED 100500 /* three commits of the merge */

/* A close that fails between two chunks goes on where it stood. */
Test(merge, interrupted_between_chunks_goes_on, .timeout = 170)
{
	struct pass p = rig_pass(1, 0), got;
	struct merged sum;

	open_many(&p, 0, CHUNKED, "A");
	for (int i = 0; i < 3; i++) {
		how = FAIL;
		weaken(1);
		e.code = ERR_NONE;
		cr_assert_eq(pass_close(l, &p, &sum, &e), -1, "turn %d", i);
		cr_expect_eq(e.code, ERR_IO);
		rig_reopen();
		cr_assert_eq(pass_get(l, 1, &got, &e), 1);
		cr_expect(got.closing);
		p = got;
	}
	cr_assert_eq(pass_close(l, &p, &sum, &e), 0, "%s", e.msg);
	cr_expect_eq(sum.taken, CHUNKED);
	cr_expect_eq(pass_get(l, 1, &got, &e), 0);
	expect_many(CHUNKED, "A");
}

/*
 * A delivery of three batches that goes on from wherever an earlier one died, as a run
 * does. 0 once it is done.
 */
static int
deliver(void)
{
	static unsigned char outcomes[3][2] = {{OUTCOME_TAKEN, OUTCOME_REFUSED},
	    {OUTCOME_TAKEN, OUTCOME_TAKEN}, {OUTCOME_LATER, OUTCOME_TAKEN}};
	const struct entry entries[3][2] = {
	    {rig_entry("1", "A", 1), rig_entry("2", "A", 1)},
	    {rig_entry("1", "B", 2), rig_entry("3", "A", 1)},
	    {rig_entry("3", "B", 2), rig_entry("2", "", 2)}};
	struct pass p = rig_pass(1, 3);
	struct feed_state f;
	struct merged sum;
	unsigned char out[2];
	int r = pass_get(l, 1, &p, &e);

	if (r == 0) {
		if (ledger_feed_get(l, "north", &f, &e) != 0 || f.next_pass > 1)
			return -(f.next_pass <= 1);
		p = rig_pass(1, 3);
		r = pass_open(l, &p, &e);
	}
	for (uint64_t b = 1; b <= 3 && r >= 0 && !p.closing; b++) {
		struct intent in = rig_intent_of(&p, b, entries[b - 1], 2);
		const struct intent *ins[] = {&in};
		const struct ack a = {b, 1, outcomes[b - 1], 2};
		const struct pass_step first = {.intents = ins, .nintents = 1},
				       then = {.acks = &a, .nacks = 1};
		struct ack got = {.batch = b, .outcomes = out, .n = 2};

		if ((r = pass_ack(l, &p, &got, &e)) == 0 &&
		    (r = pass_commit(l, &p, &first, &e)) == 0)
			r = pass_commit(l, &p, &then, &e);
		intent_release(&in);
	}
	return r < 0 ? -1 : pass_close(l, &p, &sum, &e);
}

static void
expect_delivered(const char *when)
{
	static const struct {
		const char *id, *content;
		unsigned flags;
		int64_t at;
	} want[] = {
	    {"1", "B", 0, 2}, {"2", "", KNOWN_TOMBSTONE, 2}, {"3", "A", KNOWN_DOUBT, 2}};
	unsigned ordinals = 0;
	struct pass p;

	cr_expect_eq(pass_get(l, 1, &p, &e), 0);
	for (size_t i = 0; i < COUNT(want); i++) {
		struct known k = rig_known(1, want[i].id);
		struct digest d = rig_content(want[i].content);

		cr_expect(k.found, "%s: %s", when, want[i].id);
		cr_expect_eq(k.flags, want[i].flags, "%s: %s", when, want[i].id);
		cr_expect_eq(k.at, want[i].at, "%s: %s", when, want[i].id);
		cr_expect(digest_eq(&k.content, &d), "%s: %s", when, want[i].id);
		ordinals |= 1u << k.ordinal;
	}
	cr_expect_eq(ordinals, 7, "%s", when);
}

/* In a process of its own that dies at a commit: its exit status. */
static int
die_at(int commit)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		l = ledger_open(rig_dir, NULL, true, &e);
		if (l == NULL)
			_exit(2);
		weaken(commit);
		_exit(deliver() == 0 ? 0 : 3);
	}
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_assert(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void
die_everywhere(const char *when)
{
	int status = 7, commit;

	for (commit = 0; status == 7; commit++) {
		ledger_close(l);
		l = NULL;
		rig_empty();
		rig_reopen(); /* made before, so that its commits are not counted */
		ledger_close(l);
		l = NULL;
		status = die_at(commit);
		rig_reopen();
		cr_assert(
		    status == 0 || status == 7, "%s commit %d: %d", when, commit, status);
		cr_assert_eq(deliver(), 0, "%s commit %d: %s", when, commit, e.msg);
		expect_delivered(when);
	}
	/* opening, 3 times intent and acknowledgement, one chunk, the end */
	cr_expect_eq(commit - 1, 9);
}

Test(merge, killed_before_any_commit_it_ends_the_same)
{
	how = DIE_BEFORE;
	die_everywhere("before");
}

Test(merge, killed_after_any_commit_it_ends_the_same)
{
	how = DIE_AFTER;
	die_everywhere("after");
}

Test(merge, damaged_intents_and_answers_are_told)
{
	static const enum table tables[] = {
	    TABLE_INTENTS, TABLE_ACKS, TABLE_PASSES, TABLE_RECORDS};
	static const unsigned char taken[] = {OUTCOME_TAKEN};

	for (size_t i = 0; i < COUNT(tables); i++) {
		struct entry en = rig_entry("7", "A", 1);
		struct pass p = rig_pass(1, 1);
		struct merged sum;

		rig_open_pass(&p);
		rig_intent(&p, 1, &en, 1);
		rig_ack(&p, 1, taken, 1);
		cr_assert_eq(pass_close(l, &p, &sum, &e), 0, "%s", e.msg);
		rig_open_pass(&p);
		rig_intent(&p, 1, &en, 1);
		rig_ack(&p, 1, taken, 1);
		rig_damage(tables[i], 6);
		e.code = ERR_NONE;
		cr_expect_eq(pass_close(l, &p, &sum, &e), -1, "table %d", (int)tables[i]);
		cr_expect_eq(e.code, ERR_LEDGER, "table %d: %s", (int)tables[i], e.msg);
		ledger_close(l);
		l = NULL;
		rig_empty();
		rig_reopen();
	}
}

/* Whole by its check, but no intent. */
Test(merge, senseless_intents_are_told)
{
	static const uint32_t values[][3] = {{1, 4, 0}, {1, 9999, 0}, {99, 8, 0}};
	struct pass p = rig_pass(1, 1);
	struct merged sum;
	struct key k;
	struct buf b;

	rig_open_pass(&p);
	batch_key(&k, 1, 1);
	buf_init(&b, 1000);
	for (size_t i = 0; i < COUNT(values); i++) {
		buf_clear(&b);
		for (size_t m = 0; m < 3; m++)
			put_u32(&b, values[i][m]);
		cr_assert_eq(ledger_write_one(l, TABLE_INTENTS, key_span(&k), &b, &e), 0);
		e = (struct err){.code = ERR_NONE};
		cr_expect_eq(pass_close(l, &p, &sum, &e), -1, "case %zu", i);
		cr_expect_eq(
		    e.code, ERR_LEDGER, "case %zu: an error that says nothing", i);
	}
	buf_release(&b);
}

/* As is a pass of which more was merged than it has. */
Test(merge, a_senseless_count_of_what_was_merged_is_told)
{
	static const unsigned char taken[] = {OUTCOME_TAKEN};
	struct entry en = rig_entry("7", "A", 1);
	struct pass p = rig_pass(1, 1);
	struct merged sum;
	struct act a;

	rig_open_pass(&p);
	rig_intent(&p, 1, &en, 1);
	rig_ack(&p, 1, taken, 1);
	cr_assert_eq(act_begin(&a, l, true, &e), 0, "%s", e.msg);
	cr_assert_eq(pass_write(&a, &p, 2), 0, "%s", e.msg);
	cr_assert_eq(act_commit(&a), 0, "%s", e.msg);
	cr_expect_eq(pass_close(l, &p, &sum, &e), -1);
	cr_expect_eq(e.code, ERR_LEDGER, "%s", e.msg);
}

/* A counter that is taken for 0 would give two records one ordinal. */
Test(merge, a_senseless_counter_of_ordinals_is_told)
{
	static const unsigned char taken[] = {OUTCOME_TAKEN};
	struct entry en = rig_entry("7", "A", 1);
	struct pass p = rig_pass(1, 1);
	struct merged sum;
	struct key k;
	struct buf b;

	rig_open_pass(&p);
	rig_intent(&p, 1, &en, 1);
	rig_ack(&p, 1, taken, 1);
	key_init(&k);
	key_bytes(&k, "ordinal", 7);
	key_u32(&k, 1);
	buf_init(&b, 100);
	put_u8(&b, 1);
	cr_assert_eq(ledger_write_one(l, TABLE_META, key_span(&k), &b, &e), 0);
	buf_release(&b);
	e = (struct err){.code = ERR_NONE};
	cr_expect_eq(pass_close(l, &p, &sum, &e), -1);
	cr_expect_eq(e.code, ERR_LEDGER);
}
