#include "cmd/packer.h"

#include <stdlib.h>

#include "base/worker.h"

#define AHEAD 4 /* batches */

struct packer {
	struct changes *changes;
	struct ledger *ledger;
	const struct pass *pass;
	struct worker *worker; /* NULL: for a few batches none is worth its start */
	struct frame frame;
	uint64_t packed, taken;     /* batches: the thread's, and the caller's */
	struct parcel ready[AHEAD]; /* by the batch's number; free: there is none */
};

static int
pack_next(void *arg, struct err *e)
{
	struct packer *k = arg;
	struct parcel *p = &k->ready[k->packed++ % AHEAD];
	int r = changes_next(k->changes, &k->frame, e);

	if (r != 1)
		return r;
	if (parcel_fill(p, &k->frame, e) != 0 ||
	    parcel_intend(p, ledger_keys(k->ledger), k->pass->scope, e) != 0)
		return -1;
	p->state = parcel_next(p);
	if (p->state != PARCEL_DUE)
		return 0;
	p->state = PARCEL_PACKED;
	return parcel_pack(p, k->ledger, k->pass, e);
}

struct packer *
packer_new(struct changes *c, struct ledger *l, const struct pass *pass, bool singly,
    struct err *e)
{
	struct packer *k = calloc(1, sizeof(*k));

	if (k == NULL)
		return err_nomem(e), NULL;
	k->changes = c;
	k->ledger = l;
	k->pass = pass;
	frame_init(&k->frame);
	for (size_t i = 0; i < AHEAD; i++) {
		parcel_init(&k->ready[i]);
		k->ready[i].singly = singly;
	}
	if (pass->batches <= AHEAD)
		return k;
	if ((k->worker = worker_new(pack_next, k, e)) == NULL) {
		packer_free(k);
		return NULL;
	}
	for (size_t i = 0; i < AHEAD; i++)
		worker_give(k->worker);
	return k;
}

void
packer_free(struct packer *k)
{
	if (k == NULL)
		return;
	worker_free(k->worker);
	frame_release(&k->frame);
	for (size_t i = 0; i < AHEAD; i++)
		parcel_release(&k->ready[i]);
	free(k);
}

int
packer_next(struct packer *k, struct parcel *into, struct err *e)
{
	struct parcel *p = &k->ready[k->taken % AHEAD];

	if (k->worker == NULL ? pack_next(k, e) : worker_wait(k->worker, AHEAD - 1, e))
		return -1;
	if (p->state == PARCEL_FREE)
		return 0;
	parcel_swap(p, into);
	k->taken++;
	if (k->worker != NULL)
		worker_give(k->worker);
	return 1;
}
