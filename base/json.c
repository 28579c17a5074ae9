#include "base/json.h"

#include <string.h>

#include "base/utf8.h"
#include "base/wide.h"

void
jw_init(struct json *j, struct buf *out)
{
	*j = (struct json){.out = out};
}

void
jw_go_on(struct json *j, struct buf *out)
{
	*j = (struct json){.out = out, .comma = true};
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
	char *to = buf_room(j->out, 2);

	if (to == NULL) {
		item(j);
		buf_add_char(j->out, c);
	} else {
		to[0] = ',';
		to[j->comma] = c;
		j->out->n += 1U + j->comma;
	}
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

/* NULL: it has no short escape. */
static const char *
short_escape(unsigned char c)
{
	static const char *const names[] = {['\b'] = "\\b",
	    ['\t'] = "\\t",
	    ['\n'] = "\\n",
	    ['\f'] = "\\f",
	    ['\r'] = "\\r",
	    ['"'] = "\\\"",
	    ['\\'] = "\\\\"};

	return c < sizeof(names) / sizeof(names[0]) ? names[c] : NULL;
}

static void
escape(struct buf *out, unsigned char c)
{
	const char *name = short_escape(c);

	if (name != NULL)
		buf_add(out, name, 2);
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

/* Where plain() says no; what is over 0x7f counts as negative. */
static inline wide
odd(wide x)
{
	return (x < wide_each(0x20)) | (x == wide_each('"')) | (x == wide_each('\\')) |
	       (x == wide_each(0x7f));
}

static inline bool
copy_few(char *to, struct span s)
{
	uint32_t first, last;
	bool good = true;
	uint64_t both;

	if (s.n < sizeof(first)) {
		for (size_t i = 0; i < s.n; i++) {
			to[i] = s.p[i];
			good &= plain((unsigned char)s.p[i]);
		}
		return good;
	}
	memcpy(&first, s.p, sizeof(first));
	memcpy(&last, s.p + s.n - sizeof(last), sizeof(last));
	memcpy(to, &first, sizeof(first));
	memcpy(to + s.n - sizeof(last), &last, sizeof(last));
	both = (uint64_t)last << 32 | first;
	return !wide_any(odd(wide_of(both, both)));
}

/*
 * Copies a text and looks at it on the way. True if all of it is plain, as nearly every
 * text is; else it is to be written again. The last bytes are taken together with some
 * that were copied already, rather than one by one.
 */
static inline bool
copy_plain(char *to, struct span s)
{
	uint64_t first, last;
	wide x, found;

	if (s.n < sizeof(first))
		return copy_few(to, s);
	if (s.n < WIDE) {
		memcpy(&first, s.p, sizeof(first));
		memcpy(&last, s.p + s.n - sizeof(last), sizeof(last));
		memcpy(to, &first, sizeof(first));
		memcpy(to + s.n - sizeof(last), &last, sizeof(last));
		return !wide_any(odd(wide_of(first, last)));
	}
	x = wide_load(s.p + s.n - WIDE);
	found = odd(x);
	wide_store(to + s.n - WIDE, x);
	for (size_t i = 0; i + WIDE < s.n; i += WIDE) {
		x = wide_load(s.p + i);
		wide_store(to + i, x);
		found |= odd(x);
	}
	return !wide_any(found);
}

/* In quotes, with what is due before it and, of a key, behind it. */
static inline void
quoted(struct json *j, struct span s, bool key)
{
	char *to = buf_room(j->out, s.n + 4);

	if (to != NULL) {
		*to = ',';
		to += j->comma;
		*to++ = '"';
		if (copy_plain(to, s)) {
			to += s.n;
			*to++ = '"';
			*to = ':';
			j->out->n = (size_t)(to + key - j->out->p);
			j->comma = !key;
			return;
		}
	}
	item(j);
	buf_add_char(j->out, '"');
	text(j->out, s);
	buf_add(j->out, "\":", 1U + key);
	j->comma = !key;
}

void
jw_key(struct json *j, struct span key)
{
	quoted(j, key, true);
}

void
jw_make_ready(struct span name, struct jw_ready *out)
{
	*out = (struct jw_ready){.n = 0};
	if (name.n + 3 > sizeof(out->text))
		return;
	out->text[0] = '"';
	memcpy(out->text + 1, name.p, name.n);
	memcpy(out->text + 1 + name.n, "\":", 2);
	out->n = (unsigned char)(name.n + 3);
}

void
jw_key_ready(struct json *j, const struct jw_ready *key)
{
	char *to = buf_room(j->out, sizeof(key->text) + 1);

	if (to == NULL) {
		item(j);
		buf_add(j->out, key->text, key->n);
	} else {
		*to = ',';
		/* All of it is quicker than its n bytes. */
		memcpy(to + j->comma, key->text, sizeof(key->text));
		j->out->n += (size_t)j->comma + key->n;
	}
	j->comma = false;
}

void
jw_put_ready(struct json *j, const struct jw_ready *key, struct span s)
{
	char *to = buf_room(j->out, sizeof(key->text) + s.n + 3);

	if (to != NULL) {
		*to = ',';
		to += j->comma;
		/* All of it is quicker than its n bytes. */
		memcpy(to, key->text, sizeof(key->text));
		to += key->n;
		*to++ = '"';
		if (copy_plain(to, s)) {
			to += s.n;
			*to++ = '"';
			j->out->n = (size_t)(to - j->out->p);
			j->comma = true;
			return;
		}
	}
	jw_key_ready(j, key);
	jw_string(j, s);
}

void
jw_put_ready_uint(struct json *j, const struct jw_ready *key, uint64_t v)
{
	jw_key_ready(j, key);
	jw_uint(j, v);
}

void
jw_string(struct json *j, struct span s)
{
	quoted(j, s, false);
}

size_t
jw_string_size(struct span s)
{
	size_t i = 0, size = 2, len;

	while (i < s.n) {
		unsigned char c = (unsigned char)s.p[i];

		if (c < 0x80) {
			size += plain(c) ? 1 : short_escape(c) != NULL ? 2 : 6;
			i++;
			continue;
		}
		len = utf8_length(s.p + i, s.n - i);
		size += len > 0 ? len : 3;
		i += len > 0 ? len : 1;
	}
	return size;
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
	quoted(j, span_of(key), true);
	quoted(j, s, false);
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
