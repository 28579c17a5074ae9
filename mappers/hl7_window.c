#include "mappers/hl7_window.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "mappers/filler.h"
#include "mappers/hl7_line.h"

#define PADDING 512 /* bytes of nothing that are left out together */

int
hl7_window_init(struct hl7_window *w, size_t longest, struct err *e)
{
	*w = (struct hl7_window){.longest = longest};
	/* A message, what is kept behind it, and a line that may be the next one's. */
	w->cap = 3 * longest + 2 * HL7_SLICE;
	w->p = malloc(w->cap);
	return w->p == NULL ? err_nomem(e) : 0;
}

void
hl7_window_release(struct hl7_window *w)
{
	free(w->p);
	w->p = NULL;
}

size_t
hl7_window_add(struct hl7_window *w, struct span bytes)
{
	size_t n = bytes.n < HL7_SLICE ? bytes.n : HL7_SLICE;

	if (n > w->cap - w->end)
		return 0;
	memcpy(w->p + w->end, bytes.p, n);
	w->end += n;
	return n;
}

static size_t
seek(const struct hl7_window *w, size_t at, char c)
{
	const char *p;

	if (at < w->line)
		at = w->line;
	if (at == w->end || w->p[at] == c)
		return at;
	p = memchr(w->p + at, c, w->end - at);
	return p == NULL ? w->end : (size_t)(p - w->p);
}

/* Where `at` is when `n` bytes of the line are gone. */
static size_t
moved(const struct hl7_window *w, size_t at, size_t n)
{
	return at > w->line + n ? at - n : w->line;
}

/*
 * A file may be filled up with more of nothing than a message may have of anything. What is
 * left out does not depend on how much of it is at hand.
 */
static void
drop_padding(struct hl7_window *w)
{
	size_t n = filler_count(hl7_window_rest(w));
	char *line = w->p + w->line;

	n -= n % PADDING;
	if (n == 0)
		return;
	memmove(line, line + n, w->end - w->line - n);
	w->cr = moved(w, w->cr, n);
	w->lf = moved(w, w->lf, n);
	w->fs = moved(w, w->fs, n);
	w->end -= n;
	w->padding += n;
}

/* Behind FS these stand in no field. */
static bool
begins_block(const char *p, const char *end)
{
	return p < end && (*p == HL7_VT || (end - p >= 3 && memcmp(p, "MSH", 3) == 0));
}

/* Up to the FS that ends it. Of a long line its front alone is looked into. */
static size_t
block_length(const struct hl7_window *w, size_t end)
{
	const char *p = w->p + w->fs, *stop;

	if (end - w->line > w->longest)
		end = w->line + w->longest;
	stop = w->p + end;
	for (; p < stop && (p = memchr(p, HL7_FS, (size_t)(stop - p))) != NULL; p++)
		if (begins_block(p + 1, stop))
			return (size_t)(p - w->p) - w->line;
	return SIZE_MAX;
}

size_t
hl7_window_line(struct hl7_window *w)
{
	size_t at, n = SIZE_MAX;

	if (!w->skipping && w->line < w->end && filler_is(w->p[w->line]))
		drop_padding(w);
	w->cr = seek(w, w->cr, '\r');
	w->lf = seek(w, w->lf, '\n');
	w->fs = seek(w, w->fs, HL7_FS);
	at = w->cr < w->lf ? w->cr : w->lf;
	if (w->fs < at && !w->skipping &&
	    (at < w->end || w->ending || at - w->line > w->longest))
		n = block_length(w, at);
	return n == SIZE_MAX && at < w->end ? at - w->line : n;
}

size_t
hl7_window_compact(struct hl7_window *w, size_t off)
{
	if (off == 0 || (w->cap - w->end >= HL7_SLICE && off < w->end - off))
		return 0;
	memmove(w->p, w->p + off, w->end - off);
	w->line -= off;
	w->end -= off;
	w->cr = w->cr > off ? w->cr - off : 0;
	w->lf = w->lf > off ? w->lf - off : 0;
	w->fs = w->fs > off ? w->fs - off : 0;
	return off;
}
