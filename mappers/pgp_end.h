/*
 * Does anything stand behind a PGP message, another one perhaps? gpg passes over that without
 * a word where the first one is armoured, or compressed and not encrypted: a compressed
 * packet whose length is not told goes on to the file's end (RFC 9580 4.2.1.4).
 */
#ifndef MAPPERS_PGP_END_H
#define MAPPERS_PGP_END_H

#include <stdbool.h>
#include <zlib.h>

#include "base/err.h"
#include "base/span.h"

enum pgp_shape {
	PGP_BEGINS,   /* nothing was read of it */
	PGP_ARMOURED, /* lines of letters */
	PGP_PACKED,   /* the compressed packet's first byte was read */
	PGP_INFLATED, /* compressed by what zlib knows: `z` is at work */
	PGP_OTHER,    /* gpg tells what is wrong with it */
};

/* Zeroed at first. */
struct pgp_end {
	enum pgp_shape shape;
	bool ended;     /* the message */
	bool more;      /* and something stands behind it */
	bool inside;    /* a line that is not the last one */
	size_t matched; /* letters of the last line */
	z_stream z;
};

/* The next bytes, in any chunking. -1: there is no memory. */
int pgp_end_feed(struct pgp_end *p, struct span s, struct err *e);

/* After the last: ERR_REFUSED if more stands there. */
int pgp_end_check(const struct pgp_end *p, struct err *e);
void pgp_end_release(struct pgp_end *p);

#endif
