#include "cmd/screen.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/utf8.h"

#define WIDTH_MIN 40 /* narrower ones break lines as they like */

void
screen_init(struct screen *s)
{
	const char *term = getenv("TERM"), *no = getenv("NO_COLOR");
	struct winsize size;

	*s = (struct screen){.width = 0};
	if (isatty(STDOUT_FILENO) != 1)
		return;
	s->colour = (no == NULL || no[0] == '\0') && term != NULL &&
		    strcmp(term, "dumb") != 0 && term[0] != '\0';
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0)
		return;
	s->width = size.ws_col >= WIDTH_MIN ? size.ws_col : 0;
	s->height = size.ws_row;
}

void
screen_style(
    const struct screen *s, enum screen_style style, struct span text, struct buf *out)
{
	static const char *const codes[] = {[STYLE_PLAIN] = "",
	    [STYLE_BAD] = "\033[1;31m",
	    [STYLE_WARN] = "\033[33m",
	    [STYLE_GOOD] = "\033[32m",
	    [STYLE_COMMAND] = "\033[1m",
	    [STYLE_FAINT] = "\033[2m"};
	bool marked = s->colour && style != STYLE_PLAIN;

	if (marked)
		buf_add_str(out, codes[style]);
	buf_add_span(out, text);
	if (marked)
		buf_add_str(out, "\033[0m");
}

/* The bytes of its first `width` characters. */
static size_t
cut(struct span s, size_t width)
{
	size_t at = 0, n;

	while (at < s.n && width-- > 0) {
		n = utf8_length(s.p + at, s.n - at);
		at += n > 0 ? n : 1;
	}
	return at;
}

/* As many words as fit, without the blank behind them; one word at least, or what fits. */
static size_t
fitting(struct span s, size_t width)
{
	size_t most = cut(s, width), at;

	if (most == s.n)
		return s.n;
	for (at = most; at > 0 && s.p[at] != ' '; at--)
		;
	return at > 0 ? at : most;
}

size_t
screen_wrap(const struct screen *s, size_t indent, struct span text, struct buf *out)
{
	size_t lines = 0, n;

	do {
		n = s->width == 0 ? text.n : fitting(text, s->width - indent);
		for (size_t i = 0; i < indent; i++)
			buf_add_char(out, ' ');
		buf_add(out, text.p, n);
		buf_add_char(out, '\n');
		lines++;
		n += n < text.n && text.p[n] == ' ';
		text = (struct span){text.p + n, text.n - n};
	} while (text.n > 0);
	return lines;
}

void
screen_line(const struct screen *s, struct span text, struct buf *out)
{
	if (s->width > 0 && utf8_count(text) > s->width)
		text.n = cut(text, s->width);
	buf_add_span(out, text);
	buf_add_char(out, '\n');
}
