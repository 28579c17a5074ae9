#include "mappers/format_ops.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mappers/csv_cells.h"
#include "mappers/csv_feed.h"
#include "mappers/csv_footer.h"
#include "mappers/csv_header.h"
#include "mappers/csv_known.h"
#include "mappers/csv_marks.h"
#include "mappers/csv_mended.h"
#include "mappers/csv_reader.h"
#include "mappers/map.h"

#define DETAIL_SIZE 96

/* A file's. */
struct csv_file {
	const struct csv_feed *feed;
	struct format_run run;
	struct reader *reader;
	struct header header;
	struct footer *footer; /* NULL: none is asked for */
	struct mended mended;
	struct csv_known known;
	uint64_t rows; /* of this export: the counts are of all that came in one file */
	struct rejects *rejects; /* NULL: it is the first reading */
	struct json *explain;
	uint64_t explain_row;
	char found[HEADER_FOUND_MAX];
};

/* Which record a snapshot has in such a row can't be known. */
static int
reject(struct csv_file *f, const struct problem *p, struct err *e)
{
	const struct mapper_sink *sink = f->run.sink;

	f->rows++;
	f->run.counts->rows++;
	f->run.counts->rejected++;
	sink->problem(sink->arg, p);
	return sink->present == NULL
		   ? 0
		   : sink->present(sink->arg, &(struct record){.row = p->row}, e);
}

/* It can't be read, in the cell under this title. */
static int
reject_unread(struct csv_file *f, uint64_t row, enum problem_code code, size_t column,
    struct err *e)
{
	struct problem p = {.code = code, .weight = WEIGHT_REJECT, .row = row};

	if (column < f->header.n)
		p.column = f->header.titles[column];
	return reject(f, &p, e);
}

/* Which cell is missing or in excess can't be known, so none is trusted. */
static int
reject_ragged(struct csv_file *f, uint64_t row, size_t cells, struct err *e)
{
	char detail[DETAIL_SIZE];

	snprintf(detail, sizeof(detail), "%zu cell%s, and %zu title%s", cells,
	    cells == 1 ? "" : "s", f->header.n, f->header.n == 1 ? "" : "s");
	return reject(f,
	    &(struct problem){.code = PROBLEM_CSV_COLUMNS,
		.weight = WEIGHT_REJECT,
		.row = row,
		.detail = span_of(detail)},
	    e);
}

static int
map_one(struct csv_file *f, const struct row *row, struct err *e)
{
	struct mapper_counts *counts = f->run.counts;
	bool explain = f->explain != NULL && row->number == f->explain_row;
	struct row_result result;
	int rc;

	if (csv_known_begin(&f->known, e) != 0)
		return -1;
	if (explain)
		binding_explain(f->header.binding, f->explain);
	rc = map_row(f->header.binding, row, &result, e);
	if (explain)
		binding_explain(f->header.binding, NULL);
	if (rc != 0)
		return -1;
	f->rows++;
	counts->rows++;
	counts->mapped += result.fate == ROW_MAPPED;
	counts->filtered += result.fate == ROW_FILTERED;
	counts->rejected += result.fate == ROW_REJECTED;
	return csv_known_end(&f->known, &result, e);
}

static int
map_cells(struct csv_file *f, const struct row *row, struct err *e)
{
	if (marks_wanted(f->run.counts->rows))
		marks_add(&f->header.watch.now, row->cells, row->n);
	return csv_known_came(&f->known) ? 0 : map_one(f, row, e);
}

static int
on_known(void *arg, struct span ahead, size_t *n, struct err *e)
{
	struct csv_file *f = arg;

	return csv_known_skip(&f->known, ahead, n, e);
}

/* What is about the file, or a row that is none. */
static void
warn(struct csv_file *f, enum problem_code code, uint64_t row)
{
	const struct mapper_sink *sink = f->run.sink;

	sink->problem(sink->arg,
	    &(struct problem){.code = code, .weight = WEIGHT_WARNING, .row = row});
}

/*
 * Rows are part of a cell where one quotation mark is not closed and another one, further
 * down, is not opened. They may be other patients'.
 */
static bool
swallows(const struct csv_file *f, const struct span *cells, size_t n)
{
	struct span s = reader_bytes(f->reader);
	size_t columns = f->mended.is ? n + MENDED_COLUMNS : n;
	/* With a footer it is a row that was kept, and the reader is at another. */
	bool several = f->footer != NULL;

	if (s.n > 1 && memchr(s.p, '\n', s.n - 1) != NULL)
		several = true;
	else if (s.n > 1 && s.p[s.n - 1] != '\n')
		several |= memchr(s.p, '\r', s.n - 1) != NULL;
	return several &&
	       cells_swallow(cells, n, span_of(reader_delimiter(f->reader)), columns);
}

static int
take_row(struct csv_file *f, const struct span *cells, size_t n, uint64_t number,
    struct err *e)
{
	const struct header *h = &f->header;
	struct row row = {.cells = cells, .n = h->n, .number = number};
	size_t filled = n > h->n ? header_filled(cells, n) : n;

	if (header_again(h, cells, n)) {
		warn(f, PROBLEM_CSV_HEADER, number);
		return 0;
	}
	if (n < h->n || filled > h->n)
		return reject_ragged(f, number, filled, e);
	if (swallows(f, cells, n))
		return reject_unread(f, number, PROBLEM_CSV_QUOTE, COLUMN_UNKNOWN, e);
	return map_cells(f, &row, e);
}

/* A row that may have been the footer's, and is not. */
static int
take_kept(void *arg, const struct footer_row *row, struct err *e)
{
	struct csv_file *f = arg;

	if (row->code != PROBLEM_NONE)
		return reject_unread(f, row->number, row->code, row->column, e);
	return take_row(f, row->cells, row->n, row->number, e);
}

/* What was put in front of the rows that were not taken comes with no footer. */
static int
tell_mended(struct csv_file *f, struct err *e)
{
	const struct mapper_sink *sink = f->run.sink;

	if (f->mended.is) {
		footer_free(f->footer);
		f->footer = NULL;
	}
	if (f->rejects != NULL || sink->mended == NULL)
		return 0;
	return sink->mended(sink->arg, f->mended.is, e);
}

/* 0: it is the header, or stands above it; 1: it is data already; -1. */
static int
take_header(struct csv_file *f, const struct sent_row *row, struct err *e)
{
	struct header *h = &f->header;
	const struct span delimiter = span_of(reader_delimiter(f->reader));
	const struct bad_row bad = {row->number, PROBLEM_CSV_QUOTE, COLUMN_UNKNOWN};
	struct sent_row titles = *row;
	int rc;

	if (h->layout->header && cells_swallow(row->cells, row->n, delimiter, 0))
		return header_bad(h, &bad, e);
	rc = header_take(h, row->cells, row->n, row->number, e);
	/* Of a header that is refused it is told how it differs. */
	if (h->binding != NULL && f->rejects == NULL)
		binding_start(h->binding, f->run.sink, f->run.now);
	if (rc < 0 || h->binding == NULL)
		return rc;
	if (f->rejects != NULL) {
		titles.cells = rc == 1 ? NULL : h->titles;
		titles.n = h->n;
		rejects_header(f->rejects, &f->mended, &titles, delimiter);
	}
	if (tell_mended(f, e) != 0)
		return -1;
	if (f->mended.is)
		return 0;
	/* Which rows are a footer's is known by those behind them. */
	if (f->footer == NULL && f->rejects == NULL)
		csv_known_start(
		    &f->known, &f->run, csv_feed_fingerprint(f->feed), h, f->reader);
	return rc;
}

static int
on_row(void *arg, const struct span *cells, size_t n, uint64_t number, struct err *e)
{
	struct csv_file *f = arg;
	bool header = f->header.binding == NULL;
	struct sent_row row = {.number = number, .text = reader_text(f->reader)};
	int rc;

	*f->run.last = number;
	if (header)
		mended_find(&f->mended, cells, n);
	row.cells = cells = mended_cells(&f->mended, cells, &n);
	row.n = n;
	if (header) {
		/* A reject file has nothing above its header. */
		if (number <= f->feed->layout.skip_top && !f->mended.is)
			return 0;
		if ((rc = take_header(f, &row, e)) != 1)
			return rc;
	}
	if (f->rejects != NULL)
		return rejects_row(f->rejects, &f->mended, &row, e);
	if (f->footer == NULL)
		return take_row(f, cells, n, number, e);
	return footer_push(
	    f->footer, &(struct footer_row){.number = number, .cells = cells, .n = n}, e);
}

/* Where there is no header, such a row may be the first. */
static int
reject_bad(struct csv_file *f, uint64_t number, struct err *e)
{
	const struct sent_row row = {number, reader_text(f->reader), NULL, 0};

	if (f->header.binding == NULL)
		rejects_header(
		    f->rejects, &f->mended, &row, span_of(reader_delimiter(f->reader)));
	return rejects_row(f->rejects, &f->mended, &row, e);
}

static int
on_bad(void *arg, const struct bad_row *bad, struct err *e)
{
	struct csv_file *f = arg;
	size_t column = mended_column(&f->mended, bad->column);
	const struct layout *layout = &f->feed->layout;

	*f->run.last = bad->number;
	if (f->header.binding == NULL && bad->number <= layout->skip_top)
		return 0;
	if (f->header.binding == NULL && layout->header)
		return header_bad(&f->header, bad, e);
	if (f->rejects != NULL)
		return reject_bad(f, bad->number, e);
	if (f->footer == NULL)
		return reject_unread(f, bad->number, bad->code, column, e);
	return footer_push(f->footer,
	    &(struct footer_row){
		.number = bad->number, .code = bad->code, .column = column},
	    e);
}

static char
find_delimiter(void *arg, struct span head)
{
	const struct csv_file *f = arg;
	const char *set = f->feed->layout.reader.delimiter;

	if (mended_head(head))
		return mended_delimiter(head, set);
	return set != NULL ? '\0' : header_find_delimiter(&f->header, head);
}

static void
close_file(void *file)
{
	struct csv_file *f = file;

	reader_free(f->reader);
	footer_free(f->footer);
	header_release(&f->header);
	if (f->rejects != NULL)
		rejects_release(f->rejects);
	free(f->rejects);
	mended_release(&f->mended);
	free(f);
}

/* NULL: no memory, or a set that can't be read. `again`: for a reject file. */
static struct csv_file *
open_reading(
    const struct csv_feed *feed, const struct format_run *run, bool again, struct err *e)
{
	const struct layout *layout = &feed->layout;
	struct csv_file *f = calloc(1, sizeof(*f));
	struct reader_sink sink = {.row = on_row,
	    .bad = on_bad,
	    .delimiter = find_delimiter,
	    .known = run->sink == NULL || run->sink->known == NULL ? NULL : on_known,
	    .any_charset = mended_head,
	    .arg = f};
	struct reader_conf conf = layout->reader;

	if (f == NULL)
		return err_nomem(e), NULL;
	f->feed = feed;
	f->run = *run;
	conf.keep_text = again;
	header_init(&f->header, layout, feed->map, run->before);
	if (mended_init(&f->mended, conf.max_columns, e) != 0 ||
	    (f->reader = reader_new(&conf, &sink, e)) == NULL) {
		close_file(f);
		return NULL;
	}
	return f;
}

static int
open_file(void **file, void *self, const struct format_run *run, struct err *e)
{
	const struct csv_feed *feed = self;
	const struct footer_conf *footer = &feed->layout.footer;
	struct csv_file *f = open_reading(feed, run, false, e);

	if (f == NULL)
		return -1;
	if (footer->n > 0 && (f->footer = footer_new(footer, take_kept, f, e)) == NULL) {
		close_file(f);
		return -1;
	}
	*file = f;
	return 0;
}

static int
open_rejects(void **file, void *self, const struct format_run *run,
    const struct rejects_sink *sink, struct err *e)
{
	const struct csv_feed *feed = self;
	struct csv_file *f = open_reading(feed, run, true, e);

	if (f == NULL)
		return -1;
	if ((f->rejects = calloc(1, sizeof(*f->rejects))) == NULL) {
		close_file(f);
		return err_nomem(e);
	}
	rejects_init(f->rejects, sink, run->form, feed->layout.reader.max_line);
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
end_footer(struct csv_file *f, struct err *e)
{
	uint64_t wrong;

	if (footer_end(f->footer, reader_delimiter(f->reader), &f->rows, &wrong, e) != 0)
		return -1;
	if (wrong != 0)
		warn(f, PROBLEM_CSV_COUNT, wrong);
	return 0;
}

static int
end_file(void *file, struct err *e)
{
	struct csv_file *f = file;

	if (reader_end(f->reader, e) != 0 || header_end(&f->header, e) != 0)
		return -1;
	return f->footer == NULL ? 0 : end_footer(f, e);
}

/* A second reading tells nothing. */
static int
take_watch(void *file, struct header_watch *out, struct err *e)
{
	struct csv_file *f = file;
	return f->rejects == NULL ? header_take_watch(&f->header, out, e) : 0;
}

static const char *
found(void *file, enum found_form form)
{
	struct csv_file *f = file;
	size_t n;

	if (f->header.binding == NULL)
		return f->header.watch.lacks ? "a header with other titles" : "no header";
	n = header_found(&f->header, f->reader, form, f->found);
	if (f->mended.is && form == FOUND_KEYS)
		snprintf(f->found + n, sizeof(f->found) - n, " mended=yes");
	return f->found;
}

static const struct made *
made(const void *file)
{
	const struct csv_file *f = file;

	return f->header.binding == NULL ? NULL : binding_made(f->header.binding);
}

static const struct span *
titles(const void *file, size_t *n)
{
	const struct csv_file *f = file;

	*n = f->header.n;
	return f->header.binding == NULL ? NULL : f->header.titles;
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
    .compile = csv_feed_compile,
    .discard = csv_feed_discard,
    .fingerprint = csv_feed_fingerprint,
    .map = csv_feed_map,
    .missing = csv_feed_missing,
    .made_known = csv_feed_made,
    .rejects = csv_feed_rejects,
    .guide = &csv_guide,
    .open = open_file,
    .open_rejects = open_rejects,
    .feed = feed_file,
    .end = end_file,
    .found = found,
    .made = made,
    .titles = titles,
    .header = take_watch,
    .explain = explain_row,
    .close = close_file,
};
