/*
 * Cells that libcsv can't find, between delimiters of several bytes and in columns of a
 * fixed width; and those in which it finds what is none.
 */
#ifndef MAPPERS_CSV_CELLS_H
#define MAPPERS_CSV_CELLS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/span.h"

/* What stands for a delimiter of several bytes: ASCII's own unit separator. */
#define CELLS_DELIMITER '\x1f'

/*
 * The line with CELLS_DELIMITER for each delimiter outside quotes, to `to` (line.n
 * bytes); returns how many. `quoted`: it begins within quotes. Where CELLS_DELIMITER
 * itself stands in the line there is NUL, and *taken.
 */
size_t cells_translate(
    struct span line, struct span delimiter, bool quoted, char *to, bool *taken);

/*
 * The line's cells, `n` of them by their widths in characters, blanks round them off;
 * what is missing at the end is empty. Characters behind the last width are one cell
 * more. Returns how many cells; all lie in `line`.
 */
size_t cells_by_width(
    struct span line, const size_t *widths, size_t n, struct span *cells);

/*
 * Does a quotation mark that is not closed make rows behind it part of one of the cells? Of a
 * row of `columns` of them; 0: of a title.
 */
bool cells_swallow(
    const struct span *cells, size_t n, struct span delimiter, size_t columns);

#endif
