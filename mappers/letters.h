/*
 * Upper and lower case of UTF-8 text, without the server's locale: ASCII, Latin
 * (with Vietnamese), Greek and Cyrillic letters that have one partner. What has
 * none stays: the German sharp s has no upper case here.
 */
#ifndef MAPPERS_LETTERS_H
#define MAPPERS_LETTERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

enum letters_case {
	LETTERS_UPPER,
	LETTERS_LOWER,
	LETTERS_TITLE /* "O'BRIEN-SMITH" -> "O'Brien-Smith", "MEN'S" -> "Men's" */
};

/* Writes the text, which must be UTF-8, to out[s.n]; never longer. The length. */
size_t letters_recase(struct span s, enum letters_case c, char *out);

/* May recasing change the text? False is sure. */
bool letters_may_change(struct span s, enum letters_case c);

bool letters_same(struct span a, struct span b);

/* Equal but for case. */
static inline bool
letters_eq_nocase(struct span a, struct span b)
{
	/* Most that differ do so at once; bit 5 is the case of an ASCII letter. */
	if (a.n > 0 && b.n > 0 && (unsigned char)(a.p[0] | b.p[0]) < 0x80 &&
	    (a.p[0] | 0x20) != (b.p[0] | 0x20))
		return false;
	return letters_same(a, b);
}

/* FNV-1a of what letters_recase(LETTERS_LOWER) would write. */
uint32_t letters_hash(struct span s);

#endif
