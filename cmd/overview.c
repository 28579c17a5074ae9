#include "cmd/overview.h"

#include <stdio.h>
#include <string.h>

#include "cmd/text.h"

#define STATE_WIDTH 12 /* of the longest word for a state, and two blanks */
#define NAME_WIDTH  40 /* longer names push the rest of their line aside */
#define ALSO_MAX    8  /* feeds that one cause is told with, by name */

struct overview {
	const struct board *board;
	const struct screen *screen;
	struct buf *out;
	size_t lines; /* printed so far */
};

static enum screen_style
style_of(enum health h)
{
	if (h <= HEALTH_BLOCKED)
		return STYLE_BAD;
	if (h < HEALTH_NEEDS_NOBODY)
		return STYLE_WARN;
	return h == HEALTH_WELL ? STYLE_GOOD : STYLE_FAINT;
}

static void
put_state(struct overview *o, enum health h)
{
	const char *word = health_word(h);

	screen_style(o->screen, style_of(h), span_of(word), o->out);
	for (size_t i = strlen(word); i < STATE_WIDTH; i++)
		buf_add_char(o->out, ' ');
}

static void
headline(struct overview *o)
{
	const struct board *b = o->board;
	struct buf text;

	buf_init(&text, 256);
	board_headline(b, &text);
	screen_style(
	    o->screen, b->sick > 0 ? STYLE_BAD : STYLE_GOOD, buf_span(&text), o->out);
	buf_add_char(o->out, '\n');
	buf_release(&text);
	o->lines++;
}

/* Where it is, and since when: "HELD  northside, file 1a2b3c4d, 3 h ago". */
static void
place(struct overview *o, const struct board_feed *f, const struct ailment *a)
{
	char id[FILE_ID_HEX_SIZE];

	put_state(o, a->health);
	buf_add_str(o->out, f->state.name);
	if (a->file != NULL) {
		digest_hex(&a->file->id, id);
		buf_addf(o->out, ", file %.8s", id);
	}
	if (a->since != 0) {
		buf_add_str(o->out, ", ");
		text_ago(o->out, o->board->now, a->since);
	}
	buf_add_char(o->out, '\n');
	o->lines++;
}

static void
command(struct overview *o, const char *text)
{
	buf_addf(o->out, "%*s", STATE_WIDTH, "");
	screen_style(o->screen, STYLE_COMMAND, span_of(text), o->out);
	buf_add_char(o->out, '\n');
	o->lines++;
}

/* Do runs of both end by the same error, such as a server of both that is down? */
static bool
share_cause(const struct board_feed *a, const struct board_feed *b)
{
	return board_health(a) == HEALTH_STOPPED && board_health(b) == HEALTH_STOPPED &&
	       strcmp(a->ailments[0].what, b->ailments[0].what) == 0;
}

/* Was the cause told with a feed before the `at`th? */
static bool
is_told(const struct board *b, size_t at)
{
	for (size_t i = 0; i < at && board_health(b->order[i]) == HEALTH_STOPPED; i++)
		if (share_cause(b->order[i], b->order[at]))
			return true;
	return false;
}

/* Who has the cause in common with it, of those behind the `at`th. */
static void
also(struct overview *o, size_t at)
{
	const struct board *b = o->board;
	struct buf text;
	size_t n = 0;

	buf_init(&text, 1024);
	for (size_t i = at + 1; i < b->n; i++)
		if (share_cause(b->order[at], b->order[i]) && n++ < ALSO_MAX)
			buf_addf(&text, "%s%s", n == 1 ? "so are " : ", ",
			    b->order[i]->state.name);
	if (n > ALSO_MAX)
		buf_addf(&text, " and %zu more", n - ALSO_MAX);
	if (n > 0)
		o->lines += screen_wrap(o->screen, STATE_WIDTH, buf_span(&text), o->out);
	buf_release(&text);
}

/* Is there room for one more, and for the line that says what was left out? */
static bool
full(const struct overview *o, size_t lines)
{
	return o->screen->height > 0 && o->lines + lines + 2 > o->screen->height;
}

static void
ailment(struct overview *o, size_t at, const struct ailment *a)
{
	const struct board_feed *f = o->board->order[at];

	place(o, f, a);
	o->lines += screen_wrap(o->screen, STATE_WIDTH, span_of(a->what), o->out);
	if (a == f->ailments)
		also(o, at);
	command(o, a->commands[0]);
}

/* From the `at`th on, but for those whose cause was told. */
static size_t
count_left(const struct board *b, size_t at)
{
	size_t n = 0;

	for (; at < b->n; at++)
		n += !is_told(b, at);
	return n;
}

/* Those that fit; returns how many feeds did not. */
static size_t
sick(struct overview *o)
{
	const struct board *b = o->board;
	size_t before, lines;

	for (size_t i = 0; i < b->n && board_health(b->order[i]) < HEALTH_WELL; i++) {
		const struct board_feed *f = b->order[i];

		for (size_t k = is_told(b, i); k < f->n; k++) {
			before = o->out->n;
			lines = o->lines;
			ailment(o, i, &f->ailments[k]);
			if (!full(o, 0))
				continue;
			/* Half of it would be worse than none. */
			o->out->n = before;
			o->lines = lines;
			return count_left(b, i) + is_told(b, i);
		}
	}
	return 0;
}

static void
well_line(struct overview *o, const struct board_feed *f, size_t width)
{
	struct buf line;

	put_state(o, HEALTH_WELL);
	buf_init(&line, 1024);
	buf_addf(&line, "%-*s  looked ", (int)width, f->state.name);
	text_ago(&line, o->board->now, f->state.last_look);
	buf_add_str(&line, ", delivered ");
	text_ago(&line, o->board->now, f->state.last_delivery);
	buf_add_str(&line, ", ");
	text_count(&line, f->state.files, "file");
	buf_add_str(&line, ", ");
	text_count(&line, f->state.delivered, "record");
	screen_line(
	    &(struct screen){
		.width = o->screen->width > 0 ? o->screen->width - STATE_WIDTH : 0},
	    buf_span(&line), o->out);
	buf_release(&line);
	o->lines++;
}

static size_t
well(struct overview *o)
{
	const struct board *b = o->board;
	size_t width = 0, first = 0;

	for (size_t i = 0; i < b->n; i++) {
		size_t n = strlen(b->order[i]->state.name);

		first += board_health(b->order[i]) != HEALTH_WELL;
		width = n > width ? n : width;
	}
	width = width < NAME_WIDTH ? width : NAME_WIDTH;
	for (size_t i = first; i < b->n; i++) {
		if (full(o, 1))
			return b->n - i;
		well_line(o, b->order[i], width);
	}
	return 0;
}

void
overview_text(const struct board *b, const struct screen *s, struct buf *out)
{
	struct overview o = {b, s, out, 0};
	size_t left;

	headline(&o);
	if ((left = sick(&o)) > 0 || (left = well(&o)) > 0)
		buf_addf(out, "and %zu more: emrdrop status | less\n", left);
}
