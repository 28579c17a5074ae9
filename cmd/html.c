#include "cmd/html.h"

#include <stdio.h>

#include "base/utf8.h"

#define BAR_WIDTH  3 /* and one pixel between two */
#define BAR_HEIGHT 24

/* Marks that turn the direction of what follows: U+202A to U+202E, U+2066 to U+2069. */
static bool
turns_text(const char *p, size_t n)
{
	const unsigned char *u = (const unsigned char *)p;

	return n == 3 && u[0] == 0xe2 &&
	       ((u[1] == 0x80 && u[2] >= 0xaa && u[2] <= 0xae) ||
		   (u[1] == 0x81 && u[2] >= 0xa6 && u[2] <= 0xa9));
}

/* C1 are control characters, too. */
static bool
is_control(const char *p, size_t n)
{
	const unsigned char *u = (const unsigned char *)p;

	return (n == 1 && (u[0] < ' ' || u[0] == 0x7f)) ||
	       (n == 2 && u[0] == 0xc2 && u[1] < 0xa0);
}

static void
put_character(struct buf *out, const char *p, size_t n)
{
	switch (n == 1 ? *p : '\0') {
	case '&':
		buf_add_str(out, "&amp;");
		break;
	case '<':
		buf_add_str(out, "&lt;");
		break;
	case '>':
		buf_add_str(out, "&gt;");
		break;
	case '"':
		buf_add_str(out, "&quot;");
		break;
	case '\'':
		buf_add_str(out, "&#39;");
		break;
	default:
		if (is_control(p, n) || turns_text(p, n))
			buf_add_str(out, "\xef\xbf\xbd");
		else
			buf_add(out, p, n);
	}
}

void
html_text(struct buf *out, struct span s)
{
	size_t n;

	for (; s.n > 0; s.p += n, s.n -= n) {
		n = utf8_length(s.p, s.n);
		if (n > 0) {
			put_character(out, s.p, n);
			continue;
		}
		buf_add_str(out, "\xef\xbf\xbd");
		n = 1;
	}
}

void
html_cstr(struct buf *out, const char *s)
{
	html_text(out, span_of(s));
}

void
html_count(struct buf *out, uint64_t n)
{
	char digits[24];
	int len = snprintf(digits, sizeof(digits), "%llu", (unsigned long long)n);

	for (int i = 0; i < len; i++) {
		if (i > 0 && (len - i) % 3 == 0)
			buf_add_char(out, ',');
		buf_add_char(out, digits[i]);
	}
}

void
html_counted(struct buf *out, uint64_t n, const char *one, const char *many)
{
	html_count(out, n);
	buf_addf(out, " %s", n == 1 ? one : many);
}

/* In whole pixels; what is there at all is seen. */
static unsigned
bar_height(uint64_t v, uint64_t full)
{
	unsigned h;

	if (v == 0)
		return 0;
	if (v >= full)
		return BAR_HEIGHT;
	h = (unsigned)((double)v * BAR_HEIGHT / (double)full + 0.5);
	return h == 0 ? 1 : h;
}

void
html_bars(struct buf *out, const struct html_bars *b)
{
	size_t width = b->n * (BAR_WIDTH + 1);

	buf_addf(out,
	    "<svg class=\"bars %s\" role=\"img\" width=\"%zu\" height=\"%d\" viewBox=\"0 "
	    "0 %zu %d\" aria-label=\"",
	    b->class, width, BAR_HEIGHT + 1, width, BAR_HEIGHT + 1);
	html_text(out, b->label);
	buf_add_str(out, "\"><path d=\"");
	for (size_t i = 0; i < b->n; i++) {
		unsigned h = bar_height(b->v[i], b->full);

		if (h > 0)
			buf_addf(out, "M%zu %dv-%uh%dv%uz", i * (BAR_WIDTH + 1),
			    BAR_HEIGHT, h, BAR_WIDTH, h);
	}
	buf_addf(out, "\"/><path class=\"base\" d=\"M0 %dh%zuv1h-%zuz\"/></svg>",
	    BAR_HEIGHT, width, width);
}
