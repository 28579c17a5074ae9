/*
 * A streaming JSON writer (RFC 8259) into a struct buf. Commas are its affair.
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

void json_init(struct json *j, struct buf *out);
void json_object(struct json *j);
void json_object_end(struct json *j);
void json_array(struct json *j);
void json_array_end(struct json *j);
void json_key(struct json *j, struct span key);
void json_string(struct json *j, struct span s);
void json_cstr(struct json *j, const char *s); /* NULL writes null */
void json_int(struct json *j, int64_t v);
void json_uint(struct json *j, uint64_t v);
void json_bool(struct json *j, bool v);
void json_null(struct json *j);
/* Text that is JSON already. */
void json_raw(struct json *j, struct span s);

/* Key and value in one. */
void json_put_string(struct json *j, const char *key, struct span s);
void json_put_cstr(struct json *j, const char *key, const char *s);
void json_put_int(struct json *j, const char *key, int64_t v);
void json_put_uint(struct json *j, const char *key, uint64_t v);
void json_put_bool(struct json *j, const char *key, bool v);

#endif
