#include "base/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define ARENA_BLOCK 16384 /* a row and its records usually fit in one */

struct arena_block {
	struct arena_block *next;
	size_t used, size;
	alignas(max_align_t) char bytes[];
};

void
arena_init(struct arena *a, size_t max)
{
	*a = (struct arena){.max = max};
}

void
arena_release(struct arena *a)
{
	struct arena_block *b, *next;

	for (b = a->head; b != NULL; b = next) {
		next = b->next;
		free(b);
	}
	*a = (struct arena){.max = a->max};
}

void
arena_clear(struct arena *a)
{
	struct arena_block *keep = NULL, *b, *next;

	for (b = a->head; b != NULL; b = next) {
		next = b->next;
		if (keep == NULL && b->size == ARENA_BLOCK)
			keep = b;
		else
			free(b);
	}
	if (keep != NULL) {
		keep->next = NULL;
		keep->used = 0;
	}
	a->head = keep;
	a->total = 0;
	a->nomem = false;
}

static struct arena_block *
add_block(struct arena *a, size_t n)
{
	size_t size = n > ARENA_BLOCK ? n : ARENA_BLOCK;
	struct arena_block *b = malloc(sizeof(*b) + size);

	if (b == NULL)
		return NULL;
	*b = (struct arena_block){.next = a->head, .size = size};
	a->head = b;
	return b;
}

static void *
take(struct arena *a, size_t n, size_t align)
{
	struct arena_block *b = a->head;
	size_t at = b == NULL ? 0 : (b->used + align - 1) & ~(align - 1);

	if (n > a->max - a->total)
		return NULL;
	if (b == NULL || at > b->size || n > b->size - at) {
		if ((b = add_block(a, n)) == NULL) {
			a->nomem = true;
			return NULL;
		}
		at = 0;
	}
	b->used = at + n;
	a->total += n;
	return b->bytes + at;
}

void *
arena_room(struct arena *a, size_t n)
{
	return take(a, n, alignof(max_align_t));
}

void *
arena_alloc(struct arena *a, size_t n)
{
	void *p = arena_room(a, n);

	if (p != NULL)
		memset(p, 0, n);
	return p;
}

char *
arena_bytes(struct arena *a, size_t n)
{
	return take(a, n, 1);
}

struct span
arena_span(struct arena *a, struct span s)
{
	char *p = take(a, s.n + 1, 1);

	if (p == NULL)
		return (struct span){NULL, 0};
	if (s.n > 0)
		memcpy(p, s.p, s.n);
	p[s.n] = '\0';
	return (struct span){p, s.n};
}

char *
arena_str(struct arena *a, const char *s)
{
	struct span copy = arena_span(a, span_of(s));

	return (char *)(uintptr_t)copy.p;
}
