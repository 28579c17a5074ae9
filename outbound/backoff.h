/*
 * How long to wait before a failed request is tried again: exponential backoff
 * with full jitter, and never less than the API asked for.
 */
#ifndef OUTBOUND_BACKOFF_H
#define OUTBOUND_BACKOFF_H

#include <stdint.h>

#define BACKOFF_BASE_MS 500   /* the longest wait after the first failure */
#define BACKOFF_CAP_MS  30000 /* the longest wait that is not the API's own wish */

/*
 * Milliseconds to wait after `failed` failures in a row (1 and up): evenly spread
 * by `random` from 0 to BASE * 2^(failed - 1), capped, but at least `retry_after`
 * (RFC 9110 10.2.3; 0 or less: not given).
 */
int64_t backoff_wait(unsigned failed, uint32_t random, int64_t retry_after);

#endif
