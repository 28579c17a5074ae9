/*
 * Progress on a terminal, and nothing anywhere else.
 */
#ifndef CMD_PROGRESS_H
#define CMD_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"

struct progress {
	const struct clock *clock;
	bool on;
	int64_t started, shown; /* monotonic ms */
	uint64_t total;         /* bytes or batches; 0: unknown */
};

/* `on` only if stderr is a terminal. */
void progress_init(struct progress *p, const struct clock *clock);
void progress_start(struct progress *p, uint64_t total);

/* Redraws the line at most four times a second. `count` of `what`, `done` of total. */
void progress_show(struct progress *p, const char *what, uint64_t count, uint64_t done);

/* Wipes the line. */
void progress_end(struct progress *p);

#endif
