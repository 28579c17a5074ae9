/*
 * Inside of base/zone: the periods of a zone, and the reader of the files that they
 * come from.
 */
#ifndef BASE_ZONE_TZIF_H
#define BASE_ZONE_TZIF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/span.h"
#include "base/zone.h"

#define ZONE_NAME_MAX 64
#define UTOFF_MIN     (-25 * 3600 + 1) /* RFC 8536 3.2 */
#define UTOFF_MAX     (26 * 3600 - 1)

/* zic writes a first change at the Big Bang, -2^59. No year to speak of is past 9999. */
#define TIME_BEGIN (-(INT64_C(1) << 59))
#define TIME_END   INT64_C(253402300799)
#define YEAR_ONE   (-INT64_C(62135596800)) /* 0001-01-01 */

/* The Gregorian calendar, weekdays and all, repeats after 400 years. */
#define CYCLE_YEARS   400
#define CYCLE_SECONDS (INT64_C(146097) * DAY_SECONDS)

/* From `at` (seconds UTC) on, the offset is `off`, until the next period. */
struct period {
	int64_t at;
	int off;
};

struct zone {
	char name[ZONE_NAME_MAX];
	struct period *periods; /* ascending; the first is from the beginning of time */
	size_t n, cap;
	int64_t fold_from; /* from here on, time is mapped back by whole cycles */

	/* Where to begin to look for a period: of each stretch of time, its first. */
	unsigned short *hints;
	size_t nhints;
};

/* Appends a period, or changes the last one that begins there. -1: no memory. */
int zone_period_add(struct zone *z, int64_t at, int off);

/* Fills a zone that has a name from the bytes of a TZif file (RFC 8536). */
int zone_tzif_load(struct zone *z, struct span s, struct err *e);

#endif
