#include "mappers/hl7_reader.h"

#include <stdlib.h>
#include <string.h>

#include "mappers/filler.h"
#include "mappers/hl7_line.h"
#include "mappers/hl7_window.h"

/* What of the message at hand is known. */
enum open_what {
	OPEN_NONE, /* there is none */
	OPEN_MESSAGE,
	OPEN_BROKEN,  /* its MSH can't be used: its segments go with it */
	OPEN_JOINED,  /* its MSH does not begin a line: the same */
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

	struct hl7_window w;
	size_t start; /* in the window: the message's first byte */
	size_t part;  /* what is looked at of a line; all of it as a rule */
	enum open_what open;
	bool held;   /* a BHS came: the next segment says whether it tore the message */
	size_t torn; /* where it stood in the window */
	enum problem_code code; /* of the message at hand, if it is not to be taken */
	bool cut;               /* its last segment has no end */

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
	if (hl7_window_init(&r->w, conf->max_message, e) != 0) {
		hl7_reader_free(r);
		return NULL;
	}
	return r;
}

void
hl7_reader_free(struct hl7_reader *r)
{
	if (r == NULL)
		return;
	hl7_message_release(&r->message);
	hl7_window_release(&r->w);
	free(r);
}

static int
tell(struct hl7_reader *r, enum problem_code code, struct err *e)
{
	struct hl7_found f = {.code = code, .number = r->messages, .segment = r->first};

	return r->sink.message(r->sink.arg, &f, e);
}

static int
give_message(struct hl7_reader *r, size_t end, struct err *e)
{
	struct hl7_found f = {
	    .code = r->code,
	    .message = &r->message,
	    .bytes = {r->w.p + r->start, end - r->start},
	    .number = r->messages,
	    .segment = r->first,
	    .cut = r->cut,
	};

	return r->sink.message(r->sink.arg, &f, e);
}

/* Whatever was open ends here, at `end` in the window. */
static int
finish(struct hl7_reader *r, size_t end, struct err *e)
{
	enum open_what was = r->open;
	int rc = 0;

	r->open = OPEN_NONE;
	if (was == OPEN_MESSAGE)
		rc = give_message(r, end, e);
	else if (was == OPEN_BROKEN)
		rc = tell(r, PROBLEM_HL7_HEADER, e);
	else if (was == OPEN_JOINED)
		rc = tell(r, PROBLEM_HL7_JOINED, e);
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

static void
count_message(struct hl7_reader *r)
{
	hl7_batch_msh(&r->batch);
	r->batch_empty = false;
	r->messages++;
	r->first = r->segments;
}

static int
open_message(struct hl7_reader *r, struct span line, struct err *e)
{
	count_message(r);
	r->begins = true;
	r->start = (size_t)(line.p - r->w.p);
	r->code = r->batch.refused ? PROBLEM_HL7_BATCH : PROBLEM_NONE;
	r->cut = false;
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
	size_t end = (size_t)(line.p + line.n - r->w.p);
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

static int
take_header(struct hl7_reader *r, struct span line, struct err *e)
{
	if (hl7_line_is(line, "BHS") && r->open == OPEN_MESSAGE) {
		r->held = true;
		r->torn = r->part;
	} else if (finish(r, r->part, e) != 0) {
		return -1;
	}
	if (hl7_line_is(line, "MSH"))
		return open_message(r, line, e);
	if (leave_batch(r, e) != 0)
		return -1;
	if (hl7_line_is(line, "FHS"))
		hl7_batch_fhs(&r->batch);
	else if (hl7_line_is(line, "BHS"))
		hl7_batch_bhs(&r->batch);
	else if (hl7_line_is(line, "BTS"))
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
	return finish(r, r->torn, e);
}

/* A message whose header stands within a line is none that can be trusted. */
static int
take_joined(struct hl7_reader *r, struct err *e)
{
	if (release(r, false, e) != 0 || finish(r, r->part, e) != 0)
		return -1;
	count_message(r);
	r->open = OPEN_JOINED;
	return 0;
}

static int
take_segment(struct hl7_reader *r, struct span line, struct err *e)
{
	if (release(r, !hl7_line_is_header(line), e) != 0)
		return -1;
	if (hl7_line_is_header(line))
		return take_header(r, line, e);
	if (r->open == OPEN_MESSAGE)
		return add_segment(r, line, e);
	take_stray(r);
	return 0;
}

/* What a line has, up to the next header in it. */
struct part {
	struct span text;
	bool ended; /* by the line's end, or MLLP's byte */
	bool clean; /* what is before it has an end, or is marked off */
};

/* 1: a segment; 0: nothing, or another line; -1. */
static int
take_part(struct hl7_reader *r, struct part *p, struct err *e)
{
	struct span line = hl7_line_unframed(p->text, &p->ended);
	bool segment, joined;

	if (span_trim(line).n == 0)
		return 0;
	r->part = (size_t)(p->text.p - r->w.p);
	r->any = true;
	r->unterminated = !p->ended;
	r->segments++;
	segment = hl7_line_fits(
	    line, r->open == OPEN_MESSAGE ? r->message.d.field : '\0');
	joined = segment ? !p->clean && hl7_line_is(line, "MSH")
			 : hl7_line_has_msh(line, r->message.d.field);
	if (segment && !joined)
		return take_segment(r, line, e) == 0 ? 1 : -1;
	p->clean = false;
	if (joined)
		return take_joined(r, e);
	r->sink.line(r->sink.arg, r->messages, r->segments);
	return 0;
}

/* The part before a header that begins no line; may a message begin with that? */
static bool
leave_part(struct hl7_reader *r, const struct part *p, bool segment)
{
	bool marked = hl7_line_is_marked(p->text), within = segment && !r->held;

	if (within && r->open == OPEN_MESSAGE && !p->ended) {
		r->cut |= marked;
		if (!marked && r->code == PROBLEM_NONE)
			r->code = PROBLEM_HL7_JOINED;
	}
	within &= r->open != OPEN_NONE;
	return p->ended || marked || (p->clean && !within);
}

static int
take_line(struct hl7_reader *r, struct span line, bool terminated, struct err *e)
{
	struct part p = {.clean = true};
	int rc;

	while (line.n > 0) {
		size_t n = hl7_line_inner(line, &r->message.d);

		p.text = (struct span){line.p, n};
		p.ended = terminated && n == line.n;
		if ((rc = take_part(r, &p, e)) < 0)
			return -1;
		if (n < line.n)
			p.clean = leave_part(r, &p, rc == 1);
		line = (struct span){line.p + n, line.n - n};
	}
	return 0;
}

/* A line that is longer than a message may be; `line` is its front, at least. */
static int
take_long_line(struct hl7_reader *r, struct span line, struct err *e)
{
	bool ended = false, segment;

	r->part = (size_t)(line.p - r->w.p);
	line.n = r->conf.max_message; /* how much more is there is chance */
	line = hl7_line_unframed(line, &ended);
	segment = hl7_line_is_segment(line);
	r->any = r->unterminated = true;
	r->segments++;
	if (release(r, !(segment && hl7_line_is_header(line)), e) != 0)
		return -1;
	if (segment && hl7_line_is_header(line)) {
		if (take_header(r, line, e) != 0)
			return -1;
		if (hl7_line_is(line, "MSH"))
			give_up(r);
	} else if (r->open == OPEN_MESSAGE) {
		give_up(r);
	} else if (r->open == OPEN_NONE) {
		r->sink.line(r->sink.arg, r->messages, r->segments);
	}
	return 0;
}

/* Where what must be kept begins: the message at hand, or the line. */
static size_t
kept_from(const struct hl7_reader *r)
{
	return r->open == OPEN_MESSAGE ? r->start : r->w.line;
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
	struct span line = {r->w.p + r->w.line, n};

	if (r->w.skipping) {
		r->w.skipping = r->unterminated = false;
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

	while ((n = hl7_window_line(&r->w)) != SIZE_MAX) {
		if (take_whole_line(r, n, e) != 0 || bound(r, r->w.line + n, e) != 0)
			return -1;
		r->w.line += n + 1;
		r->w.padding = 0;
	}
	rest = hl7_window_rest(&r->w);
	if (!r->w.skipping && rest.n > r->conf.max_message) {
		r->w.skipping = true;
		if (take_long_line(r, rest, e) != 0)
			return -1;
	}
	if (!r->w.skipping)
		return 0;
	r->w.line = r->w.end;
	return bound(r, r->w.end, e);
}

/* Segments of the message at hand move with their bytes. */
static void
compact(struct hl7_reader *r)
{
	size_t off = hl7_window_compact(&r->w, kept_from(r));

	if (off == 0)
		return;
	r->start -= r->open == OPEN_MESSAGE ? off : r->start;
	r->torn -= r->held ? off : r->torn;
	for (size_t i = 0; i < r->message.n; i++)
		r->message.segments[i].text.p -= off;
}

static int
begin(struct hl7_reader *r, struct err *e)
{
	struct span head = {r->w.p, r->w.end};

	r->begun = true;
	if (head.n >= 2 &&
	    (memcmp(head.p, "\xff\xfe", 2) == 0 || memcmp(head.p, "\xfe\xff", 2) == 0 ||
		head.p[0] == '\0' || head.p[1] == '\0'))
		return err_set(
		    e, ERR_REFUSED, "the file is UTF-16 or no text: export it as UTF-8");
	r->mark = head.n >= HL7_MARK_SIZE && memcmp(head.p, HL7_MARK, HL7_MARK_SIZE) == 0;
	if (r->mark)
		r->start = r->w.line = HL7_MARK_SIZE;
	return 0;
}

int
hl7_reader_feed(struct hl7_reader *r, struct span bytes, struct err *e)
{
	while (bytes.n > 0) {
		size_t n;

		compact(r);
		if ((n = hl7_window_add(&r->w, bytes)) == 0)
			return err_set(e, ERR_INTERNAL, "a message outgrew its window");
		bytes = (struct span){bytes.p + n, bytes.n - n};
		if (!r->begun && r->w.end < HL7_MARK_SIZE)
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
	r->w.ending = true;
	if (drain(r, e) != 0)
		return -1;
	rest = hl7_window_rest(&r->w);
	if (!r->w.skipping && take_line(r, rest, false, e) != 0)
		return -1;
	if (release(r, false, e) != 0)
		return -1;
	r->unterminated |= r->w.padding + filler_count(rest) > FILLER_MAX;
	r->cut |= r->unterminated;
	if (finish(r, r->w.end, e) != 0 || leave_batch(r, e) != 0)
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
