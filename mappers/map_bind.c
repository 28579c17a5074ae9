#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mappers/letters.h"
#include "mappers/map_header.h"

#define BINDING_MAX (16 << 20) /* titles and column numbers of a file */
#define NUMBER_SIZE 24         /* "#16384" */

/*
 * Bytes of white space at p; U+00A0 is what web pages put between words. Control
 * characters, C1 too, count as such: titles are told where a terminal would obey them.
 */
static size_t
blank(const char *p, size_t n)
{
	const unsigned char *u = (const unsigned char *)p;

	if (u[0] <= ' ' || u[0] == 0x7f)
		return 1;
	return n > 1 && u[0] == 0xc2 && u[1] <= 0xa0 ? 2 : 0;
}

/* Trimmed, runs of white space made one blank: header cells may have line breaks. */
static struct span
tidy(struct arena *a, struct span title)
{
	struct span s = arena_span(a, span_trim(title));
	char *p = (char *)(uintptr_t)s.p;
	size_t n = 0, skip;

	for (size_t i = 0; p != NULL && i < s.n; i += skip > 0 ? skip : 1) {
		skip = blank(s.p + i, s.n - i);
		if (skip == 0 || (n > 0 && p[n - 1] != ' '))
			p[n++] = skip > 0 ? ' ' : p[i];
	}
	return (struct span){p, n};
}

/* How many columns have this title; *at is the first. */
static size_t
find_title(const struct binding *b, struct span title, size_t *at)
{
	size_t n = 0;

	for (size_t i = 0; i < b->ntitles; i++) {
		if (!letters_eq_nocase(b->titles[i], title))
			continue;
		if (n++ == 0)
			*at = i;
	}
	return n;
}

static int
find_column(struct binding *b, const struct slot *s, unsigned *out, struct err *e)
{
	size_t at = 0, n = 0;

	*out = SLOT_NONE;
	if (s->number != 0) {
		if (s->number <= b->ntitles)
			*out = s->number - 1;
		return 0;
	}
	for (const struct item *it = s->titles; it != NULL && n == 0; it = it->next) {
		struct span title = tidy(&b->arena, it->text);

		if (title.p == NULL)
			return err_nomem(e);
		n = find_title(b, title, &at);
	}
	if (n > 1)
		return err_set(e, ERR_REFUSED,
		    "the header has the mapped column \"%.*s\" %zu "
		    "times; rename one, or the map can name one by its number: {#N}",
		    (int)b->titles[at].n, b->titles[at].p, n);
	if (n == 1)
		*out = (unsigned)at;
	return 0;
}

static int
bind_columns(struct binding *b, struct header_watch *w, struct err *e)
{
	bool missing = false;

	for (size_t i = 0; i < b->map->nslots; i++) {
		if (find_column(b, &b->map->slots[i], &b->columns[i], e) != 0)
			return -1;
		missing |= b->columns[i] == SLOT_NONE;
	}
	if (missing && binding_lost(b, w, e) != 0)
		return -1;
	return binding_moved(b, w, e);
}

static void
list_used(struct binding *b)
{
	for (size_t i = 0; i < b->map->nslots; i++) {
		bool known = false;

		for (size_t k = 0; k < b->nused; k++)
			known |= b->used[k] == b->columns[i];
		if (!known)
			b->used[b->nused++] = b->columns[i];
	}
}

static int
make_room(struct binding *b, const struct span *titles, size_t n, struct err *e)
{
	const struct map *m = b->map;

	b->records_cap = m->nsections;
	b->records = calloc(m->nsections, sizeof(*b->records));
	b->columns = arena_alloc(&b->arena, (m->nslots + 1) * sizeof(*b->columns));
	b->used = arena_alloc(&b->arena, (m->nslots + 1) * sizeof(*b->used));
	/* Behind those of the file there is room for columns that it lacks. */
	b->titles = arena_alloc(&b->arena, (n + m->nslots + 1) * sizeof(*b->titles));
	b->values = arena_alloc(&b->arena, m->nsections * sizeof(*b->values));
	if (b->columns == NULL || b->used == NULL || b->titles == NULL ||
	    b->records == NULL || b->values == NULL)
		return err_nomem(e);
	for (size_t i = 0; i < m->nsections; i++) {
		b->values[i] = arena_room(
		    &b->arena, (m->sections[i].max_values + 1) * sizeof(**b->values));
		if (b->values[i] == NULL)
			return err_nomem(e);
	}
	for (; b->ntitles < n; b->ntitles++) {
		b->titles[b->ntitles] = tidy(&b->arena, titles[b->ntitles]);
		if (b->titles[b->ntitles].p == NULL)
			return err_nomem(e);
	}
	return 0;
}

static struct binding *
new_binding(const struct map *m, struct err *e)
{
	struct binding *b = calloc(1, sizeof(*b));

	if (b == NULL)
		return err_nomem(e), NULL;
	b->map = m;
	arena_init(&b->arena, BINDING_MAX);
	arena_init(&b->run.arena, MAP_ROW_MAX);
	b->run.now = INT64_MIN;
	b->made.at = b->made.latest = TIME_NONE;
	return b;
}

/* "#1" in place of each title. */
static struct span *
number_columns(struct arena *a, size_t n)
{
	struct span *numbers = arena_alloc(a, (n + 1) * sizeof(*numbers));
	char text[NUMBER_SIZE];

	for (size_t i = 0; numbers != NULL && i < n; i++) {
		snprintf(text, sizeof(text), "#%zu", i + 1);
		numbers[i] = arena_span(a, span_of(text));
		if (numbers[i].p == NULL)
			return NULL;
	}
	return numbers;
}

/*
 * A map that names no title can't tell titles from a row of data: there columns are
 * remembered by their numbers.
 */
int
header_watch_set(struct header_watch *w, struct binding *b, size_t n, struct err *e)
{
	struct span *titles = b->titles;

	if (w == NULL)
		return 0;
	header_mark_release(&w->now);
	w->lacks = false;
	if (!map_has_titles(b->map) && (titles = number_columns(&b->arena, n)) == NULL)
		return err_nomem(e);
	if (header_mark_set(&w->now, titles, n, e) != 0)
		return -1;
	for (size_t i = b->ntitles; i < w->now.n; i++)
		w->now.v[i].gone = true;
	return 0;
}

struct binding *
map_bind(const struct map *m, const struct span *titles, size_t n, struct header_watch *w,
    struct err *e)
{
	struct binding *b = new_binding(m, e);

	if (b == NULL)
		return NULL;
	if (make_room(b, titles, n, e) != 0 || header_watch_set(w, b, n, e) != 0 ||
	    bind_columns(b, w, e) != 0) {
		binding_free(b);
		return NULL;
	}
	list_used(b);
	if (m->made != NULL)
		b->made.column = b->titles[b->columns[m->made->column]];
	return b;
}

bool
map_has_titles(const struct map *m)
{
	for (size_t i = 0; i < m->nslots; i++)
		if (m->slots[i].number == 0)
			return true;
	return false;
}

/* What a reference is called stands for a column's title. */
struct binding *
map_bind_messages(const struct map *m, struct hl7_charsets *charsets, struct err *e)
{
	struct binding *b = new_binding(m, e);

	if (b == NULL)
		return NULL;
	b->run.charsets = charsets;
	if (make_room(b, NULL, 0, e) != 0 ||
	    (b->titles = arena_alloc(&b->arena, (m->nslots + 1) * sizeof(*b->titles))) ==
		NULL) {
		err_nomem(e);
		binding_free(b);
		return NULL;
	}
	for (unsigned i = 0; i < m->nslots; i++) {
		b->columns[i] = i;
		b->titles[i] = m->slots[i].name;
	}
	b->ntitles = m->nslots;
	return b;
}

void
binding_free(struct binding *b)
{
	if (b == NULL)
		return;
	free(b->records);
	arena_release(&b->run.arena);
	arena_release(&b->arena);
	free(b);
}

void
binding_explain(struct binding *b, struct json *explain)
{
	b->explain = explain;
}
