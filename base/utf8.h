/*
 * UTF-8 (RFC 3629): is it well-formed, and how long?
 */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>

#include "base/span.h"

/*
 * Length of the well-formed sequence at p (n bytes are there), 0 if there is none:
 * overlong forms, surrogates and values past U+10FFFF are not well-formed.
 */
size_t utf8_length(const char *p, size_t n);

/* The offset of the first byte that is not well-formed, or s.n. */
size_t utf8_valid(struct span s);

/* How many characters a well-formed text has. */
size_t utf8_count(struct span s);

/*
 * ? for each control character, C1 too, which a terminal may obey: U+0080 to U+009F give two.
 * As long as before.
 */
void utf8_tame(char *p, size_t n);

/* Is every byte under 0x80? */
bool utf8_ascii(struct span s);

#endif
