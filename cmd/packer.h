/*
 * Batches made ready: a thread beside takes them out of the outbox, packs each and makes
 * its intent, while those before it are sent. Which ones come does not depend on who is
 * faster.
 */
#ifndef CMD_PACKER_H
#define CMD_PACKER_H

#include "cmd/changes.h"
#include "cmd/parcel.h"

struct packer;

/* All is borrowed until packer_free, and `c` is the packer's alone. `singly` as a parcel's. */
struct packer *packer_new(struct changes *c, struct ledger *l, const struct pass *pass,
    bool singly, struct err *e);
/* Takes NULL. */
void packer_free(struct packer *k);

/*
 * The next batch, in a parcel that was free: its intent is made, and it is packed whole,
 * or done if nothing of it is to be sent. 1; 0: there is none; -1.
 */
int packer_next(struct packer *k, struct parcel *into, struct err *e);

#endif
