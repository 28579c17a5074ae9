#include "state/walk.h"
#include "tests/unit/ledger_rig.h"

static uint32_t scope, other;

static void
setup(void)
{
	rig_init();
	cr_assert_eq(ledger_scope_get(l, "northside", true, &scope, &e), 0);
	cr_assert_eq(ledger_scope_get(l, "southside", true, &other, &e), 0);
}

TestSuite(walk, .init = setup, .fini = rig_release);

/* Records of one type, all taken, in one batch. */
static void
deliver(uint32_t in, enum record_type type, unsigned from, unsigned to)
{
	unsigned n = to - from;
	struct entry *entries = calloc(n, sizeof(*entries));
	unsigned char *outcomes = malloc(n);
	char(*ids)[12] = calloc(n, sizeof(*ids));
	struct pass p = rig_pass(in, 1);
	struct merged sum;

	cr_assert(entries != NULL && outcomes != NULL && ids != NULL);
	memset(outcomes, OUTCOME_TAKEN, n);
	for (unsigned i = 0; i < n; i++) {
		snprintf(ids[i], sizeof(ids[i]), "id-%u", from + i);
		entries[i] = rig_entry(ids[i], "A", from + i);
		entries[i].key = record_key(
		    ledger_keys(l), "northside", type, span_of(ids[i]));
	}
	rig_open_pass(&p);
	rig_intent(&p, 1, entries, n);
	rig_step(&p,
	    &(struct pass_step){.acks = &(struct ack){1, 1, outcomes, n}, .nacks = 1});
	cr_assert_eq(pass_close(l, &p, &sum, &e), 0, "%s", e.msg);
	free(entries);
	free(outcomes);
	free(ids);
}

struct seen {
	uint64_t n, sum, stop_at;
	struct digest last;
	bool fails;
};

static int
see(void *arg, const struct walked *it)
{
	struct seen *s = arg;
	char id[RECORD_ID_MAX], want[12];
	int n = ledger_unseal_id(l, it, id);

	cr_expect_gt(memcmp(it->key->digest.b, s->last.b, DIGEST_SIZE), 0);
	s->last = it->key->digest;
	snprintf(want, sizeof(want), "id-%d", (int)it->known->at);
	cr_assert_eq(n, (int)strlen(want), "%d", n);
	cr_expect(memcmp(id, want, (size_t)n) == 0);
	s->n++;
	s->sum += (uint64_t)it->known->at;
	if (s->fails)
		return -1;
	return s->n == s->stop_at;
}

static int
step(struct walk *w, struct seen *s)
{
	return ledger_walk(l, w, see, s, &e);
}

/* More than one piece; the other types and scopes beside it are not shown. */
Test(walk, all_of_one_type_in_order_and_once)
{
	struct walk w = {.scope = scope, .type = RECORD_APPOINTMENT};
	struct seen s = {.n = 0};
	unsigned pieces = 0;
	int r;

	deliver(scope, RECORD_PATIENT, 1, 20);
	deliver(scope, RECORD_APPOINTMENT, 1, 2 * WALK_PIECE + 6);
	deliver(scope, RECORD_SLOT, 1, 20);
	deliver(other, RECORD_APPOINTMENT, 1, 20);
	while ((r = step(&w, &s)) == 1)
		pieces++;
	cr_expect_eq(r, 0);
	cr_expect_eq(pieces, 3);
	cr_expect_eq(s.n, 2 * WALK_PIECE + 5);
	cr_expect_eq(s.sum, (uint64_t)(2 * WALK_PIECE + 5) * (2 * WALK_PIECE + 6) / 2);
}

Test(walk, stops_where_it_is_told_and_goes_on_behind)
{
	struct walk w = {.scope = scope, .type = RECORD_PATIENT};
	struct seen s = {.stop_at = 3};

	cr_expect_eq(step(&w, &s), 0, "there is none yet");
	deliver(scope, RECORD_PATIENT, 1, 6);
	cr_expect_eq(step(&w, &s), 1);
	cr_expect_eq(s.n, 3);
	cr_expect_eq(step(&w, &s), 1);
	cr_expect_eq(s.n, 5);
	cr_expect_eq(step(&w, &s), 0);
	cr_expect_eq(s.sum, 15);
	w = (struct walk){.scope = scope, .type = RECORD_PATIENT};
	s = (struct seen){.fails = true};
	cr_expect_eq(step(&w, &s), -1);
	cr_expect_eq(s.n, 1);
}

Test(walk, ordinals)
{
	uint32_t n = 7;

	cr_assert_eq(ledger_ordinals(l, scope, &n, &e), 0);
	cr_expect_eq(n, 0);
	deliver(scope, RECORD_PATIENT, 1, 6);
	deliver(scope, RECORD_SLOT, 1, 4);
	deliver(scope, RECORD_SLOT, 2, 5);
	cr_assert_eq(ledger_ordinals(l, scope, &n, &e), 0);
	cr_expect_eq(n, 9);
	cr_assert_eq(ledger_ordinals(l, other, &n, &e), 0);
	cr_expect_eq(n, 0);
}

Test(walk, a_damaged_record_is_told)
{
	struct walk w = {.scope = scope, .type = RECORD_PATIENT};
	struct seen s = {.n = 0};

	deliver(scope, RECORD_PATIENT, 1, 2);
	rig_damage(TABLE_RECORDS, 9);
	cr_expect_eq(step(&w, &s), -1);
	cr_expect_eq(e.code, ERR_LEDGER);
	cr_expect_eq(s.n, 0);
}
