/*
 * A file of rows, column by column: read by the very reader of CSV feeds, with the
 * delimiter, the character set, the header and the rows behind the data found. Fed in
 * any chunking; memory is bounded by the columns, not by the rows.
 *
 * Titles are no patient's values, but a first row of data is: a row counts as header
 * only if it surely is one (profile.c says how), else columns have numbers.
 */
#ifndef MAPPERS_PROFILE_H
#define MAPPERS_PROFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/span.h"
#include "mappers/column.h"

struct profile;

struct profile *profile_new(struct err *e);
void profile_free(struct profile *p); /* takes NULL */

/* ERR_REFUSED as reader_feed. After an error nothing more may be fed. */
int profile_feed(struct profile *p, struct span bytes, struct err *e);
int profile_end(struct profile *p, struct err *e);

/* Of the whole file, once it was read; texts are valid until free. */
struct profile_file {
	const char *delimiter, *charset;
	uint64_t header; /* number of its row; 0: there is none */
	uint64_t rows;   /* of data */
	uint64_t thin;   /* rows with too few or too many cells, or one alone: no data */
	uint64_t tail;   /* so many of them stand at the end */
	const char *total; /* the last of them, if it is a total: its pattern; else "" */
	uint64_t said;     /* the number in it */
	bool auto_finds;   /* counting delimiters in the first row finds this one too */
	uint64_t bad;      /* rows that can't be read */
	uint64_t headers;  /* the header once more */
	size_t columns;
};

void profile_file(const struct profile *p, struct profile_file *out);

/* Tidied; empty where there is none. */
struct span profile_title(const struct profile *p, size_t column);
const struct column *profile_column(const struct profile *p, size_t column);

#endif
