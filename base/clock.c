#include "base/clock.h"

#include <time.h>

static int64_t
now(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static int64_t
system_wall(void *self)
{
	(void)self;
	return now(CLOCK_REALTIME);
}

static int64_t
system_mono(void *self)
{
	(void)self;
	return now(CLOCK_MONOTONIC);
}

static void
system_pause(void *self, int64_t ms)
{
	struct timespec ts = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};

	(void)self;
	nanosleep(&ts, NULL);
}

const struct clock clock_system = {
    .wall = system_wall, .mono = system_mono, .pause = system_pause};

int64_t
clock_wall(const struct clock *c)
{
	return c->wall(c->self);
}

int64_t
clock_mono(const struct clock *c)
{
	return c->mono(c->self);
}

void
clock_pause(const struct clock *c, int64_t ms)
{
	if (ms > 0)
		c->pause(c->self, ms);
}
