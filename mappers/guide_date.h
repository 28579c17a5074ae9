/*
 * Formats of dates and times (base/civil.h) in plain words, and samples of them.
 */
#ifndef MAPPERS_GUIDE_DATE_H
#define MAPPERS_GUIDE_DATE_H

#include <stddef.h>

#include "base/arena.h"
#include "base/span.h"

enum guide_moment { GUIDE_START, GUIDE_END, GUIDE_BIRTH };

/* The moment, in the format; row 0 and row 1 have others. -1: no memory. */
int guide_date_sample(struct arena *a, struct span format, enum guide_moment moment,
    size_t row, struct span *out);

/* "date as month/day/year, such as 03/18/2025". -1: no memory. */
int guide_date_words(
    struct arena *a, struct span format, struct span sample, struct span *out);

#endif
