/*
 * Borrowed text: a pointer and a length, not NUL-terminated. Whoever hands one
 * out says how long it stays valid.
 */
#ifndef BASE_SPAN_H
#define BASE_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct span {
	const char *p;
	size_t n;
};

#define SPAN_LIT(s) ((struct span){"" s, sizeof(s) - 1})

/* The span of a C string; NULL gives the empty span. */
struct span span_of(const char *s);

bool span_eq(struct span a, struct span b);

bool span_same_nocase(const char *a, const char *b, size_t n);

/* Equal but for ASCII case. */
static inline bool
span_eq_nocase(struct span a, struct span b)
{
	return a.n == b.n && span_same_nocase(a.p, b.p, a.n);
}

struct span span_trim_blanks(struct span s);

/* Without leading and trailing ASCII white space and U+00A0. */
static inline struct span
span_trim(struct span s)
{
	/* Most texts have nothing to trim, as their first and last bytes tell. */
	if (s.n > 0 && s.p[0] > ' ' && s.p[0] <= '~' && s.p[s.n - 1] > ' ' &&
	    s.p[s.n - 1] <= '~')
		return s;
	return span_trim_blanks(s);
}

/* FNV-1a, 64 bits, of what `h` is of and then the text; at first of nothing. */
#define SPAN_FNV_NONE  UINT64_C(0xcbf29ce484222325)
#define SPAN_FNV_PRIME UINT64_C(0x100000001b3)
uint64_t span_fnv(uint64_t h, struct span s);

/*
 * Edit distance (Damerau, restricted) of two spans without regard to ASCII case; more than
 * `limit` if one has over 64 bytes.
 */
size_t span_distance(struct span a, struct span b, size_t limit);

#endif
