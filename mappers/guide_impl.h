/*
 * The guide from inside: guide.c walks the map, guide_value.c says what a value must
 * look like, guide_try.c tries it, csv_example.c writes the file.
 */
#ifndef MAPPERS_GUIDE_IMPL_H
#define MAPPERS_GUIDE_IMPL_H

#include "mappers/csv_layout.h"
#include "mappers/format_ops.h"
#include "mappers/guide.h"
#include "mappers/map_impl.h"

/* Where a reference stands: in a part of an alternative of a rule's value. */
struct guide_place {
	const struct rule *rule; /* NULL: of a condition */
	const struct alternative *alt;
	const struct part *part;
	const struct pipeline *whole;
};

/* What a value there must look like. */
struct guide_value {
	unsigned rank; /* how surely; 0: nothing is known */
	struct span words;
	struct span sample[GUIDE_ROWS];
	bool
	    apart; /* of a value out of several columns, the samples are this one's share */
	const char *const *allowed;     /* by the schema; NULL: anything */
	const struct code_table *table; /* the samples are words of it; NULL: none */
};

/* Texts are the arena's. -1: no memory. */
int guide_value_of(
    struct arena *a, const struct guide_place *place, struct guide_value *out);

/* No longer than `most` bytes, if that can be; the rows' stay different. */
void guide_shorten(struct span *sample, size_t row, size_t most);

/* The columns of the map. -1: no memory. */
int guide_columns(struct guide *g, const struct map *m);

/* As guide_find, the column's index; g->n if there is none. */
size_t guide_index(const struct guide *g, struct span name);

/* The row that has cells[i] in the place of g->columns[i]; NULL: no memory. */
struct span *guide_row(struct arena *a, const struct guide *g, const struct span *cells);

/* The titles of a header; a column that the map has by number is called so. */
struct span *guide_titles(struct arena *a, const struct guide *g);

/* As mapper_try; counts what the map does with the row. */
int guide_try(const struct map *m, const struct guide_cells *cells,
    const struct format_run *run, struct err *e);

/* Takes the samples out that fail. ERR_CONFIG if the rows are not mapped then. */
int guide_prove(const struct map *m, struct guide *g, int64_t now, struct err *e);

/* Cuts the samples to the widths of fixed columns. */
void layout_cut(const struct layout *l, struct guide *g);

/* Writes the example as [csv] has it. */
int layout_example(
    const struct layout *l, const struct guide *g, struct buf *out, struct err *e);

#endif
