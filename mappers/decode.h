/*
 * What a file is before it has lines: UTF-16 is found and becomes UTF-8 with a mark
 * ahead of it, all else passes as it is.
 */
#ifndef MAPPERS_DECODE_H
#define MAPPERS_DECODE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/span.h"
#include "mappers/utf16.h"

#define UTF8_MARK "\xef\xbb\xbf"

/* A set that charset_known knows, utf-16le or utf-16be? */
bool decode_charset_known(const char *name);

/* What lines are in, where a file is in `name`. */
const char *decode_line_charset(const char *name);

struct decoder {
	const char *charset; /* "auto", "utf-16le" or another name; borrowed */
	int (*text)(void *arg, struct span text, struct err *e);
	void *arg;
	bool sniffed;
	char head[UTF16_SNIFF]; /* until it is */
	size_t n;
	struct utf16 utf16;
};

/* Any chunking. -1 only if `text` said so. */
int decoder_feed(struct decoder *d, struct span bytes, struct err *e);
int decoder_end(struct decoder *d, struct err *e);

/* "utf-16le", or NULL: what it is the lines say. */
const char *decoder_charset(const struct decoder *d);

#endif
