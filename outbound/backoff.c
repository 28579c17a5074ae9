#include "outbound/backoff.h"

int64_t
backoff_wait(unsigned failed, uint32_t random, int64_t retry_after)
{
	uint64_t limit = BACKOFF_BASE_MS, wait;
	unsigned i;

	for (i = 1; i < failed && limit < BACKOFF_CAP_MS; i++)
		limit *= 2;
	if (limit > BACKOFF_CAP_MS)
		limit = BACKOFF_CAP_MS;
	wait = ((limit + 1) * random) >> 32;
	return retry_after > (int64_t)wait ? retry_after : (int64_t)wait;
}
