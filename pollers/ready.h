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

struct readiness {
	bool ready;
	int64_t wait;  /* not ready: ms until another look could find it so; -1: only the
			   clinic can make it so */
	bool restart;  /* it differs from the look before: the caller keeps the new one */
	bool outdated; /* its marker is there, but older than it: another file's */
};

/*
 * Ready: old enough (min_age) and the same at two looks at least stable_for apart;
 * or, where the feed asks for a marker, the marker is there and was not written before the
 * file was: else it is of the last file of that name, and this one may be half an upload.
 * Both times are whole seconds of the server's clock. `now` in ms.
 */
struct readiness ready_judge(const struct source_conf *sc, const struct drop_file *f,
    const struct look *before, int64_t now);

#endif
