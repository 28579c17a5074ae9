/*
 * Cells as they stand in a file that is made for a spreadsheet. It would run what looks
 * like a formula, and write 123 for the id 00123: such a cell has a guard, one apostrophe
 * more in front than it had. Taking one off gives back every cell as it was.
 */
#ifndef MAPPERS_CSV_GUARD_H
#define MAPPERS_CSV_GUARD_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/span.h"

/*
 * Does it begin with = + - @ or a control character that some spreadsheets skip, or is it
 * a number that they would write otherwise? Blanks and apostrophes in front do not count.
 */
bool cell_wants_guard(struct span cell);

/* The cell, guarded if it has to be, and in quotes where it needs them (RFC 4180 2.6). */
void cell_write(struct buf *out, struct span cell, struct span delimiter);

/* Without its guard, if it has one. */
struct span cell_unguard(struct span cell);

/*
 * The cells of a line whose quoting is broken, as far as anybody can tell: a cell that is
 * not quoted as it should be ends at the next delimiter, its marks and all. `text`
 * (cleared first) holds what was in quotes; the cells are valid as long as it and `line`
 * are. Returns how many there are; what is beyond `max` is left out.
 */
size_t cells_split(struct span line, struct span delimiter, struct buf *text,
    struct span *cells, size_t max);

#endif
