/*
 * When an export was made, as its rows tell: [rows] snapshot_at.
 */
#ifndef MAPPERS_MADE_H
#define MAPPERS_MADE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"

/* The newest that its rows tell; TIME_NONE if none does. */
struct made {
	int64_t at, latest; /* ms: what was written, and how late that may be */
	struct span column; /* that tells it, as the clinic wrote it */
	unsigned export;    /* of several in one file, the one that decides; else 0 */
};

/*
 * The exports of one file, in any order. It is as old as the oldest of them: what that one
 * has is no newer, however new the others are. It does not tell if one of them does not; but
 * one of which no row was taken says nothing.
 */
struct made_sum {
	struct made made;
	struct buf column;
	bool any, silent; /* one had a header; one does not tell */
};

void made_init(struct made_sum *s);
void made_release(struct made_sum *s);

/* `taken`: were rows of it? -1 and ERR_NOMEM. */
int made_add(struct made_sum *s, const struct made *export, bool taken, struct err *e);

#endif
