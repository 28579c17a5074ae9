/*
 * Borrowed text: a pointer and a length, not NUL-terminated. Whoever hands one
 * out says how long it stays valid.
 */
#ifndef BASE_SPAN_H
#define BASE_SPAN_H

#include <stdbool.h>
#include <stddef.h>

struct span {
	const char *p;
	size_t n;
};

#define SPAN_LIT(s) ((struct span){"" s, sizeof(s) - 1})

/* The span of a C string; NULL gives the empty span. */
struct span span_of(const char *s);

bool span_eq(struct span a, struct span b);

/* Equal but for ASCII case. */
bool span_eq_nocase(struct span a, struct span b);

/* Without leading and trailing ASCII white space and U+00A0. */
struct span span_trim(struct span s);

/*
 * Edit distance (Damerau, restricted) of two spans without regard to ASCII case,
 * or a value larger than `limit` as soon as that is sure. Spans over 64 bytes
 * count as too far apart.
 */
size_t span_distance(struct span a, struct span b, size_t limit);

#endif
