#include "mappers/csv_guard.h"

#include <string.h>

#include "mappers/spreadsheet.h"

#define QUOTE '"'
#define GUARD '\''

static bool
is_blank(char c)
{
	return c == ' ';
}

/* The wide forms of = + - @ (U+FF1D, U+FF0B, U+FF0D, U+FF20): East Asian ones take them. */
static bool
begins_wide(struct span s)
{
	return s.n >= 3 && s.p[0] == '\xef' && s.p[1] == '\xbc' &&
	       memchr("\x9d\x8b\x8d\xa0", s.p[2], 4) != NULL;
}

bool
cell_wants_guard(struct span cell)
{
	size_t i = 0;

	while (i < cell.n && cell.p[i] == GUARD)
		i++;
	while (i < cell.n && is_blank(cell.p[i]))
		i++;
	cell = (struct span){cell.p + i, cell.n - i};
	return cell.n > 0 &&
	       (memchr("=+-@\t\r\n", cell.p[0], 7) != NULL || begins_wide(cell) ||
		   spreadsheet_changes(span_trim(cell)));
}

struct span
cell_unguard(struct span cell)
{
	if (cell.n == 0 || cell.p[0] != GUARD || !cell_wants_guard(cell))
		return cell;
	return (struct span){cell.p + 1, cell.n - 1};
}

static bool
starts_with(struct span s, struct span what)
{
	return s.n >= what.n && memcmp(s.p, what.p, what.n) == 0;
}

/* Where it is first; s.n: nowhere. */
static size_t
find(struct span s, struct span what)
{
	const char *p = s.n == 0 ? NULL : memmem(s.p, s.n, what.p, what.n);

	return p == NULL ? s.n : (size_t)(p - s.p);
}

static bool
needs_quotes(struct span cell, struct span delimiter)
{
	if (cell.n == 0)
		return false;
	if (is_blank(cell.p[0]) || is_blank(cell.p[cell.n - 1]) || cell.p[0] == '\t' ||
	    cell.p[cell.n - 1] == '\t')
		return true;
	return memchr(cell.p, QUOTE, cell.n) != NULL ||
	       memchr(cell.p, '\n', cell.n) != NULL ||
	       memchr(cell.p, '\r', cell.n) != NULL || find(cell, delimiter) < cell.n;
}

static void
add_quoted(struct buf *out, struct span s)
{
	const char *mark;

	while (s.n > 0 && (mark = memchr(s.p, QUOTE, s.n)) != NULL) {
		size_t n = (size_t)(mark - s.p) + 1;

		buf_add(out, s.p, n);
		buf_add_char(out, QUOTE);
		s.p += n;
		s.n -= n;
	}
	buf_add_span(out, s);
}

void
cell_write(struct buf *out, struct span cell, struct span delimiter)
{
	bool guard = cell_wants_guard(cell), quotes = needs_quotes(cell, delimiter);

	if (quotes)
		buf_add_char(out, QUOTE);
	if (guard)
		buf_add_char(out, GUARD);
	if (!quotes) {
		buf_add_span(out, cell);
		return;
	}
	add_quoted(out, cell);
	buf_add_char(out, QUOTE);
}

/* The text of a quoted cell at the start of `s` goes to `text`: its bytes in `s`, or 0. */
static size_t
take_quoted(struct span s, struct span delimiter, struct buf *text)
{
	size_t start = text->n, i = 1;

	if (s.n == 0 || s.p[0] != QUOTE)
		return 0;
	for (; i < s.n; i++) {
		if (s.p[i] != QUOTE) {
			buf_add_char(text, s.p[i]);
		} else if (i + 1 == s.n ||
			   starts_with(
			       (struct span){s.p + i + 1, s.n - i - 1}, delimiter)) {
			return i + 1;
		} else if (s.p[++i] == QUOTE) {
			buf_add_char(text, QUOTE);
		} else {
			break;
		}
	}
	text->n = start;
	return 0;
}

size_t
cells_split(struct span line, struct span delimiter, struct buf *text, struct span *cells,
    size_t max)
{
	size_t n = 0;

	buf_clear(text);
	/* It never grows again, so that the cells stay where they are. */
	if (buf_reserve(text, line.n + 1) == NULL)
		return 0;
	while (n < max) {
		size_t start = text->n;
		size_t len = take_quoted(line, delimiter, text);

		if (len > 0) {
			cells[n++] = (struct span){text->p + start, text->n - start};
		} else {
			len = find(line, delimiter);
			cells[n++] = (struct span){line.p, len};
		}
		if (len == line.n)
			break;
		line.p += len + delimiter.n;
		line.n -= len + delimiter.n;
	}
	return n;
}
