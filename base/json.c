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

static bool
all_plain(struct span s)
{
	bool yes = true;

	for (size_t i = 0; i < s.n; i++)
		yes &= plain((unsigned char)s.p[i]);
	return yes;
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
