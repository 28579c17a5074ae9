#include "mappers/utf16.h"

#include <strings.h>

#define NO_TEXT    '\xff' /* stands in no UTF-8 */
#define LEAD_FROM  0xd800u
#define TRAIL_FROM 0xdc00u
#define TRAIL_TO   0xdfffu
#define MIN_BYTES  4 /* that can tell anything */

static const char *const names[] = {
    [UTF16_NONE] = "", [UTF16_LE] = "utf-16le", [UTF16_BE] = "utf-16be"};

enum utf16_order
utf16_by_name(const char *name)
{
	if (strcasecmp(name, names[UTF16_LE]) == 0)
		return UTF16_LE;
	return strcasecmp(name, names[UTF16_BE]) == 0 ? UTF16_BE : UTF16_NONE;
}

const char *
utf16_name(enum utf16_order order)
{
	return names[order];
}

enum utf16_order
utf16_mark(struct span head, size_t *mark)
{
	const unsigned char *p = (const unsigned char *)head.p;

	*mark = 0;
	if (head.n < 2 || (head.n >= 4 && p[0] == 0xff && p[2] == 0 && p[3] == 0))
		return UTF16_NONE;
	if ((p[0] != 0xff || p[1] != 0xfe) && (p[0] != 0xfe || p[1] != 0xff))
		return UTF16_NONE;
	*mark = 2;
	return p[0] == 0xff ? UTF16_LE : UTF16_BE;
}

enum utf16_order
utf16_guess(struct span head)
{
	size_t nul[2] = {0, 0}, units = head.n / 2;

	if (head.n < MIN_BYTES)
		return UTF16_NONE;
	for (size_t i = 0; i < 2 * units; i++)
		nul[i % 2] += head.p[i] == '\0';
	if (nul[0] == 0 && nul[1] > units / 2)
		return UTF16_LE;
	return nul[1] == 0 && nul[0] > units / 2 ? UTF16_BE : UTF16_NONE;
}

/* A code point that is no surrogate. */
static char *
put(char *to, unsigned c)
{
	if (c < 0x80) {
		*to++ = (char)c;
		return to;
	}
	if (c < 0x800) {
		*to++ = (char)(0xc0 | c >> 6);
	} else if (c < 0x10000) {
		*to++ = (char)(0xe0 | c >> 12);
		*to++ = (char)(0x80 | (c >> 6 & 0x3f));
	} else {
		*to++ = (char)(0xf0 | c >> 18);
		*to++ = (char)(0x80 | (c >> 12 & 0x3f));
		*to++ = (char)(0x80 | (c >> 6 & 0x3f));
	}
	*to++ = (char)(0x80 | (c & 0x3f));
	return to;
}

static char *
put_unit(struct utf16 *u, char *to, unsigned unit)
{
	unsigned lead = u->lead;
	bool trail = unit >= TRAIL_FROM && unit <= TRAIL_TO;

	u->lead = 0;
	if (lead != 0 && trail)
		return put(
		    to, 0x10000 + ((lead - LEAD_FROM) << 10 | (unit - TRAIL_FROM)));
	if (lead != 0)
		*to++ = NO_TEXT;
	if (trail)
		*to++ = NO_TEXT;
	else if (unit >= LEAD_FROM && unit < TRAIL_FROM)
		u->lead = unit;
	else
		to = put(to, unit);
	return to;
}

size_t
utf16_convert(struct utf16 *u, struct span in, char *out)
{
	const unsigned char *p = (const unsigned char *)in.p;
	char *to = out;
	unsigned a, b;

	for (size_t i = 0; i < in.n; i++) {
		if (!u->half) {
			u->byte = p[i];
			u->half = true;
			continue;
		}
		u->half = false;
		a = u->order == UTF16_LE ? p[i] : u->byte;
		b = u->order == UTF16_LE ? u->byte : p[i];
		to = put_unit(u, to, a << 8 | b);
	}
	return (size_t)(to - out);
}

size_t
utf16_end(struct utf16 *u, char *out)
{
	size_t n = 0;

	if (u->lead != 0)
		out[n++] = NO_TEXT;
	if (u->half)
		out[n++] = NO_TEXT;
	u->lead = 0;
	u->half = false;
	return n;
}
