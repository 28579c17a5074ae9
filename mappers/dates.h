/*
 * Which date and time formats a column is written in: every value is tried with every
 * format, so that the answer is that of all rows and not of the first.
 */
#ifndef MAPPERS_DATES_H
#define MAPPERS_DATES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"

#define DATES_DAYS       18 /* rows of the table of days; the first is none */
#define DATES_CLOCKS     10 /* of the table of clock times; the first is none */
#define DATES_FOUND_MAX  3  /* formats of one column */
#define DATES_FORMAT_MAX 32

/* A year of two digits is the latest one up to this, as spreadsheets have it. */
#define DATES_PIVOT 2049

/* How many values each format fits; zeroed at first. */
struct dates {
	uint64_t fits[DATES_DAYS][DATES_CLOCKS];
};

struct dates_found {
	struct dates_format {
		char text[DATES_FORMAT_MAX]; /* as civil_parse reads it */
		uint64_t fits;
		bool day, clock;
		bool either; /* with day and month changed it fits every value too */
	} format[DATES_FOUND_MAX]; /* what fits most stands first */
	unsigned n;
	uint64_t fits; /* values that one of them fits */
};

/* `value` is trimmed and not empty. False: it is neither a date nor a time. */
bool dates_take(struct dates *d, struct span value);
void dates_find(const struct dates *d, struct dates_found *out);

#endif
