/* Two feeds of one source that write the same records, one whole and one by patches. */
#ifndef CMD_OVERLAP_H
#define CMD_OVERLAP_H

#include "cmd/feed.h"

/*
 * Both are right by themselves. What one patches and the other, which puts the record
 * whole, does not write is erased at the API by each put, and the ledger goes on to count
 * it as delivered: that is added to the warnings of both.
 */
void overlap_warn(struct feed *a, struct feed *b);

#endif
