/*
 * Bodies packed with gzip (RFC 1952).
 */
#ifndef OUTBOUND_GZIP_H
#define OUTBOUND_GZIP_H

#include "base/buf.h"
#include "base/err.h"

/*
 * Appends what is packed. The same text gives the same bytes: there is neither a time
 * nor a name in them, and the level is fixed.
 */
int gzip_pack(struct span text, struct buf *out, struct err *e);

#endif
