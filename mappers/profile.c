/*
 * Which row is the header: the first rows are kept until it is clear. Rows above it have
 * few cells (a report's title); it has no cell that is a number, a date, a phone number
 * or an address; and it either has two titles that are known, and one of four cells is
 * such a title, or it has no digit and no "unknown" at all and columns below that hold
 * nothing but dates, numbers and the like. A row of data passes neither: what is not sure
 * is taken for data, and never shown.
 */
#include "mappers/profile.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "mappers/ascii.h"
#include "mappers/csv_header.h"
#include "mappers/csv_reader.h"
#include "mappers/titles.h"
#include "mappers/total.h"

#define MAX_LINE     (1 << 20)
#define MAX_COLUMNS  1000
#define MAX_SPAN     200
#define HEAD_ROWS    60 /* looked at to find the header */
#define HEAD_MAX     (96 << 20)
#define TRIAL_ROWS   40 /* and to find the delimiter */
#define KNOWN_TITLES 2
#define KNOWN_SHARE  4
#define TITLE_DIGITS 3 /* no title has more */
#define ANY_TYPE     (~0u)

#define VALUE_CHECKS                                                    \
	(1u << CHECK_INTEGER | 1u << CHECK_NUMBER | 1u << CHECK_PHONE | \
	    1u << CHECK_EMAIL | 1u << CHECK_ZIP)

struct head_row {
	struct span *cells;
	size_t n;      /* cells */
	size_t filled; /* up to the last that is not empty */
	uint64_t number;
};

struct profile {
	struct reader *reader;
	struct checks *checks;
	struct arena head_arena, arena;
	struct head_row head[HEAD_ROWS];
	size_t nhead;
	bool decided; /* what the header is */
	struct span *titles;
	struct column *columns;
	struct profile_file file;
	char counted; /* the delimiter that is found by counting; NUL: the file says it */
	char total[TOTAL_SIZE];
};

static size_t
count_digits(struct span s)
{
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++)
		n += ascii_digit(s.p[i]);
	return n;
}

static bool
is_value(struct profile *p, struct span cell)
{
	struct dates none = {{{0}}};
	struct span s = span_trim(cell);

	return s.n > 0 && (count_digits(s) > TITLE_DIGITS ||
			      (checks_take(p->checks, s) & VALUE_CHECKS) != 0 ||
			      dates_take(&none, s));
}

/* The number of cells that most of the first rows have. */
static size_t
usual_width(const struct profile *p)
{
	size_t best = 0, times, most = 0;

	for (size_t i = 0; i < p->nhead; i++) {
		times = 0;
		for (size_t k = 0; k < p->nhead; k++)
			times += p->head[k].n == p->head[i].n;
		if (times > most || (times == most && p->head[i].n > best)) {
			most = times;
			best = p->head[i].n;
		}
	}
	return best;
}

/* Columns in which the rows behind `at` hold values, and nothing else. */
static size_t
value_columns(struct profile *p, size_t at)
{
	size_t columns = 0, values, others;

	for (size_t c = 0; c < p->head[at].filled; c++) {
		values = others = 0;
		for (size_t i = at + 1; i < p->nhead; i++) {
			const struct head_row *row = &p->head[i];

			if (c >= row->filled || row->filled < 2 ||
			    span_trim(row->cells[c]).n == 0)
				continue;
			if (is_value(p, row->cells[c]))
				values++;
			else
				others++;
		}
		columns += values > 0 && others * 9 <= values;
	}
	return columns;
}

/* What stands where a value is not known. */
static bool
is_placeholder(struct span s)
{
	static const char *const words[] = {"none", "unknown", "n/a", "na", "null", "nil",
	    "declined", "refused", "tbd", "missing", "not provided", "not available",
	    "yes", "no", "true", "false", "-", "--", "?"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (span_eq_nocase(s, span_of(words[i])))
			return true;
	return false;
}

/* Nothing but titles: none empty, without a digit, no two the same. */
static bool
all_words(const struct head_row *row)
{
	for (size_t i = 0; i < row->filled; i++) {
		struct span s = span_trim(row->cells[i]);

		if (s.n == 0 || count_digits(s) > 0 || is_placeholder(s))
			return false;
		for (size_t k = 0; k < i; k++)
			if (span_eq_nocase(s, span_trim(row->cells[k])))
				return false;
	}
	return true;
}

static bool
is_header(struct profile *p, size_t at)
{
	const struct head_row *row = &p->head[at];
	size_t known = 0, need = row->filled < KNOWN_TITLES ? 1 : KNOWN_TITLES;
	bool exact;

	for (size_t i = 0; i < row->filled; i++) {
		if (is_value(p, row->cells[i]))
			return false;
		known += titles_find(row->cells[i], ANY_TYPE, &exact) != NULL && exact;
	}
	if (known >= need && known * KNOWN_SHARE >= row->filled)
		return true;
	return all_words(row) && value_columns(p, at) >= need;
}

/* Index of the header in the head; nhead: there is none. */
static size_t
find_header(struct profile *p, size_t width)
{
	for (size_t i = 0; i < p->nhead; i++) {
		if (p->head[i].filled * 2 <= width)
			continue;
		return is_header(p, i) ? i : p->nhead;
	}
	return p->nhead;
}

/* White space within is one blank, as where titles are looked up. */
static struct span
tidy(struct arena *a, struct span cell)
{
	struct span s = arena_span(a, span_trim(cell));
	char *p = (char *)(uintptr_t)s.p;
	size_t n = 0;

	for (size_t i = 0; p != NULL && i < s.n; i++) {
		bool blank = (unsigned char)p[i] <= ' ';

		if (!blank || (n > 0 && p[n - 1] != ' '))
			p[n++] = blank ? ' ' : p[i];
	}
	return (struct span){p, n};
}

static int
make_columns(struct profile *p, const struct head_row *header, size_t n, struct err *e)
{
	p->titles = arena_alloc(&p->arena, (n + 1) * sizeof(*p->titles));
	p->columns = calloc(n + 1, sizeof(*p->columns));
	if (p->titles == NULL || p->columns == NULL)
		return err_nomem(e);
	for (size_t i = 0; i < n; i++) {
		if (column_init(&p->columns[i], e) != 0) {
			column_release(&p->columns[i]);
			return -1;
		}
		p->file.columns = i + 1;
		if (header == NULL)
			continue;
		p->titles[i] = tidy(&p->arena, header->cells[i]);
		if (p->titles[i].p == NULL)
			return err_nomem(e);
	}
	return 0;
}

static bool
is_header_again(const struct profile *p, const struct span *cells, size_t n)
{
	if (p->file.header == 0 || header_filled(cells, n) != p->file.columns)
		return false;
	for (size_t i = 0; i < p->file.columns; i++)
		if (!span_eq_nocase(span_trim(cells[i]), p->titles[i]))
			return false;
	return true;
}

/* One cell alone in a row of many, or a total: those are often filled up with cells. */
static bool
is_thin(const struct profile *p, const struct span *cells, size_t n, bool total)
{
	size_t columns = p->file.columns, some = 0;

	if (n < columns || header_filled(cells, n) > columns)
		return true;
	for (size_t i = 0; i < columns; i++)
		some += span_trim(cells[i]).n > 0;
	return columns > 2 && (some < 2 || (total && some < columns));
}

static void
take_data(struct profile *p, const struct span *cells, size_t n)
{
	bool total;

	if (header_filled(cells, n) == 0)
		return;
	if (is_header_again(p, cells, n)) {
		p->file.headers++;
		return;
	}
	total = total_pattern(cells, n, p->total, &p->file.said);
	if (is_thin(p, cells, n, total)) {
		p->file.thin++;
		p->file.tail++;
		return;
	}
	p->total[0] = '\0';
	p->file.tail = 0;
	p->file.rows++;
	for (size_t i = 0; i < p->file.columns; i++)
		column_take(&p->columns[i], p->checks, cells[i]);
}

/* The head is whole: on with it as with any other row. */
static int
decide(struct profile *p, struct err *e)
{
	size_t width = usual_width(p), at = find_header(p, width), first = 0;
	const struct head_row *header = at < p->nhead ? &p->head[at] : NULL;

	p->decided = true;
	if (header != NULL) {
		p->file.header = header->number;
		width = header->filled;
		first = at + 1;
	}
	if (make_columns(p, header, width, e) != 0)
		return -1;
	for (size_t i = first; i < p->nhead; i++)
		take_data(p, p->head[i].cells, p->head[i].n);
	arena_release(&p->head_arena);
	return 0;
}

static int
keep_row(
    struct profile *p, const struct span *cells, size_t n, uint64_t number, struct err *e)
{
	struct head_row *row = &p->head[p->nhead++];

	*row = (struct head_row){
	    .n = n, .filled = header_filled(cells, n), .number = number};
	row->cells = arena_alloc(&p->head_arena, (n + 1) * sizeof(*row->cells));
	for (size_t i = 0; row->cells != NULL && i < n; i++) {
		row->cells[i] = arena_span(&p->head_arena, cells[i]);
		if (row->cells[i].p == NULL)
			return err_nomem(e);
	}
	return row->cells == NULL ? err_nomem(e) : 0;
}

static int
on_row(void *arg, const struct span *cells, size_t n, uint64_t number, struct err *e)
{
	struct profile *p = arg;

	if (p->decided) {
		take_data(p, cells, n);
		return 0;
	}
	if (keep_row(p, cells, n, number, e) != 0)
		return -1;
	return p->nhead == HEAD_ROWS ? decide(p, e) : 0;
}

static int
on_bad(void *arg, const struct bad_row *bad, struct err *e)
{
	struct profile *p = arg;

	(void)bad;
	(void)e;
	p->total[0] = '\0';
	p->file.tail = 0;
	p->file.bad++;
	return 0;
}

/* How often rows of one width stand in the head, as they are split by one delimiter. */
struct trial {
	size_t times[MAX_COLUMNS + 1];
	size_t rows;
};

static int
try_row(void *arg, const struct span *cells, size_t n, uint64_t number, struct err *e)
{
	struct trial *t = arg;

	(void)cells;
	(void)number;
	t->times[n <= MAX_COLUMNS ? n : 0]++;
	return ++t->rows < TRIAL_ROWS ? 0 : err_set(e, ERR_REFUSED, "enough was seen");
}

static int
try_bad(void *arg, const struct bad_row *bad, struct err *e)
{
	(void)arg;
	(void)bad;
	(void)e;
	return 0;
}

static const struct reader_conf usual = {.charset = "auto",
    .max_line = MAX_LINE,
    .max_columns = MAX_COLUMNS,
    .max_span = MAX_SPAN};

/* Delimiters that most rows have as often as one another. */
static size_t
try_delimiter(const char *delimiter, struct span head)
{
	struct reader_conf conf = usual;
	struct trial t = {.rows = 0};
	struct reader_sink sink = {.row = try_row, .bad = try_bad, .arg = &t};
	struct err e = {.code = ERR_NONE};
	size_t best = 0;
	struct reader *r;

	conf.delimiter = delimiter;
	r = reader_new(&conf, &sink, &e);
	if (r != NULL && reader_feed(r, head, &e) == 0)
		(void)reader_end(r, &e);
	reader_free(r);
	for (size_t n = 2; n <= MAX_COLUMNS; n++)
		if (t.times[n] * (n - 1) > best)
			best = t.times[n] * (n - 1);
	return best;
}

static char
find_delimiter(void *arg, struct span head)
{
	static const char *const candidates[] = {",", ";", "\t", "|"};
	size_t best = 0, n;
	char found = ',';
	struct profile *p = arg;

	p->counted = reader_find_delimiter(head, 0);
	for (size_t i = 0; i < sizeof(candidates) / sizeof(candidates[0]); i++) {
		n = try_delimiter(candidates[i], head);
		if (n <= best)
			continue;
		best = n;
		found = candidates[i][0];
	}
	return found;
}

struct profile *
profile_new(struct err *e)
{
	struct profile *p = calloc(1, sizeof(*p));
	struct reader_sink sink = {
	    .row = on_row, .bad = on_bad, .delimiter = find_delimiter, .arg = p};

	if (p == NULL)
		return err_nomem(e), NULL;
	arena_init(&p->head_arena, HEAD_MAX);
	arena_init(&p->arena, 2 * MAX_LINE);
	p->checks = checks_new(e);
	p->reader = p->checks == NULL ? NULL : reader_new(&usual, &sink, e);
	if (p->reader == NULL) {
		profile_free(p);
		return NULL;
	}
	return p;
}

void
profile_free(struct profile *p)
{
	if (p == NULL)
		return;
	for (size_t i = 0; i < p->file.columns; i++)
		column_release(&p->columns[i]);
	free(p->columns);
	reader_free(p->reader);
	checks_free(p->checks);
	arena_release(&p->head_arena);
	arena_release(&p->arena);
	free(p);
}

int
profile_feed(struct profile *p, struct span bytes, struct err *e)
{
	return reader_feed(p->reader, bytes, e);
}

int
profile_end(struct profile *p, struct err *e)
{
	if (reader_end(p->reader, e) != 0)
		return -1;
	return p->decided ? 0 : decide(p, e);
}

void
profile_file(const struct profile *p, struct profile_file *out)
{
	*out = p->file;
	out->delimiter = reader_delimiter(p->reader);
	out->charset = reader_charset(p->reader);
	out->total = p->total;
	out->auto_finds = p->counted == '\0' || p->counted == out->delimiter[0];
}

struct span
profile_title(const struct profile *p, size_t column)
{
	return p->titles[column];
}

const struct column *
profile_column(const struct profile *p, size_t column)
{
	return &p->columns[column];
}
