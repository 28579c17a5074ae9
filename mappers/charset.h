/*
 * Character sets: what a file's bytes are, and its lines as UTF-8. It works a line
 * at a time, so that bytes that are no text cost their own line alone; a set must
 * therefore hold ASCII as it is, which UTF-16 and EBCDIC don't.
 */
#ifndef MAPPERS_CHARSET_H
#define MAPPERS_CHARSET_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/span.h"

#define CHARSET_HEAD 65536 /* bytes at the start of a file that decide for all */

struct charset;

/* "auto", or a set of iconv's that holds ASCII as it is. */
bool charset_known(const char *name);

/*
 * May text in such a set be cut at a delimiter before it is converted? Not where a letter of
 * two bytes may hold that of one, as in Big5, GBK and Shift_JIS.
 */
bool charset_can_be_cut(const char *name);

/*
 * `name` is borrowed. No line will be longer than `max_line` bytes. ERR_CONFIG if
 * charset_known says no.
 */
struct charset *charset_new(const char *name, size_t max_line, struct err *e);
void charset_free(struct charset *c);

/*
 * Looks at the first CHARSET_HEAD bytes of a file, or at all there are. Returns how
 * many bytes of mark (BOM) to skip; -1 and ERR_REFUSED for UTF-16 and what is no
 * text. A UTF-8 mark outweighs the name; "auto" is UTF-8 unless there are as many
 * broken bytes as good sequences. Where all was ASCII, the first line that is not
 * decides, from there on; but what can hardly be windows-1252 is read as UTF-8 in it, too.
 */
int charset_begin(struct charset *c, struct span head, struct err *e);

/*
 * *out: the line as UTF-8, `line` itself or text valid until the next call. False if
 * it has bytes that are no text; *out is the line as it is then.
 */
bool charset_line(struct charset *c, struct span line, struct span *out);

/* Is the set known? Else the first line that is not ASCII decides. */
bool charset_decided(const struct charset *c);

/* Was it memory that the last line which could not be converted lacked? */
bool charset_nomem(const struct charset *c);

/* What was set or found: "utf-8", "windows-1252". */
const char *charset_name(const struct charset *c);

#endif
