/*
 * How fast requests go out: no more than `rate` a second, evenly; and one at a time, a
 * probe, once several attempts in a row have failed, whichever batch they were of.
 */
#ifndef OUTBOUND_PACE_H
#define OUTBOUND_PACE_H

#include <stdbool.h>
#include <stdint.h>

#define PACE_RATE_MAX    1000 /* requests a second: the clock counts milliseconds */
#define PACE_PROBE_AFTER 5    /* failed attempts in a row */

struct pace {
	int64_t gap;     /* us from one request to the next; 0: any */
	int64_t free_at; /* us: when the next one may go out */
	unsigned failed; /* attempts in a row */
};

/* `rate` in requests a second; 0: as many as there are. */
void pace_init(struct pace *p, long long rate);

/* How long until a request may go out, ms; `now` is monotonic ms, here and below. */
int64_t pace_wait(const struct pace *p, int64_t now);
void pace_sent(struct pace *p, int64_t now);

void pace_failed(struct pace *p);
void pace_answered(struct pace *p);

/* Only one request at a time may go out. */
bool pace_probes(const struct pace *p);

#endif
