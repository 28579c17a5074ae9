/*
 * Kept-alive connections to an API, for the targets of one feed in turn: a file's delivery
 * goes on over those of the file before, without a handshake of its own.
 */
#ifndef OUTBOUND_LINES_H
#define OUTBOUND_LINES_H

#include "base/err.h"

struct api_lines;
struct curl_lib;

/* libcurl itself is loaded and started by the first target, for that takes a while. */
struct api_lines *api_lines_new(struct err *e);

/* When no target uses them any more. Takes NULL. */
void api_lines_free(struct api_lines *l);

/*
 * libcurl, and its CURLM *, both borrowed: one target at a time has handles in it. -1 with
 * ERR_CONFIG if there is no libcurl, or ERR_NOMEM.
 */
int api_lines_start(
    struct api_lines *l, const struct curl_lib **curl, void **multi, struct err *e);

#endif
