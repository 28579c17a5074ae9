/*
 * Exports of one file beside each other: do their rows fit under one header?
 */
#ifndef MAPPERS_APART_H
#define MAPPERS_APART_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"

struct apart {
	struct buf titles; /* of the first */
	bool is;           /* they don't: another has other ones */
};

void apart_init(struct apart *a);
void apart_release(struct apart *a);

/* One more, which has rows: its titles as they were read. -1 and ERR_NOMEM. */
int apart_add(struct apart *a, const struct span *titles, size_t n, struct err *e);

#endif
