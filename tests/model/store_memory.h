/*
 * A ledger's store in memory: sorted arrays, copied when a transaction first writes to
 * them, and shared by all that read. What was not committed is gone with its transaction.
 */
#ifndef TESTS_MODEL_STORE_MEMORY_H
#define TESTS_MODEL_STORE_MEMORY_H

#include "state/store.h"

extern const struct store_ops store_memory;

/*
 * Called before each commit, when its -1 makes the commit fail, and after it. As long as
 * it says -1 nothing can be begun, either: the process is dead.
 */
struct store_watch {
	int (*before)(void *arg);
	void (*after)(void *arg);
	bool (*dead)(void *arg);
	void *arg;
};

void store_memory_watch(struct store *s, const struct store_watch *watch);

#endif
