/*
 * Where lines end: in LF, CRLF or CR, in a window that bytes are added to.
 */
#ifndef MAPPERS_CSV_LINES_H
#define MAPPERS_CSV_LINES_H

#include <stdbool.h>

#include "base/span.h"

/* No byte is looked at twice: from the line to these places there is no LF, and no CR. */
struct line_ends {
	size_t lf, cr;
};

/*
 * Bytes of the line that `rest` begins with, its end with it; 0 if it is not all there. It
 * stands at `at` in the window. A CR at the end of what is there may be half a CRLF, unless
 * it is the whole rest of the file.
 */
size_t line_find(struct line_ends *ends, struct span rest, size_t at, bool whole);

/* All of `rest`, but a CR that may be half a CRLF. */
size_t line_rest(struct span rest);

/* Of a line, which has bytes. */
bool line_has_end(struct span line);
struct span line_without_end(struct span line);

/* A last line that ends the file, or fills it up, is as good as a blank one. */
bool line_is_filler(struct span line);

/* The window's first `n` bytes are gone. */
void line_ends_move(struct line_ends *ends, size_t n);

#endif
