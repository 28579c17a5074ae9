/*
 * An arena: many small allocations that die together. Used for what one row, one
 * file or one configuration produces.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stdbool.h>
#include <stddef.h>

#include "base/span.h"

struct arena_block;

struct arena {
	struct arena_block *head;
	size_t total; /* bytes handed out since the last clear */
	size_t max;   /* no more than this is handed out */
	bool nomem;   /* memory, and not max, came to its end since the last clear */
};

void arena_init(struct arena *a, size_t max);

/* Frees everything; takes a zeroed struct. */
void arena_release(struct arena *a);

/* Forgets everything, and keeps the first block for reuse. */
void arena_clear(struct arena *a);

/* n zeroed bytes, aligned for any type, valid until clear or release; NULL if full. */
void *arena_alloc(struct arena *a, size_t n);

/*
 * As arena_alloc, the bytes not zeroed: for room that is written before it is read, so
 * that what is never used of it costs nothing.
 */
void *arena_room(struct arena *a, size_t n);

/* As arena_alloc, the bytes neither zeroed nor aligned: for text. */
char *arena_bytes(struct arena *a, size_t n);

/* A copy with a NUL behind it; .p is NULL if there is no room. */
struct span arena_span(struct arena *a, struct span s);
char *arena_str(struct arena *a, const char *s);

#endif
