#include "base/trace.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/crypto.h"

#define HEX           "0123456789abcdef"
#define VERSION_NONE  "ff" /* stands for no version at all */
#define VERSION_FIRST "00"
#define AT_TRACE      3
#define AT_SPAN       36
#define AT_FLAGS      53
#define SPAN_BYTES    8
#define TRACE_BYTES   16
#define FLAG_SAMPLED  1u

/* n lower-case hex digits; upper-case ones make the whole invalid. */
static bool
is_hex(const char *s, size_t n)
{
	return strspn(s, HEX) >= n;
}

static bool
is_zero(const char *s, size_t n)
{
	return strspn(s, "0") >= n;
}

/* A later version may have more behind another dash: what we know of it is taken. */
static bool
is_valid(const char *s)
{
	size_t n = strnlen(s, TRACE_HEADER_SIZE + 1);

	if (n < TRACE_HEADER_SIZE - 1 || !is_hex(s, 2) || s[2] != '-' ||
	    !is_hex(s + AT_TRACE, 2 * TRACE_BYTES) || s[AT_SPAN - 1] != '-' ||
	    !is_hex(s + AT_SPAN, 2 * SPAN_BYTES) || s[AT_FLAGS - 1] != '-' ||
	    !is_hex(s + AT_FLAGS, 2))
		return false;
	if (is_zero(s + AT_TRACE, 2 * TRACE_BYTES) ||
	    is_zero(s + AT_SPAN, 2 * SPAN_BYTES) || strncmp(s, VERSION_NONE, 2) == 0)
		return false;
	if (n == TRACE_HEADER_SIZE - 1)
		return true;
	return strncmp(s, VERSION_FIRST, 2) != 0 && s[TRACE_HEADER_SIZE - 1] == '-';
}

static void
random_hex(char *out, size_t bytes)
{
	unsigned char b[TRACE_BYTES];

	do
		random_bytes(b, bytes);
	while (b[0] == 0 && memcmp(b, b + 1, bytes - 1) == 0);
	hex_encode(b, bytes, out);
}

void
trace_begin(struct trace *t, const char *traceparent)
{
	if (traceparent == NULL || !is_valid(traceparent)) {
		t->flags = FLAG_SAMPLED;
		random_hex(t->id, TRACE_BYTES);
		return;
	}
	memcpy(t->id, traceparent + AT_TRACE, sizeof(t->id) - 1);
	t->id[sizeof(t->id) - 1] = '\0';
	t->flags = (unsigned)(strchr(HEX, traceparent[AT_FLAGS + 1]) - HEX) &
		   FLAG_SAMPLED;
}

void
trace_header(const struct trace *t, char out[TRACE_HEADER_SIZE])
{
	char span[2 * SPAN_BYTES + 1];

	random_hex(span, SPAN_BYTES);
	(void)snprintf(out, TRACE_HEADER_SIZE, VERSION_FIRST "-%s-%s-%02x", t->id, span,
	    t->flags & FLAG_SAMPLED);
}
