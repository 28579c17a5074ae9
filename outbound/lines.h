/*
 * Kept-alive connections to an API, for the targets of one feed in turn: a file's delivery
 * goes on over those of the file before, without a handshake of its own.
 */
#ifndef OUTBOUND_LINES_H
#define OUTBOUND_LINES_H

#include "base/err.h"

struct api_lines;

/* libcurl itself is started by the first target, for that takes a while. */
struct api_lines *api_lines_new(struct err *e);

/* When no target uses them any more. Takes NULL. */
void api_lines_free(struct api_lines *l);

/* The CURLM *, borrowed: one target at a time has handles in it. NULL: ERR_NOMEM. */
void *api_lines_multi(struct api_lines *l, struct err *e);

#endif
