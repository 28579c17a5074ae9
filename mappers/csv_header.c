#include "mappers/csv_header.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "mappers/letters.h"

#define NUMBER_SIZE 24   /* "#16384" */
#define WORDS_SIZE  48   /* of a delimiter in words */
#define TRIAL_MAX   8192 /* bytes looked at where the header should be the first row */
#define COUNT(a)    (sizeof(a) / sizeof((a)[0]))

void
header_init(struct header *h, const struct layout *layout, const struct map *map,
    const struct header_mark *before)
{
	const struct reader_conf *reader = &layout->reader;

	*h = (struct header){.layout = layout, .map = map, .watch.before = before};
	/* Titles are cells of one row, each with a NUL and a span, or numbers. */
	arena_init(
	    &h->arena, 2 * reader->max_line + (reader->max_columns + 1) *
						  (sizeof(struct span) + NUMBER_SIZE));
}

void
header_release(struct header *h)
{
	binding_free(h->binding);
	header_mark_release(&h->watch.now);
	arena_release(&h->arena);
}

size_t
header_filled(const struct span *cells, size_t n)
{
	while (n > 0 && span_trim(cells[n - 1]).n == 0)
		n--;
	return n;
}

/*
 * Of a row that is no header nothing is remembered: it may hold patients' values. The
 * first that looks like the last good one is, until another binds.
 */
static void
remember(struct header *h, struct header_watch *w, const struct err *why)
{
	bool is = h->binding != NULL || (why->code == ERR_HELD && !h->watch.lacks);

	header_mark_release(is ? &h->watch.now : &w->now);
	if (is)
		h->watch = *w;
}

static int
bind_watched(struct header *h, size_t n, struct err *e)
{
	struct header_watch w = {.before = h->watch.before};

	h->binding = map_bind(h->map, h->titles, n, &w, e);
	remember(h, &w, e);
	return h->binding == NULL ? -1 : 0;
}

/* 0, or -1: with ERR_REFUSED it is no row with the map's titles. */
static int
bind(struct header *h, const struct span *cells, size_t n, struct err *e)
{
	arena_clear(&h->arena);
	h->titles = arena_alloc(&h->arena, (n + 1) * sizeof(*h->titles));
	if (h->titles == NULL)
		return err_nomem(e);
	for (size_t i = 0; i < n; i++) {
		h->titles[i] = arena_span(&h->arena, span_trim(cells[i]));
		if (h->titles[i].p == NULL)
			return err_nomem(e);
	}
	h->n = n;
	return bind_watched(h, n, e);
}

/* Columns without titles are called by their numbers. */
static int
bind_numbers(struct header *h, size_t n, struct err *e)
{
	char text[NUMBER_SIZE];

	h->titles = arena_alloc(&h->arena, (n + 1) * sizeof(*h->titles));
	for (h->n = 0; h->titles != NULL && h->n < n; h->n++) {
		snprintf(text, sizeof(text), "#%zu", h->n + 1);
		h->titles[h->n] = arena_span(&h->arena, span_of(text));
		if (h->titles[h->n].p == NULL)
			return err_nomem(e);
	}
	if (h->titles == NULL)
		return err_nomem(e);
	return bind_watched(h, n, e) == 0 ? 1 : -1;
}

static bool
has_title(const struct span *cells, size_t n, const char *title)
{
	for (size_t i = 0; i < n; i++)
		if (letters_eq_nocase(span_trim(cells[i]), span_of(title)))
			return true;
	return false;
}

static bool
has_all(const struct conf_list *titles, const struct span *cells, size_t n)
{
	for (size_t i = 0; i < titles->n; i++)
		if (!has_title(cells, n, titles->v[i]))
			return false;
	return true;
}

static bool
is_searched(const struct header *h)
{
	return h->layout->by_map || h->layout->match.n > 0;
}

/* The first row had to be it, and is not. */
static int
refuse_later(uint64_t number, struct err *e)
{
	return err_set(e, ERR_REFUSED,
	    "the header is not where it should be, but in row %" PRIu64
	    ": export without the rows above it, or set skip_top = %" PRIu64
	    " or header_match = auto",
	    number, number - 1);
}

static int
refuse(const struct header *h, struct err *e)
{
	if (h->layout->match.n > 0)
		return err_set(e, ERR_REFUSED,
		    "none of the first %d rows has all titles of header_match",
		    HEADER_ROWS);
	*e = h->refusal;
	return -1;
}

/*
 * Not the header. The row with the most cells is the one that a person would take, unless
 * one is the header of the last good file, but for some columns.
 */
static int
pass_over(
    struct header *h, const struct err *why, size_t n, uint64_t number, struct err *e)
{
	bool first = h->refusal.code == ERR_NONE;

	if (first || (h->refusal.code != ERR_HELD &&
			 (why->code == ERR_HELD || (is_searched(h) && n > h->widest)))) {
		h->refusal = *why;
		h->widest = n;
	}
	if (number >= h->layout->skip_top + HEADER_ROWS)
		return refuse(h, e);
	return 0;
}

/* What stands behind the last of the columns with a width is a cell of none. */
static size_t
within_widths(const struct header *h, size_t n)
{
	const size_t widths = h->layout->reader.nwidths;

	return widths > 0 && n > widths ? widths : n;
}

int
header_take(
    struct header *h, const struct span *cells, size_t n, uint64_t number, struct err *e)
{
	const struct conf_list *match = &h->layout->match;
	struct err why = {.code = ERR_REFUSED};

	n = within_widths(h, n);
	if (!h->layout->header)
		return bind_numbers(h, n, e);
	n = header_filled(cells, n);
	if (!has_all(match, cells, n))
		return pass_over(h, &why, n, number, e);
	if (bind(h, cells, n, &why) == 0) {
		h->row = number;
		return h->refusal.code == ERR_NONE || is_searched(h)
			   ? 0
			   : refuse_later(number, e);
	}
	if ((why.code == ERR_REFUSED || why.code == ERR_HELD) && match->n == 0)
		return pass_over(h, &why, n, number, e);
	h->row = number;
	*e = why;
	return -1;
}

int
header_bad(struct header *h, const struct bad_row *bad, struct err *e)
{
	struct err why = {.code = ERR_NONE};

	if (bad->code == PROBLEM_CSV_COLUMNS)
		err_set(&why, ERR_REFUSED,
		    "the header (row %" PRIu64
		    ") has more than %zu columns: export fewer, or "
		    "set max_columns",
		    bad->number, h->layout->reader.max_columns);
	else
		err_set(&why, ERR_REFUSED,
		    "the header (row %" PRIu64 ") can't be read: %s %s", bad->number,
		    problem_text(bad->code), problem_remedy(bad->code));
	if (!is_searched(h) && h->refusal.code == ERR_NONE) {
		*e = why;
		return -1;
	}
	return pass_over(h, &why, 0, bad->number, e);
}

int
header_end(const struct header *h, struct err *e)
{
	if (h->binding != NULL || h->refusal.code == ERR_NONE)
		return 0;
	return refuse(h, e);
}

int
header_take_watch(struct header *h, struct header_watch *out, struct err *e)
{
	int rc = 0;

	if (h->binding != NULL)
		rc = binding_drift(h->binding, &h->watch, h->row, e);
	*out = h->watch;
	h->watch.now = (struct header_mark){.n = 0};
	return rc;
}

/* "separated by commas" */
static void
name_delimiter(const char *delimiter, char out[WORDS_SIZE])
{
	static const struct {
		char c;
		const char *name;
	} names[] = {{',', "commas"}, {';', "semicolons"}, {'\t', "tabs"},
	    {' ', "blanks"}, {'|', "vertical bars"}, {':', "colons"}, {'^', "carets"},
	    {'~', "tildes"}};

	for (size_t i = 0; delimiter[1] == '\0' && i < COUNT(names); i++)
		if (names[i].c == delimiter[0]) {
			snprintf(out, WORDS_SIZE, "cells separated by %s", names[i].name);
			return;
		}
	snprintf(out, WORDS_SIZE, "cells separated by \"%s\"", delimiter);
}

static void
found_words(const struct header *h, const struct reader *r, char out[HEADER_FOUND_MAX])
{
	const char *delimiter = reader_delimiter(r);
	char cells[WORDS_SIZE] = "columns of fixed width";
	char row[NUMBER_SIZE + WORDS_SIZE] = "";

	if (delimiter[0] != '\0')
		name_delimiter(delimiter, cells);
	if (h->row > 1)
		snprintf(row, sizeof(row), ", titles in row %" PRIu64, h->row);
	snprintf(out, HEADER_FOUND_MAX, "%s, in %s%s", cells, reader_charset(r), row);
}

size_t
header_found(const struct header *h, const struct reader *r, enum found_form form,
    char out[HEADER_FOUND_MAX])
{
	const char *delimiter = reader_delimiter(r);
	bool fixed = delimiter[0] == '\0';
	char row[NUMBER_SIZE + 8] = "";

	if (form == FOUND_WORDS) {
		found_words(h, r, out);
		return strlen(out);
	}
	if (h->row > 1)
		snprintf(row, sizeof(row), " header=%" PRIu64, h->row);
	snprintf(out, HEADER_FOUND_MAX, "%s%s charset=%s%s",
	    fixed ? "fixed width" : "delimiter=",
	    strcmp(delimiter, "\t") == 0 ? "tab" : delimiter, reader_charset(r), row);
	return strlen(out);
}

bool
header_again(const struct header *h, const struct span *cells, size_t n)
{
	if (n < h->n || h->n == 0 || !h->layout->header ||
	    !span_eq(span_trim(cells[0]), h->titles[0]))
		return false;
	for (size_t i = 1; i < h->n; i++)
		if (!span_eq(span_trim(cells[i]), h->titles[i]))
			return false;
	return header_filled(cells, within_widths(h, n)) <= h->n;
}

/* A header that is tried; its reader is stopped once it is clear. */
static int
try_row(void *arg, const struct span *cells, size_t n, uint64_t number, struct err *e)
{
	struct header *h = arg;

	if (number <= h->layout->skip_top)
		return 0;
	if (header_take(h, cells, n, number, e) != 0)
		return -1;
	return h->binding == NULL ? 0 : err_set(e, ERR_REFUSED, "it is found");
}

static int
try_bad(void *arg, const struct bad_row *bad, struct err *e)
{
	struct header *h = arg;

	return bad->number <= h->layout->skip_top ? 0 : header_bad(h, bad, e);
}

/* How many cells the row has that looks most like a header; SIZE_MAX: it is one. */
static size_t
try_delimiter(const struct header *h, const char *delimiter, struct span head)
{
	struct reader_conf conf = h->layout->reader;
	struct err e = {.code = ERR_NONE};
	struct header trial;
	struct reader_sink sink = {.row = try_row, .bad = try_bad, .arg = &trial};
	struct reader *r;
	size_t widest;

	header_init(&trial, h->layout, h->map, h->watch.before);
	conf.delimiter = delimiter;
	/* The same in every set that is read by lines, and no converter need be loaded. */
	if (utf8_ascii(head))
		conf.charset = "utf-8";
	r = reader_new(&conf, &sink, &e);
	if (r != NULL && reader_feed(r, head, &e) == 0)
		(void)reader_end(r, &e);
	widest = trial.row != 0 ? SIZE_MAX : trial.widest;
	reader_free(r);
	header_release(&trial);
	return widest;
}

char
header_find_delimiter(const struct header *h, struct span head)
{
	static const char *const candidates[] = {",", ";", "\t", "|"};
	const char counted[] = {reader_find_delimiter(head, h->layout->skip_top), '\0'};
	size_t widest, n;
	char best = counted[0];

	if (!map_has_titles(h->map) && h->layout->match.n == 0)
		return best;
	if (!is_searched(h) && head.n > TRIAL_MAX)
		head.n = TRIAL_MAX;
	widest = try_delimiter(h, counted, head);
	for (size_t i = 0; i < COUNT(candidates) && widest < SIZE_MAX; i++) {
		n = try_delimiter(h, candidates[i], head);
		if (n <= widest || (n < SIZE_MAX && !is_searched(h)))
			continue;
		widest = n;
		best = candidates[i][0];
	}
	return best;
}
