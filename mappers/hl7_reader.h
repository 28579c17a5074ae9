/*
 * HL7 v2 batch files to messages, streaming. The reader owns its memory, which is
 * bounded by the longest message; the same bytes in any chunking give the same calls.
 *
 * Segments end in CR, LF or CRLF, blank lines do not count (HL7 v2.9.1 2.4.4 says
 * CR; the rest is leniency). What frames, marks or fills up a file is taken off its lines:
 * VT, FS, a byte order mark, NUL, SUB, blanks; FS with VT behind it ends a line.
 */
#ifndef MAPPERS_HL7_READER_H
#define MAPPERS_HL7_READER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/problem.h"
#include "mappers/hl7_batch.h"
#include "mappers/hl7_message.h"

struct hl7_reader;

struct hl7_reader_conf {
	size_t max_message; /* bytes, all its segments together */
};

/* A message that can be used, or why it can't. Valid for the call. */
struct hl7_found {
	struct hl7_message *message; /* NULL: it can't be read at all */
	struct span bytes;           /* all of it */
	enum problem_code code;      /* why it can't be used, or PROBLEM_NONE */
	uint64_t number;  /* of the message, or of what should have been one, from 1 */
	uint64_t segment; /* number of its first segment in the file */
	bool cut;         /* the file ends within its last segment */
};

/*
 * `message` gets each message, and each thing that should have been one (a row all
 * the same); -1 with *e ends the reading. `line` is told of lines that are no
 * segments and left out.
 *
 * A BHS that is followed by anything but MSH or a header stood inside a message, or
 * begins no batch: the message before it is torn, and told with PROBLEM_HL7_BATCH.
 *
 * An MSH within a line begins a message all the same: PROBLEM_HL7_JOINED, as that before
 * it if it stands in one of its segments; nothing of the one goes with the other. Where
 * something that is no text, or a trailer, stands between them, both are as good as any.
 */
struct hl7_reader_sink {
	int (*message)(void *arg, const struct hl7_found *f, struct err *e);
	void (*line)(void *arg, uint64_t number, uint64_t segment);
	void *arg;
};

struct hl7_reader *hl7_reader_new(const struct hl7_reader_conf *conf,
    const struct hl7_reader_sink *sink, struct err *e);
void hl7_reader_free(struct hl7_reader *r);

/* ERR_REFUSED for UTF-16. After an error nothing more may be fed. */
int hl7_reader_feed(struct hl7_reader *r, struct span bytes, struct err *e);

/* ERR_REFUSED if the file has bytes, but no MSH, FHS or BHS. */
int hl7_reader_end(struct hl7_reader *r, struct err *e);

/* Headers, trailers and counts; whole after hl7_reader_end. */
const struct hl7_batch *hl7_reader_batch(const struct hl7_reader *r);

/* The file began with a UTF-8 mark. */
bool hl7_reader_mark(const struct hl7_reader *r);

/* Its last segment has no terminator. */
bool hl7_reader_unterminated(const struct hl7_reader *r);

#endif
