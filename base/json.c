#include "base/json.h"

#include <string.h>

#include "base/utf8.h"

void
json_init(struct json *j, struct buf *out)
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
json_object(struct json *j)
{
	open_with(j, '{');
}

void
json_object_end(struct json *j)
{
	close_with(j, '}');
}

void
json_array(struct json *j)
{
	open_with(j, '[');
}

void
json_array_end(struct json *j)
{
	close_with(j, ']');
}

/* Must `c` be escaped, or looked at as part of a longer UTF-8 sequence? */
static bool
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

static void
quoted(struct buf *out, struct span s)
{
	buf_add_char(out, '"');
	if (s.n > 0)
		text(out, s);
	buf_add_char(out, '"');
}

void
json_key(struct json *j, struct span key)
{
	item(j);
	quoted(j->out, key);
	buf_add_char(j->out, ':');
	j->comma = false;
}

void
json_string(struct json *j, struct span s)
{
	item(j);
	quoted(j->out, s);
}

void
json_cstr(struct json *j, const char *s)
{
	if (s == NULL)
		json_null(j);
	else
		json_string(j, span_of(s));
}

void
json_int(struct json *j, int64_t v)
{
	item(j);
	if (v < 0)
		buf_add_char(j->out, '-');
	buf_add_u64(j->out, v < 0 ? -(uint64_t)v : (uint64_t)v);
}

void
json_uint(struct json *j, uint64_t v)
{
	item(j);
	buf_add_u64(j->out, v);
}

void
json_bool(struct json *j, bool v)
{
	json_raw(j, v ? SPAN_LIT("true") : SPAN_LIT("false"));
}

void
json_null(struct json *j)
{
	json_raw(j, SPAN_LIT("null"));
}

void
json_raw(struct json *j, struct span s)
{
	item(j);
	buf_add_span(j->out, s);
}

void
json_put_string(struct json *j, const char *key, struct span s)
{
	json_key(j, span_of(key));
	json_string(j, s);
}

void
json_put_cstr(struct json *j, const char *key, const char *s)
{
	json_key(j, span_of(key));
	json_cstr(j, s);
}

void
json_put_int(struct json *j, const char *key, int64_t v)
{
	json_key(j, span_of(key));
	json_int(j, v);
}

void
json_put_uint(struct json *j, const char *key, uint64_t v)
{
	json_key(j, span_of(key));
	json_uint(j, v);
}

void
json_put_bool(struct json *j, const char *key, bool v)
{
	json_key(j, span_of(key));
	json_bool(j, v);
}
