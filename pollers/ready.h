/*
 * Is a file surely whole? A pure function of what was seen now and before: the
 * caller keeps the looks (in the ledger).
 */
#ifndef POLLERS_READY_H
#define POLLERS_READY_H

#include "pollers/poller.h"

/* What an earlier look saw, and when by our clock (ms); seen 0: never looked. */
struct look {
	uint64_t size;
	int64_t mtime;
	int64_t seen;
};

enum ready { READY, NOT_READY };

/*
 * READY: old enough (min_age) and the same at two looks at least stable_for apart;
 * or, where the feed asks for a marker, the marker is there.
 * Else NOT_READY, and *wait is how many ms from `now` another look could find it
 * ready if nothing changes, or -1 if only the clinic can make it so. When the file
 * differs from the look before, *restart is set: the caller keeps the new look.
 */
enum ready ready_judge(const struct source_conf *sc, const struct drop_file *f,
    const struct look *before, int64_t now, int64_t *wait, bool *restart);

#endif
