/*
 * Code tables: [code NAME], ours = theirs, theirs, ... Case does not matter, a
 * value with a comma is quoted, and a bare * is whatever is left. A table may come
 * out of a CSV file: [code NAME] or [lookup NAME] with file, key and value.
 */
#ifndef MAPPERS_CODES_H
#define MAPPERS_CODES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/conf.h"
#include "base/err.h"
#include "base/span.h"

struct code_entry {
	struct span theirs;
	struct span ours;
	uint32_t hash;
	const struct conf_entry *from; /* only while the table is made */
};

/*
 * Words as a person reads them, in their order and without what is too much: "known:
 * Booked, Confirmed, and 40 more". They are the feed's, never a patient's.
 */
#define CODES_LIST_MAX 320
struct code_list {
	char text[CODES_LIST_MAX];
	size_t n, more, tail; /* bytes; words that have no room; bytes that say so */
};

struct code_table {
	struct code_table *next;
	struct span name;
	struct code_entry *entries; /* open addressing; ours.p NULL: free */
	size_t size;                /* a power of two */
	struct span rest;           /* of the bare *; .p NULL: none */
	struct span *ours;          /* each code that may come out, with its place */
	const struct conf_entry **places;
	size_t nours;
	struct conf_section *section; /* NULL: of the program's own */
	bool lookup;                  /* [lookup NAME] */
	struct code_list list;        /* what it knows, for people */
	uint64_t digest;              /* of the CSV file; 0: none */
};

#define CODES_MAX 65536 /* values in one table */

/* A code of the program's own, and the words that stand for it beside itself. */
struct code_row {
	const char *ours;
	const char *theirs[9]; /* NULL behind the last */
};

/*
 * Makes a table of the section in the arena; mistakes go to c->errors (a code of
 * theirs given twice in one file, a value that can't be read). NULL if memory ran
 * out.
 */
struct code_table *codes_new(
    struct arena *a, struct conf *c, struct conf_section *s, struct err *e);

/* A table of rows that last as long as the program; NULL if memory ran out. */
struct code_table *codes_of_rows(
    struct arena *a, const struct code_row *rows, size_t n, struct err *e);

/* A table with room for n values; NULL if memory ran out. */
struct code_table *codes_empty(struct arena *a, size_t n);

/* One value more, or another meaning of it; the texts are borrowed. */
void codes_add(struct code_table *t, struct span theirs, struct span ours);

/* A list begins zeroed. */
void code_list_add(struct code_list *l, struct span word);
struct span code_list_text(const struct code_list *l);

/* Ours for theirs; false if it is not in the table. */
bool codes_find(const struct code_table *t, struct span theirs, struct span *ours);

#endif
