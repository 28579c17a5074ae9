/*
 * Text of HL7 fields: escape sequences (HL7 v2.9.1 2.6) and the message's character
 * set (MSH-18, table 0211), to UTF-8.
 *
 * A text is split before it is decoded, and never split again (2.6.5).
 */
#ifndef MAPPERS_HL7_TEXT_H
#define MAPPERS_HL7_TEXT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/span.h"
#include "mappers/hl7_message.h"

struct hl7_charsets; /* the sets that a file's messages are in, opened when met */

/* Why messages can't be read in this set; NULL: they can, or none is set. */
const char *hl7_charset_mistake(const char *name);

/*
 * `name` is the feed's charset, borrowed: "auto" asks MSH-18, any other outweighs it.
 * `max` is the longest text.
 */
struct hl7_charsets *hl7_charsets_new(const char *name, size_t max, struct err *e);
void hl7_charsets_free(struct hl7_charsets *c);

/* The file began with a UTF-8 mark: all of it is UTF-8. */
void hl7_charsets_mark(struct hl7_charsets *c);

/*
 * Decides what the bytes of a message are, from its MSH-18 and the bytes themselves;
 * `all` is every byte of it. False: they are not what MSH-18 says, and were taken for
 * UTF-8 if that fits, else windows-1252 (a warning). The message is told which of its
 * bytes are plain.
 */
bool hl7_charsets_begin(struct hl7_charsets *c, struct hl7_message *m, struct span all);

/*
 * What the messages so far were read as, each set once: "utf-8". That one is not told of
 * messages of ASCII alone if there is another.
 */
void hl7_charsets_names(
    const struct hl7_charsets *c, const char *between, char *out, size_t size);

enum hl7_decoded {
	HL7_DECODED, /* *out is the text */
	HL7_UNKNOWN, /* the same, and an escape that nobody knows was kept as it is */
	HL7_BAD_ENCODING, /* bytes that are no text in the character set; *out is empty */
	HL7_NO_ROOM       /* the arena is full, or memory ran out */
};

/* Is a text a part of another? */
static inline bool
hl7_is_within(struct span s, struct span all)
{
	uintptr_t at = (uintptr_t)s.p - (uintptr_t)all.p;

	return at <= all.n && s.n <= all.n - at;
}

/* Has a text of the message nothing to decode? No is not sure. */
static inline bool
hl7_is_plain(const struct hl7_message *m, struct span raw)
{
	return hl7_is_within(raw, m->plain[0]) || hl7_is_within(raw, m->plain[1]);
}

/* Decodes a leaf; *out is `raw` itself where nothing had to be done. */
enum hl7_decoded hl7_decode(struct hl7_charsets *c, const struct hl7_delimiters *d,
    struct arena *a, struct span raw, struct span *out);

#endif
