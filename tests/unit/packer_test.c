/* Batches come packed, in their order, whoever is faster. */
#include "cmd/packer.h"
#include "tests/unit/changes_rig.h"

#define MANY 40 /* more than are ready at a time */

TestSuite(packer, .init = setup, .fini = teardown);

static void
add_patients(size_t n)
{
	conf.batch_records = 1;
	begin();
	for (size_t i = 0; i < n; i++) {
		char id[24];
		struct row row;

		snprintf(id, sizeof(id), "%zu", i + 1);
		row = patient(id, "A", 0);
		cr_assert_eq(add(&row, i + 2), 0, "%s", e.msg);
	}
	end();
}

static void
expect_packed(const struct parcel *p, size_t number)
{
	char says[32];

	cr_expect_eq(p->state, PARCEL_PACKED);
	cr_expect_eq(p->frame.number, number);
	cr_expect_eq(p->intent.batch, number);
	cr_expect_eq(p->intent.added, 1, "to be committed before it goes out");
	cr_expect_eq(p->batch.tag, p);
	cr_expect_eq(p->batch.n, 1);
	snprintf(says, sizeof(says), "\"id\":\"%zu\"", number);
	cr_expect_not_null(memmem(p->batch.body.p, p->batch.body.n, says, strlen(says)),
	    "%.*s", (int)p->batch.body.n, p->batch.body.p);
}

static void
pack_all(size_t n)
{
	struct pass pass = rig_pass(scope, n);
	struct packer *k;
	struct parcel p;

	add_patients(n);
	parcel_init(&p);
	k = packer_new(c, l, &pass, false, &e);
	cr_assert_not_null(k, "%s", e.msg);
	for (size_t i = 1; i <= n; i++) {
		cr_assert_eq(packer_next(k, &p, &e), 1, "%s", e.msg);
		expect_packed(&p, i);
		p.state = PARCEL_FREE;
	}
	for (int i = 0; i < 3; i++)
		cr_expect_eq(packer_next(k, &p, &e), 0, "there is no more");
	packer_free(k);
	parcel_release(&p);
}

Test(packer, gives_all_batches_in_order)
{
	pack_all(0);
	pack_all(1);
	pack_all(4);
	pack_all(5);
	pack_all(MANY);
}

Test(packer, may_be_freed_before_its_end)
{
	struct pass pass = rig_pass(scope, MANY);
	struct packer *k;

	add_patients(MANY);
	k = packer_new(c, l, &pass, false, &e);
	cr_assert_not_null(k, "%s", e.msg);
	packer_free(k);
}

/* Where only times move on nothing is sent. */
Test(packer, a_touch_is_done)
{
	struct row first = patient("7", "A", SEC(1)), touch = patient("7", "A", SEC(2));
	struct pass pass = rig_pass(scope, 1);
	struct packer *k;
	struct parcel p;

	deliver_rows(&first, 1, OUTCOME_TAKEN);
	begin();
	add_all(&touch, 1);
	end();
	parcel_init(&p);
	k = packer_new(c, l, &pass, false, &e);
	cr_assert_not_null(k, "%s", e.msg);
	cr_expect_eq(packer_next(k, &p, &e), 1, "%s", e.msg);
	cr_expect_eq(p.state, PARCEL_DONE);
	cr_expect_eq(p.frame.n, 1);
	cr_expect_eq(p.intent.added, 1, "its time is to be committed");
	packer_free(k);
	parcel_release(&p);
}
