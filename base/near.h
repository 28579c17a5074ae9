/*
 * What a misspelt name was meant to be: the nearest of the known ones, if it is so near
 * that it is worth saying.
 */
#ifndef BASE_NEAR_H
#define BASE_NEAR_H

#include <stddef.h>

#include "base/span.h"

#define NEAR_HINT_SIZE 96

struct near {
	struct span word;
	size_t limit;      /* nothing farther is taken; a caller may set another */
	struct span found; /* the nearest so far, borrowed; .p NULL: none */
};

void near_start(struct near *n, struct span word);
/* The first of several that are equally near stays. */
void near_try(struct near *n, struct span candidate);

/* "; did you mean X?", or nothing, in `out`. */
const char *near_hint(const struct near *n, char out[NEAR_HINT_SIZE]);

/* All in one, of a list that ends with NULL. */
const char *near_hint_of(
    struct span word, const char *const *candidates, char out[NEAR_HINT_SIZE]);

#endif
