#include <iconv.h>
#include <string.h>
#include <strings.h>

#include "base/utf8.h"
#include "mappers/guide_impl.h"
#include "mappers/letters.h"

#define EXAMPLE_MAX (4u << 20) /* bytes of an example */
#define ABOVE       "Example with synthetic rows"

/* A file on its way, as UTF-8. */
struct sheet {
	const struct layout *layout;
	const char *delimiter;
	struct buf text;
};

static const struct reader_conf *
conf_of(const struct sheet *s)
{
	return &s->layout->reader;
}

static bool
wants_quotes(const struct sheet *s, struct span cell)
{
	if (cell.n == 0)
		return false;
	return memmem(cell.p, cell.n, s->delimiter, strlen(s->delimiter)) != NULL ||
	       memchr(cell.p, '"', cell.n) != NULL ||
	       memchr(cell.p, '\n', cell.n) != NULL ||
	       memchr(cell.p, '\r', cell.n) != NULL || cell.p[0] == ' ' ||
	       cell.p[cell.n - 1] == ' ';
}

static void
add_cell(struct sheet *s, struct span cell)
{
	bool quotes = wants_quotes(s, cell);

	if (quotes)
		buf_add_char(&s->text, '"');
	for (size_t i = 0; i < cell.n; i++) {
		if (cell.p[i] == '"')
			buf_add_char(&s->text, '"');
		buf_add_char(&s->text, cell.p[i]);
	}
	if (quotes)
		buf_add_char(&s->text, '"');
}

static void
add_fixed(struct sheet *s, struct span cell, size_t column)
{
	size_t width = column < conf_of(s)->nwidths ? conf_of(s)->widths[column] : 0;

	buf_add_span(&s->text, cell);
	for (size_t n = utf8_count(cell); n < width; n++)
		buf_add_char(&s->text, ' ');
}

static void
end_row(struct sheet *s)
{
	buf_add_str(&s->text, "\r\n");
}

static void
add_row(struct sheet *s, const struct span *cells, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (conf_of(s)->nwidths > 0) {
			add_fixed(s, cells[i], i);
			continue;
		}
		if (i > 0)
			buf_add_str(&s->text, s->delimiter);
		add_cell(s, cells[i]);
	}
	end_row(s);
}

/* {count} is the number of rows, * any text; before a count it is none. */
static void
add_footer(struct sheet *s, const char *pattern)
{
	static const char count[] = "{count}";

	for (; *pattern != '\0'; pattern++) {
		if (strncmp(pattern, count, sizeof(count) - 1) == 0) {
			buf_add_u64(&s->text, GUIDE_ROWS);
			pattern += sizeof(count) - 2;
		} else if (*pattern != '*') {
			buf_add_char(&s->text, *pattern);
		} else if (pattern[1] != count[0]) {
			buf_add_str(&s->text, "End");
		}
	}
	end_row(s);
}

/* Titles that a header is known by, though the map reads no such column. */
static size_t
add_match(const struct layout *l, struct span *titles, size_t n)
{
	size_t all = n;

	for (size_t i = 0; i < l->match.n; i++) {
		struct span title = span_of(l->match.v[i]);
		bool known = false;

		for (size_t k = 0; k < n; k++)
			known |= letters_eq_nocase(titles[k], title);
		if (!known)
			titles[all++] = title;
	}
	return all;
}

static int
add_rows(struct sheet *s, const struct guide *g, struct arena *a)
{
	const struct layout *l = s->layout;
	size_t room = g->width + l->match.n + l->reader.nwidths + 1, n;
	struct span *row = arena_alloc(a, room * sizeof(*row)), *titles, *own;
	struct span *cells = arena_alloc(a, (g->n + 1) * sizeof(*cells));

	if (row == NULL || cells == NULL || (titles = guide_titles(a, g)) == NULL)
		return -1;
	memcpy(row, titles, g->width * sizeof(*row));
	n = add_match(l, row, g->width);
	while (n < l->reader.nwidths)
		row[n++] = SPAN_LIT("");
	if (l->header)
		add_row(s, row, n);
	for (size_t i = 0; i < GUIDE_ROWS; i++) {
		for (size_t k = 0; k < g->n; k++)
			cells[k] = g->columns[k].sample[i];
		if ((own = guide_row(a, g, cells)) == NULL)
			return -1;
		memcpy(row, own, g->width * sizeof(*row));
		for (size_t k = g->width; k < n; k++)
			row[k] = SPAN_LIT("");
		add_row(s, row, n);
	}
	return 0;
}

/* In the feed's character set. Spreadsheets want a mark to know UTF-8. */
static int
encode(const struct buf *text, const char *charset, struct buf *out, struct err *e)
{
	bool utf8 = strcasecmp(charset, "auto") == 0 || strcasecmp(charset, "utf-8") == 0;
	char *from = text->p, *to;
	size_t left = text->n, room = 4 * text->n + 4, n = room;
	iconv_t cd;

	if (utf8) {
		if (!utf8_ascii(buf_span(text)))
			buf_add_str(out, "\xef\xbb\xbf");
		buf_add_span(out, buf_span(text));
		return buf_check(out, "the example", e);
	}
	if ((to = buf_reserve(out, room)) == NULL)
		return err_nomem(e);
	if ((cd = iconv_open(charset, "UTF-8")) == (iconv_t)-1)
		return err_set(e, ERR_CONFIG, "no character set is called %s", charset);
	if (iconv(cd, &from, &left, &to, &n) == (size_t)-1)
		err_set(e, ERR_CONFIG,
		    "the feed's titles or codes can't be written in %s", charset);
	iconv_close(cd);
	out->n += room - n;
	return left == 0 ? 0 : -1;
}

int
layout_example(
    const struct layout *l, const struct guide *g, struct buf *out, struct err *e)
{
	struct sheet s = {.layout = l,
	    .delimiter = l->reader.delimiter != NULL ? l->reader.delimiter : ","};
	struct arena a;
	int rc;

	buf_init(&s.text, EXAMPLE_MAX);
	arena_init(&a, EXAMPLE_MAX);
	for (size_t i = 0; i < l->skip_top; i++) {
		buf_add_str(&s.text, ABOVE);
		end_row(&s);
	}
	rc = add_rows(&s, g, &a) == 0 ? 0 : err_nomem(e);
	for (size_t i = 0; i < l->footer.n; i++)
		add_footer(
		    &s, l->footer.patterns != NULL ? l->footer.patterns[i] : "Total");
	if (rc == 0 && (rc = buf_check(&s.text, "the example", e)) == 0 && !g->as_utf8)
		rc = encode(&s.text, l->reader.charset, out, e);
	else if (rc == 0)
		buf_add_span(out, buf_span(&s.text));
	arena_release(&a);
	buf_release(&s.text);
	return rc;
}

void
layout_cut(const struct layout *l, struct guide *g)
{
	for (size_t i = 0; i < g->n; i++) {
		struct guide_column *c = &g->columns[i];
		size_t most = c->at < l->reader.nwidths ? l->reader.widths[c->at] : 0;

		for (size_t k = 0; k < GUIDE_ROWS && most > 0; k++)
			guide_shorten(&c->sample[k], k, most);
	}
}
