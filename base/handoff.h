/*
 * Bytes from one thread to another through a few bounded buffers: the giver runs a
 * little ahead, and neither waits for the other without need.
 *
 * One thread gives, one takes. Whoever made it frees it, after the giver is joined.
 */
#ifndef BASE_HANDOFF_H
#define BASE_HANDOFF_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/span.h"

struct handoff;

struct handoff *handoff_new(struct err *e);
void handoff_free(struct handoff *h); /* takes NULL */

/* The giver's: copies `s`. -1 if the taker has had enough. */
int handoff_put(struct handoff *h, struct span s);

/* The giver's last call: 0, or -1 and why. The taker gets that behind the bytes. */
void handoff_end(struct handoff *h, int result, const struct err *why);

/*
 * The taker's: 1 and *out, borrowed until the next call; 0 or -1 as the giver ended.
 * Waits at most `ms` (-1: as long as it takes), then -1 with ERR_DEADLINE.
 */
int handoff_take(struct handoff *h, int64_t ms, struct span *out, struct err *e);

/* The taker has had enough: the giver's next handoff_put fails. */
void handoff_stop(struct handoff *h);
bool handoff_stopped(struct handoff *h);

#endif
