/*
 * The header of a file: which row it is, what it says, and the map bound to it.
 */
#ifndef MAPPERS_CSV_HEADER_H
#define MAPPERS_CSV_HEADER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/span.h"
#include "mappers/csv_layout.h"
#include "mappers/csv_reader.h"
#include "mappers/map.h"

#define HEADER_ROWS 50 /* it is looked for in so many rows */

/* Zeroed but for what header_init sets; the rest is to be read only. */
struct header {
	const struct layout *layout;
	const struct map *map;
	struct arena arena;
	struct span *titles;
	size_t n;
	struct binding *binding; /* NULL before the header */
	uint64_t row;            /* its number; 0: none was found */
	struct header_watch watch;
	struct err refusal; /* of the row that looked most like it, so far */
	size_t widest;      /* how many cells that has */
};

/* All are borrowed until release; `before` is the last good file's, or NULL. */
void header_init(struct header *h, const struct layout *layout, const struct map *map,
    const struct header_mark *before);
void header_release(struct header *h);

/*
 * While h->binding is NULL, each row behind skip_top. 0: it is the header, or stands
 * above it; 1: there is no header, and it is data; -1 with ERR_REFUSED: there is none
 * that has the titles of the map, or they stand there twice; ERR_HELD as map_bind.
 */
int header_take(
    struct header *h, const struct span *cells, size_t n, uint64_t number, struct err *e);

/* The same for a row that can't be read. */
int header_bad(struct header *h, const struct bad_row *bad, struct err *e);

/* After the last byte: -1 if there were rows, but no header. */
int header_end(const struct header *h, struct err *e);

/* After the last row: tells what differs, and moves what is known. As binding_drift. */
int header_take_watch(struct header *h, struct header_watch *out, struct err *e);

/*
 * Once it is bound, what was found: "delimiter=, charset=utf-8 header=4". The length;
 * there is room for a few words more.
 */
#define HEADER_FOUND_MAX 128
size_t header_found(const struct header *h, const struct reader *r, enum found_form form,
    char out[HEADER_FOUND_MAX]);

/* Are these the titles once more, as where pages break? */
bool header_again(const struct header *h, const struct span *cells, size_t n);

/* The cells up to the last that is not empty: spreadsheets add empty ones. */
size_t header_filled(const struct span *cells, size_t n);

/*
 * The delimiter that reader_find_delimiter finds in the head of a file, unless the
 * header is found with another alone: a title row above it may be misleading.
 */
char header_find_delimiter(const struct header *h, struct span head);

#endif
