/*
 * The zone that people here live in, for what they read; never for what is delivered.
 */
#ifndef CMD_LOCAL_TIME_H
#define CMD_LOCAL_TIME_H

#include "base/buf.h"
#include "base/zone.h"

/*
 * That of TZ, or of the machine, or UTC if neither can be told. Freed with zone_free.
 */
struct zone *local_zone(struct err *e);

/* "2026-11-26 17:31" there. */
void local_time_text(struct buf *out, const struct zone *z, int64_t ms);

/* "2026-11-26", of a day since 1970. */
void local_day_text(struct buf *out, int64_t day);

/* "America/Chicago (UTC-06:00)" at that time. */
void local_zone_text(struct buf *out, const struct zone *z, int64_t ms);

#endif
