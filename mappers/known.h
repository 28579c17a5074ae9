/*
 * Rows that are known by their bytes: read before under the same header, map and
 * settings, they gave records that changed nothing, so that they need not be read again
 * (P12). Who asks for records says so of each row before it is parsed; only formats that
 * know where a row ends without parsing it ask.
 */
#ifndef MAPPERS_KNOWN_H
#define MAPPERS_KNOWN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/crypto.h"
#include "base/err.h"

/* What such a row gives. */
struct known_row {
	bool filtered;
	uint32_t records;
};

struct mapper_known {
	/* How many bytes the row has that came next the last time; 0: none is known. */
	size_t (*next)(void *arg);
	/*
	 * So many bytes are here, with digest *d: 1 if they are that row, and it still
	 * changes nothing; then it is counted, and *out is to be counted by the format. 0; -1.
	 */
	int (*take)(
	    void *arg, const struct digest *d, struct known_row *out, struct err *e);
	/*
	 * Another row, of n bytes, is about to be mapped; and it was: `settled` if what it
	 * gave depends on nothing but its bytes. Its records and problems come in between.
	 */
	int (*begin)(void *arg, const struct digest *d, size_t n, struct err *e);
	int (*end)(void *arg, const struct known_row *row, bool settled, struct err *e);
	void *arg;
};

#endif
