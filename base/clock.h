/*
 * Time as a service: handed in, so that tests can hand in another. Milliseconds
 * throughout; wall time counts from 1970-01-01T00:00:00Z.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

struct clock {
	int64_t (*wall)(void *self);
	int64_t (*mono)(void *self); /* monotonic, for time-outs */
	void (*pause)(void *self, int64_t ms);
	void *self;
};

/* The machine's own clocks. */
extern const struct clock clock_system;

int64_t clock_wall(const struct clock *c);
int64_t clock_mono(const struct clock *c);

/* Waits; returns early on a signal. */
void clock_pause(const struct clock *c, int64_t ms);

#endif
