/*
 * A growable byte buffer that is born with a cap. The owner releases it.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/span.h"

struct buf {
	char *p;
	size_t n;   /* bytes used */
	size_t cap; /* bytes allocated */
	size_t max; /* never more than this */
	int failed; /* an append did not fit or memory ran out */
};

void buf_init(struct buf *b, size_t max);

/* Frees the bytes; takes a zeroed struct. The buffer may be used again. */
void buf_release(struct buf *b);

/* Empties the buffer, keeps the memory, and clears `failed`. */
void buf_clear(struct buf *b);

/*
 * Appends. A failure is sticky in b->failed, so that a row of appends needs one
 * test at its end (buf_check). Nothing is appended once failed.
 */
void buf_add(struct buf *b, const void *p, size_t n);
void buf_add_span(struct buf *b, struct span s);
void buf_add_str(struct buf *b, const char *s);
void buf_add_u64(struct buf *b, uint64_t v); /* decimal */
void buf_addf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Room for n more bytes to write at the returned place, NULL if there is none. */
char *buf_reserve(struct buf *b, size_t n);

/*
 * The same where n bytes are allocated already, else NULL and nothing has failed: for
 * who writes a few bytes more than he then counts in b->n.
 */
static inline char *
buf_room(const struct buf *b, size_t n)
{
	/* No more than max + 1 bytes are ever allocated, so that room is allowed room. */
	return n < b->cap - b->n && !b->failed ? b->p + b->n : NULL;
}

/* Appends, as the others. */
static inline void
buf_add_char(struct buf *b, char c)
{
	char *to = buf_room(b, 1);

	if (to == NULL && (to = buf_reserve(b, 1)) == NULL)
		return;
	*to = c;
	b->n++;
}

/* As if memory had run out for it: of something else that it is of no use without. */
void buf_no_memory(struct buf *b);

/* 0, or -1 with ERR_NOMEM, or ERR_REFUSED naming `what` and the cap. */
int buf_check(const struct buf *b, const char *what, struct err *e);

/* What is in it; valid until the next append. */
struct span buf_span(const struct buf *b);

#endif
