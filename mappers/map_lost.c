/*
 * Columns of the map that a header does not have. A file that was never good is refused,
 * with every missing title named. Where the last good file had them, the export has
 * changed: it goes on without those that the map can do without, and is held for others.
 */
#include <limits.h>
#include <string.h>

#include "mappers/drift.h"
#include "mappers/letters.h"
#include "mappers/map_header.h"
#include "mappers/titles.h"

#define MISSING_MAX 65536 /* of text about missing titles, before it is cut */
#define NEAR        3     /* a title is near if one letter in three differs, at most */

/* A header that lacks columns, and how it differs from the last good one. */
struct lost {
	struct binding *b;
	const struct header_watch *watch;
	struct drift drift;
};

static bool
is_lost(const struct binding *b, size_t slot)
{
	return b->columns[slot] == SLOT_NONE;
}

/* The column of the last good file that the slot had; DRIFT_NONE: it had none. */
static size_t
column_before(const struct header_mark *before, const struct slot *s)
{
	if (s->number != 0 && s->number <= before->n)
		return s->number - 1;
	for (size_t i = 0; i < before->n; i++)
		if (before->v[i].gone && span_eq(before->v[i].title, s->name))
			return i;
	for (const struct item *it = s->titles; it != NULL; it = it->next)
		for (size_t i = 0; i < before->n; i++)
			if (letters_eq_nocase(before->v[i].title, it->text))
				return i;
	return DRIFT_NONE;
}

/* "Patient Name" where "Patient" is asked. */
static bool
goes_on(struct span title, struct span wanted)
{
	return title.n > wanted.n + 1 && title.p[wanted.n] == ' ' &&
	       letters_eq_nocase((struct span){title.p, wanted.n}, wanted);
}

/* Does another column of the map stand there? */
static bool
is_taken(const struct binding *b, size_t column)
{
	for (size_t i = 0; i < b->map->nslots; i++)
		if (b->columns[i] == column)
			return true;
	return false;
}

/* Is the title known for the field that the slot is read for: "Birthdate" for "DOB"? */
static bool
means(const struct binding *b, const struct slot *s, struct span title)
{
	const struct section *section = NULL;
	const struct rule *ru = map_reader(
	    b->map, (unsigned)(s - b->map->slots), &section);
	unsigned types = ru == NULL ? UINT_MAX : 1u << section->schema->type;
	bool exact;
	const struct title *known = titles_find(title, types, &exact);

	if (known == NULL)
		return false;
	if (ru != NULL && strcmp(known->path, ru->path) == 0)
		return true;
	for (const struct item *it = s->titles; it != NULL; it = it->next)
		if (titles_find(it->text, types, &exact) == known)
			return true;
	return false;
}

/* The title of the file that is known to mean the same; empty: there is none. */
static struct span
meant(const struct binding *b, const struct slot *s)
{
	for (size_t i = 0; i < b->ntitles; i++)
		if (!is_taken(b, i) && means(b, s, b->titles[i]))
			return b->titles[i];
	return (struct span){NULL, 0};
}

/* The title of the file that a missing one may have meant; empty if none is near. */
static struct span
nearest(const struct binding *b, const struct slot *s)
{
	struct span best = meant(b, s);
	size_t least = (size_t)-1, d, limit;

	if (best.n > 0)
		return best;
	for (const struct item *it = s->titles; it != NULL; it = it->next) {
		for (size_t i = 0; i < b->ntitles; i++) {
			limit = it->text.n / NEAR;
			d = goes_on(b->titles[i], it->text)
				? limit
				: span_distance(it->text, b->titles[i], limit);
			if (d > limit || d >= least || b->titles[i].n == 0 ||
			    is_taken(b, i))
				continue;
			least = d;
			best = b->titles[i];
		}
	}
	return best;
}

/* A row of data, or another report, is no header that has changed. */
static bool
is_that_header(const struct lost *l)
{
	size_t same = 0, all = 0;

	for (size_t i = 0; i < l->drift.n; i++) {
		same += l->drift.v[i].kind == DRIFT_SAME;
		all += l->drift.v[i].kind != DRIFT_ADDED;
	}
	return 2 * same >= all;
}

/* The one that has taken its place since the last good file; else the nearest. */
static struct span
successor(const struct lost *l, const struct slot *s)
{
	for (size_t i = 0; is_that_header(l) && i < l->drift.n; i++) {
		const struct drift_pair *p = &l->drift.v[i];

		if (p->kind == DRIFT_RENAMED &&
		    p->before == column_before(l->watch->before, s))
			return l->watch->now.v[p->now].title;
	}
	return nearest(l->b, s);
}

static void
add_missing(const struct lost *l, const struct slot *s, struct buf *out, bool near)
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
	title = near ? successor(l, s) : (struct span){NULL, 0};
	if (title.n > 0)
		buf_addf(out, " (there is \"%.*s\")", (int)title.n, title.p);
}

/*
 * Half of the titles are there, or others that are known to mean the same. A row of data
 * may have one of them by chance.
 */
static bool
most_found(const struct binding *b)
{
	size_t found = 0, all = 0;

	for (size_t i = 0; i < b->map->nslots; i++) {
		const struct slot *s = &b->map->slots[i];

		all += s->titles != NULL;
		found += s->titles != NULL && (!is_lost(b, i) || meant(b, s).n > 0);
	}
	return found > 0 && 2 * found >= all;
}

/* Names them; of a file that is held, those alone that the map can't do without. */
static int
tell_missing(const struct lost *l, enum err_code code, const char *prefix, struct err *e)
{
	const struct binding *b = l->b;
	struct buf out;
	/* Where they are not, the first row may be no header, and holds patients' values. */
	bool near = code == ERR_HELD || most_found(b);

	buf_init(&out, MISSING_MAX);
	for (;; near = false) {
		buf_clear(&out);
		for (unsigned i = 0; i < b->map->nslots; i++)
			if (is_lost(b, i) && (code != ERR_HELD || map_needs(b->map, i)))
				add_missing(l, &b->map->slots[i], &out, near);
		/* Naming every missing title goes before naming near ones. */
		if (!near || out.n + strlen(prefix) + 3 <= ERR_MSG_SIZE)
			break;
	}
	err_set(e, code, "%s: %.*s", prefix, (int)out.n, out.p != NULL ? out.p : "");
	buf_release(&out);
	return -1;
}

/* Did the last good file have all that is lost? Else it is the map that is wrong. */
static bool
had_all(const struct lost *l)
{
	const struct map *m = l->b->map;

	for (size_t i = 0; i < m->nslots; i++)
		if (is_lost(l->b, i) &&
		    column_before(l->watch->before, &m->slots[i]) == DRIFT_NONE)
			return false;
	return true;
}

static bool
some_needed(const struct binding *b)
{
	for (unsigned i = 0; i < b->map->nslots; i++)
		if (is_lost(b, i) && map_needs(b->map, i))
			return true;
	return false;
}

/*
 * Behind the last column all cells are empty. They are remembered: the next file has to
 * do without them, too.
 */
static int
do_without(struct binding *b, struct header_watch *w, struct err *e)
{
	unsigned behind = (unsigned)b->ntitles;

	for (size_t i = 0; i < b->map->nslots; i++) {
		if (!is_lost(b, i))
			continue;
		b->titles[behind] = b->map->slots[i].titles != NULL
					? b->map->slots[i].titles->text
					: b->map->slots[i].name;
		b->columns[i] = behind++;
	}
	return header_watch_set(w, b, behind, e);
}

static int
judge(struct lost *l, struct header_watch *w, struct err *e)
{
	if (!had_all(l) || !is_that_header(l))
		return tell_missing(
		    l, ERR_REFUSED, "columns of the map are not in the header", e);
	if (some_needed(l->b)) {
		w->lacks = true;
		return tell_missing(l, ERR_HELD,
		    "columns that every row needs are gone since the last good file", e);
	}
	return do_without(l->b, w, e);
}

int
binding_lost(struct binding *b, struct header_watch *w, struct err *e)
{
	static const struct header_mark none;
	struct header_watch nothing = {.before = &none};
	struct lost l = {.b = b, .watch = w};
	int rc;

	if (w == NULL || w->before == NULL)
		l.watch = w = &nothing;
	if (drift_compare(&l.drift, w->before, &w->now, e) != 0)
		return -1;
	rc = judge(&l, w, e);
	drift_release(&l.drift);
	return rc;
}

/* -1: what stood in the column with this number, from 1, stands elsewhere now. */
static int
check_number(
    unsigned number, struct header_watch *w, const struct drift *d, struct err *e)
{
	for (size_t k = 0; k < d->n && number != 0; k++) {
		const struct drift_pair *p = &d->v[k];
		struct span title;

		if (p->kind != DRIFT_SAME || p->before != number - 1 ||
		    p->now == p->before)
			continue;
		title = w->now.v[p->now].title;
		w->lacks = true;
		return err_set(e, ERR_HELD,
		    "the map names column \"%.*s\" by its number, #%u, and since the last good "
		    "file it has become #%zu",
		    (int)title.n, title.p, number, p->now + 1);
	}
	return 0;
}

static bool
has_numbers(const struct map *m)
{
	for (size_t i = 0; i < m->nslots; i++)
		if (m->slots[i].number != 0)
			return true;
	return false;
}

int
binding_moved(const struct binding *b, struct header_watch *w, struct err *e)
{
	struct drift d;
	int rc = 0;

	if (w == NULL || w->before == NULL || !has_numbers(b->map))
		return 0;
	if (drift_compare(&d, w->before, &w->now, e) != 0)
		return -1;
	for (size_t i = 0; i < b->map->nslots && rc == 0; i++)
		rc = check_number(b->map->slots[i].number, w, &d, e);
	drift_release(&d);
	return rc;
}
