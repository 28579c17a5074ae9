/*
 * A reject file: the rows of a file that were not taken, as they were sent, each with
 * what is wrong with it in front. It is made of a second reading of the file, and is
 * dropped again when it was mended.
 */
#ifndef MAPPERS_REJECTS_H
#define MAPPERS_REJECTS_H

#include "mappers/format.h"

struct reject {
	uint64_t row; /* as it is told */
	struct span column, problem, remedy;
};

struct rejects_sink {
	/* Was this row rejected? Rows are asked for in their order. 1 and *out, 0, -1. */
	int (*wanted)(void *arg, uint64_t row, struct reject *out, struct err *e);
	int (*text)(void *arg, struct span bytes, struct err *e);
	void *arg;
	const struct header_mark *before; /* as of the first reading, or NULL */
};

/* Does the format have reject files? */
bool mapper_rejects(const struct mapper *m);

/*
 * The second reading of a file, which is fed and ended as the first. `sink` is copied.
 * ERR_CHANGED if the file holds exports whose rows don't fit under one header.
 */
struct reading *mapper_open_rejects(
    struct mapper *m, const struct rejects_sink *sink, struct err *e);

#endif
