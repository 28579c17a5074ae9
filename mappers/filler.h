/*
 * Bytes of nothing with which a file ends, or is filled up to a whole block: NUL, and SUB,
 * the end of a file in CP/M and of what DOS joins.
 */
#ifndef MAPPERS_FILLER_H
#define MAPPERS_FILLER_H

#include <stdbool.h>

#include "base/span.h"

/*
 * So many at a file's end fill up a block. More stand where it was given its size before its
 * bytes, and these have not all come.
 */
#define FILLER_MAX 4096

static inline bool
filler_is(char c)
{
	return c == '\0' || c == '\x1a';
}

/* How many of them a text begins with. */
static inline size_t
filler_count(struct span s)
{
	size_t n = 0;

	while (n < s.n && filler_is(s.p[n]))
		n++;
	return n;
}

#endif
