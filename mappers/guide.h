/*
 * What a feed's map wants of its files, as data: each column, in plain words, with
 * values that it takes; an example of such a file; and the map tried on one row.
 * For formats with columns; messages have none.
 */
#ifndef MAPPERS_GUIDE_H
#define MAPPERS_GUIDE_H

#include "base/near.h"
#include "mappers/format.h"

#define GUIDE_ROWS  2  /* of an example */
#define GUIDE_CODES 50 /* words of a table that a guide tells */

/* One of the texts that a column may have in the header, or may hold. */
struct guide_text {
	struct guide_text *next;
	struct span text;
	struct span means; /* of a code: what it becomes */
};

/* A field that a column goes into. */
struct guide_use {
	struct guide_use *next;
	const char *type, *field;
	bool required; /* the row is not taken if this fails or is empty */
};

struct guide_column {
	struct guide_text *titles; /* the first is the example's; NULL: by number */
	struct span name;          /* its short name in [columns]; may be empty */
	unsigned number;           /* from 1; 0: by title */
	size_t at;                 /* where the example has it, from 0 */
	bool required, decides;    /* decides: `when` asks for it */
	struct span words;         /* what it holds, in plain words */
	struct guide_text *codes;  /* the words it may hold; NULL: no table */
	size_t ncodes;          /* that many there are, of which GUIDE_CODES are told */
	struct guide_use *uses; /* none: only `when` reads it */
	struct span sample[GUIDE_ROWS]; /* synthetic; empty: none could be made */
};

struct guide {
	struct arena arena;
	struct guide_column *columns; /* in the order of the feed file */
	size_t n;
	size_t width; /* columns of an example, with those that the map does not read */
	bool
	    as_utf8; /* the caller's to set: an example in UTF-8, whatever the feed's set */
	bool ordered; /* columns are known by their place */
};

/*
 * -1 with ERR_USAGE if the format has no columns; release it all the same. Its texts are
 * the mapper's, which must outlive it.
 */
int mapper_guide(const struct mapper *m, struct guide *out, struct err *e);
void guide_release(struct guide *g);

/* The column of this title, short name or "#3"; NULL if there is none. */
const struct guide_column *guide_find(const struct guide *g, struct span name);

/* Tries all titles and short names. */
void guide_near(const struct guide *g, struct near *near);

/*
 * An example file with GUIDE_ROWS rows, in the feed's own layout and character set. It
 * is tried: a sample that the map doesn't take is taken out of the guide, and if the
 * rows are not all mapped then, ERR_CONFIG says why.
 */
int mapper_example(
    const struct mapper *m, struct guide *g, int64_t now, struct buf *out, struct err *e);

/* One row: cells[i] belongs to guide->columns[i], an empty one may have p NULL. */
struct guide_cells {
	const struct guide *guide;
	const struct span *cells;
	int64_t now; /* as mapper_open */
};

/* Maps it. What comes of it goes to the sink; the counts are as for a file of it alone. */
int mapper_try(const struct mapper *m, const struct guide_cells *row,
    const struct mapper_sink *sink, struct mapper_counts *out, struct err *e);

#endif
