/*
 * The files of a drop that are to be read next, and those of them that were fetched
 * together: in memory, each until it is read or too old. Their number, their size and
 * their age are bounded.
 */
#ifndef POLLERS_EXPECTED_H
#define POLLERS_EXPECTED_H

#include "pollers/poller_ops.h"

#define EXPECTED_FILES 64 /* fetched together */
#define EXPECTED_SIZE \
	(512 << 10)              /* of a small one: a larger one is worth its own trips */
#define EXPECTED_BYTES (4 << 20) /* of all that are in memory */
#define EXPECTED_AGE   10000     /* ms: then a file is fetched again at its turn */

struct expected {
	const struct drop_file *const *files; /* borrowed */
	size_t n;
	size_t from, to; /* those that were fetched together; got[0] is files[from] */
	int64_t since;   /* when that was over */
	struct fetched got[EXPECTED_FILES];
};

/* Other files; takes none for the end. What is in memory goes. */
void expected_set(struct expected *x, const struct drop_file *const *files, size_t n);

/*
 * Is `f` one that is to be fetched together with those behind it, at `now`? Then how
 * many there are, got[0] for f; their paths and sizes are set. 0: it is none, or was
 * fetched together with others already. Afterwards `expected_done` says how many were
 * fetched, or tried, and when that was over.
 */
size_t expected_begin(
    struct expected *x, const char *folder, const struct drop_file *f, int64_t now);
void expected_done(struct expected *x, size_t n, int64_t now);

/*
 * What is in memory of `f`, which lies at `path`; NULL if nothing is that may be used at
 * `now`. It is lent until expected_used, which frees it.
 */
const struct fetched *expected_find(
    struct expected *x, const char *path, const struct drop_file *f, int64_t now);
void expected_used(struct expected *x, const struct fetched *got);

#endif
