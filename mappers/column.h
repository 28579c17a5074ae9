/*
 * What a column of a file holds, judged by all its values; memory does not grow with
 * them. For `profile` and `init`: nothing here decides about a record.
 */
#ifndef MAPPERS_COLUMN_H
#define MAPPERS_COLUMN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/span.h"
#include "mappers/dates.h"

#define COLUMN_DISTINCT_MAX 1000 /* values are told apart up to here */
#define COLUMN_WORDS_MAX    30   /* more different ones are no code */
#define COLUMN_WORD_MAX     40   /* bytes; a longer one is no code */
#define COLUMN_SAMPLE_MAX   80   /* bytes of the shortest and longest that are kept */

/* What a value may be for a transform of the map: each is asked, and no copy of it. */
enum check_kind {
	CHECK_INTEGER,
	CHECK_NUMBER,
	CHECK_BOOL,
	CHECK_PHONE,
	CHECK_EMAIL,
	CHECK_NPI,
	CHECK_ZIP,
	CHECK_STATE,
	CHECK_PERSON, /* in an order that a draft asks for */
	CHECK_COUNT
};

struct checks; /* the transforms, made ready once for all columns */

struct checks *checks_new(struct err *e);
void checks_free(struct checks *k);

/* A bit for each enum check_kind that takes the value, which is trimmed and not empty. */
unsigned checks_take(struct checks *k, struct span value);

enum content {
	CONTENT_EMPTY,
	CONTENT_TEXT,
	CONTENT_CODE, /* few values, each of them often */
	CONTENT_DIGITS, /* whole numbers to a spreadsheet, which would lose zeros in front */
	CONTENT_INTEGER,
	CONTENT_DECIMAL,
	CONTENT_DATE,
	CONTENT_TIME,
	CONTENT_DATETIME,
	CONTENT_BOOLEAN,
	CONTENT_PHONE,
	CONTENT_EMAIL
};

struct word {
	char text[COLUMN_WORD_MAX + 1];
	uint64_t times;
};

struct column {
	uint64_t rows, filled;
	uint64_t fits[CHECK_COUNT]; /* of those that are filled */
	uint64_t dated;             /* they are dates or times */
	uint64_t spaced_phones;     /* phone numbers with more than digits */
	uint64_t zeros;             /* digits alone, with zeros in front */
	struct dates dates;
	size_t shortest, longest; /* in characters */
	uint64_t characters, digits;
	char low[COLUMN_SAMPLE_MAX + 1], high[COLUMN_SAMPLE_MAX + 1];

	/* At most COLUMN_DISTINCT_MAX; n is one more if there are others. */
	uint64_t *distinct;
	uint64_t ndistinct;

	/* All its values, if they may be codes; else nwords is COLUMN_WORDS_MAX + 1. */
	struct word *words;
	unsigned nwords;
};

/* -1 only if memory ran out. *c is zeroed before, and released all the same. */
int column_init(struct column *c, struct err *e);
void column_release(struct column *c);

/* One cell of valid UTF-8. */
void column_take(struct column *c, struct checks *k, struct span cell);

/* What nine in ten of its values are. */
enum content column_content(const struct column *c);

/* "integer", for people. */
const char *content_name(enum content content);

/* Are there few values, each of them often, so that none can tell of one patient? */
bool column_is_code(const struct column *c);

#endif
