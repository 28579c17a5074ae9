/*
 * Time zones from the system's TZif files (RFC 8536), without the server's own
 * zone and without mktime, which shifts in the gap of a clock change in silence.
 */
#ifndef BASE_ZONE_H
#define BASE_ZONE_H

#include <stdint.h>

#include "base/civil.h"
#include "base/err.h"

struct zone;

/*
 * Loads "America/Chicago" from /usr/share/zoneinfo, or "UTC", or a fixed offset
 * "+02:00". Names with ".." or a leading "/" are refused. Freed with zone_free.
 */
struct zone *zone_load(const char *name, struct err *e);
void zone_free(struct zone *z);
const char *zone_name(const struct zone *z);

enum zone_fit {
	ZONE_ONE, /* the local time exists once */
	ZONE_GAP, /* skipped by the clock change: it does not exist */
	ZONE_FOLD /* it happens twice */
};

enum dst_policy { DST_REJECT, DST_EARLIER, DST_LATER };

/*
 * The offset (seconds east) for a local time, as civil_seconds counts it. In a fold EARLIER
 * picks the first pass. In a gap, EARLIER uses the offset in force after the change (an
 * instant before the gap), LATER the one before it (an instant after). With DST_REJECT the
 * first pass's offset is filled in all the same; the caller looks at the fit.
 */
enum zone_fit zone_offset(
    const struct zone *z, int64_t local, enum dst_policy policy, int *offset);

/* Offset at an instant, seconds since 1970 UTC. */
int zone_offset_at(const struct zone *z, int64_t utc);

/* A digest of the zone's rules as far as they are loaded, for fingerprints. */
uint64_t zone_fingerprint(const struct zone *z);

#endif
