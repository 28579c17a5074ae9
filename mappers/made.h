/*
 * When an export was made, as its rows tell: [rows] snapshot_at.
 */
#ifndef MAPPERS_MADE_H
#define MAPPERS_MADE_H

#include <stdint.h>

#include "base/span.h"

/* The newest that its rows tell; TIME_NONE if none does. */
struct made {
	int64_t at, latest; /* ms: what was written, and how late that may be */
	struct span column; /* that tells it, as the clinic wrote it */
};

#endif
