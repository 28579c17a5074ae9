#include "base/span.h"

#include <string.h>

#define DISTANCE_MAX 64 /* longer spans are too far apart by definition */

struct span
span_of(const char *s)
{
	return s == NULL ? (struct span){NULL, 0} : (struct span){s, strlen(s)};
}

uint64_t
span_fnv(uint64_t h, struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		h = (h ^ (unsigned char)s.p[i]) * SPAN_FNV_PRIME;
	return h;
}

bool
span_eq(struct span a, struct span b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

static char
lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

bool
span_same_nocase(const char *a, const char *b, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (a[i] != b[i] && lower(a[i]) != lower(b[i]))
			return false;
	return true;
}

/* Bytes of white space at p, 0 if none: ASCII blanks, or U+00A0 in UTF-8. */
static size_t
blank(const char *p, size_t n)
{
	if (n == 0)
		return 0;
	if (*p == ' ' || (*p >= '\t' && *p <= '\r'))
		return 1;
	return n >= 2 && (unsigned char)p[0] == 0xc2 && (unsigned char)p[1] == 0xa0 ? 2
										    : 0;
}

static size_t
blank_before(const char *p, size_t n)
{
	if (n > 0 && blank(p + n - 1, 1) == 1)
		return 1;
	return n >= 2 && blank(p + n - 2, 2) == 2 ? 2 : 0;
}

struct span
span_trim_blanks(struct span s)
{
	size_t b;

	while ((b = blank(s.p, s.n)) > 0) {
		s.p += b;
		s.n -= b;
	}
	while ((b = blank_before(s.p, s.n)) > 0)
		s.n -= b;
	return s;
}

static size_t
min3(size_t a, size_t b, size_t c)
{
	size_t m = a < b ? a : b;

	return m < c ? m : c;
}

size_t
span_distance(struct span a, struct span b, size_t limit)
{
	size_t row[3][DISTANCE_MAX + 1];
	size_t *before = row[0], *last = row[1], *now = row[2], *swap;

	if (a.n > DISTANCE_MAX || b.n > DISTANCE_MAX)
		return limit + 1;
	for (size_t j = 0; j <= b.n; j++)
		last[j] = j;
	for (size_t i = 1; i <= a.n; i++) {
		char x = lower(a.p[i - 1]);

		now[0] = i;
		for (size_t j = 1; j <= b.n; j++) {
			char y = lower(b.p[j - 1]);

			now[j] = min3(
			    last[j] + 1, now[j - 1] + 1, last[j - 1] + (x != y));
			if (i > 1 && j > 1 && x == lower(b.p[j - 2]) &&
			    y == lower(a.p[i - 2]) && before[j - 2] + 1 < now[j])
				now[j] = before[j - 2] + 1;
		}
		swap = before;
		before = last;
		last = now;
		now = swap;
	}
	return last[b.n];
}
