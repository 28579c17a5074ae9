/*
 * The entries of a pass in the order in which they are merged: that of `records`, and
 * those of one record as they were sent. 16 bytes an entry.
 */
#ifndef STATE_MERGE_ORDER_H
#define STATE_MERGE_ORDER_H

#include "state/pass_impl.h"

/* Where one entry stands. */
struct ref {
	uint64_t order; /* type and the key's first 7 bytes */
	uint32_t batch;
	uint32_t index; /* in the intent */
};

struct refs {
	struct ref *v;
	size_t n;
};

/*
 * All entries of the pass's intents. Nobody may write to them meanwhile. The caller
 * releases `out`, after -1 too.
 */
int refs_collect(struct refs *out, struct ledger *l, const struct pass *p, struct err *e);
void refs_release(struct refs *refs);

#endif
