/*
 * Bodies that came packed with gzip (RFC 1952).
 */
#ifndef CMD_SANDBOX_UNPACK_H
#define CMD_SANDBOX_UNPACK_H

#include "base/buf.h"

/* Appends what was packed; -1 if it is no gzip, cut, or more than `out` may hold. */
int unpack_gzip(struct span packed, struct buf *out);

#endif
