#include "mappers/csv_footer.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "mappers/ascii.h"
#include "base/buf.h"

#define COUNT        "{count}"
#define COUNT_DIGITS 18
#define GROUP        3         /* digits between separators */
#define KEPT_MAX     (1 << 30) /* bytes of a row, which the reader has bounded */

struct kept {
	struct footer_row row;
	struct span *cells;
	size_t cap;
	struct buf text;
};

struct footer {
	const struct footer_conf *conf;
	int (*data)(void *arg, const struct footer_row *row, struct err *e);
	void *arg;
	struct kept kept[FOOTER_ROWS_MAX];
	size_t first, n; /* a ring of conf->n */
};

static char
lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

const char *
footer_pattern_check(const char *pattern)
{
	const char *count = strstr(pattern, COUNT);
	size_t stars = 0;

	if (pattern[0] == '\0' || strlen(pattern) > FOOTER_TEXT_MAX)
		return "a footer's text is empty or too long";
	for (const char *p = pattern; *p != '\0'; p++)
		stars += *p == '*';
	if (stars > FOOTER_STARS_MAX)
		return "a footer's text has more than two *";
	if (count != NULL && strstr(count + 1, COUNT) != NULL)
		return "a footer's text has {count} twice";
	return NULL;
}

static struct span
rest_of(struct span s, size_t n)
{
	return (struct span){s.p + n, s.n - n};
}

/* Bytes of digits ahead, in groups where `sep` is not 0; 0 if they can't be a count. */
static size_t
read_count(struct span s, char sep, uint64_t *count)
{
	size_t digits = 0, n = 0, group = 0;

	*count = 0;
	for (; n < s.n; n++) {
		if (ascii_digit(s.p[n])) {
			*count = *count * 10 + (uint64_t)(s.p[n] - '0');
			group++;
			if (++digits > COUNT_DIGITS)
				return 0;
			continue;
		}
		if (sep == '\0' || s.p[n] != sep || n + 1 == s.n ||
		    !ascii_digit(s.p[n + 1]) || (digits != group && group != GROUP) ||
		    group == 0 || group > GROUP)
			break;
		group = 0;
	}
	return sep != '\0' && group != GROUP ? 0 : n;
}

static bool match(const char *p, struct span s, uint64_t *count);

/* "1234", else "1,234": a separator may also be the delimiter behind the count. */
static bool
match_count(const char *p, struct span s, uint64_t *count)
{
	static const char separators[] = {'\0', ',', '.', '\'', ' '};
	uint64_t value;
	size_t n;

	for (size_t i = 0; i < sizeof(separators); i++) {
		n = read_count(s, separators[i], &value);
		if (n == 0 || !match(p, rest_of(s, n), count))
			continue;
		*count = value;
		return true;
	}
	return false;
}

static bool
match(const char *p, struct span s, uint64_t *count)
{
	for (; *p != '\0'; p++, s = rest_of(s, 1)) {
		if (*p == '*') {
			for (size_t i = 0; i <= s.n; i++)
				if (match(p + 1, rest_of(s, i), count))
					return true;
			return false;
		}
		if (strncmp(p, COUNT, strlen(COUNT)) == 0)
			return match_count(p + strlen(COUNT), s, count);
		if (s.n == 0 || lower(*p) != lower(s.p[0]))
			return false;
	}
	return s.n == 0;
}

static bool
is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Trimmed, runs of blanks made one, and none beside a delimiter, as it is in cells. */
static void
tidy(struct buf *out, struct span s, struct span delimiter)
{
	size_t n;

	for (s = span_trim(s); s.n > 0; s = rest_of(s, n)) {
		bool last = out->n > 0 && out->p[out->n - 1] == ' ';

		n = 1;
		if (delimiter.n > 0 && s.n >= delimiter.n && !is_blank(delimiter.p[0]) &&
		    memcmp(s.p, delimiter.p, delimiter.n) == 0) {
			out->n -= last;
			buf_add_span(out, delimiter);
			for (n = delimiter.n; n < s.n && is_blank(s.p[n]);)
				n++;
		} else if (!is_blank(s.p[0])) {
			buf_add_char(out, s.p[0]);
		} else if (!last) {
			buf_add_char(out, ' ');
		}
	}
}

bool
footer_match(
    const char *pattern, struct span text, const char *delimiter, uint64_t *count)
{
	struct buf wanted, there;
	bool same = false;

	if (text.n > FOOTER_TEXT_MAX)
		return false;
	buf_init(&wanted, FOOTER_TEXT_MAX + 1);
	buf_init(&there, FOOTER_TEXT_MAX + 1);
	tidy(&wanted, span_of(pattern), span_of(delimiter));
	tidy(&there, text, span_of(delimiter));
	buf_add_char(&wanted, '\0');
	if (!wanted.failed && !there.failed)
		same = match(wanted.p, buf_span(&there), count);
	buf_release(&wanted);
	buf_release(&there);
	return same;
}

struct footer *
footer_new(const struct footer_conf *conf,
    int (*data)(void *arg, const struct footer_row *row, struct err *e), void *arg,
    struct err *e)
{
	struct footer *f = calloc(1, sizeof(*f));

	if (f == NULL) {
		err_nomem(e);
		return NULL;
	}
	f->conf = conf;
	f->data = data;
	f->arg = arg;
	for (size_t i = 0; i < FOOTER_ROWS_MAX; i++)
		buf_init(&f->kept[i].text, KEPT_MAX);
	return f;
}

void
footer_free(struct footer *f)
{
	if (f == NULL)
		return;
	for (size_t i = 0; i < FOOTER_ROWS_MAX; i++) {
		free(f->kept[i].cells);
		buf_release(&f->kept[i].text);
	}
	free(f);
}

/* The number `i` of those that are kept, the oldest first. */
static struct kept *
kept_at(struct footer *f, size_t i)
{
	return &f->kept[(f->first + i) % f->conf->n];
}

static int
pop(struct footer *f, struct err *e)
{
	struct kept *k = kept_at(f, 0);

	f->first = (f->first + 1) % f->conf->n;
	f->n--;
	return f->data(f->arg, &k->row, e);
}

/* From the first cell's first byte to the last one's end. */
static struct span
text_of(const struct footer_row *row)
{
	const struct span *last;

	if (row->n == 0)
		return (struct span){NULL, 0};
	last = &row->cells[row->n - 1];
	return (struct span){
	    row->cells[0].p, (size_t)(last->p + last->n - row->cells[0].p)};
}

static int
keep(struct kept *k, const struct footer_row *row, struct err *e)
{
	struct span text = text_of(row);
	char *to;

	buf_clear(&k->text);
	if (k->cap < row->n) {
		free(k->cells);
		k->cells = calloc(row->n, sizeof(*k->cells));
		k->cap = k->cells == NULL ? 0 : row->n;
	}
	to = buf_reserve(&k->text, text.n + 1);
	if (to == NULL || k->cap < row->n)
		return err_nomem(e);
	if (text.n > 0)
		memcpy(to, text.p, text.n);
	k->row = *row;
	k->row.cells = k->cells;
	for (size_t i = 0; i < row->n; i++)
		k->cells[i] = (struct span){
		    to + (row->cells[i].p - text.p), row->cells[i].n};
	return 0;
}

int
footer_push(struct footer *f, const struct footer_row *row, struct err *e)
{
	if (f->n == f->conf->n && pop(f, e) != 0)
		return -1;
	return keep(kept_at(f, f->n++), row, e);
}

/* The row as a pattern has it. */
static void
row_text(const struct footer_row *row, const char *delimiter, struct buf *out)
{
	struct footer_row filled = *row;

	while (filled.n > 0 && row->cells[filled.n - 1].n == 0)
		filled.n--;
	if (delimiter[0] == '\0')
		buf_add_span(out, text_of(&filled));
	for (size_t i = 0; i < filled.n && delimiter[0] != '\0'; i++) {
		if (i > 0)
			buf_add_str(out, delimiter);
		buf_add_span(out, row->cells[i]);
	}
}

/* Is the number `i` of the last rows what it should be? */
static bool
is_footer(struct footer *f, size_t i, const char *delimiter, uint64_t *count)
{
	const struct footer_row *row = &kept_at(f, i)->row;
	struct buf text;
	bool is;

	if (f->conf->patterns == NULL)
		return true;
	if (row->code != PROBLEM_NONE)
		return false;
	buf_init(&text, FOOTER_TEXT_MAX);
	row_text(row, delimiter, &text);
	is = !text.failed &&
	     footer_match(f->conf->patterns[i], buf_span(&text), delimiter, count);
	buf_release(&text);
	return is;
}

static int
not_there(struct footer *f, struct err *e)
{
	bool empty = f->n == 0;

	while (f->n > 0)
		if (pop(f, e) != 0)
			return -1;
	if (empty)
		return err_set(e, ERR_HELD,
		    "the file has no rows, and not the footer either that an export without "
		    "rows has: it was cut, or never written");
	if (f->conf->patterns == NULL)
		return err_set(e, ERR_HELD,
		    "the file ends before the %zu rows that footer = %zu asks for; it may "
		    "have been cut: have it exported again",
		    f->conf->n, f->conf->n);
	return err_set(e, ERR_HELD,
	    "the file does not end with the footer that is asked for (\"%.80s\"); it may "
	    "have been cut: have it exported again",
	    f->conf->patterns[0]);
}

static int
mismatch(
    const struct footer *f, uint64_t row, uint64_t said, uint64_t there, struct err *e)
{
	return err_set(e, f->conf->on_mismatch == FOOTER_HOLD ? ERR_HELD : ERR_REFUSED,
	    "the footer (row %" PRIu64 ") says %" PRIu64 " rows, but %" PRIu64
	    " are there; have it exported again, or set on_count_mismatch = deliver",
	    row, said, there);
}

int
footer_end(struct footer *f, const char *delimiter, const uint64_t *rows, uint64_t *wrong,
    struct err *e)
{
	uint64_t count = UINT64_MAX;

	*wrong = 0;
	if (f->n < f->conf->n)
		return not_there(f, e);
	for (size_t i = 0; i < f->n; i++) {
		count = UINT64_MAX;
		if (!is_footer(f, i, delimiter, &count))
			return not_there(f, e);
		if (count == UINT64_MAX || count == *rows || *wrong != 0)
			continue;
		*wrong = kept_at(f, i)->row.number;
		if (f->conf->on_mismatch != FOOTER_DELIVER)
			return mismatch(f, *wrong, count, *rows, e);
	}
	return 0;
}
