#include "mappers/csv_cells.h"

#include <string.h>

#define SWALLOWED_LEAST 3 /* delimiters in a cell that may be rows, of few columns */

static bool
at_delimiter(struct span rest, struct span delimiter)
{
	return rest.n >= delimiter.n && memcmp(rest.p, delimiter.p, delimiter.n) == 0;
}

size_t
cells_translate(
    struct span line, struct span delimiter, bool quoted, char *to, bool *taken)
{
	size_t n = 0;

	*taken = false;
	while (line.n > 0) {
		char c = line.p[0];
		size_t step = 1;

		if (c == '"') {
			quoted = !quoted;
		} else if (c == CELLS_DELIMITER) {
			*taken = true;
			c = '\0';
		} else if (!quoted && at_delimiter(line, delimiter)) {
			c = CELLS_DELIMITER;
			step = delimiter.n;
		}
		to[n++] = c;
		line.p += step;
		line.n -= step;
	}
	return n;
}

static bool
continues(char c)
{
	return (c & 0xc0) == 0x80;
}

/* Bytes of the first `width` characters. */
static size_t
prefix(struct span s, size_t width)
{
	size_t n = 0;

	for (; width > 0 && n < s.n; width--)
		for (n++; n < s.n && continues(s.p[n]);)
			n++;
	return n;
}

size_t
cells_by_width(struct span line, const size_t *widths, size_t n, struct span *cells)
{
	size_t size;

	for (size_t i = 0; i < n; i++) {
		size = prefix(line, widths[i]);
		cells[i] = span_trim((struct span){line.p, size});
		line.p += size;
		line.n -= size;
	}
	if (line.n > 0)
		cells[n++] = span_trim(line);
	return n;
}

/* What a cell has of line ends and delimiters; `cells` are those that are surely no prose's. */
struct measured {
	size_t breaks, delimiters, cells;
};

/* A comma of prose has a blank or a line end behind it, or stands in brackets. */
static struct measured
measure(struct span s, struct span delimiter)
{
	struct measured m = {0, 0, 0};
	bool brackets = false;

	for (; s.n > 0; s.p++, s.n--) {
		char c = s.p[0], next = s.n > delimiter.n ? s.p[delimiter.n] : ' ';

		brackets = (brackets || c == '(') && strchr(")\r\n", c) == NULL;
		m.breaks += c == '\n' || (c == '\r' && (s.n == 1 || s.p[1] != '\n'));
		if (delimiter.n > 0 && at_delimiter(s, delimiter)) {
			m.delimiters++;
			m.cells += !brackets && strchr(" \r\n", next) == NULL;
		}
	}
	return m;
}

/*
 * A title may have several lines, and no title but one with rows in it has cells there: those
 * are values, which nobody may be told as a title. A note or an address may have some. Rows
 * have all of theirs, and from the cell that takes them in to the same one of the last row
 * that is a row's delimiters for each line end.
 */
bool
cells_swallow(const struct span *cells, size_t n, struct span delimiter, size_t columns)
{
	size_t least = columns > SWALLOWED_LEAST ? columns - 1 : SWALLOWED_LEAST;

	for (size_t i = 0; i < n; i++) {
		struct span s = cells[i];
		struct measured m;

		if (s.n == 0 ||
		    (memchr(s.p, '\n', s.n) == NULL && memchr(s.p, '\r', s.n) == NULL))
			continue;
		m = measure(s, delimiter);
		if (columns == 0
			? m.cells > 0
			: m.cells >= least && m.delimiters == m.breaks * (columns - 1))
			return true;
	}
	return false;
}
