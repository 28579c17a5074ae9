#include "mappers/csv_lines.h"

#include <string.h>

#include "mappers/filler.h"

/* Where c is in the rest, which stands at `at`, looked for from *from on; else the end. */
static size_t
seek(size_t *from, struct span rest, size_t at, char c)
{
	size_t seen = *from > at ? *from - at : 0;
	const char *p;

	if (seen < rest.n && rest.p[seen] != c) {
		p = memchr(rest.p + seen, c, rest.n - seen);
		seen = p == NULL ? rest.n : (size_t)(p - rest.p);
	}
	*from = at + seen;
	return seen;
}

size_t
line_find(struct line_ends *ends, struct span rest, size_t at, bool whole)
{
	size_t lf = seek(&ends->lf, rest, at, '\n'), cr = seek(&ends->cr, rest, at, '\r');

	if (lf < cr)
		return lf + 1;
	if (cr + 1 < rest.n)
		return cr + 1 + (rest.p[cr + 1] == '\n');
	return whole ? rest.n : 0;
}

size_t
line_rest(struct span rest)
{
	return rest.n - (rest.n > 0 && rest.p[rest.n - 1] == '\r');
}

void
line_ends_move(struct line_ends *ends, size_t n)
{
	ends->lf = ends->lf > n ? ends->lf - n : 0;
	ends->cr = ends->cr > n ? ends->cr - n : 0;
}

bool
line_has_end(struct span line)
{
	return line.p[line.n - 1] == '\n' || line.p[line.n - 1] == '\r';
}

bool
line_is_filler(struct span line)
{
	return !line_has_end(line) && line.n <= FILLER_MAX &&
	       filler_count(line) == line.n;
}

struct span
line_without_end(struct span line)
{
	while (line.n > 0 && line_has_end(line))
		line.n--;
	return line;
}
