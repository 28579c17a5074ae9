/*
 * The board and its history as one HTML page that needs nothing else: no script, no font,
 * no network; and no name of a file, no value of a patient's.
 */
#ifndef CMD_PAGE_H
#define CMD_PAGE_H

#include "base/json.h"
#include "cmd/board.h"
#include "cmd/history.h"

#define PAGE_TOP 10 /* lines of the tables of slow feeds and rejected columns */

struct page {
	const struct board *board;
	const struct history *history;
	struct buf *out;
};

int page_write(const struct page *p, struct err *e);

/* The same figures as one JSON object. */
void page_json(const struct page *p, struct json *j);

/* For the parts of the page alone. */
void page_feeds(const struct page *p);
void page_days(const struct page *p);
void page_time(const struct page *p, int64_t ms);
void page_feed(const struct page *p, const char *name); /* the cell that heads a row */
/* A cell of a table, `role` as ARIA has it, with the column's title for narrow screens. */
void page_cell(const struct page *p, const char *class, const char *title);

struct page_column {
	const char *title, *class;
};

/* <table> with its caption and titles, up to the first row. */
void page_table(
    const struct page *p, const char *caption, const struct page_column *v, size_t n);
void page_table_end(const struct page *p);

#endif
