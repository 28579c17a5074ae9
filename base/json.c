#include "base/json.h"

#include <string.h>

#include "base/utf8.h"

void
jw_init(struct json *j, struct buf *out)
{
	*j = (struct json){.out = out};
}

static void
item(struct json *j)
{
	if (j->comma)
		buf_add_char(j->out, ',');
	j->comma = true;
}

static void
open_with(struct json *j, char c)
{
	item(j);
	buf_add_char(j->out, c);
	j->comma = false;
}

static void
close_with(struct json *j, char c)
{
	buf_add_char(j->out, c);
	j->comma = true;
}

void
jw_object(struct json *j)
{
	open_with(j, '{');
}

void
jw_object_end(struct json *j)
{
	close_with(j, '}');
}

void
jw_array(struct json *j)
{
	open_with(j, '[');
}

void
jw_array_end(struct json *j)
{
	close_with(j, ']');
}

/* May `c` stand as it is? Else it is escaped, or part of a longer UTF-8 sequence. */
static inline bool
plain(unsigned char c)
{
	return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

static void
escape(struct buf *out, unsigned char c)
{
	static const char *const names[] = {['\b'] = "\\b",
	    ['\t'] = "\\t",
	    ['\n'] = "\\n",
	    ['\f'] = "\\f",
	    ['\r'] = "\\r",
	    ['"'] = "\\\"",
	    ['\\'] = "\\\\"};

	if (c < sizeof(names) / sizeof(names[0]) && names[c] != NULL)
		buf_add(out, names[c], 2);
	else
		buf_addf(out, "\\u%04x", c);
}

static void
text(struct buf *out, struct span s)
{
	size_t i = 0, from = 0, len;

	while (i < s.n) {
		if (plain((unsigned char)s.p[i])) {
			i++;
			continue;
		}
		len = (unsigned char)s.p[i] >= 0x80 ? utf8_length(s.p + i, s.n - i) : 0;
		if (len > 0) {
			i += len;
			continue;
		}
		buf_add(out, s.p + from, i - from);
		if ((unsigned char)s.p[i] >= 0x80)
			buf_add(out, "\xef\xbf\xbd", 3);
		else
			escape(out, (unsigned char)s.p[i]);
		from = ++i;
	}
	buf_add(out, s.p + from, i - from);
}

#define EACH(byte) (UINT64_C(0x0101010101010101) * (byte))
#define ZERO(x)    (((x) - EACH(1)) & ~(x)) /* high bit set where a byte is 0 */

/* Eight bytes, none of which needs a second look? No is not sure. */
static inline bool
eight_plain(uint64_t x)
{
	uint64_t odd = x | ((x - EACH(0x20)) & ~x) | ZERO(x ^ EACH('"')) |
		       ZERO(x ^ EACH('\\')) | ZERO(x ^ EACH(0x7f));

	return (odd & EACH(0x80)) == 0;
}

static bool
all_plain(struct span s)
{
	uint64_t x;
	uint32_t half;
	size_t i = 0;

	for (; i + sizeof(x) <= s.n; i += sizeof(x)) {
		memcpy(&x, s.p + i, sizeof(x));
		if (!eight_plain(x))
			return false;
	}
	/* The last eight again, rather than the last few one by one. */
	if (s.n >= sizeof(x)) {
		memcpy(&x, s.p + s.n - sizeof(x), sizeof(x));
		return eight_plain(x);
	}
	if (s.n >= sizeof(half)) {
		memcpy(&half, s.p, sizeof(half));
		x = half;
		memcpy(&half, s.p + s.n - sizeof(half), sizeof(half));
		return eight_plain(x << 32 | half);
	}
	for (; i < s.n; i++)
		if (!plain((unsigned char)s.p[i]))
			return false;
	return true;
}

/* Nearly every text is plain: it is copied at once. */
static void
quoted(struct buf *out, struct span s)
{
	char *to;

	if (!all_plain(s)) {
		buf_add_char(out, '"');
		text(out, s);
		buf_add_char(out, '"');
		return;
	}
	if ((to = buf_reserve(out, s.n + 2)) == NULL)
		return;
	to[0] = '"';
	if (s.n > 0)
		memcpy(to + 1, s.p, s.n);
	to[s.n + 1] = '"';
	out->n += s.n + 2;
}

void
jw_key(struct json *j, struct span key)
{
	item(j);
	quoted(j->out, key);
	buf_add_char(j->out, ':');
	j->comma = false;
}

void
jw_key_ready(struct json *j, struct span quoted)
{
	item(j);
	buf_add_span(j->out, quoted);
	j->comma = false;
}

void
jw_put_ready(struct json *j, struct span quoted, struct span s)
{
	char *to;

	if (!all_plain(s) || (to = buf_reserve(j->out, quoted.n + s.n + 3)) == NULL) {
		jw_key_ready(j, quoted);
		jw_string(j, s);
		return;
	}
	if (j->comma)
		*to++ = ',';
	to = mempcpy(to, quoted.p, quoted.n);
	*to++ = '"';
	if (s.n > 0)
		to = mempcpy(to, s.p, s.n);
	*to++ = '"';
	j->out->n = (size_t)(to - j->out->p);
	j->comma = true;
}

void
jw_string(struct json *j, struct span s)
{
	item(j);
	quoted(j->out, s);
}

void
jw_cstr(struct json *j, const char *s)
{
	if (s == NULL)
		jw_null(j);
	else
		jw_string(j, span_of(s));
}

void
jw_int(struct json *j, int64_t v)
{
	item(j);
	if (v < 0)
		buf_add_char(j->out, '-');
	buf_add_u64(j->out, v < 0 ? -(uint64_t)v : (uint64_t)v);
}

void
jw_uint(struct json *j, uint64_t v)
{
	item(j);
	buf_add_u64(j->out, v);
}

void
jw_bool(struct json *j, bool v)
{
	jw_raw(j, v ? SPAN_LIT("true") : SPAN_LIT("false"));
}

void
jw_null(struct json *j)
{
	jw_raw(j, SPAN_LIT("null"));
}

void
jw_raw(struct json *j, struct span s)
{
	item(j);
	buf_add_span(j->out, s);
}

void
jw_put_string(struct json *j, const char *key, struct span s)
{
	jw_key(j, span_of(key));
	jw_string(j, s);
}

void
jw_put_cstr(struct json *j, const char *key, const char *s)
{
	jw_key(j, span_of(key));
	jw_cstr(j, s);
}

void
jw_put_int(struct json *j, const char *key, int64_t v)
{
	jw_key(j, span_of(key));
	jw_int(j, v);
}

void
jw_put_uint(struct json *j, const char *key, uint64_t v)
{
	jw_key(j, span_of(key));
	jw_uint(j, v);
}

void
jw_put_bool(struct json *j, const char *key, bool v)
{
	jw_key(j, span_of(key));
	jw_bool(j, v);
}
