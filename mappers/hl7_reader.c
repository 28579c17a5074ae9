#include "mappers/hl7_reader.h"

#include <stdlib.h>
#include <string.h>

#define SLICE     65536 /* bytes taken in at a time */
#define MARK      "\xef\xbb\xbf"
#define MARK_SIZE 3
#define VT        '\x0b' /* MLLP: start of a block, */
#define FS        '\x1c' /* and its end */

/* What of the message at hand is known. */
enum open_what {
	OPEN_NONE, /* there is none */
	OPEN_MESSAGE,
	OPEN_BROKEN,  /* its MSH can't be used: its segments go with it */
	OPEN_LONG,    /* it is too long */
	OPEN_ORPHANS, /* segments without a message: told once */
	OPEN_REFUSED  /* strays at the front of a batch */
};

/*
 * The window keeps the bytes of the message at hand, so that its segments are spans
 * into it. A message is whole when the next header begins.
 */
struct hl7_reader {
	struct hl7_reader_conf conf;
	struct hl7_reader_sink sink;
	struct hl7_batch batch;
	struct hl7_message message;

	char *window;
	size_t cap;
	size_t start;  /* in the window: the message's first byte */
	size_t line;   /* the line to look at next */
	size_t cr, lf; /* there is no CR (LF) from `line` to here */
	size_t end;
	enum open_what open;
	bool held;   /* a BHS came: the next segment says whether it tore the message */
	size_t torn; /* where it stood in the window */
	enum problem_code code; /* of the message at hand, if its batch was refused */
	bool skipping;          /* to the end of a line that is too long */

	bool begun; /* the mark was looked for */
	bool mark;
	bool any; /* some line was not blank */
	bool unterminated;
	uint64_t messages; /* and what should have been one: rows */
	bool begins;       /* some MSH was there */
	uint64_t segments; /* not blank, so far */
	uint64_t first;    /* segment where the message at hand begins */
	bool batch_empty;  /* a refused batch has had no message yet */
};

struct hl7_reader *
hl7_reader_new(
    const struct hl7_reader_conf *conf, const struct hl7_reader_sink *sink, struct err *e)
{
	struct hl7_reader *r = calloc(1, sizeof(*r));

	if (r == NULL)
		return err_nomem(e), NULL;
	r->conf = *conf;
	r->sink = *sink;
	hl7_message_init(&r->message);
	/* A message, what is kept behind it, and a line that may be the next one's. */
	r->cap = 3 * conf->max_message + 2 * SLICE;
	if ((r->window = malloc(r->cap)) == NULL) {
		hl7_reader_free(r);
		return err_nomem(e), NULL;
	}
	return r;
}

void
hl7_reader_free(struct hl7_reader *r)
{
	if (r == NULL)
		return;
	hl7_message_release(&r->message);
	free(r->window);
	free(r);
}

static int
tell(struct hl7_reader *r, enum problem_code code, struct err *e)
{
	struct hl7_found f = {.code = code, .number = r->messages, .segment = r->first};

	return r->sink.message(r->sink.arg, &f, e);
}

static int
give_message(struct hl7_reader *r, size_t end, bool cut, struct err *e)
{
	struct hl7_found f = {
	    .code = r->code,
	    .message = &r->message,
	    .bytes = {r->window + r->start, end - r->start},
	    .number = r->messages,
	    .segment = r->first,
	    .cut = cut,
	};

	return r->sink.message(r->sink.arg, &f, e);
}

/* Whatever was open ends here, at `end` in the window. */
static int
finish(struct hl7_reader *r, size_t end, bool cut, struct err *e)
{
	enum open_what was = r->open;
	int rc = 0;

	r->open = OPEN_NONE;
	if (was == OPEN_MESSAGE)
		rc = give_message(r, end, cut, e);
	else if (was == OPEN_BROKEN)
		rc = tell(r, PROBLEM_HL7_HEADER, e);
	else if (was == OPEN_LONG)
		rc = tell(r, PROBLEM_LIMIT, e);
	else if (was == OPEN_ORPHANS)
		rc = tell(r, PROBLEM_HL7_ORPHAN, e);
	hl7_message_clear(&r->message);
	return rc;
}

/* A batch that was refused before it had any message is one row that is rejected. */
static int
leave_batch(struct hl7_reader *r, struct err *e)
{
	bool tell_it = r->batch.refused && r->batch_empty;

	r->batch_empty = false;
	r->messages += tell_it;
	return tell_it ? tell(r, PROBLEM_HL7_BATCH, e) : 0;
}

static int
open_message(struct hl7_reader *r, struct span line, struct err *e)
{
	hl7_batch_msh(&r->batch);
	r->batch_empty = false;
	r->begins = true;
	r->messages++;
	r->first = r->segments;
	r->start = (size_t)(line.p - r->window);
	r->code = r->batch.refused ? PROBLEM_HL7_BATCH : PROBLEM_NONE;
	r->open = hl7_delimiters(line, &r->message.d) ? OPEN_MESSAGE : OPEN_BROKEN;
	return hl7_message_add(&r->message, line, e) < 0 ? -1 : 0;
}

/* The message at hand is too much: what comes of it is not kept. */
static void
give_up(struct hl7_reader *r)
{
	hl7_message_clear(&r->message);
	r->open = OPEN_LONG;
}

static int
add_segment(struct hl7_reader *r, struct span line, struct err *e)
{
	size_t end = (size_t)(line.p + line.n - r->window);
	int rc = 1;

	if (end - r->start <= r->conf.max_message)
		rc = hl7_message_add(&r->message, line, e);
	if (rc == 1)
		give_up(r);
	return rc < 0 ? -1 : 0;
}

/* A segment where none can be: within a batch that has no message yet, or nowhere. */
static void
take_stray(struct hl7_reader *r)
{
	if (r->open != OPEN_NONE)
		return;
	r->first = r->segments;
	if (hl7_batch_stray(&r->batch)) {
		r->batch_empty = true;
		r->open = OPEN_REFUSED;
	} else {
		r->messages++;
		r->open = OPEN_ORPHANS;
	}
}

static bool
is(struct span line, const char *name)
{
	return memcmp(line.p, name, 3) == 0;
}

static int
take_header(struct hl7_reader *r, struct span line, struct err *e)
{
	size_t at = (size_t)(line.p - r->window);

	if (is(line, "BHS") && r->open == OPEN_MESSAGE) {
		r->held = true;
		r->torn = at;
	} else if (finish(r, at, false, e) != 0) {
		return -1;
	}
	if (is(line, "MSH"))
		return open_message(r, line, e);
	if (leave_batch(r, e) != 0)
		return -1;
	if (is(line, "FHS"))
		hl7_batch_fhs(&r->batch);
	else if (is(line, "BHS"))
		hl7_batch_bhs(&r->batch);
	else if (is(line, "BTS"))
		hl7_batch_bts(&r->batch, line, r->segments);
	else
		hl7_batch_fts(&r->batch, line, r->segments);
	return 0;
}

/* Behind a BHS that came while a message was open: did it stand inside of it? */
static int
release(struct hl7_reader *r, bool torn, struct err *e)
{
	if (!r->held)
		return 0;
	r->held = false;
	if (torn)
		r->code = PROBLEM_HL7_BATCH;
	return finish(r, r->torn, false, e);
}

static bool
is_header(struct span line)
{
	return is(line, "MSH") || is(line, "FHS") || is(line, "BHS") || is(line, "BTS") ||
	       is(line, "FTS");
}

/* MLLP's bytes are no part of a segment. */
static struct span
unframed(struct span line, bool *ended)
{
	while (line.n > 0 && (line.p[0] == VT || line.p[0] == FS)) {
		line.p++;
		line.n--;
	}
	while (line.n > 0 && (line.p[line.n - 1] == FS || line.p[line.n - 1] == VT)) {
		*ended = true;
		line.n--;
	}
	return line;
}

static int
take_line(struct hl7_reader *r, struct span line, bool terminated, struct err *e)
{
	line = unframed(line, &terminated);
	if (span_trim(line).n == 0)
		return 0;
	r->any = true;
	r->unterminated = !terminated;
	r->segments++;
	if (!hl7_line_is_segment(line)) {
		r->sink.line(r->sink.arg, r->messages, r->segments);
		return 0;
	}
	if (release(r, !is_header(line), e) != 0)
		return -1;
	if (is_header(line))
		return take_header(r, line, e);
	if (r->open == OPEN_MESSAGE)
		return add_segment(r, line, e);
	take_stray(r);
	return 0;
}

/* A line that is longer than a message may be; `line` is its front, at least. */
static int
take_long_line(struct hl7_reader *r, struct span line, struct err *e)
{
	bool ended = false, segment;

	line = unframed(line, &ended);
	segment = hl7_line_is_segment(line);
	r->any = r->unterminated = true;
	r->segments++;
	if (release(r, !(segment && is_header(line)), e) != 0)
		return -1;
	if (segment && is_header(line)) {
		if (take_header(r, line, e) != 0)
			return -1;
		if (is(line, "MSH"))
			give_up(r);
	} else if (r->open == OPEN_MESSAGE) {
		give_up(r);
	} else if (r->open == OPEN_NONE) {
		r->sink.line(r->sink.arg, r->messages, r->segments);
	}
	return 0;
}

static size_t
seek(const struct hl7_reader *r, size_t at, char c)
{
	const char *p;

	if (at < r->line)
		at = r->line;
	if (at == r->end || r->window[at] == c)
		return at;
	p = memchr(r->window + at, c, r->end - at);
	return p == NULL ? r->end : (size_t)(p - r->window);
}

/* Bytes of the next line without its end; SIZE_MAX if it is not all there. */
static size_t
line_length(struct hl7_reader *r)
{
	size_t at;

	r->cr = seek(r, r->cr, '\r');
	r->lf = seek(r, r->lf, '\n');
	at = r->cr < r->lf ? r->cr : r->lf;
	return at == r->end ? SIZE_MAX : at - r->line;
}

/* Where what must be kept begins: the message at hand, or the line. */
static size_t
kept_from(const struct hl7_reader *r)
{
	return r->open == OPEN_MESSAGE ? r->start : r->line;
}

/* Lines that add nothing to the message at hand take up the window all the same. */
static int
bound(struct hl7_reader *r, size_t end, struct err *e)
{
	if (r->open != OPEN_MESSAGE || end - r->start <= 2 * r->conf.max_message)
		return 0;
	if (r->held)
		return release(r, false, e);
	give_up(r);
	return 0;
}

static int
take_whole_line(struct hl7_reader *r, size_t n, struct err *e)
{
	struct span line = {r->window + r->line, n};

	if (r->skipping) {
		r->skipping = r->unterminated = false;
		return 0;
	}
	if (n <= r->conf.max_message)
		return take_line(r, line, true, e);
	if (take_long_line(r, line, e) != 0)
		return -1;
	r->unterminated = false;
	return 0;
}

static int
drain(struct hl7_reader *r, struct err *e)
{
	struct span rest;
	size_t n;

	while ((n = line_length(r)) != SIZE_MAX) {
		if (take_whole_line(r, n, e) != 0 || bound(r, r->line + n, e) != 0)
			return -1;
		r->line += n + 1;
	}
	rest = (struct span){r->window + r->line, r->end - r->line};
	if (!r->skipping && rest.n > r->conf.max_message) {
		r->skipping = true;
		if (take_long_line(r, rest, e) != 0)
			return -1;
	}
	if (!r->skipping)
		return 0;
	r->line = r->end;
	return bound(r, r->end, e);
}

/*
 * Segments of the message at hand move with their bytes. As soon as that is less than what
 * it frees: a window that is used from its front stays in the processor's cache.
 */
static void
compact(struct hl7_reader *r)
{
	size_t off = kept_from(r);

	if (off == 0 || (r->cap - r->end >= SLICE && off < r->end - off))
		return;
	memmove(r->window, r->window + off, r->end - off);
	r->start -= r->open == OPEN_MESSAGE ? off : r->start;
	r->torn -= r->held ? off : r->torn;
	r->line -= off;
	r->end -= off;
	r->cr = r->cr > off ? r->cr - off : 0;
	r->lf = r->lf > off ? r->lf - off : 0;
	for (size_t i = 0; i < r->message.n; i++)
		r->message.segments[i].text.p -= off;
}

static int
begin(struct hl7_reader *r, struct err *e)
{
	struct span head = {r->window, r->end};

	r->begun = true;
	if (head.n >= 2 &&
	    (memcmp(head.p, "\xff\xfe", 2) == 0 || memcmp(head.p, "\xfe\xff", 2) == 0 ||
		head.p[0] == '\0' || head.p[1] == '\0'))
		return err_set(e, ERR_REFUSED,
		    "the file is UTF-16, which can't be read: export it as UTF-8");
	r->mark = head.n >= MARK_SIZE && memcmp(head.p, MARK, MARK_SIZE) == 0;
	if (r->mark)
		r->start = r->line = MARK_SIZE;
	return 0;
}

int
hl7_reader_feed(struct hl7_reader *r, struct span bytes, struct err *e)
{
	while (bytes.n > 0) {
		size_t n = SLICE;

		compact(r);
		if (n > bytes.n)
			n = bytes.n;
		if (n > r->cap - r->end)
			return err_set(e, ERR_INTERNAL, "a message outgrew its window");
		memcpy(r->window + r->end, bytes.p, n);
		r->end += n;
		bytes = (struct span){bytes.p + n, bytes.n - n};
		if (!r->begun && r->end < MARK_SIZE)
			continue;
		if ((!r->begun && begin(r, e) != 0) || drain(r, e) != 0)
			return -1;
	}
	return 0;
}

int
hl7_reader_end(struct hl7_reader *r, struct err *e)
{
	struct span rest;

	if (!r->begun && begin(r, e) != 0)
		return -1;
	if (drain(r, e) != 0)
		return -1;
	rest = (struct span){r->window + r->line, r->end - r->line};
	if (!r->skipping && take_line(r, rest, false, e) != 0)
		return -1;
	if (release(r, false, e) != 0 || finish(r, r->end, r->unterminated, e) != 0 ||
	    leave_batch(r, e) != 0)
		return -1;
	hl7_batch_end(&r->batch);
	if (r->any && !r->begins && !r->batch.headers)
		return err_set(e, ERR_REFUSED,
		    "no segment of the file is MSH, FHS or BHS: it is no HL7 v2 file");
	return 0;
}

const struct hl7_batch *
hl7_reader_batch(const struct hl7_reader *r)
{
	return &r->batch;
}

bool
hl7_reader_mark(const struct hl7_reader *r)
{
	return r->mark;
}

bool
hl7_reader_unterminated(const struct hl7_reader *r)
{
	return r->unterminated;
}
