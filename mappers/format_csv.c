#include "mappers/format_ops.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "mappers/charset.h"
#include "mappers/csv_reader.h"
#include "mappers/map.h"

#define FOUND_MAX  128
#define FNV_OFFSET UINT64_C(0xcbf29ce484222325)
#define FNV_PRIME  UINT64_C(0x100000001b3)
#define BAD        (-1)

struct settings {
	const char *delimiter;
	const char *charset;
	long long max_line;
	long long max_columns;
	long long max_span;
};

#define AT(member) offsetof(struct settings, member)

const struct conf_option csv_options[] = {
    {.name = "delimiter",
	.type = CONF_STRING,
	.offset = AT(delimiter),
	.dflt = "auto",
	.help = "What stands between cells: auto, tab, pipe or one character"},
    {.name = "charset",
	.type = CONF_STRING,
	.offset = AT(charset),
	.dflt = "auto",
	.help = "Character set: auto, utf-8, windows-1252, or another that iconv knows"},
    {.name = "max_line",
	.type = CONF_SIZE,
	.offset = AT(max_line),
	.dflt = "1M",
	.min = 1 << 10,
	.max = 64 << 20,
	.help = "Longest row in bytes, all its lines together; a longer one is rejected"},
    {.name = "max_columns",
	.type = CONF_INT,
	.offset = AT(max_columns),
	.dflt = "1000",
	.min = 1,
	.max = 16384,
	.help = "Most columns that a file may have"},
    {.name = "max_span",
	.type = CONF_INT,
	.offset = AT(max_span),
	.dflt = "200",
	.min = 1,
	.max = 100000,
	.help = "Most lines of one row; a quotation mark left open costs no more"},
    {.name = NULL},
};

/* A feed's: what `compile` makes. */
struct csv_feed {
	struct reader_conf reader;
	struct map *map;
};

/* A file's. */
struct csv_file {
	const struct csv_feed *feed;
	struct format_run run;
	struct reader *reader;
	struct binding *binding; /* NULL before the header */
	struct arena arena;      /* of the titles */
	struct span *titles;
	size_t n;
	struct json *explain;
	uint64_t explain_row;
	char found[FOUND_MAX];
};

/* 0: to be found. BAD: none that can be used. */
static int
parse_delimiter(const char *s)
{
	if (strcmp(s, "auto") == 0)
		return 0;
	if (strcmp(s, "tab") == 0 || strcmp(s, "\\t") == 0)
		return '\t';
	if (strcmp(s, "pipe") == 0)
		return '|';
	if (strlen(s) != 1 || strpbrk(s, "\"\r\n") != NULL || (s[0] & 0x80) != 0)
		return BAD;
	return s[0];
}

static void
mistake(struct conf *c, struct conf_section *s, const char *key, const char *text)
{
	conf_error_at(c->errors, s, s == NULL ? NULL : conf_get(s, key), "%s", text);
}

static void
read_settings(struct csv_feed *f, struct conf *c)
{
	struct conf_section *s = conf_find(c, "csv", NULL);
	struct settings set = {0};
	int delimiter;

	if (conf_bind(c, s, csv_options, &set) != 0)
		return;
	delimiter = parse_delimiter(set.delimiter);
	if (delimiter == BAD)
		mistake(c, s, "delimiter",
		    "must be auto, tab, pipe or one ASCII character that is no quote");
	if (!charset_known(set.charset))
		mistake(c, s, "charset",
		    "not a set that can be read line by line: try auto, utf-8 or "
		    "windows-1252 (iconv -l lists others)");
	f->reader = (struct reader_conf){
	    .delimiter = (char)delimiter,
	    .charset = set.charset,
	    .max_line = (size_t)set.max_line,
	    .max_columns = (size_t)set.max_columns,
	    .max_span = (size_t)set.max_span,
	};
}

static void
discard(void *self)
{
	struct csv_feed *f = self;

	map_free(f->map);
	free(f);
}

static int
compile(void **self, struct conf *c, const struct mapper_conf *mc, struct err *e)
{
	struct csv_feed *f = calloc(1, sizeof(*f));
	size_t before = c->errors->n;

	if (f == NULL)
		return err_nomem(e);
	read_settings(f, c);
	f->map = map_new(c, mc, e);
	if (f->map == NULL || c->errors->n != before) {
		if (f->map != NULL)
			err_set(e, ERR_CONFIG, "section [csv] has mistakes");
		discard(f);
		return -1;
	}
	*self = f;
	return 0;
}

static uint64_t
mix(uint64_t h, const void *p, size_t n)
{
	const unsigned char *b = p;

	for (size_t i = 0; i < n; i++)
		h = (h ^ b[i]) * FNV_PRIME;
	return h;
}

static bool
event_times(const void *self)
{
	const struct csv_feed *f = self;

	return map_event_times(f->map);
}

static const struct missing *
missing(const void *self)
{
	const struct csv_feed *f = self;

	return map_missing(f->map);
}

static uint64_t
fingerprint(const void *self)
{
	const struct csv_feed *f = self;
	const struct reader_conf *rc = &f->reader;
	uint64_t numbers[] = {map_fingerprint(f->map), (unsigned char)rc->delimiter,
	    rc->max_line, rc->max_columns, rc->max_span};
	uint64_t h = mix(FNV_OFFSET, numbers, sizeof(numbers));

	return mix(h, rc->charset, strlen(rc->charset));
}

/* Which record a snapshot has in such a row can't be known. */
static int
reject(struct csv_file *f, uint64_t row, enum problem_code code, size_t column,
    struct err *e)
{
	const struct mapper_sink *sink = f->run.sink;
	struct problem p = {.code = code, .weight = WEIGHT_REJECT, .row = row};

	if (column < f->n)
		p.column = f->titles[column];
	f->run.counts->rows++;
	f->run.counts->rejected++;
	sink->problem(sink->arg, &p);
	return sink->present == NULL
		   ? 0
		   : sink->present(sink->arg, &(struct record){.row = row}, e);
}

/* The cells up to the last that is not empty: spreadsheets add empty ones. */
static size_t
filled_cells(const struct span *cells, size_t n)
{
	while (n > 0 && span_trim(cells[n - 1]).n == 0)
		n--;
	return n;
}

static int
take_header(struct csv_file *f, const struct span *cells, size_t n, struct err *e)
{
	n = filled_cells(cells, n);
	f->titles = arena_alloc(&f->arena, (n + 1) * sizeof(*f->titles));
	if (f->titles == NULL)
		return err_nomem(e);
	for (size_t i = 0; i < n; i++) {
		f->titles[i] = arena_span(&f->arena, span_trim(cells[i]));
		if (f->titles[i].p == NULL)
			return err_nomem(e);
	}
	f->n = n;
	f->binding = map_bind(f->feed->map, f->titles, n, e);
	if (f->binding == NULL)
		return -1;
	binding_start(f->binding, f->run.sink, f->run.now);
	return 0;
}

static int
map_cells(struct csv_file *f, const struct row *row, struct err *e)
{
	struct mapper_counts *counts = f->run.counts;
	bool explain = f->explain != NULL && row->number == f->explain_row;
	struct row_result result;
	int rc;

	if (explain)
		binding_explain(f->binding, f->explain);
	rc = map_row(f->binding, row, &result, e);
	if (explain)
		binding_explain(f->binding, NULL);
	if (rc != 0)
		return -1;
	counts->rows++;
	counts->mapped += result.fate == ROW_MAPPED;
	counts->filtered += result.fate == ROW_FILTERED;
	counts->rejected += result.fate == ROW_REJECTED;
	return 0;
}

static int
on_row(void *arg, const struct span *cells, size_t n, uint64_t number, struct err *e)
{
	struct csv_file *f = arg;
	struct row row = {.cells = cells, .n = f->n, .number = number};

	if (f->binding == NULL)
		return take_header(f, cells, n, e);
	/* Which cell is missing or in excess can't be known, so none is trusted. */
	if (n < f->n || (n > f->n && filled_cells(cells, n) > f->n))
		return reject(f, number, PROBLEM_CSV_COLUMNS, COLUMN_UNKNOWN, e);
	return map_cells(f, &row, e);
}

static int
on_bad(void *arg, const struct bad_row *bad, struct err *e)
{
	struct csv_file *f = arg;

	if (f->binding == NULL)
		return err_set(e, ERR_REFUSED,
		    "the header (row %" PRIu64 ") can't be read: %s %s", bad->number,
		    problem_text(bad->code), problem_remedy(bad->code));
	return reject(f, bad->number, bad->code, bad->column, e);
}

static void
close_file(void *file)
{
	struct csv_file *f = file;

	reader_free(f->reader);
	binding_free(f->binding);
	arena_release(&f->arena);
	free(f);
}

static int
open_file(void **file, void *self, const struct format_run *run, struct err *e)
{
	const struct csv_feed *feed = self;
	struct csv_file *f = calloc(1, sizeof(*f));
	struct reader_sink sink = {on_row, on_bad, f};

	if (f == NULL)
		return err_nomem(e);
	f->feed = feed;
	f->run = *run;
	/* Titles are cells of one row, each with a NUL and a span. */
	arena_init(&f->arena, 2 * feed->reader.max_line + (feed->reader.max_columns + 1) *
							      (sizeof(struct span) + 1));
	f->reader = reader_new(&feed->reader, &sink, e);
	if (f->reader == NULL) {
		close_file(f);
		return -1;
	}
	*file = f;
	return 0;
}

static int
feed_file(void *file, struct span bytes, struct err *e)
{
	struct csv_file *f = file;

	return reader_feed(f->reader, bytes, e);
}

static int
end_file(void *file, struct err *e)
{
	struct csv_file *f = file;

	return reader_end(f->reader, e);
}

static const char *
found(void *file)
{
	struct csv_file *f = file;
	const char delimiter[] = {reader_delimiter(f->reader), '\0'};

	if (f->binding == NULL)
		return "no header";
	snprintf(f->found, sizeof(f->found), "delimiter=%s charset=%s",
	    delimiter[0] == '\t' ? "tab" : delimiter, reader_charset(f->reader));
	return f->found;
}

static void
explain_row(void *file, uint64_t row, struct json *explain)
{
	struct csv_file *f = file;

	f->explain = explain;
	f->explain_row = row;
}

const struct format_ops format_csv = {
    .name = "csv",
    .compile = compile,
    .discard = discard,
    .fingerprint = fingerprint,
    .event_times = event_times,
    .missing = missing,
    .open = open_file,
    .feed = feed_file,
    .end = end_file,
    .found = found,
    .explain = explain_row,
    .close = close_file,
};
