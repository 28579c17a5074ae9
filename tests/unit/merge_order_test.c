/* The order in which a pass's entries are merged, against a plain sort of all of them. */
#include "state/merge_order.h"
#include "tests/unit/ledger_rig.h"

#define BATCHES     40
#define BATCH       100 /* a few; */
#define BATCH_MANY  700 /* and more than go into one bucket */
#define ORDER_BYTES 16

TestSuite(merge_order, .init = rig_init, .fini = rig_release);

/* An entry as bytes that sort as it does: type, 7 of the key, batch, index. */
struct placed {
	unsigned char b[ORDER_BYTES];
};

/* How the entries' keys are: which bytes are not zero. */
struct shape {
	const char *name;
	unsigned types;      /* from 1 on */
	unsigned from, free; /* bytes of the key that differ */
	unsigned values;     /* that such a byte has */
	bool many;
};

static int
compare(const void *a, const void *b)
{
	return memcmp(a, b, ORDER_BYTES);
}

static void
put_number(unsigned char *at, uint32_t v)
{
	for (unsigned i = 0; i < 4; i++)
		at[i] = (unsigned char)(v >> (24 - 8 * i));
}

static struct placed
place(const struct record_key *k, uint32_t batch, uint32_t index)
{
	struct placed out = {{(unsigned char)k->type}};

	memcpy(out.b + 1, k->digest.b, 7);
	put_number(out.b + 8, batch);
	put_number(out.b + 12, index);
	return out;
}

static unsigned
next_number(uint32_t *state)
{
	*state = *state * 1664525 + 1013904223;
	return *state >> 16;
}

static struct record_key
make_key(const struct shape *s, uint32_t *state)
{
	struct record_key k = {
	    .type = (enum record_type)(1 + next_number(state) % s->types)};

	for (unsigned i = s->from; i < s->from + s->free; i++)
		k.digest.b[i] = (unsigned char)(255 - next_number(state) % s->values);
	return k;
}

/* A pass of such entries, every third batch shorter; returns how many, as they come. */
static size_t
open_pass(struct pass *p, const struct shape *s, struct placed *out)
{
	static struct entry entries[BATCH_MANY];
	uint32_t full = s->many ? BATCH_MANY : BATCH;
	uint32_t state = 7;
	size_t n = 0;

	*p = rig_pass(1, BATCHES);
	rig_open_pass(p);
	for (uint32_t b = 1; b <= BATCHES; b++) {
		uint32_t size = b % 3 == 0 ? 1 + b % 7 : full;

		for (uint32_t i = 0; i < size; i++) {
			entries[i] = rig_entry("1", "A", 1);
			entries[i].key = make_key(s, &state);
			out[n++] = place(&entries[i].key, b, i);
		}
		rig_intent(p, b, entries, size);
	}
	return n;
}

static void
expect_order(const char *name, const struct refs *got, const struct placed *want)
{
	for (size_t i = 0; i < got->n; i++) {
		struct placed one;

		put_number(one.b, (uint32_t)(got->v[i].order >> 32));
		put_number(one.b + 4, (uint32_t)got->v[i].order);
		put_number(one.b + 8, got->v[i].batch);
		put_number(one.b + 12, got->v[i].index);
		cr_assert_arr_eq(one.b, want[i].b, ORDER_BYTES, "%s: entry %zu", name, i);
	}
}

Test(merge_order, is_that_of_a_plain_sort)
{
	static const struct shape shapes[] = {
	    {"digests of two types", 2, 0, 16, 256, false},
	    {"digests of all types", RECORD_RETIRED, 0, 16, 256, false},
	    {"one record", 1, 0, 0, 1, false},
	    {"one record of each type", RECORD_RETIRED, 0, 0, 1, false},
	    {"few records, often", 1, 0, 2, 3, false},
	    {"the last byte that orders", 1, 6, 1, 256, false},
	    {"behind what orders", 1, 7, 9, 256, false},
	    {"many digests of all types", RECORD_RETIRED, 0, 16, 256, true},
	    {"many in one bucket", 1, 1, 15, 256, true},
	    {"many in few buckets", 3, 0, 1, 2, true},
	};
	static struct placed want[BATCHES * BATCH_MANY];

	for (size_t i = 0; i < COUNT(shapes); i++) {
		struct refs got;
		struct merged sum;
		struct pass p;
		size_t n = open_pass(&p, &shapes[i], want);

		qsort(want, n, sizeof(*want), compare);
		cr_assert_eq(refs_collect(&got, l, &p, &e), 0, "%s", e.msg);
		cr_assert_eq(got.n, n, "%s", shapes[i].name);
		expect_order(shapes[i].name, &got, want);
		refs_release(&got);
		cr_assert_eq(pass_close(l, &p, &sum, &e), 0, "%s", e.msg);
	}
}

Test(merge_order, an_empty_pass_has_none)
{
	struct pass p = rig_pass(1, 0);
	struct refs got;

	rig_open_pass(&p);
	cr_assert_eq(refs_collect(&got, l, &p, &e), 0, "%s", e.msg);
	cr_expect_eq(got.n, 0);
	refs_release(&got);
}

/* What another scope has open is not among them. */
Test(merge_order, only_of_its_scope)
{
	struct pass p = rig_pass(1, 1), other = rig_pass(2, 1);
	struct entry en = rig_entry("1", "A", 1);
	struct refs got;

	rig_open_pass(&p);
	rig_open_pass(&other);
	rig_intent(&other, 1, (struct entry[]){en, en}, 2);
	rig_intent(&p, 1, &en, 1);
	cr_assert_eq(refs_collect(&got, l, &p, &e), 0, "%s", e.msg);
	cr_expect_eq(got.n, 1);
	refs_release(&got);
}

/* One bit in the table's value: told, and nothing is left to the caller but to release. */
Test(merge_order, a_damaged_intent_is_told)
{
	struct pass p = rig_pass(1, 1);
	struct entry en = rig_entry("1", "A", 1);
	struct refs got;

	rig_open_pass(&p);
	rig_intent(&p, 1, &en, 1);
	rig_damage(TABLE_INTENTS, 9);
	e = (struct err){.code = ERR_NONE};
	cr_expect_eq(refs_collect(&got, l, &p, &e), -1);
	cr_expect_eq(e.code, ERR_LEDGER);
	refs_release(&got);
}
