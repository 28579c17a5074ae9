/*
 * Intents: what the records of a batch will be once it is acknowledged, as the ledger
 * keeps it. Sealing the ids takes longer than writing them, so that an intent is made
 * ahead, by any thread: nothing is read but the site's keys. pass_commit only writes it.
 */
#ifndef STATE_INTENT_H
#define STATE_INTENT_H

#include "base/buf.h"
#include "state/records.h"

/* What a record will be once its batch is acknowledged. */
struct entry {
	struct record_key key;
	struct digest content;
	int64_t at, window;
	bool removed;
	struct span id; /* in the clear; sealed before it is stored */
};

/* The entries of a batch, in its order. */
struct intent {
	uint64_t batch;
	size_t n, added;  /* entries */
	struct buf value; /* what stands in the ledger */
};

void intent_init(struct intent *in);
void intent_release(struct intent *in);

/* Of a batch with n entries, to be added one by one; what it was is forgotten. */
void intent_start(struct intent *in, uint64_t batch, size_t n);

/* The next one; nothing of it is borrowed. */
void intent_add(struct intent *in, const struct site_keys *k, const struct entry *en);

/* All are added: it may be committed in a pass of this scope. -1: it is too large. */
int intent_end(
    struct intent *in, const struct site_keys *k, uint32_t scope, struct err *e);

#endif
