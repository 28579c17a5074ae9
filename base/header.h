/*
 * What is remembered of an export's header: its titles, and of each column a profile of
 * what stood below it, numbers alone. The ledger keeps it, the mappers compare it.
 */
#ifndef BASE_HEADER_H
#define BASE_HEADER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/span.h"

#define HEADER_COLUMNS_MAX 1000  /* a wider header is not remembered */
#define HEADER_TITLE_MAX   255   /* bytes of a title; the rest is cut off */
#define HEADER_TITLES_MAX  60000 /* bytes of all titles */

/* Counts of cells that were looked at: what is none of these has letters and digits. */
struct column_profile {
	uint32_t cells;
	uint32_t empty;
	uint32_t words;   /* without a digit */
	uint32_t numbers; /* without a letter, and no date */
	uint32_t dates;
	uint32_t length; /* bytes of all of them */
};

struct column_mark {
	struct span title; /* UTF-8, may be empty */
	struct column_profile profile;
	bool gone; /* no column: one that the map asks for, and has to do without */
};

/* n is 0 if there is none, or it is too wide. */
struct header_mark {
	struct column_mark *v;
	size_t n;
	char *text; /* of the titles */
};

/* Copies the titles, with empty profiles; *out is to be released, whatever it was. */
int header_mark_set(
    struct header_mark *out, const struct span *titles, size_t n, struct err *e);
/* The same titles, and the same profiles. */
int header_mark_copy(
    struct header_mark *out, const struct header_mark *from, struct err *e);
void header_mark_release(struct header_mark *h);

#endif
