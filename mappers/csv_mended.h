/*
 * Reject files: four columns in front of a file's own, by which a file that was mended
 * and dropped again is known.
 */
#ifndef MAPPERS_CSV_MENDED_H
#define MAPPERS_CSV_MENDED_H

#include "base/err.h"
#include "base/span.h"
#include "mappers/rejects.h"

#define MENDED_COLUMNS 4
#define MENDED_LEAST   2 /* that must be left: who mends may have no use for the others */

/* Where a mended file has our columns: spreadsheets may have moved them. */
struct mended {
	bool is;                   /* MENDED_LEAST are there */
	size_t at[MENDED_COLUMNS]; /* SIZE_MAX: it is gone */
	struct span *cells;        /* room for a row's */
	size_t max;
};

/* Room for rows of `max` cells. -1 and ERR_NOMEM. */
int mended_init(struct mended *m, size_t max, struct err *e);
void mended_release(struct mended *m);

/* Does the first line of a file have our columns? `head` is the file's start. */
bool mended_head(struct span head);

/*
 * What divides the columns there, which is what the spreadsheet that saved it writes,
 * whatever the feed sets; '\0': the one that is set (NULL: none) does.
 */
char mended_delimiter(struct span head, const char *set);

/* Looks for our columns in a header, case does not matter. */
void mended_find(struct mended *m, const struct span *titles, size_t n);

/*
 * The row without our columns and without guards, valid until the next call. Of a file
 * that is no mended one nothing is changed. `n` is at most the `max` of mended_init.
 */
const struct span *mended_cells(struct mended *m, const struct span *cells, size_t *n);

/* A column of the row as it stands in the file, without ours; SIZE_MAX: it is ours. */
size_t mended_column(const struct mended *m, size_t column);

/* Makes a reject file, or an export's part of one. */
struct rejects {
	struct rejects_sink sink;
	struct rejects_form *form; /* of the whole */
	struct buf out, text, header;
	struct span delimiter; /* the export's own; borrowed */
	const char *end;       /* its header's line end */
	bool headed, first;    /* `first`: `form` is as this export has it */
};

/* `max_line` bytes have the longest row. */
void rejects_init(struct rejects *r, const struct rejects_sink *sink,
    struct rejects_form *form, size_t max_line);
void rejects_release(struct rejects *r);

/* A row as it was sent, its cells as mended_cells gives them; NULL: it can't be read. */
struct sent_row {
	uint64_t number;
	struct span text;
	const struct span *cells;
	size_t n;
};

/*
 * Before any row; it is written with the first that is, if no other export's was. Of a row
 * without cells, whose file has no header, the cells are counted: columns without titles are
 * called by their numbers.
 */
void rejects_header(struct rejects *r, struct mended *m, const struct sent_row *row,
    struct span delimiter);

/* Writes it, if it was rejected. */
int rejects_row(
    struct rejects *r, struct mended *m, const struct sent_row *row, struct err *e);

#endif
