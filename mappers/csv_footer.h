/*
 * Rows at the end of a file that are no data. The last rows are kept back until it is
 * known that they are the last, so that none of them is mapped by mistake.
 *
 * A pattern stands for one row, as it is in the file but for quotes and empty cells at
 * its end: {count} is the number of data rows (also 1,234), * any text; case and the
 * number of blanks do not matter.
 */
#ifndef MAPPERS_CSV_FOOTER_H
#define MAPPERS_CSV_FOOTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/span.h"
#include "mappers/csv_reader.h"

#define FOOTER_ROWS_MAX  20
#define FOOTER_STARS_MAX 2    /* in a pattern */
#define FOOTER_TEXT_MAX  1000 /* bytes; a longer row is no footer */

enum footer_mismatch { FOOTER_HOLD, FOOTER_DELIVER, FOOTER_REFUSE };

struct footer_conf {
	const char *const *patterns; /* a row each; NULL: any rows */
	size_t n;                    /* rows; 0: no footer */
	enum footer_mismatch on_mismatch;
};

/* NULL, or what is wrong with the pattern. */
const char *footer_pattern_check(const char *pattern);

/*
 * Is it a footer of this pattern? `delimiter` stands between its cells, "" between none.
 * *count: what {count} stands for, if it is there.
 */
bool footer_match(
    const char *pattern, struct span text, const char *delimiter, uint64_t *count);

/* A row that was kept back: cells, or why it can't be read (code). */
struct footer_row {
	uint64_t number;
	const struct span *cells;
	size_t n;
	enum problem_code code;
	size_t column;
};

struct footer;

/* Both are borrowed; `data` gets the rows that are no footer, borrowed for the call. */
struct footer *footer_new(const struct footer_conf *conf,
    int (*data)(void *arg, const struct footer_row *row, struct err *e), void *arg,
    struct err *e);
void footer_free(struct footer *f);

/* One more row; the text that it borrows is copied. */
int footer_push(struct footer *f, const struct footer_row *row, struct err *e);

/*
 * After the last row; `rows` is asked for the number of data rows. `delimiter` stood
 * between cells, "" where they had widths. ERR_HELD if the footer is not there (what
 * stands in its place went to `data`) or, as set, if its count is wrong; *wrong is the
 * row of a wrong count that is to be delivered nevertheless, or 0.
 */
int footer_end(struct footer *f, const char *delimiter, const uint64_t *rows,
    uint64_t *wrong, struct err *e);

#endif
