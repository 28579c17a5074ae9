#include "mappers/csv_reader.h"

#include <csv.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/utf8.h"
#include "mappers/charset.h"
#include "mappers/csv_cells.h"
#include "mappers/csv_lines.h"
#include "mappers/decode.h"
#include "mappers/filler.h"

#define SLICE   CHARSET_HEAD /* bytes taken in at a time */
#define BLOCK   65536        /* libcsv's buffer grows by this; its own is 128 */
#define OPTIONS (CSV_STRICT | CSV_STRICT_FINI | CSV_APPEND_NULL | CSV_EMPTY_IS_NULL)

/*
 * libcsv sees one physical line a call. So the row's number is known, a row's size
 * is capped without libcsv's allocator hook (which has no user pointer), and after
 * an error the reading goes on at the line after the one where the bad row began.
 * For that the window keeps the open row's bytes.
 */
struct reader {
	struct reader_conf conf;
	struct reader_sink sink;
	struct decoder decoder;
	struct charset *charset;
	struct csv_parser parser;
	char delimiter[DELIMITER_MAX + 1];
	char *line_text; /* a line in translation; NULL: libcsv knows the delimiter */

	char *window;
	size_t cap;
	size_t row;    /* in the window: the open row's first byte */
	size_t second; /* its second line, if lines > 0 */
	size_t line;   /* the line to parse next */
	size_t end;
	struct line_ends ends;
	bool begun;    /* charset and delimiter are known */
	bool skipping; /* to the end of a line that is too long */

	uint64_t number; /* rows and blank lines so far */
	size_t lines;    /* of the open row, parsed */
	size_t size;     /* of the open row as UTF-8 */
	struct span *cells;
	size_t n;
	char *text; /* the cells' bytes */
	size_t used;
	bool filled; /* some cell is not empty */
	bool complete;
	enum problem_code code;

	struct buf sent;   /* the open row's lines, if they are kept */
	size_t sent_first; /* bytes of the first one */
};

static int
start_parser(struct reader *r, struct err *e)
{
	if (csv_init(&r->parser, OPTIONS) != 0)
		return err_set(e, ERR_INTERNAL, "libcsv can't be started");
	csv_set_blk_size(&r->parser, BLOCK);
	csv_set_delim(&r->parser,
	    (unsigned char)(r->line_text != NULL ? CELLS_DELIMITER : r->delimiter[0]));
	return 0;
}

static int
use_charset(struct reader *r, const char *name, struct err *e)
{
	charset_free(r->charset);
	r->charset = charset_new(name, r->conf.max_line, e);
	return r->charset == NULL ? -1 : 0;
}

static int
allocate(struct reader *r, struct err *e)
{
	const struct reader_conf *conf = &r->conf;
	bool several = conf->delimiter != NULL && strlen(conf->delimiter) > 1;

	r->cap = conf->max_line + 2 * SLICE;
	r->window = malloc(r->cap);
	r->text = malloc(conf->max_line + 1);
	r->cells = calloc(conf->max_columns, sizeof(*r->cells));
	if (several)
		r->line_text = malloc(conf->max_line);
	if (r->window == NULL || r->text == NULL || r->cells == NULL ||
	    (several && r->line_text == NULL))
		return err_nomem(e);
	buf_init(&r->sent, conf->max_line);
	return use_charset(r, decode_line_charset(conf->charset), e);
}

void
reader_free(struct reader *r)
{
	if (r == NULL)
		return;
	csv_free(&r->parser);
	charset_free(r->charset);
	buf_release(&r->sent);
	free(r->line_text);
	free(r->cells);
	free(r->text);
	free(r->window);
	free(r);
}

static void
note(struct reader *r, enum problem_code code)
{
	if (r->code == PROBLEM_NONE)
		r->code = code;
}

/* libcsv's callbacks. The cells of a row fit: they are no longer than its lines. */
static void
on_cell(void *p, size_t n, void *arg)
{
	struct reader *r = arg;

	r->filled |= n > 0;
	if (r->n == r->conf.max_columns) {
		if (n > 0)
			note(r, PROBLEM_CSV_COLUMNS);
		return;
	}
	r->cells[r->n++] = (struct span){r->text + r->used, n};
	if (n > 0)
		memcpy(r->text + r->used, p, n);
	r->used += n;
}

static void
on_row(int c, void *arg)
{
	struct reader *r = arg;

	(void)c;
	r->complete = true;
}

static void
open_row(struct reader *r, size_t at)
{
	r->row = r->second = r->line = at;
	r->lines = r->size = r->n = r->used = 0;
	r->filled = r->complete = false;
	r->code = PROBLEM_NONE;
}

/* Where the bytes are that made the row bad. */
static size_t
bad_column(const struct reader *r)
{
	for (size_t i = 0; i < r->n; i++) {
		struct span s = r->cells[i];

		if (r->code == PROBLEM_ENCODING && utf8_valid(s) < s.n)
			return i;
		if (r->code == PROBLEM_CONTROL && memchr(s.p, '\0', s.n) != NULL)
			return i;
	}
	return COLUMN_UNKNOWN;
}

static int
finish_row(struct reader *r, struct err *e)
{
	int rc = 0;

	r->number++;
	if (r->code != PROBLEM_NONE)
		rc = r->sink.bad(
		    r->sink.arg, &(struct bad_row){r->number, r->code, bad_column(r)}, e);
	else if (r->filled)
		rc = r->sink.row(r->sink.arg, r->cells, r->n, r->number, e);
	open_row(r, r->line);
	buf_clear(&r->sent);
	return rc;
}

/*
 * The open row can't be read, and ended or grew too long in the line of `len` bytes.
 * A line alone is lost; of several only the first is, and the others are read again.
 * csv_fini would pass a half-read cell off as a row: the parser is made anew.
 */
static int
give_up(struct reader *r, enum problem_code code, size_t len, struct err *e)
{
	struct bad_row bad = {++r->number, code, r->n};
	int rc;

	if (r->lines > 0) {
		bad.code = PROBLEM_CSV_QUOTE;
		r->sent.n = r->sent_first;
	}
	if (bad.code != PROBLEM_CSV_QUOTE)
		bad.column = COLUMN_UNKNOWN;
	open_row(r, r->lines == 0 ? r->line + len : r->second);
	r->ends = (struct line_ends){0, 0};
	csv_free(&r->parser);
	if (start_parser(r, e) != 0)
		return -1;
	rc = r->sink.bad(r->sink.arg, &bad, e);
	buf_clear(&r->sent);
	return rc;
}

/* 1, 0 for a row that breaks the rules, -1. */
static int
parse(struct reader *r, struct span text, struct err *e)
{
	if (csv_parse(&r->parser, text.p, text.n, on_cell, on_row, r) == text.n)
		return 1;
	return csv_error(&r->parser) == CSV_EPARSE ? 0 : err_nomem(e);
}

/* 1, 0 for a row that breaks the rules, -1. */
static int
take_cells(struct reader *r, struct span text, bool ended, struct err *e)
{
	struct span kept = {r->text, text.n};
	bool taken;
	int rc;

	if (r->conf.nwidths > 0) {
		kept.n = line_without_end(text).n;
		memcpy(r->text, text.p, kept.n);
		r->n = cells_by_width(kept, r->conf.widths, r->conf.nwidths, r->cells);
		r->filled = span_trim(kept).n > 0;
		return 1;
	}
	if (r->line_text != NULL) {
		text.n = cells_translate(
		    text, span_of(r->delimiter), r->parser.quoted, r->line_text, &taken);
		text.p = r->line_text;
		if (taken)
			note(r, PROBLEM_CONTROL);
	}
	rc = parse(r, text, e);
	return rc == 1 && !ended ? parse(r, SPAN_LIT("\n"), e) : rc;
}

static int
take_line(struct reader *r, size_t len, struct err *e)
{
	struct span raw = {r->window + r->line, len}, text;
	int rc;

	if (filler_is(raw.p[0]) && r->lines == 0 && line_is_filler(raw)) {
		r->line += len;
		return finish_row(r, e);
	}
	if (r->line + len - r->row > r->conf.max_line || r->lines == r->conf.max_span)
		return give_up(r, PROBLEM_CSV_TOO_LONG, len, e);
	if (!charset_line(r->charset, raw, &text)) {
		if (charset_nomem(r->charset))
			return err_nomem(e);
		note(r, PROBLEM_ENCODING);
	}
	if (memchr(text.p, '\0', text.n) != NULL)
		note(r, PROBLEM_CONTROL);
	r->size += text.n;
	if (r->size > r->conf.max_line)
		return give_up(r, PROBLEM_CSV_TOO_LONG, len, e);
	if (r->conf.keep_text)
		buf_add_span(&r->sent, text);
	rc = take_cells(r, text, line_has_end(raw), e);
	if (rc != 1)
		return rc == 0 ? give_up(r, PROBLEM_CSV_QUOTE, len, e) : -1;
	r->line += len;
	if (r->lines++ == 0) {
		r->second = r->line;
		r->sent_first = r->sent.n;
	}
	/* libcsv says nothing about a blank line. */
	return r->complete || !r->parser.quoted ? finish_row(r, e) : 0;
}

static struct span
unread(const struct reader *r)
{
	return (struct span){r->window + r->line, r->end - r->line};
}

/* Passes over rows that need not be read: 1, 0 if there must be more bytes to tell, -1. */
static int
pass_known(struct reader *r, bool whole, struct err *e)
{
	size_t n;

	while (r->sink.known != NULL && r->lines == 0 && !r->skipping) {
		const struct span ahead = unread(r);

		if (r->sink.known(r->sink.arg, ahead, &n, e) != 0)
			return -1;
		if (n > ahead.n)
			return whole || n > r->conf.max_line;
		if (n == 0)
			break;
		r->number++;
		open_row(r, r->line + n);
	}
	return 1;
}

static int
drain(struct reader *r, bool whole, struct err *e)
{
	size_t len;
	bool alone;
	int rc;

	for (;;) {
		while ((rc = pass_known(r, whole, e)) == 1 &&
		       (len = line_find(&r->ends, unread(r), r->line, whole)) > 0) {
			if (r->skipping) {
				open_row(r, r->line + len);
				r->skipping = false;
			} else if (take_line(r, len, e) != 0) {
				return -1;
			}
		}
		if (rc != 1)
			return rc;
		if (r->skipping)
			open_row(r, r->line + line_rest(unread(r)));
		if (r->row == r->end || (!whole && r->end - r->row <= r->conf.max_line))
			return 0;
		/* Too long, or the file ends within quotes. */
		alone = r->lines == 0;
		if (give_up(r, PROBLEM_CSV_TOO_LONG, line_rest(unread(r)), e) != 0)
			return -1;
		r->skipping = alone;
	}
}

static void
compact(struct reader *r)
{
	size_t off = r->row;

	if (off < SLICE && r->cap - r->end >= SLICE)
		return;
	memmove(r->window, r->window + off, r->end - off);
	r->row = 0;
	r->second -= off;
	r->line -= off;
	r->end -= off;
	line_ends_move(&r->ends, off);
}

static size_t
append(struct reader *r, struct span bytes)
{
	size_t n = r->begun ? SLICE : CHARSET_HEAD - r->end;

	compact(r);
	if (n > bytes.n)
		n = bytes.n;
	memcpy(r->window + r->end, bytes.p, n);
	r->end += n;
	return n;
}

static size_t
find_delimiter(struct reader *r, struct span head)
{
	size_t hint = 0;
	char found;

	if (r->conf.nwidths > 0)
		return 0;
	found = reader_choose_delimiter(&r->conf, &r->sink, head, &hint);
	if (found == '\0')
		return hint;
	r->delimiter[0] = found;
	r->delimiter[1] = '\0';
	if (r->line_text == NULL)
		csv_set_delim(&r->parser, (unsigned char)found);
	return hint;
}

static int
begin(struct reader *r, struct err *e)
{
	struct span head = {r->window, r->end};
	int mark;

	if (r->sink.any_charset != NULL && r->sink.any_charset(head) &&
	    use_charset(r, "auto", e) != 0)
		return -1;
	if ((mark = charset_begin(r->charset, head, e)) < 0)
		return -1;
	head.p += mark;
	head.n -= (size_t)mark;
	open_row(r, (size_t)mark + find_delimiter(r, head));
	r->begun = true;
	return 0;
}

/* The decoder's text. */
static int
take_text(void *arg, struct span bytes, struct err *e)
{
	struct reader *r = arg;
	size_t n;

	for (; bytes.n > 0; bytes.p += n, bytes.n -= n) {
		n = append(r, bytes);
		if (!r->begun && r->end < CHARSET_HEAD)
			continue;
		if ((!r->begun && begin(r, e) != 0) || drain(r, false, e) != 0)
			return -1;
	}
	return 0;
}

struct reader *
reader_new(const struct reader_conf *conf, const struct reader_sink *sink, struct err *e)
{
	struct reader *r = calloc(1, sizeof(*r));

	if (r == NULL) {
		err_nomem(e);
		return NULL;
	}
	r->conf = *conf;
	r->sink = *sink;
	r->decoder.charset = conf->charset;
	r->decoder.text = take_text;
	r->decoder.arg = r;
	if (conf->delimiter != NULL)
		memcpy(r->delimiter, conf->delimiter,
		    strnlen(conf->delimiter, DELIMITER_MAX));
	if (allocate(r, e) == 0 && start_parser(r, e) == 0)
		return r;
	reader_free(r);
	return NULL;
}

int
reader_feed(struct reader *r, struct span bytes, struct err *e)
{
	return decoder_feed(&r->decoder, bytes, e);
}

int
reader_end(struct reader *r, struct err *e)
{
	if (decoder_end(&r->decoder, e) != 0 || (!r->begun && begin(r, e) != 0))
		return -1;
	return drain(r, true, e);
}

struct span
reader_text(const struct reader *r)
{
	return r->sent.failed ? (struct span){NULL, 0} : buf_span(&r->sent);
}

struct span
reader_bytes(const struct reader *r)
{
	return (struct span){r->window + r->row, r->line - r->row};
}

uint64_t
reader_number(const struct reader *r)
{
	return r->number;
}

bool
reader_steady(const struct reader *r, struct span text)
{
	return charset_decided(r->charset) || utf8_ascii(text);
}

const char *
reader_delimiter(const struct reader *r)
{
	return r->delimiter;
}

const char *
reader_charset(const struct reader *r)
{
	const char *name = decoder_charset(&r->decoder);

	return name != NULL ? name : charset_name(r->charset);
}
