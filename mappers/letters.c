#include "mappers/letters.h"

#include <string.h>

/*
 * Upper and lower case in Unicode's blocks. By distance: lower = upper + distance.
 * Distance 1 stands for pairs that alternate, the first of them upper.
 */
struct range {
	uint32_t from, to; /* upper case; with distance 1, both */
	uint32_t distance;
};

static const struct range ranges[] = {
    {'A', 'Z', 32},
    {0x00c0, 0x00d6, 32}, /* Latin-1 */
    {0x00d8, 0x00de, 32},
    {0x0100, 0x012f, 1}, /* Latin Extended-A: without the Turkish i */
    {0x0132, 0x0137, 1},
    {0x0139, 0x0148, 1},
    {0x014a, 0x0177, 1},
    {0x0179, 0x017e, 1},
    {0x01a0, 0x01a1, 1}, /* Latin Extended-B: the o and u with horn of Vietnamese */
    {0x01af, 0x01b0, 1},
    {0x01cd, 0x01dc, 1},
    {0x01de, 0x01ef, 1},
    {0x01f8, 0x021f, 1},
    {0x0222, 0x0233, 1},
    {0x0386, 0x0386, 38}, /* Greek: with accents */
    {0x0388, 0x038a, 37},
    {0x038c, 0x038c, 64},
    {0x038e, 0x038f, 63},
    {0x0391, 0x03a1, 32},
    {0x03a3, 0x03ab, 32},
    {0x0400, 0x040f, 80}, /* Cyrillic */
    {0x0410, 0x042f, 32},
    {0x0460, 0x0481, 1},
    {0x048a, 0x04bf, 1},
    {0x04c1, 0x04ce, 1},
    {0x04d0, 0x052f, 1},
    {0x1e00, 0x1e95, 1}, /* Latin Extended Additional, Vietnamese */
    {0x1ea0, 0x1eff, 1},
};

#define Y_DIAERESIS_LOWER 0x00ff /* the pair that crosses two blocks */
#define Y_DIAERESIS_UPPER 0x0178

static unsigned char
ascii_lower(char c)
{
	return (unsigned char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
}

static uint32_t
to_lower(uint32_t c)
{
	if (c < 0x80)
		return ascii_lower((char)c);
	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
		const struct range *r = &ranges[i];

		if (c < r->from || c > r->to)
			continue;
		if (r->distance == 1)
			return c + ((c - r->from) % 2 == 0);
		return c + r->distance;
	}
	return c == Y_DIAERESIS_UPPER ? Y_DIAERESIS_LOWER : c;
}

static uint32_t
to_upper(uint32_t c)
{
	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
		const struct range *r = &ranges[i];

		if (r->distance == 1 && c >= r->from && c <= r->to)
			return c - ((c - r->from) % 2);
		if (r->distance > 1 && c >= r->from + r->distance &&
		    c <= r->to + r->distance)
			return c - r->distance;
	}
	return c == Y_DIAERESIS_LOWER ? Y_DIAERESIS_UPPER : c;
}

/* The character at s.p[*i]; the text is known to be UTF-8. Moves *i past it. */
static uint32_t
take(struct span s, size_t *i)
{
	unsigned char b = (unsigned char)s.p[(*i)++];
	uint32_t c = b < 0x80   ? b
		     : b < 0xe0 ? b & 0x1fU
		     : b < 0xf0 ? b & 0x0fU
				: b & 0x07U;

	if (b >= 0x80)
		while (*i < s.n && ((unsigned char)s.p[*i] & 0xc0) == 0x80)
			c = c << 6 | ((unsigned char)s.p[(*i)++] & 0x3fU);
	return c;
}

static size_t
put(uint32_t c, char *out)
{
	size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;

	if (n == 1) {
		out[0] = (char)c;
		return 1;
	}
	for (size_t i = n - 1; i > 0; i--, c >>= 6)
		out[i] = (char)(0x80 | (c & 0x3f));
	out[0] = (char)((n == 2 ? 0xc0 : n == 3 ? 0xe0 : 0xf0) | c);
	return n;
}

/* Part of a word? Everything past Latin-1's signs but general punctuation. */
static bool
is_letter(uint32_t c)
{
	if (c < 0x80)
		return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		       (c >= '0' && c <= '9');
	return c >= 0xc0 && c != 0xd7 && c != 0xf7 && (c < 0x2000 || c > 0x206f);
}

struct title {
	size_t letters; /* of the word so far */
	bool joined;    /* an apostrophe before this character belongs to the word */
};

static uint32_t
title_case(struct title *t, uint32_t c)
{
	bool first = t->letters == 0 && !t->joined;

	if (is_letter(c)) {
		t->letters++;
		t->joined = false;
		return first ? to_upper(c) : to_lower(c);
	}
	/* O'Brien and D'Angelo, but the men's ward */
	t->joined = (c == '\'' || c == 0x2019) && t->letters > 1;
	t->letters = 0;
	return c;
}

static size_t
recase_wide(struct span s, enum letters_case how, char *out)
{
	struct title t = {0};
	size_t n = 0;
	uint32_t c;

	for (size_t i = 0; i < s.n;) {
		c = take(s, &i);
		if (how == LETTERS_TITLE)
			c = title_case(&t, c);
		else
			c = how == LETTERS_UPPER ? to_upper(c) : to_lower(c);
		n += put(c, out + n);
	}
	return n;
}

bool
letters_may_change(struct span s, enum letters_case how)
{
	char from = how == LETTERS_UPPER ? 'a' : 'A',
	     to = how == LETTERS_UPPER ? 'z' : 'Z';

	for (size_t i = 0; i < s.n; i++)
		if (how == LETTERS_TITLE || (unsigned char)s.p[i] >= 0x80 ||
		    (s.p[i] >= from && s.p[i] <= to))
			return true;
	return false;
}

static size_t
ascii_length(struct span s)
{
	size_t i = 0;

	while (i < s.n && (unsigned char)s.p[i] < 0x80)
		i++;
	return i;
}

size_t
letters_recase(struct span s, enum letters_case how, char *out)
{
	if (how != LETTERS_LOWER || ascii_length(s) < s.n)
		return recase_wide(s, how, out);
	for (size_t i = 0; i < s.n; i++)
		out[i] = (char)ascii_lower(s.p[i]);
	return s.n;
}

bool
letters_same(struct span a, struct span b)
{
	size_t i = 0, j = 0;

	while (i < a.n && i < b.n && (unsigned char)(a.p[i] | b.p[i]) < 0x80 &&
	       (a.p[i] == b.p[i] || ascii_lower(a.p[i]) == ascii_lower(b.p[i])))
		i++;
	j = i;
	/* ASCII letters have no partner elsewhere. */
	if (i < a.n && j < b.n && (unsigned char)(a.p[i] | b.p[j]) < 0x80)
		return false;
	while (i < a.n && j < b.n)
		if (to_lower(take(a, &i)) != to_lower(take(b, &j)))
			return false;
	return i == a.n && j == b.n;
}

static uint32_t
fnv(uint32_t h, unsigned char c)
{
	return (h ^ c) * 16777619U;
}

uint32_t
letters_hash(struct span s)
{
	uint32_t h = 2166136261U;
	char bytes[4];
	size_t n;

	for (size_t i = 0; i < s.n;) {
		if ((unsigned char)s.p[i] < 0x80) {
			h = fnv(h, ascii_lower(s.p[i++]));
			continue;
		}
		n = put(to_lower(take(s, &i)), bytes);
		for (size_t k = 0; k < n; k++)
			h = fnv(h, (unsigned char)bytes[k]);
	}
	return h;
}
