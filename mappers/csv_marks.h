/*
 * What a header is remembered by (base/header.h), taken while its file is read: of the
 * first rows each, of later ones some, so that a large file costs no more than it must.
 * Which rows those are depends on nothing but their number.
 */
#ifndef MAPPERS_CSV_MARKS_H
#define MAPPERS_CSV_MARKS_H

#include <stdbool.h>

#include "base/header.h"

#define MARKS_ALL   256 /* rows, of which each is looked at */
#define MARKS_EVERY 16  /* and then one of so many */

/* Is the row with this number, from 0, one that is looked at? */
static inline bool
marks_wanted(uint64_t row)
{
	return row < MARKS_ALL || row % MARKS_EVERY == 0;
}

/* The cells of such a row, into the profiles of its columns. */
void marks_add(struct header_mark *h, const struct span *cells, size_t n);

#endif
