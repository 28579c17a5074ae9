/*
 * How a header differs from that of the last good file, told when the file has been read.
 */
#include <stdio.h>

#include "mappers/drift.h"
#include "mappers/letters.h"
#include "mappers/map_header.h"

#define DETAIL_SIZE 320 /* "now " and a title */

/* What is being told. */
struct telling {
	struct binding *b;
	const struct header_watch *watch;
	const struct drift *drift;
	uint64_t row;
};

static bool
has_title(const struct slot *s, struct span title)
{
	const struct item *it = s->titles;

	while (it != NULL && !letters_eq_nocase(it->text, title))
		it = it->next;
	return it != NULL;
}

/* The slot that reads a column with this title; SLOT_NONE: the map does not. */
static unsigned
slot_of(const struct binding *b, struct span title)
{
	for (unsigned i = 0; i < b->map->nslots; i++)
		if (has_title(&b->map->slots[i], title))
			return i;
	return SLOT_NONE;
}

/* Is the map at no loss for it: does another column of the file stand for it? */
static bool
is_found(const struct binding *b, struct span title)
{
	unsigned slot = slot_of(b, title);

	return slot != SLOT_NONE && b->columns[slot] < b->ntitles;
}

static void
tell(const struct telling *t, enum problem_code code, struct span title,
    struct span detail)
{
	unsigned slot = slot_of(t->b, title);
	const struct section *section = NULL;
	const struct rule *ru = slot == SLOT_NONE ? NULL
						  : map_reader(t->b->map, slot, &section);

	eval_tell(t->b, &(struct problem){.code = code,
			    .weight = WEIGHT_WARNING,
			    .row = t->row,
			    .column = title,
			    .type = ru == NULL ? NULL : section->schema->name,
			    .field = ru == NULL ? NULL : ru->path,
			    .detail = detail});
}

/* The pair of this title, if the last good file had it; NULL: it did not. */
static const struct drift_pair *
pair_before(const struct telling *t, struct span title)
{
	const struct header_mark *before = t->watch->before;
	const struct drift *d = t->drift;

	for (size_t i = 0; i < d->n; i++)
		if (d->v[i].before != DRIFT_NONE &&
		    letters_eq_nocase(before->v[d->v[i].before].title, title))
			return &d->v[i];
	return NULL;
}

/*
 * Of the titles of a short name the last good file had this one read, and it is still there,
 * but a column that is new is read now.
 */
static const struct drift_pair *
displaced(const struct telling *t, unsigned slot)
{
	const struct drift_pair *p = NULL, *now = NULL;
	const struct drift *d = t->drift;

	for (size_t i = 0; i < d->n; i++)
		if (d->v[i].now == t->b->columns[slot])
			now = &d->v[i];
	if (now == NULL || (now->kind != DRIFT_ADDED && now->kind != DRIFT_RENAMED))
		return NULL;
	for (const struct item *it = t->b->map->slots[slot].titles;
	    it != NULL && p == NULL; it = it->next)
		p = pair_before(t, it->text);
	return p != NULL && p->kind == DRIFT_SAME ? p : NULL;
}

static void
tell_pair(const struct telling *t, const struct drift_pair *p)
{
	const struct header_mark *before = t->watch->before, *now = &t->watch->now;
	const struct span none = {NULL, 0};
	struct span old = p->before == DRIFT_NONE ? none : before->v[p->before].title;
	struct span new = p->now == DRIFT_NONE ? none : now->v[p->now].title;
	char detail[DETAIL_SIZE];

	switch (p->kind) {
	case DRIFT_RENAMED:
		snprintf(detail, sizeof(detail), "now \"%.*s\"", (int)new.n, new.p);
		if (!is_found(t->b, old) &&
		    (slot_of(t->b, old) != SLOT_NONE || !is_found(t->b, new)))
			tell(t, PROBLEM_COLUMN_RENAMED, old, span_of(detail));
		break;
	case DRIFT_MISSING:
		if (!is_found(t->b, old))
			tell(t, PROBLEM_COLUMN_MISSING, old, none);
		break;
	case DRIFT_ADDED:
		if (!is_found(t->b, new) || displaced(t, slot_of(t->b, new)) != NULL)
			tell(t, PROBLEM_COLUMN_ADDED, new, none);
		break;
	case DRIFT_SAME:
		break;
	}
}

/* As long as the map asks for it: in each file what it held is left out. */
static void
tell_still_gone(const struct telling *t)
{
	const struct header_mark *before = t->watch->before;

	for (size_t i = 0; i < before->n; i++)
		if (before->v[i].gone && slot_of(t->b, before->v[i].title) != SLOT_NONE &&
		    !is_found(t->b, before->v[i].title))
			tell(t, PROBLEM_COLUMN_MISSING, before->v[i].title,
			    (struct span){NULL, 0});
}

/* Of a column that was there: the field that whole records would lose, or NULL. */
static const struct rule *
erased_by(const struct telling *t, const struct drift_pair *p)
{
	struct span old;
	unsigned slot;

	if (p->kind != DRIFT_RENAMED && p->kind != DRIFT_MISSING)
		return NULL;
	old = t->watch->before->v[p->before].title;
	slot = slot_of(t->b, old);
	return slot == SLOT_NONE || is_found(t->b, old) ? NULL
							: map_erases(t->b->map, slot);
}

/*
 * What is put whole and lacks a field erases it where it goes. That is no warning: it is
 * held until somebody has the column back, or means it.
 */
static int
hold_erased(const struct telling *t, const struct drift *d, struct err *e)
{
	const struct rule *ru, *first = NULL;
	struct span title = {NULL, 0};
	char others[48] = "";
	size_t n = 0;

	for (size_t i = 0; i < d->n; i++) {
		if ((ru = erased_by(t, &d->v[i])) == NULL)
			continue;
		if (n++ > 0)
			continue;
		first = ru;
		title = t->watch->before->v[d->v[i].before].title;
	}
	if (n == 0)
		return 0;
	if (n > 1)
		snprintf(others, sizeof(others), " (and %zu more)", n - 1);
	return err_set(e, ERR_HELD,
	    "column \"%.*s\"%s is gone since the last good file, and each record would lose "
	    "its %s at the receiving system",
	    (int)title.n, title.p, others, first->path);
}

static int
hold_swapped(const struct header_mark *now, const size_t columns[2], struct err *e)
{
	struct span a = now->v[columns[0]].title, b = now->v[columns[1]].title;

	return err_set(e, ERR_HELD,
	    "columns \"%.*s\" and \"%.*s\" look swapped: each holds what the other held in "
	    "the last good file",
	    (int)a.n, a.p, (int)b.n, b.p);
}

/* Where rows hang on it only a person knows which is meant: ids are others in the other one. */
static int
hold_displaced(const struct telling *t, struct err *e)
{
	for (unsigned i = 0; i < t->b->map->nslots; i++) {
		const struct drift_pair *p = displaced(t, i);
		struct span old, new;

		if (p == NULL || !map_needs(t->b->map, i))
			continue;
		old = t->watch->before->v[p->before].title;
		new = t->watch->now.v[t->b->columns[i]].title;
		return err_set(e, ERR_HELD,
		    "column \"%.*s\" is new, and would be read in place of \"%.*s\", which "
		    "is still there: leave one of them in [columns]",
		    (int)new.n, new.p, (int)old.n, old.p);
	}
	return 0;
}

static bool
is_read(const struct binding *b, size_t column)
{
	for (size_t i = 0; i < b->nused; i++)
		if (b->used[i] == column)
			return true;
	return false;
}

int
binding_drift(
    struct binding *b, const struct header_watch *w, uint64_t row, struct err *e)
{
	struct drift d;
	const struct telling t = {b, w, &d, row};
	size_t columns[2];
	int rc = 0;

	if (w->before == NULL || w->before->n == 0 || w->now.n == 0)
		return 0;
	if (drift_compare(&d, w->before, &w->now, e) != 0)
		return -1;
	for (size_t i = 0; i < d.n; i++)
		tell_pair(&t, &d.v[i]);
	tell_still_gone(&t);
	if (d.reordered)
		tell(&t, PROBLEM_COLUMN_ORDER, (struct span){NULL, 0},
		    (struct span){NULL, 0});
	if (drift_swapped(&d, w->before, &w->now, columns) == 1 &&
	    (is_read(b, columns[0]) || is_read(b, columns[1])))
		rc = hold_swapped(&w->now, columns, e);
	else if ((rc = hold_displaced(&t, e)) == 0)
		rc = hold_erased(&t, &d, e);
	drift_release(&d);
	return rc;
}
