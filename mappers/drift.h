/*
 * The header of a file beside that of the last good one: which columns are the same,
 * which have another title, are gone, or are new; and whether the contents of two
 * columns have changed places. Titles are compared without regard to case; which column
 * became which can only be guessed, and nothing but words depends on it.
 */
#ifndef MAPPERS_DRIFT_H
#define MAPPERS_DRIFT_H

#include <stdbool.h>

#include "base/header.h"

#define DRIFT_NONE ((size_t)-1)

enum drift_kind {
	DRIFT_SAME,
	DRIFT_RENAMED, /* gone, and another stands in its place, or is spelt like it */
	DRIFT_MISSING,
	DRIFT_ADDED
};

struct drift_pair {
	enum drift_kind kind;
	size_t before, now; /* columns from 0; DRIFT_NONE: it has no such column */
};

struct drift {
	struct drift_pair *v; /* in the order of the file; what is gone, where it stood */
	size_t n;
	bool differs;   /* some pair is not the same */
	bool reordered; /* those that are the same stand in another order */
};

/*
 * Columns without a title are passed over, and those that are gone. Both are borrowed for
 * the call.
 */
int drift_compare(struct drift *out, const struct header_mark *before,
    const struct header_mark *now, struct err *e);
void drift_release(struct drift *d);

/*
 * Two columns of which each holds what the other held, by their profiles: numbers, in
 * place of dates, say. Needs 20 cells or more in each of the four, and is sure: 1 with
 * two columns of `now`, else 0.
 */
int drift_swapped(const struct drift *d, const struct header_mark *before,
    const struct header_mark *now, size_t columns[2]);

#endif
