/*
 * Text for a terminal: nothing that a file holds may drive it.
 */
#ifndef CMD_TEXT_H
#define CMD_TEXT_H

#include "base/buf.h"

/* "text" in quotes, control characters escaped. */
void text_quote(struct buf *out, struct span s);

/* A moment in ms as 2026-11-20 19:30:02Z, or "never" for 0. */
void text_time(struct buf *out, int64_t ms);

#endif
