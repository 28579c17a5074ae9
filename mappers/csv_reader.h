/*
 * Delimited text to rows, on libcsv, streaming. The reader owns its memory, which
 * is bounded by the limits whatever the file; the same bytes in any chunking give
 * the same calls.
 *
 * Lines end in LF, CRLF or CR. Rows are counted as a spreadsheet shows them: the
 * first line is row 1, blank lines count, a row of several lines counts once. A row
 * with nothing in it counts as a blank line, and is not told; so does a last line of NUL
 * and SUB alone. A first line "sep=;" says
 * what the delimiter is, is not shown, and does not count.
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

#define DELIMITER_MAX 8 /* bytes */

/* Texts and widths are borrowed. */
struct reader_conf {
	const char *delimiter; /* up to DELIMITER_MAX bytes; NULL: to be found */
	const size_t *widths;  /* of columns, in characters; there is no delimiter then */
	size_t nwidths;        /* 0: there is one; else less than max_columns */
	const char *charset;   /* as charset_new, or utf-16le, utf-16be */
	size_t max_line;       /* bytes of a row, all its lines together */
	size_t max_columns;
	size_t max_span; /* lines of one row */
	size_t skip;     /* lines that say nothing about the delimiter */
	bool keep_text;  /* for reader_text */
};

#define COLUMN_UNKNOWN SIZE_MAX

/* A row that can't be read. The rows behind it are not lost. */
struct bad_row {
	uint64_t number;
	enum problem_code code;
	size_t column; /* from 0, or COLUMN_UNKNOWN */
};

/*
 * Where rows go. Cells are valid UTF-8, borrowed for the call; blanks round them are
 * off unless they were quoted. They lie in one text, one behind the other, with widths
 * as they do in the line. -1 with *e ends the reading.
 *
 * `delimiter` is asked where one is set, which it may overrule, and where no line "sep=;"
 * says it; `head` is the file's start without mark. '\0': the one that is set. If it is
 * NULL, and none is set, reader_find_delimiter is asked.
 *
 * `known`, which may be NULL, is asked before each row: *n are the bytes of a row that need
 * not be read, or more than there are `ahead` if that is not seen by them yet; 0: it is to
 * be read. Such a row counts, and is not told.
 *
 * `any_charset`, which may be NULL, says that a file with this start is to be read in the
 * set that is found, whatever is set.
 */
struct reader_sink {
	int (*row)(void *arg, const struct span *cells, size_t n, uint64_t number,
	    struct err *e);
	int (*bad)(void *arg, const struct bad_row *bad, struct err *e);
	char (*delimiter)(void *arg, struct span head);
	int (*known)(void *arg, struct span ahead, size_t *n, struct err *e);
	bool (*any_charset)(struct span head);
	void *arg;
};

struct reader *reader_new(
    const struct reader_conf *conf, const struct reader_sink *sink, struct err *e);
void reader_free(struct reader *r);

/* ERR_REFUSED as charset_begin. After an error nothing more may be fed. */
int reader_feed(struct reader *r, struct span bytes, struct err *e);
int reader_end(struct reader *r, struct err *e);

/*
 * Within a call of the sink: the row as it was sent, in UTF-8 where its bytes are text,
 * with its line ends; of a row that can't be read the one line that it cost. Empty if it
 * was too long, or nobody asked for it (keep_text).
 */
struct span reader_text(const struct reader *r);

/* Within a call of the sink's `row`: its bytes as they came, with its line's end. */
struct span reader_bytes(const struct reader *r);

/* Rows and blank lines so far. */
uint64_t reader_number(const struct reader *r);

/* Would what follows be read in the same character set if `text` were not read? */
bool reader_steady(const struct reader *r, struct span text);

/* What was set or found; the delimiter is "" before the first row, and with widths. */
const char *reader_delimiter(const struct reader *r);
const char *reader_charset(const struct reader *r);

/*
 * The one of , ; tab | that stands most often in the first line outside quotes; of
 * equals the one that stands as often in the second. `head` is the file's start, its
 * first `skip` lines are not looked at. With none of them it is a comma: the file has
 * one column.
 */
char reader_find_delimiter(struct span head, size_t skip);

/*
 * The delimiter of a file that begins with `head`, without mark: as the sink or the hint
 * says, or as it is found; '\0': the one that is set. *hint is the length of the hint.
 */
char reader_choose_delimiter(const struct reader_conf *conf,
    const struct reader_sink *sink, struct span head, size_t *hint);

#endif
