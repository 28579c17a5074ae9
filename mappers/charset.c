#include "mappers/charset.h"

#include <errno.h>
#include <iconv.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/utf8.h"

#define FALLBACK     "windows-1252"
#define ASCII_COUNT  128
#define UTF8_MARK    "\xef\xbb\xbf"
#define EXPANSION    4 /* bytes of UTF-8 that one byte may become */
#define NUL_FRACTION 4 /* one NUL in so many bytes: UTF-16, or no text at all */

enum mode {
	MODE_UNDECIDED, /* auto, and all was ASCII so far */
	MODE_UTF8,
	MODE_ICONV
};

struct charset {
	const char *name;
	bool automatic;
	enum mode mode;
	iconv_t cd; /* (iconv_t)-1: none */
	struct buf out;
};

static bool
is_none(iconv_t cd)
{
	return cd == (iconv_t)-1;
}

static bool
is_auto(const char *name)
{
	return strcasecmp(name, "auto") == 0;
}

static bool
is_utf8(const char *name)
{
	return strcasecmp(name, "utf-8") == 0 || strcasecmp(name, "utf8") == 0;
}

/* Bytes written to `to`, or SIZE_MAX if `s` is no text in the set. */
static size_t
convert(iconv_t cd, struct span s, char *to, size_t room)
{
	char *from = (char *)(uintptr_t)s.p, *at = to; /* iconv doesn't write to it */
	size_t left = s.n, space = room;

	iconv(cd, NULL, NULL, NULL, NULL);
	/* Where accents follow their letter the last one is kept back, as one may come. */
	if (iconv(cd, &from, &left, &at, &space) == (size_t)-1 ||
	    iconv(cd, NULL, NULL, &at, &space) == (size_t)-1)
		return SIZE_MAX;
	return room - space;
}

static bool
keeps_ascii(iconv_t cd)
{
	char in[ASCII_COUNT], out[2 * ASCII_COUNT];
	struct span ascii = {in, sizeof(in)};

	for (size_t i = 0; i < sizeof(in); i++)
		in[i] = (char)i;
	return convert(cd, ascii, out, sizeof(out)) == sizeof(in) &&
	       memcmp(in, out, sizeof(in)) == 0;
}

/* Of ISO 8859-1, by whichever name, each byte is the character of its number. */
static bool
is_latin1(iconv_t cd)
{
	char in[ASCII_COUNT], out[2 * ASCII_COUNT];
	struct span high = {in, sizeof(in)};

	for (size_t i = 0; i < sizeof(in); i++)
		in[i] = (char)(ASCII_COUNT + i);
	if (convert(cd, high, out, sizeof(out)) != sizeof(out))
		return false;
	for (unsigned i = 0, c = ASCII_COUNT; i < sizeof(out); i += 2, c++)
		if (out[i] != (char)(0xc0 | c >> 6) ||
		    out[i + 1] != (char)(0x80 | (c & 0x3f)))
			return false;
	return true;
}

static iconv_t
open_set(const char *name)
{
	iconv_t cd;

	/* "" is the server's own set, and //IGNORE would drop bytes in silence. */
	if (name[0] == '\0' || strchr(name, '/') != NULL)
		return (iconv_t)-1;
	cd = iconv_open("UTF-8", name);
	/* The sets of ISO 2022 write other letters in ASCII's bytes, after ESC. */
	if (!is_none(cd) && (!keeps_ascii(cd) || strstr(name, "2022") != NULL)) {
		iconv_close(cd);
		cd = (iconv_t)-1;
	}
	/* Who writes O'Brien with a typographer's apostrophe has no control character in mind. */
	if (!is_none(cd) && is_latin1(cd)) {
		iconv_close(cd);
		cd = iconv_open("UTF-8", FALLBACK);
	}
	return cd;
}

bool
charset_known(const char *name)
{
	iconv_t cd;

	if (is_auto(name) || is_utf8(name))
		return true;
	cd = open_set(name);
	if (is_none(cd))
		return false;
	iconv_close(cd);
	return true;
}

/* Is what comes behind any byte beyond ASCII still what it is alone? */
static bool
stands_alone(iconv_t cd, char c)
{
	char out[2 * EXPANSION], pair[2] = {0, c};
	size_t n;

	for (int lead = ASCII_COUNT; lead < 2 * ASCII_COUNT; lead++) {
		pair[0] = (char)lead;
		n = convert(cd, (struct span){pair, sizeof(pair)}, out, sizeof(out));
		if (n != SIZE_MAX && (n == 0 || out[n - 1] != c))
			return false;
	}
	return true;
}

bool
charset_can_be_cut(const char *name)
{
	iconv_t cd = is_auto(name) || is_utf8(name) ? (iconv_t)-1 : open_set(name);
	bool can = true;

	if (is_none(cd))
		return true;
	for (char c = '!'; c <= '~' && can; c++)
		can = stands_alone(cd, c);
	iconv_close(cd);
	return can;
}

struct charset *
charset_new(const char *name, size_t max_line, struct err *e)
{
	struct charset *c = calloc(1, sizeof(*c));

	if (c == NULL) {
		err_nomem(e);
		return NULL;
	}
	c->name = name;
	c->automatic = is_auto(name);
	c->cd = (iconv_t)-1;
	buf_init(&c->out, EXPANSION * max_line + EXPANSION);
	if (is_utf8(name)) {
		c->mode = MODE_UTF8;
		return c;
	}
	c->mode = c->automatic ? MODE_UNDECIDED : MODE_ICONV;
	c->cd = open_set(c->automatic ? FALLBACK : name);
	if (is_none(c->cd)) {
		err_set(e, ERR_CONFIG,
		    "[csv] charset: this system's iconv can't read \"%s\" line by line",
		    c->automatic ? FALLBACK : name);
		charset_free(c);
		return NULL;
	}
	return c;
}

void
charset_free(struct charset *c)
{
	if (c == NULL)
		return;
	if (!is_none(c->cd))
		iconv_close(c->cd);
	buf_release(&c->out);
	free(c);
}

/* The head may end inside a sequence. */
static bool
is_cut(struct span rest)
{
	return rest.n < 4 && (unsigned char)rest.p[0] >= 0xc2;
}

static enum mode
judge(struct span head)
{
	size_t good = 0, broken = 0, n;

	while (head.n > 0) {
		n = utf8_length(head.p, head.n);
		if (n == 0 && is_cut(head))
			break;
		good += n > 1;
		broken += n == 0;
		n += n == 0;
		head.p += n;
		head.n -= n;
	}
	if (good == 0 && broken == 0)
		return MODE_UNDECIDED;
	return good > broken ? MODE_UTF8 : MODE_ICONV;
}

static bool
starts_with(struct span s, const char *mark)
{
	return s.n >= strlen(mark) && memcmp(s.p, mark, strlen(mark)) == 0;
}

static bool
starts_nocase(struct span s, const char *mark)
{
	const struct span m = span_of(mark);

	return s.n >= m.n && span_eq_nocase((struct span){s.p, m.n}, m);
}

static size_t
count_nul(struct span s)
{
	size_t count = 0;

	for (size_t i = 0; i < s.n; i++)
		count += s.p[i] == '\0';
	return count;
}

/* What people drop that is no text, by how it begins. */
static const struct {
	const char *mark;
	const char *what;
} others[] = {
    {"\xff\xfe", "UTF-32, which can't be read"},
    {"\xfe\xff", "UTF-32, which can't be read"},
    {"\xd0\xcf\x11\xe0", "an old Excel workbook"},
    {"%PDF-", "a PDF"},
    {"{\\rtf", "a text document (RTF)"},
    {"<!doctype html", "a web page"},
    {"<html", "a web page"},
    {"<table", "a web page"},
    {"<?xml", "XML"},
    {"[{", "JSON"},
    {"{\"", "JSON"},
};

static const char *
other_than_text(struct span head)
{
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (starts_nocase(head, others[i].mark))
			return others[i].what;
	return NULL;
}

int
charset_begin(struct charset *c, struct span head, struct err *e)
{
	const char *other = other_than_text(head);

	if (other != NULL)
		return err_set(
		    e, ERR_REFUSED, "the file is %s: save it as CSV UTF-8", other);
	if (head.n > 0 && count_nul(head) >= (head.n + NUL_FRACTION - 1) / NUL_FRACTION)
		return err_set(e, ERR_REFUSED,
		    "the file is UTF-16 or no text: save it as CSV UTF-8");
	if (starts_with(head, UTF8_MARK)) {
		c->mode = MODE_UTF8;
		return (int)strlen(UTF8_MARK);
	}
	if (c->automatic)
		c->mode = judge(head);
	return 0;
}

/*
 * In windows-1252 it would have an A with an accent and a sign behind it, as no word has. So
 * one row with a broken letter makes none of the others wrong.
 */
static bool
is_surely_utf8(struct span line)
{
	size_t n;

	for (; line.n > 0; line.p += n, line.n -= n) {
		n = utf8_length(line.p, line.n);
		if (n == 0 || (n > 1 && strchr("\xc2\xc3\xe2", line.p[0]) == NULL))
			return false;
	}
	return true;
}

bool
charset_line(struct charset *c, struct span line, struct span *out)
{
	size_t n, room = EXPANSION * line.n;
	char *to;

	*out = line;
	if (utf8_ascii(line))
		return true;
	/* Where files were joined, each may begin with a mark. */
	if (c->mode != MODE_ICONV && starts_with(line, UTF8_MARK)) {
		line.p += strlen(UTF8_MARK);
		line.n -= strlen(UTF8_MARK);
		*out = line;
	}
	if (c->mode != MODE_ICONV && utf8_valid(line) == line.n) {
		c->mode = MODE_UTF8;
		return true;
	}
	if (c->mode == MODE_UTF8)
		return false;
	c->mode = MODE_ICONV;
	if (c->automatic && is_surely_utf8(line))
		return true;
	buf_clear(&c->out);
	if ((to = buf_reserve(&c->out, room)) == NULL)
		return false;
	if ((n = convert(c->cd, line, to, room)) == SIZE_MAX)
		return false;
	*out = (struct span){to, n};
	return true;
}

bool
charset_decided(const struct charset *c)
{
	return c->mode != MODE_UNDECIDED;
}

bool
charset_nomem(const struct charset *c)
{
	return c->out.failed != 0;
}

const char *
charset_name(const struct charset *c)
{
	if (c->mode != MODE_ICONV)
		return "utf-8";
	return c->automatic ? FALLBACK : c->name;
}
