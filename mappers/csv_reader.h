/*
 * Delimited text to rows, on libcsv, streaming. The reader owns its memory, which
 * is bounded by the limits whatever the file; the same bytes in any chunking give
 * the same calls.
 *
 * Lines end in LF, CRLF or CR. Rows are counted as a spreadsheet shows them: the
 * first line is row 1, blank lines count, a row of several lines counts once. A row
 * with nothing in it counts as a blank line, and is not told.
 */
#ifndef MAPPERS_CSV_READER_H
#define MAPPERS_CSV_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/problem.h"
#include "base/span.h"

struct reader;

struct reader_conf {
	char delimiter;      /* 0: found from the first line */
	const char *charset; /* as charset_new; borrowed */
	size_t max_line;     /* bytes of a row, all its lines together */
	size_t max_columns;
	size_t max_span; /* lines of one row */
};

#define COLUMN_UNKNOWN SIZE_MAX

/* A row that can't be read. The rows behind it are not lost. */
struct bad_row {
	uint64_t number;
	enum problem_code code;
	size_t column; /* from 0, or COLUMN_UNKNOWN */
};

/*
 * Where rows go, the header first. Cells are valid UTF-8, borrowed for the call;
 * blanks round them are off unless they were quoted. -1 with *e ends the reading.
 */
struct reader_sink {
	int (*row)(void *arg, const struct span *cells, size_t n, uint64_t number,
	    struct err *e);
	int (*bad)(void *arg, const struct bad_row *bad, struct err *e);
	void *arg;
};

struct reader *reader_new(
    const struct reader_conf *conf, const struct reader_sink *sink, struct err *e);
void reader_free(struct reader *r);

/* ERR_REFUSED as charset_begin. After an error nothing more may be fed. */
int reader_feed(struct reader *r, struct span bytes, struct err *e);
int reader_end(struct reader *r, struct err *e);

/* What was set or found; the delimiter is 0 before the first row. */
char reader_delimiter(const struct reader *r);
const char *reader_charset(const struct reader *r);

/*
 * The one of , ; tab | that stands most often in the first line outside quotes; of
 * equals the one that stands as often in the second. `head` is the file's start.
 * With none of them it is a comma: the file has one column.
 */
char reader_find_delimiter(struct span head);

#endif
