/*
 * A streaming JSON writer (RFC 8259) into a struct buf. Commas are its affair. The
 * prefix is jw_, since jansson exports json_object and others.
 * Strings must be UTF-8; an invalid byte is written as U+FFFD, never as it is.
 */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/span.h"

struct json {
	struct buf *out; /* borrowed */
	bool comma;      /* a comma is due before the next item */
};

#define JW_KEY_MAX 32 /* bytes of a key made ready */

/* A key that is JSON already, with its quotes and colon; n is 0 if it is too long. */
struct jw_ready {
	unsigned char n;
	char text[JW_KEY_MAX]; /* zeros behind it */
};

/* One that is known beforehand: a literal without anything that JSON escapes. */
#define JW_READY(key) {sizeof(key) + 2, "\"" key "\":"}

void jw_init(struct json *j, struct buf *out);
/* In the middle of an object that has members already, written elsewhere. */
void jw_go_on(struct json *j, struct buf *out);
void jw_object(struct json *j);
void jw_object_end(struct json *j);
void jw_array(struct json *j);
void jw_array_end(struct json *j);
void jw_key(struct json *j, struct span key);

/* `name` is ASCII without anything that JSON escapes. */
void jw_make_ready(struct span name, struct jw_ready *out);
void jw_key_ready(struct json *j, const struct jw_ready *key);

/* Such a key, and its string or number. */
void jw_put_ready(struct json *j, const struct jw_ready *key, struct span s);
void jw_put_ready_uint(struct json *j, const struct jw_ready *key, uint64_t v);
void jw_string(struct json *j, struct span s);
/* How many bytes that is, with its quotes. */
size_t jw_string_size(struct span s);
void jw_cstr(struct json *j, const char *s); /* NULL writes null */
void jw_int(struct json *j, int64_t v);
void jw_uint(struct json *j, uint64_t v);
void jw_bool(struct json *j, bool v);
void jw_null(struct json *j);
/* Text that is JSON already. */
void jw_raw(struct json *j, struct span s);

/* Key and value in one. */
void jw_put_string(struct json *j, const char *key, struct span s);
void jw_put_cstr(struct json *j, const char *key, const char *s);
void jw_put_int(struct json *j, const char *key, int64_t v);
void jw_put_uint(struct json *j, const char *key, uint64_t v);
void jw_put_bool(struct json *j, const char *key, bool v);

#endif
