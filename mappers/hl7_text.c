#include "mappers/hl7_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/crypto.h"
#include "base/utf8.h"
#include "mappers/charset.h"

#define FALLBACK  "windows-1252"
#define SET_NAME  32
#define ISO_MAX   15 /* 8859/1 to 8859/15 */
#define ISO_NEVER 12 /* which was never made */

/* Sets that were met, by what iconv calls them. */
struct set {
	struct set *next;
	char name[SET_NAME];
	struct charset *charset;
};

struct hl7_charsets {
	const char *feed; /* NULL: ask MSH-18 */
	size_t max;
	struct set *sets;
	struct set *at; /* of the message at hand; NULL: UTF-8, or ASCII alone */
	bool valid;     /* it is valid UTF-8, or ASCII alone in another set */
	bool plain;     /* that, and it has no escape sequence */
	bool mark;
	bool utf8; /* some message was, and not ASCII alone */
};

const char *
hl7_charset_mistake(const char *name)
{
	if (name == NULL)
		return NULL;
	if (!charset_known(name))
		return "not a set that can be read: try auto, utf-8 or windows-1252 "
		       "(iconv -l lists others)";
	return charset_can_be_cut(name)
		   ? NULL
		   : "a letter of this set may hold the byte of a delimiter, so that no "
		     "message can be taken apart: have them exported as utf-8";
}

struct hl7_charsets *
hl7_charsets_new(const char *name, size_t max, struct err *e)
{
	struct hl7_charsets *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return err_nomem(e), NULL;
	c->feed = strcasecmp(name, "auto") == 0 ? NULL : name;
	c->max = max;
	return c;
}

void
hl7_charsets_free(struct hl7_charsets *c)
{
	struct set *s, *next;

	if (c == NULL)
		return;
	for (s = c->sets; s != NULL; s = next) {
		next = s->next;
		charset_free(s->charset);
		free(s);
	}
	free(c);
}

void
hl7_charsets_mark(struct hl7_charsets *c)
{
	c->mark = true;
}

/* NULL: this system does not have it, or memory ran out. */
static struct set *
open_set(struct hl7_charsets *c, const char *name)
{
	struct set *s;

	for (s = c->sets; s != NULL; s = s->next)
		if (strcmp(s->name, name) == 0)
			return s;
	if ((s = calloc(1, sizeof(*s))) == NULL)
		return NULL;
	snprintf(s->name, sizeof(s->name), "%s", name);
	if ((s->charset = charset_new(s->name, c->max, NULL)) == NULL) {
		free(s);
		return NULL;
	}
	s->next = c->sets;
	return c->sets = s;
}

enum declared { DECLARED_NONE, DECLARED_UTF8, DECLARED_ISO };

/* Table 0211, as far as a set holds ASCII as it is; *iso is the part of ISO 8859. */
static enum declared
declared(struct span value, unsigned *iso)
{
	static const struct span utf8[] = {
	    {"UNICODE UTF-8", 13}, {"UTF-8", 5}, {"UTF8", 4}, {"UNICODE", 7}};

	for (size_t i = 0; i < sizeof(utf8) / sizeof(utf8[0]); i++)
		if (span_eq_nocase(value, utf8[i]))
			return DECLARED_UTF8;
	*iso = 0;
	if (value.n < 6 || value.n > 7 || memcmp(value.p, "8859", 4) != 0 ||
	    (value.p[4] != '/' && value.p[4] != '-'))
		return DECLARED_NONE;
	for (size_t i = 5; i < value.n; i++) {
		if (value.p[i] < '0' || value.p[i] > '9')
			return DECLARED_NONE;
		*iso = *iso * 10 + (unsigned)(value.p[i] - '0');
	}
	return *iso >= 1 && *iso <= ISO_MAX && *iso != ISO_NEVER ? DECLARED_ISO
								 : DECLARED_NONE;
}

/* Bytes that are no characters in any part of ISO 8859 are in windows-1252. */
static bool
has_c1(struct span s)
{
	size_t i = 0;

	while (i < s.n && ((unsigned char)s.p[i] < 0x80 || (unsigned char)s.p[i] > 0x9f))
		i++;
	return i < s.n;
}

static bool
begin_iso(struct hl7_charsets *c, unsigned iso, struct span all, bool ascii)
{
	char name[SET_NAME];

	snprintf(name, sizeof(name), "iso-8859-%u", iso);
	if (!ascii && utf8_valid(all) == all.n)
		return false;
	if (iso == 1 && has_c1(all)) {
		c->at = open_set(c, FALLBACK);
		return false;
	}
	c->at = open_set(c, name);
	return c->at != NULL;
}

static bool
decide(struct hl7_charsets *c, struct hl7_message *m, struct span all, bool ascii)
{
	enum declared what;
	unsigned iso;

	c->at = NULL;
	if (c->mark)
		return utf8_valid(all) == all.n;
	if (c->feed != NULL) {
		if (strcasecmp(c->feed, "utf-8") != 0 && strcasecmp(c->feed, "utf8") != 0)
			c->at = open_set(c, c->feed);
		return true;
	}
	what = declared(hl7_leaf(&m->d, span_trim(hl7_field(m, 0, 18))), &iso);
	if (what == DECLARED_ISO)
		return begin_iso(c, iso, all, ascii);
	if (ascii)
		return true;
	if (utf8_valid(all) == all.n)
		return what == DECLARED_UTF8;
	c->at = open_set(c, FALLBACK);
	return false;
}

/*
 * Text in which every byte is UTF-8 has to be decoded where escapes are: between the
 * first and the last behind MSH-2, which has the escape character itself.
 */
static void
mark_plain(struct hl7_message *m, struct span all)
{
	size_t skip = (size_t)(m->segments[0].text.p - all.p) + 9;
	const char *first, *last;

	m->plain[0] = all;
	if (all.n <= skip)
		return;
	first = memchr(all.p + skip, m->d.escape, all.n - skip);
	if (first == NULL)
		return;
	last = memrchr(first, m->d.escape, (size_t)(all.p + all.n - first));
	m->plain[0] = (struct span){all.p + skip, (size_t)(first - all.p) - skip};
	m->plain[1] = (struct span){last + 1, (size_t)(all.p + all.n - last - 1)};
}

bool
hl7_charsets_begin(struct hl7_charsets *c, struct hl7_message *m, struct span all)
{
	bool ascii = utf8_ascii(all), right = decide(c, m, all, ascii);

	c->utf8 |= c->at == NULL && !ascii;
	c->valid = ascii || (c->at == NULL && utf8_valid(all) == all.n);
	m->plain[0] = m->plain[1] = (struct span){NULL, 0};
	if (c->valid)
		mark_plain(m, all);
	c->plain = m->plain[0].n == all.n;
	return right;
}

void
hl7_charsets_names(
    const struct hl7_charsets *c, const char *between, char *out, size_t size)
{
	bool utf8 = c->utf8 || c->sets == NULL;
	size_t n = (size_t)snprintf(out, size, "%s", utf8 ? "utf-8" : "");

	for (const struct set *s = c->sets; s != NULL && n < size; s = s->next)
		n += (size_t)snprintf(
		    out + n, size - n, "%s%s", n > 0 ? between : "", s->name);
}

/* \Xdddd...\: pairs of digits, each a byte of the character set (2.6.6). */
static bool
put_hex(struct span body, char **to)
{
	size_t n = body.n / 2;

	if (n == 0 || hex_decode(body, *to, n) != 0)
		return false;
	*to += n;
	return true;
}

/* Commands of formatted text (2.6.7): those that end a line end it, the others go. */
static bool
put_format(struct span body, char **to)
{
	static const char *const lines[] = {".br", ".sp", ".ce"};
	static const char *const nothing[] = {".fi", ".nf", ".in", ".ti"};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		if (body.n >= 3 && strncasecmp(body.p, lines[i], 3) == 0) {
			*(*to)++ = '\n';
			return true;
		}
	}
	for (size_t i = 0; i < sizeof(nothing) / sizeof(nothing[0]); i++)
		if (body.n >= 3 && strncasecmp(body.p, nothing[i], 3) == 0)
			return true;
	if (body.n >= 3 && strncasecmp(body.p, ".sk", 3) == 0) {
		*(*to)++ = ' ';
		return true;
	}
	return false;
}

/* One escape sequence, between its two escape characters. False: nobody knows it. */
static bool
put_escape(const struct hl7_delimiters *d, struct span body, char **to)
{
	char c = body.n > 0 ? body.p[0] : '\0';

	if (body.n > 1 && c == '.')
		return put_format(body, to);
	if (body.n > 1 && c == 'X')
		return put_hex((struct span){body.p + 1, body.n - 1}, to);
	if (body.n != 1)
		return false;
	switch (c) {
	case 'F':
		*(*to)++ = d->field;
		return true;
	case 'S':
		*(*to)++ = d->component;
		return true;
	case 'T':
		*(*to)++ = d->subcomponent;
		return true;
	case 'R':
		*(*to)++ = d->repetition;
		return true;
	case 'E':
		*(*to)++ = d->escape;
		return true;
	case 'P':
		if (d->truncation == '\0')
			return false;
		*(*to)++ = d->truncation;
		return true;
	case 'H':
	case 'N':
		return true;
	default:
		return false;
	}
}

/*
 * The sequence that begins at `p`, an escape character, decoded or kept as it is:
 * returns what is behind it. A lone one with a blank before the next is text.
 */
static const char *
take_escape(const struct hl7_delimiters *d, const char *p, const char *end, char **to,
    bool *known)
{
	const char *close = memchr(p + 1, d->escape, (size_t)(end - p - 1));
	struct span body = {p + 1, close == NULL ? 0 : (size_t)(close - p - 1)};

	if (close != NULL && put_escape(d, body, to))
		return close + 1;
	*known = false;
	if (body.n == 0 || memchr(body.p, ' ', body.n) != NULL)
		close = p;
	*to = mempcpy(*to, p, (size_t)(close + 1 - p));
	return close + 1;
}

/* Everything between escapes as it is; true if all escapes were known. */
static bool
unescape(const struct hl7_delimiters *d, struct span raw, char **to)
{
	const char *p = raw.p, *end = raw.p + raw.n, *open;
	bool known = true;

	while ((open = memchr(p, d->escape, (size_t)(end - p))) != NULL) {
		*to = mempcpy(*to, p, (size_t)(open - p));
		p = take_escape(d, open, end, to, &known);
	}
	*to = mempcpy(*to, p, (size_t)(end - p));
	return known;
}

/* To UTF-8; the set's own buffer holds until its next text. */
static enum hl7_decoded
convert(struct hl7_charsets *c, struct arena *a, struct span in, struct span *out)
{
	struct span converted;

	if (utf8_ascii(in)) {
		*out = in;
		return HL7_DECODED;
	}
	if (c->at == NULL) {
		if (utf8_valid(in) != in.n)
			return HL7_BAD_ENCODING;
		*out = in;
		return HL7_DECODED;
	}
	if (!charset_line(c->at->charset, in, &converted)) {
		a->nomem |= charset_nomem(c->at->charset);
		return HL7_BAD_ENCODING;
	}
	*out = arena_span(a, converted);
	return out->p == NULL ? HL7_NO_ROOM : HL7_DECODED;
}

enum hl7_decoded
hl7_decode(struct hl7_charsets *c, const struct hl7_delimiters *d, struct arena *a,
    struct span raw, struct span *out)
{
	enum hl7_decoded rc;
	char *from, *to;
	bool known;

	*out = raw;
	if (c->plain || raw.n == 0)
		return HL7_DECODED;
	*out = (struct span){NULL, 0};
	if (memchr(raw.p, d->escape, raw.n) == NULL) {
		if (!c->valid)
			return convert(c, a, raw, out);
		*out = raw;
		return HL7_DECODED;
	}
	if ((from = to = arena_bytes(a, raw.n)) == NULL)
		return HL7_NO_ROOM;
	known = unescape(d, raw, &to);
	rc = convert(c, a, (struct span){from, (size_t)(to - from)}, out);
	return rc == HL7_DECODED && !known ? HL7_UNKNOWN : rc;
}
