#include "mappers/csv_cells.h"

#include <string.h>

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
