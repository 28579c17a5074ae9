#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "mappers/letters.h"
#include "mappers/map_eval.h"

#define BINDING_MAX (16 << 20) /* titles and column numbers of a file */
#define MISSING_MAX 65536      /* of text about missing titles, before it is cut */
#define NEAR        3 /* a title is near if one letter in three differs, at most */

/* Bytes of white space at p; U+00A0 is what web pages put between words. */
static size_t
blank(const char *p, size_t n)
{
	if (p[0] == ' ' || (p[0] >= '\t' && p[0] <= '\r'))
		return 1;
	return n > 1 && memcmp(p, "\xc2\xa0", 2) == 0 ? 2 : 0;
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

/* "Patient Name" where "Patient" is asked. */
static bool
goes_on(struct span title, struct span wanted)
{
	return title.n > wanted.n + 1 && title.p[wanted.n] == ' ' &&
	       letters_eq_nocase((struct span){title.p, wanted.n}, wanted);
}

/* The title of the file that a missing one may have meant; empty if none is near. */
static struct span
nearest(const struct binding *b, const struct slot *s)
{
	struct span best = {NULL, 0};
	size_t least = (size_t)-1, d, limit;

	for (const struct item *it = s->titles; it != NULL; it = it->next) {
		for (size_t i = 0; i < b->ntitles; i++) {
			limit = it->text.n / NEAR;
			d = goes_on(b->titles[i], it->text)
				? limit
				: span_distance(it->text, b->titles[i], limit);
			if (d > limit || d >= least || b->titles[i].n == 0)
				continue;
			least = d;
			best = b->titles[i];
		}
	}
	return best;
}

static void
add_missing(const struct binding *b, const struct slot *s, struct buf *out, bool near)
{
	struct span title;

	if (out->n > 0)
		buf_add_str(out, ", ");
	if (s->number != 0) {
		buf_addf(out, "#%u", s->number);
		return;
	}
	for (const struct item *it = s->titles; it != NULL; it = it->next)
		buf_addf(out, "%s\"%.*s\"", it == s->titles ? "" : " or ",
		    (int)it->text.n, it->text.p);
	title = near ? nearest(b, s) : (struct span){NULL, 0};
	if (title.n > 0)
		buf_addf(out, " (there is \"%.*s\")", (int)title.n, title.p);
}

static bool
any_found(const struct binding *b)
{
	for (size_t i = 0; i < b->map->nslots; i++)
		if (b->columns[i] != SLOT_NONE && b->map->slots[i].titles != NULL)
			return true;
	return false;
}

static int
refuse_missing(const struct binding *b, struct err *e)
{
	static const char prefix[] = "columns of the map are not in the header: ";
	struct buf out;
	/* Where none is found the first row is no header, and holds patients' values. */
	bool near = any_found(b);

	buf_init(&out, MISSING_MAX);
	for (;; near = false) {
		buf_clear(&out);
		for (size_t i = 0; i < b->map->nslots; i++)
			if (b->columns[i] == SLOT_NONE)
				add_missing(b, &b->map->slots[i], &out, near);
		/* Naming every missing title goes before naming near ones. */
		if (!near || out.n + sizeof(prefix) <= ERR_MSG_SIZE)
			break;
	}
	err_set(e, ERR_REFUSED, "%s%.*s", prefix, (int)out.n, out.p != NULL ? out.p : "");
	buf_release(&out);
	return -1;
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
bind_columns(struct binding *b, struct err *e)
{
	bool missing = false;

	for (size_t i = 0; i < b->map->nslots; i++) {
		if (find_column(b, &b->map->slots[i], &b->columns[i], e) != 0)
			return -1;
		missing |= b->columns[i] == SLOT_NONE;
	}
	return missing ? refuse_missing(b, e) : 0;
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
	b->titles = arena_alloc(&b->arena, (n + 1) * sizeof(*b->titles));
	b->values = arena_alloc(&b->arena, m->nsections * sizeof(*b->values));
	if (b->columns == NULL || b->used == NULL || b->titles == NULL ||
	    b->records == NULL || b->values == NULL)
		return err_nomem(e);
	for (size_t i = 0; i < m->nsections; i++) {
		b->values[i] = arena_alloc(
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

struct binding *
map_bind(const struct map *m, const struct span *titles, size_t n, struct err *e)
{
	struct binding *b = new_binding(m, e);

	if (b == NULL)
		return NULL;
	if (make_room(b, titles, n, e) != 0 || bind_columns(b, e) != 0) {
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
