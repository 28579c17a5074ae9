/*
 * What stands in one line of an HL7 v2 file besides its segment: bytes that frame, mark or
 * fill, and headers that do not begin it, as where files were joined.
 */
#ifndef MAPPERS_HL7_LINE_H
#define MAPPERS_HL7_LINE_H

#include <stdbool.h>
#include <string.h>

#include "base/span.h"
#include "mappers/hl7_message.h"

#define HL7_VT '\x0b' /* MLLP: start of a block, */
#define HL7_FS '\x1c' /* and its end */

#define HL7_MARK      "\xef\xbb\xbf" /* U+FEFF */
#define HL7_MARK_SIZE 3

/* Has the line a segment's name; what header is it? `line` has at least three bytes. */
static inline bool
hl7_line_is(struct span line, const char *name)
{
	return memcmp(line.p, name, 3) == 0;
}

static inline bool
hl7_line_is_header(struct span line)
{
	return hl7_line_is(line, "MSH") || hl7_line_is(line, "FHS") ||
	       hl7_line_is(line, "BHS") || hl7_line_is(line, "BTS") ||
	       hl7_line_is(line, "FTS");
}

/*
 * Is it a segment? `field` separates the fields of the message it stands in, '\0': of none.
 * Text behind a line break may begin with three capitals, too, and is none. A header has a
 * separator of its own.
 */
static inline bool
hl7_line_fits(struct span line, char field)
{
	return hl7_line_is_segment(line) &&
	       (line.n == 3 || field == '\0' || line.p[3] == field ||
		   hl7_line_is_header(line));
}

struct span hl7_line_strip(struct span line, bool *ended);

/*
 * Without marks, NUL, SUB, MLLP's bytes and blanks in front and behind. *ended, if MLLP's
 * stand behind; else it stays.
 */
static inline struct span
hl7_line_unframed(struct span line, bool *ended)
{
	/* Most lines have nothing of that, as their first and last bytes tell. */
	if (line.n > 0 && line.p[0] > ' ' && line.p[line.n - 1] > ' ')
		return line;
	return hl7_line_strip(line, ended);
}

/* Does it end in a byte that stands in no field: a mark, NUL, SUB or MLLP's? */
bool hl7_line_is_marked(struct span line);

/*
 * Where a header stands that does not begin the line: MSH, FHS or BHS, and delimiters such
 * as `d` has or, if it has none yet, HL7 recommends. line.n if there is none.
 */
size_t hl7_line_inner(struct span line, const struct hl7_delimiters *d);

/* Of a line that is no segment: does it have "MSH|", in any letters, or as `field` is? */
bool hl7_line_has_msh(struct span line, char field);

#endif
