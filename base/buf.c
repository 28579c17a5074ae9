#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BUF_FIRST 256

void
buf_init(struct buf *b, size_t max)
{
	*b = (struct buf){.max = max};
}

void
buf_release(struct buf *b)
{
	free(b->p);
	*b = (struct buf){.max = b->max};
}

void
buf_clear(struct buf *b)
{
	b->n = 0;
	b->failed = 0;
}

/* What `failed` says. */
enum { TOO_LARGE = 1, NO_MEMORY };

/* Room for `need` bytes in all, and one that buf_addf's NUL may need. */
static int
grow(struct buf *b, size_t need)
{
	size_t cap = b->cap ? b->cap : BUF_FIRST;
	char *p;

	while (cap < need + 1)
		cap *= 2;
	if (cap > b->max + 1)
		cap = b->max + 1;
	p = realloc(b->p, cap);
	if (p == NULL) {
		b->failed = NO_MEMORY;
		return -1;
	}
	b->p = p;
	b->cap = cap;
	return 0;
}

char *
buf_reserve(struct buf *b, size_t n)
{
	char *room = buf_room(b, n);

	if (room != NULL)
		return room;
	if (b->failed)
		return NULL;
	if (n > b->max - b->n) {
		b->failed = TOO_LARGE;
		return NULL;
	}
	if (b->n + n + 1 > b->cap && grow(b, b->n + n) != 0)
		return NULL;
	return b->p + b->n;
}

void
buf_add(struct buf *b, const void *p, size_t n)
{
	char *to;

	if (n == 0 || (to = buf_reserve(b, n)) == NULL)
		return;
	memcpy(to, p, n);
	b->n += n;
}

void
buf_add_span(struct buf *b, struct span s)
{
	buf_add(b, s.p, s.n);
}

void
buf_add_str(struct buf *b, const char *s)
{
	buf_add(b, s, strlen(s));
}

void
buf_add_u64(struct buf *b, uint64_t v)
{
	char digits[20];
	size_t i = sizeof(digits);

	do {
		digits[--i] = (char)('0' + v % 10);
		v /= 10;
	} while (v != 0);
	buf_add(b, digits + i, sizeof(digits) - i);
}

void
buf_addf(struct buf *b, const char *fmt, ...)
{
	va_list ap, again;
	char *to;
	int n;

	va_start(ap, fmt);
	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n >= 0 && (to = buf_reserve(b, (size_t)n)) != NULL) {
		vsnprintf(to, (size_t)n + 1, fmt, again);
		b->n += (size_t)n;
	}
	va_end(again);
}

void
buf_no_memory(struct buf *b)
{
	b->failed = NO_MEMORY;
}

int
buf_check(const struct buf *b, const char *what, struct err *e)
{
	if (!b->failed)
		return 0;
	if (b->failed == TOO_LARGE)
		return err_set(
		    e, ERR_REFUSED, "%s is larger than %zu bytes", what, b->max);
	return err_nomem(e);
}

struct span
buf_span(const struct buf *b)
{
	return (struct span){b->p, b->n};
}
