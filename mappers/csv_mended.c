#include "mappers/csv_mended.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mappers/csv_guard.h"
#include "mappers/csv_lines.h"

#define MARK      "\xef\xbb\xbf" /* without it Excel takes UTF-8 for windows-1252 */
#define EXPANSION 8              /* bytes that a byte may become: charset, and quotes */
#define TEXT_MAX  65536          /* of our own four cells */

static const char *const ours[MENDED_COLUMNS] = {
    "_row", "_column", "_problem", "_remedy"};

int
mended_init(struct mended *m, size_t max, struct err *e)
{
	*m = (struct mended){.max = max, .cells = calloc(max, sizeof(*m->cells))};
	return m->cells == NULL ? err_nomem(e) : 0;
}

void
mended_release(struct mended *m)
{
	free(m->cells);
}

static bool
is_word(char c)
{
	return c == '_' || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
	       (c >= 'a' && c <= 'z');
}

/* Where the title stands as a word of its own; NULL: nowhere. */
static const char *
find_title(struct span line, const char *title)
{
	size_t n = strlen(title);

	for (size_t i = 0; i + n <= line.n; i++)
		if (memcmp(line.p + i, title, n) == 0 &&
		    (i == 0 || !is_word(line.p[i - 1])) &&
		    (i + n == line.n || !is_word(line.p[i + n])))
			return line.p + i;
	return NULL;
}

/* The first of ours in the first line, and how many there are. */
static const char *
find_ours(struct span head, size_t *count)
{
	const char *first = NULL;
	struct span line = {head.p, 0};

	while (line.n < head.n && head.p[line.n] != '\n' && head.p[line.n] != '\r')
		line.n++;
	*count = 0;
	for (size_t i = 0; i < MENDED_COLUMNS; i++) {
		const char *at = find_title(line, ours[i]);

		*count += at != NULL;
		if (at != NULL && (first == NULL || at < first))
			first = at;
	}
	return first;
}

bool
mended_head(struct span head)
{
	size_t n;

	find_ours(head, &n);
	return n >= MENDED_LEAST;
}

/* Is the delimiter `set` what follows `at`, or at the line's end what comes before `from`? */
static bool
is_divided(struct span head, size_t from, size_t at, const char *set)
{
	size_t n = strlen(set);

	if (at < head.n && head.p[at] != '\n' && head.p[at] != '\r')
		return head.n - at >= n && memcmp(head.p + at, set, n) == 0;
	return from >= n && memcmp(head.p + from - n, set, n) == 0;
}

char
mended_delimiter(struct span head, const char *set)
{
	size_t n, from = (size_t)(find_ours(head, &n) - head.p), at = from + 1;

	while (at < head.n && is_word(head.p[at]))
		at++;
	at += at < head.n && head.p[at] == '"';
	from -= from > 0 && head.p[from - 1] == '"';
	if (set != NULL && is_divided(head, from, at, set))
		return '\0';
	if (at < head.n && head.p[at] != '\n' && head.p[at] != '\r')
		return head.p[at];
	return from > 0 ? head.p[from - 1] : '\0';
}

void
mended_find(struct mended *m, const struct span *titles, size_t n)
{
	size_t found = 0;

	for (size_t i = 0; i < MENDED_COLUMNS; i++) {
		size_t at = 0;

		while (at < n && !span_eq_nocase(span_trim(titles[at]), span_of(ours[i])))
			at++;
		found += at < n;
		m->at[i] = at < n ? at : SIZE_MAX;
	}
	m->is = found >= MENDED_LEAST;
}

static bool
is_ours(const struct mended *m, size_t column)
{
	for (size_t i = 0; i < MENDED_COLUMNS; i++)
		if (m->at[i] == column)
			return true;
	return false;
}

const struct span *
mended_cells(struct mended *m, const struct span *cells, size_t *n)
{
	size_t k = 0;

	if (!m->is)
		return cells;
	for (size_t i = 0; i < *n; i++)
		if (!is_ours(m, i))
			m->cells[k++] = cell_unguard(cells[i]);
	*n = k;
	return m->cells;
}

size_t
mended_column(const struct mended *m, size_t column)
{
	size_t n = column;

	if (!m->is || column == SIZE_MAX)
		return column;
	if (is_ours(m, column))
		return SIZE_MAX;
	for (size_t i = 0; i < MENDED_COLUMNS; i++)
		n -= m->at[i] < column;
	return n;
}

void
rejects_init(struct rejects *r, const struct rejects_sink *sink,
    struct rejects_form *form, size_t max_line)
{
	r->sink = *sink;
	r->form = form;
	r->end = "\r\n";
	buf_init(&r->header, EXPANSION * max_line + TEXT_MAX);
	buf_init(&r->out, EXPANSION * max_line + TEXT_MAX);
	buf_init(&r->text, EXPANSION * max_line);
}

void
rejects_release(struct rejects *r)
{
	buf_release(&r->out);
	buf_release(&r->text);
	buf_release(&r->header);
}

static int
pass_on(struct rejects *r, struct buf *text, struct err *e)
{
	int rc = buf_check(text, "a row of the reject file", e);

	if (rc == 0)
		rc = r->sink.text(r->sink.arg, buf_span(text), e);
	buf_clear(text);
	return rc;
}

/*
 * May it stand as it was sent? Not if a spreadsheet would run, or change, a cell of it, nor
 * if its export has another delimiter than stands above it.
 */
static bool
is_clean(const struct rejects *r, const struct mended *m, const struct sent_row *row)
{
	bool clean = !m->is && row->text.n > 0 &&
		     span_eq(r->delimiter, span_of(r->form->delimiter));

	for (size_t i = 0; i < row->n && clean; i++)
		clean = !cell_wants_guard(row->cells[i]);
	return clean;
}

static void
write_cells(struct rejects *r, struct buf *out, const struct span *cells, size_t n)
{
	struct span delimiter = span_of(r->form->delimiter);

	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			buf_add_span(out, delimiter);
		cell_write(out, cells[i], delimiter);
	}
	buf_add_str(out, r->form->end);
}

/* In an export's own file lines end as they were sent, whatever the header's does. */
static void
write_row(
    struct rejects *r, struct mended *m, const struct sent_row *row, struct buf *out)
{
	const struct span *cells = row->cells;
	size_t n = row->n;

	if (cells == NULL) {
		n = cells_split(line_without_end(row->text), r->delimiter, &r->text,
		    m->cells, m->max);
		cells = mended_cells(m, m->cells, &n);
	} else if (is_clean(r, m, row)) {
		struct span bare = line_without_end(row->text);
		bool keep = r->first && bare.n < row->text.n;

		buf_add_span(out, keep ? row->text : bare);
		if (!keep)
			buf_add_str(out, r->form->end);
		return;
	}
	write_cells(r, out, cells, n);
}

static const char *
line_end(struct span line)
{
	if (line.n >= 2 && line.p[line.n - 2] == '\r' && line.p[line.n - 1] == '\n')
		return "\r\n";
	return line.n > 0 && line.p[line.n - 1] == '\n'   ? "\n"
	       : line.n > 0 && line.p[line.n - 1] == '\r' ? "\r"
							  : "\r\n";
}

static void
write_numbers(struct rejects *r, struct mended *m, const struct sent_row *row)
{
	size_t n = row->n;

	if (n == 0)
		n = cells_split(line_without_end(row->text), r->delimiter, &r->text,
		    m->cells, m->max);
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			buf_add_span(&r->header, r->delimiter);
		buf_addf(&r->header, "#%zu", i + 1);
	}
	buf_add_str(&r->header, r->end);
}

/* Until a row was written it is the next export's to say. */
static void
set_form(struct rejects *r)
{
	struct rejects_form *form = r->form;

	r->first = !form->headed;
	if (!r->first)
		return;
	form->end = r->end;
	snprintf(form->delimiter, sizeof(form->delimiter), "%.*s", (int)r->delimiter.n,
	    r->delimiter.p);
}

void
rejects_header(struct rejects *r, struct mended *m, const struct sent_row *row,
    struct span delimiter)
{
	if (r->headed)
		return;
	r->headed = true;
	r->delimiter = delimiter;
	r->end = line_end(row->text);
	set_form(r);
	if (!r->first)
		return;
	buf_add_str(&r->header, MARK);
	for (size_t i = 0; i < MENDED_COLUMNS; i++) {
		buf_add_str(&r->header, ours[i]);
		buf_add_span(&r->header, delimiter);
	}
	if (row->cells == NULL)
		write_numbers(r, m, row);
	else
		write_row(r, m, row, &r->header);
}

static int
write_header(struct rejects *r, struct err *e)
{
	if (r->form->headed)
		return 0;
	r->form->headed = true;
	return pass_on(r, &r->header, e);
}

int
rejects_row(
    struct rejects *r, struct mended *m, const struct sent_row *row, struct err *e)
{
	struct span delimiter = span_of(r->form->delimiter);
	struct reject why;
	int wanted = r->sink.wanted(r->sink.arg, row->number, &why, e);

	if (wanted != 1)
		return wanted;
	if (write_header(r, e) != 0)
		return -1;
	buf_add_u64(&r->out, why.row);
	buf_add_span(&r->out, delimiter);
	cell_write(&r->out, why.column, delimiter);
	buf_add_span(&r->out, delimiter);
	cell_write(&r->out, why.problem, delimiter);
	buf_add_span(&r->out, delimiter);
	cell_write(&r->out, why.remedy, delimiter);
	buf_add_span(&r->out, delimiter);
	write_row(r, m, row, &r->out);
	return pass_on(r, &r->out, e);
}
