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

/*
 * How a reject file is written: as the first export that has a row in it. It stands once for
 * all exports of a file, whose backend fills it in with the header that it writes.
 */
struct rejects_form {
	bool headed;
	char delimiter[16];
	const char *end; /* of a line */
};

/* Does the format have reject files? */
bool mapper_rejects(const struct mapper *m);

/*
 * The second reading of a file, which is fed and ended as the first. `sink` is copied.
 * ERR_CHANGED if reading_apart.
 */
struct reading *mapper_open_rejects(
    struct mapper *m, const struct rejects_sink *sink, struct err *e);

#endif
