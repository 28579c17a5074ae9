#include "mappers/total.h"

#include <string.h>

#include "mappers/ascii.h"
#include "mappers/csv_footer.h"

#define COUNT      "{count}"
#define COUNT_SIZE (sizeof(COUNT) - 1)
#define CELLS_MAX  3 /* words in front, the number, words behind; two stars between them */

/* None of them is a name; what is beyond ASCII is none of them. */
static const char *const words[] = {"total", "totals", "grand", "sum", "count", "number",
    "of", "in", "all", "the", "rows", "row", "records", "record", "entries", "items",
    "lines", "appointment", "appointments", "appts", "visits", "visit", "bookings",
    "patients", "patient", "end", "report", "file", "export", "listed", "found",
    "exported", "no", "eof", "trl", "trailer", "gesamt", "summe", "anzahl", "termine",
    "patienten", "registros", "citas", "pacientes"};

static bool
known(const char *word, size_t n)
{
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (span_eq_nocase((struct span){word, n}, span_of(words[i])))
			return true;
	return false;
}

/* Words of the list alone, and marks that mean nothing in a pattern. */
static bool
only_words(const char *s, size_t *n)
{
	size_t len;

	for (*n = 0; *s != '\0'; s += len > 0 ? len : 1) {
		for (len = 0; ascii_letter(s[len]); len++)
			;
		if (len > 0 && !known(s, len))
			return false;
		if (len == 0 && strchr(" :=.#-()/*", *s) == NULL)
			return false;
		*n += len > 0;
	}
	return true;
}

/* The cells that are not empty, a star between each two. False if there is no room. */
static bool
join(const struct span *cells, size_t n, char *out)
{
	size_t at = 0, some = 0;

	for (size_t i = 0; i < n; i++) {
		struct span s = span_trim(cells[i]);

		if (s.n == 0)
			continue;
		if (some++ == CELLS_MAX || at + s.n + 2 > TOTAL_SIZE ||
		    memchr(s.p, '*', s.n) != NULL || memchr(s.p, '\0', s.n) != NULL)
			return false;
		/* What stands in front of the first may be empty cells. */
		if (some > 1 || i > 0)
			out[at++] = '*';
		memcpy(out + at, s.p, s.n);
		at += s.n;
	}
	out[at] = '\0';
	return some > 0;
}

/* From the first digit to the last it is the number; `out` gets the rest with {count}. */
static bool
put_count(const char *row, char *out)
{
	size_t first = strcspn(row, "0123456789"), last = strlen(row);

	while (last > first && !ascii_digit(row[last - 1]))
		last--;
	if (last == first || first + COUNT_SIZE + strlen(row + last) >= TOTAL_SIZE)
		return false;
	memcpy(out, row, first);
	memcpy(out + first, COUNT, COUNT_SIZE);
	memcpy(out + first + COUNT_SIZE, row + last, strlen(row + last) + 1);
	return true;
}

/* All digits of the row as one number. */
static uint64_t
digits_of(const char *row)
{
	uint64_t n = 0;

	for (; *row != '\0'; row++)
		if (ascii_digit(*row))
			n = n * 10 + (uint64_t)(*row - '0');
	return n;
}

/* "1,234" in front of a star is read as 1, and would be at each file. */
static bool
make(const struct span *cells, size_t n, char *pattern, uint64_t *count)
{
	char row[TOTAL_SIZE], *mark;
	size_t front, behind;

	if (!join(cells, n, row) || !put_count(row, pattern) ||
	    footer_pattern_check(pattern) != NULL ||
	    !footer_match(pattern, span_of(row), "", count) || *count != digits_of(row))
		return false;
	mark = strchr(pattern, '{');
	*mark = '\0';
	if (!only_words(pattern, &front) || !only_words(mark + COUNT_SIZE, &behind))
		return false;
	*mark = '{';
	return front + behind > 0;
}

bool
total_pattern(
    const struct span *cells, size_t n, char pattern[TOTAL_SIZE], uint64_t *count)
{
	bool is = make(cells, n, pattern, count);

	if (!is)
		pattern[0] = '\0';
	return is;
}
