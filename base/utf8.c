#include "base/utf8.h"

#include <stdint.h>
#include <string.h>

#include "base/wide.h"

#define HIGH_BITS UINT64_C(0x8080808080808080)

/* RFC 3629 section 4: what the second byte may be, by the first. */
static bool
second_ok(unsigned char a, unsigned char b)
{
	switch (a) {
	case 0xe0:
		return b >= 0xa0 && b <= 0xbf;
	case 0xed:
		return b >= 0x80 && b <= 0x9f;
	case 0xf0:
		return b >= 0x90 && b <= 0xbf;
	case 0xf4:
		return b >= 0x80 && b <= 0x8f;
	default:
		return (b & 0xc0) == 0x80;
	}
}

size_t
utf8_length(const char *p, size_t n)
{
	const unsigned char *u = (const unsigned char *)p;
	size_t len;

	if (n == 0)
		return 0;
	if (u[0] < 0x80)
		return 1;
	if (u[0] < 0xc2 || u[0] > 0xf4)
		return 0;
	len = u[0] < 0xe0 ? 2 : u[0] < 0xf0 ? 3 : 4;
	if (n < len || !second_ok(u[0], u[1]))
		return 0;
	for (size_t i = 2; i < len; i++)
		if ((u[i] & 0xc0) != 0x80)
			return 0;
	return len;
}

size_t
utf8_valid(struct span s)
{
	size_t i = 0, len;
	uint64_t eight;

	while (i < s.n) {
		/* Most text is ASCII: eight bytes at a time. */
		while (s.n - i >= 8) {
			memcpy(&eight, s.p + i, 8);
			if (eight & HIGH_BITS)
				break;
			i += 8;
		}
		if (i >= s.n)
			break;
		if ((len = utf8_length(s.p + i, s.n - i)) == 0)
			return i;
		i += len;
	}
	return i;
}

size_t
utf8_count(struct span s)
{
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++)
		n += ((unsigned char)s.p[i] & 0xc0) != 0x80;
	return n;
}

void
utf8_tame(char *p, size_t n)
{
	unsigned char *u = (unsigned char *)p;

	for (size_t i = 0; i < n; i++)
		if (u[i] < ' ' || u[i] == 0x7f)
			u[i] = '?';
		else if (u[i] == 0xc2 && i + 1 < n && u[i + 1] >= 0x80 && u[i + 1] < 0xa0)
			u[i] = u[i + 1] = '?';
}

bool
utf8_ascii(struct span s)
{
	wide any = {0};
	unsigned char last = 0;
	size_t i = 0;

	for (; i + WIDE <= s.n; i += WIDE)
		any |= wide_load(s.p + i);
	for (; i < s.n; i++)
		last |= (unsigned char)s.p[i];
	return !wide_any(any < wide_each(0)) && (last & 0x80) == 0;
}
