/*
 * The outbox: what is to be sent, kept until the whole file was judged. Frames
 * of bytes in memory up to a cap, then in an unlinked file encrypted with a key
 * that exists only in this process (P1). Written once, then read in order, as often as
 * it takes.
 */
#ifndef OUTBOUND_OUTBOX_H
#define OUTBOUND_OUTBOX_H

#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

#define OUTBOX_FRAME_MAX (64u << 20)

struct outbox;

/*
 * `dir` is where the unlinked file lives; `memory` the bytes kept before it is used, a MiB
 * at least.
 */
struct outbox *outbox_new(const char *dir, size_t memory, struct err *e);
void outbox_free(struct outbox *o);

int outbox_put(struct outbox *o, struct span frame, struct err *e);

/* No more puts. Reading starts at the first frame. */
int outbox_seal(struct outbox *o, struct err *e);

/* Once it is sealed: reading starts at the first frame again. */
int outbox_rewind(struct outbox *o, struct err *e);

/* The next frame into `out` (cleared first): 1, 0 at the end, -1. */
int outbox_next(struct outbox *o, struct buf *out, struct err *e);

#endif
