/*
 * UTF-16 to UTF-8 as a stream, ahead of all that looks for lines. What is no text, a
 * surrogate alone or half a unit at the end, becomes a byte that is no UTF-8 either:
 * so it costs the row that it stands in.
 */
#ifndef MAPPERS_UTF16_H
#define MAPPERS_UTF16_H

#include <stdbool.h>
#include <stddef.h>

#include "base/span.h"

#define UTF16_SNIFF 1024 /* bytes at the start of a file that tell */

enum utf16_order { UTF16_NONE, UTF16_LE, UTF16_BE };

struct utf16 {
	enum utf16_order order;
	bool half; /* a byte of a unit is there */
	unsigned char byte;
	unsigned lead; /* a high surrogate that waits for its other half; 0: none */
};

/* "utf-16le", "UTF-16BE"; UTF16_NONE for other names. */
enum utf16_order utf16_by_name(const char *name);
const char *utf16_name(enum utf16_order order);

/* The byte order mark that it begins with; *mark: its size. UTF-32's is none. */
enum utf16_order utf16_mark(struct span head, size_t *mark);

/*
 * Without a mark: UTF-16 if every other byte is NUL more often than not, and none of
 * those between them ever.
 */
enum utf16_order utf16_guess(struct span head);

/* Room that `n` bytes, and what was left of those before, may need. */
#define UTF16_ROOM(n) (((n) / 2 + 2) * 3)

/* Bytes written to `out`. */
size_t utf16_convert(struct utf16 *u, struct span in, char *out);

/* After the last byte; at most UTF16_ROOM(0). */
size_t utf16_end(struct utf16 *u, char *out);

#endif
