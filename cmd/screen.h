/*
 * The terminal that something is printed on: how large it is, and whether it shows
 * colours. Of what is no terminal, lines are as long as they need to be.
 */
#ifndef CMD_SCREEN_H
#define CMD_SCREEN_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/span.h"

struct screen {
	size_t width, height; /* 0: as much as is needed */
	bool colour;          /* NO_COLOR and TERM=dumb turn it off */
};

enum screen_style {
	STYLE_PLAIN,
	STYLE_BAD,
	STYLE_WARN,
	STYLE_GOOD,
	STYLE_COMMAND,
	STYLE_FAINT
};

/* That of standard output. */
void screen_init(struct screen *s);

void screen_style(
    const struct screen *s, enum screen_style style, struct span text, struct buf *out);

/*
 * One paragraph, broken between words where it would be wider than the screen; each line
 * begins with `indent` blanks. Returns how many lines it took.
 */
size_t screen_wrap(
    const struct screen *s, size_t indent, struct span text, struct buf *out);

/* As much of a line as the screen is wide, and a line end. */
void screen_line(const struct screen *s, struct span text, struct buf *out);

#endif
