/*
 * Text of an HTML page. Whatever comes from elsewhere goes through html_text: markup,
 * control characters and bytes that are no UTF-8 never reach the page as they are.
 */
#ifndef CMD_HTML_H
#define CMD_HTML_H

#include "base/buf.h"
#include "base/span.h"

/* For between tags, and for attributes in double quotes. */
void html_text(struct buf *out, struct span s);
void html_cstr(struct buf *out, const char *s);

/* 1234567 as 1,234,567. */
void html_count(struct buf *out, uint64_t n);

/* "1 file", "2,000 files". */
void html_counted(struct buf *out, uint64_t n, const char *one, const char *many);

/*
 * A bar for each of v[0..n), as tall as `full` at most, in an image that programs for
 * the blind read as `label`. `class` names the colour.
 */
struct html_bars {
	const uint64_t *v;
	size_t n;
	uint64_t full; /* what the whole height stands for; taller bars are cut */
	const char *class;
	struct span label;
};

void html_bars(struct buf *out, const struct html_bars *b);

#endif
