/*
 * ASCII's digits and letters, whatever the locale.
 */
#ifndef MAPPERS_ASCII_H
#define MAPPERS_ASCII_H

#include <stdbool.h>
#include <stddef.h>

#include "base/span.h"

static inline bool
ascii_digit(char c)
{
	return c >= '0' && c <= '9';
}

static inline bool
ascii_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* How many digits the text begins with. */
static inline size_t
ascii_digits(struct span s)
{
	size_t n = 0;

	while (n < s.n && ascii_digit(s.p[n]))
		n++;
	return n;
}

#endif
