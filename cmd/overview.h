/*
 * `status` without a feed: one screen, the sickest feed first, each with the command that
 * helps. Feeds that are well have a line each, if there is room.
 */
#ifndef CMD_OVERVIEW_H
#define CMD_OVERVIEW_H

#include "cmd/board.h"
#include "cmd/screen.h"

void overview_text(const struct board *b, const struct screen *s, struct buf *out);

#endif
