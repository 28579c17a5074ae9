#include "mappers/drift.h"

#include <stdlib.h>
#include <string.h>

#include "mappers/letters.h"

#define NEAR      3 /* titles are alike if one letter in three differs, at most */
#define WITHIN    4 /* or if one of so many letters or more stands in the other */
#define FILLED    20
#define WHOLE     1000
#define FAR       500 /* of 1000: contents of another kind, or twice as long */
#define CLOSE     150
#define NKINDS    4
#define ENOUGH(p) ((p)->cells - (p)->empty >= FILLED)

/* What is known while two headers are compared. */
struct matching {
	const struct header_mark *before, *now;
	size_t *to;    /* column of `now` of each one before */
	size_t *from;  /* and the reverse */
	bool *renamed; /* of each one before */
};

static struct span
title(const struct header_mark *h, size_t column)
{
	return h->v[column].gone ? (struct span){NULL, 0} : h->v[column].title;
}

static void
match(struct matching *m, size_t before, size_t now)
{
	m->to[before] = now;
	m->from[now] = before;
}

/* Is it still to be matched? */
static bool
open_before(const struct matching *m, size_t i)
{
	return m->to[i] == DRIFT_NONE && title(m->before, i).n > 0;
}

static bool
open_now(const struct matching *m, size_t k)
{
	return m->from[k] == DRIFT_NONE && title(m->now, k).n > 0;
}

/* Of titles that are there twice, the first is the first. */
static void
match_same(struct matching *m)
{
	size_t hint = 0;

	for (size_t i = 0; i < m->before->n; i++) {
		for (size_t n = 0; n < m->now->n && open_before(m, i); n++) {
			size_t k = (hint + n) % m->now->n;

			if (open_now(m, k) &&
			    letters_eq_nocase(title(m->before, i), title(m->now, k)))
				match(m, i, k);
		}
		if (m->to[i] != DRIFT_NONE)
			hint = m->to[i] + 1;
	}
}

static bool
stands_in(struct span part, struct span s)
{
	for (size_t i = 0; part.n >= WITHIN && i + part.n <= s.n; i++)
		if (span_eq_nocase((struct span){s.p + i, part.n}, part))
			return true;
	return false;
}

static bool
alike(struct span a, struct span b)
{
	size_t limit = (a.n > b.n ? a.n : b.n) / NEAR;

	return span_distance(a, b, limit) <= limit || stands_in(a, b) || stands_in(b, a);
}

static uint64_t
apart(uint64_t a, uint64_t na, uint64_t b, uint64_t nb)
{
	uint64_t x = a * WHOLE / na, y = b * WHOLE / nb;

	return x > y ? x - y : y - x;
}

/*
 * How far apart the contents of two columns are, of 1000: the shares of their kinds, or
 * their lengths, whichever is more. Empty cells do not count: how many there are changes
 * from day to day.
 */
static uint64_t
distance(const struct column_profile *a, const struct column_profile *b)
{
	uint64_t na = a->cells - a->empty, nb = b->cells - b->empty;
	uint64_t la = (uint64_t)a->length * WHOLE / na;
	uint64_t lb = (uint64_t)b->length * WHOLE / nb;
	uint64_t length = WHOLE - (la < lb ? la : lb) * WHOLE / (la > lb ? la : lb);
	uint64_t kinds = 0;
	const uint64_t va[NKINDS] = {
	    a->words, a->numbers, a->dates, na - a->words - a->numbers - a->dates};
	const uint64_t vb[NKINDS] = {
	    b->words, b->numbers, b->dates, nb - b->words - b->numbers - b->dates};

	for (size_t i = 0; i < NKINDS; i++)
		kinds += apart(va[i], na, vb[i], nb);
	kinds /= 2;
	return kinds > length ? kinds : length;
}

/* Do the contents say that one did not become the other? */
static bool
differ_in_kind(const struct matching *m, size_t before, size_t now)
{
	const struct column_profile *a = &m->before->v[before].profile;
	const struct column_profile *b = &m->now->v[now].profile;

	return ENOUGH(a) && ENOUGH(b) && distance(a, b) >= FAR;
}

static void
match_alike(struct matching *m)
{
	for (size_t i = 0; i < m->before->n; i++) {
		for (size_t k = 0; k < m->now->n && open_before(m, i); k++) {
			if (!open_now(m, k) ||
			    !alike(title(m->before, i), title(m->now, k)) ||
			    differ_in_kind(m, i, k))
				continue;
			match(m, i, k);
			m->renamed[i] = true;
		}
	}
}

/* Behind the same column, or, at the head of the file, in front of it. */
static size_t
place_of(const struct matching *m, size_t i)
{
	if (i == 0)
		return 0;
	return m->to[i - 1] == DRIFT_NONE ? DRIFT_NONE : m->to[i - 1] + 1;
}

static void
match_places(struct matching *m)
{
	for (size_t i = 0; i < m->before->n; i++) {
		size_t k = place_of(m, i);

		if (!open_before(m, i) || k >= m->now->n || !open_now(m, k) ||
		    differ_in_kind(m, i, k))
			continue;
		match(m, i, k);
		m->renamed[i] = true;
	}
}

static void
add(struct drift *d, enum drift_kind kind, size_t before, size_t now)
{
	d->v[d->n++] = (struct drift_pair){kind, before, now};
	d->differs |= kind != DRIFT_SAME;
}

/* Those behind column `i` that are gone. */
static void
add_missing(struct drift *d, const struct matching *m, size_t i)
{
	for (; i < m->before->n && (m->to[i] == DRIFT_NONE); i++)
		if (title(m->before, i).n > 0)
			add(d, DRIFT_MISSING, i, DRIFT_NONE);
}

static void
list(struct drift *d, const struct matching *m)
{
	size_t last = 0;

	add_missing(d, m, 0);
	for (size_t k = 0; k < m->now->n; k++) {
		size_t i = m->from[k];

		if (i == DRIFT_NONE) {
			if (title(m->now, k).n > 0)
				add(d, DRIFT_ADDED, DRIFT_NONE, k);
			continue;
		}
		add(d, m->renamed[i] ? DRIFT_RENAMED : DRIFT_SAME, i, k);
		d->reordered |= i < last;
		last = i;
		add_missing(d, m, i + 1);
	}
}

static void
find(struct drift *d, struct matching *m)
{
	for (size_t i = 0; i < m->before->n; i++)
		m->to[i] = DRIFT_NONE;
	for (size_t k = 0; k < m->now->n; k++)
		m->from[k] = DRIFT_NONE;
	match_same(m);
	match_alike(m);
	match_places(m);
	list(d, m);
}

int
drift_compare(struct drift *out, const struct header_mark *before,
    const struct header_mark *now, struct err *e)
{
	struct matching m = {.before = before, .now = now};
	int rc = 0;

	*out = (struct drift){.n = 0};
	m.to = calloc(before->n + 1, sizeof(*m.to));
	m.from = calloc(now->n + 1, sizeof(*m.from));
	m.renamed = calloc(before->n + 1, sizeof(*m.renamed));
	out->v = calloc(before->n + now->n + 1, sizeof(*out->v));
	if (m.to == NULL || m.from == NULL || m.renamed == NULL || out->v == NULL)
		rc = err_nomem(e);
	else
		find(out, &m);
	if (rc != 0)
		drift_release(out);
	free(m.to);
	free(m.from);
	free(m.renamed);
	return rc;
}

void
drift_release(struct drift *d)
{
	free(d->v);
	*d = (struct drift){.n = 0};
}

/* Pairs that may be looked at: the same title, and enough below it on both sides. */
static bool
telling(const struct drift_pair *p, const struct header_mark *before,
    const struct header_mark *now)
{
	return p->kind == DRIFT_SAME && ENOUGH(&before->v[p->before].profile) &&
	       ENOUGH(&now->v[p->now].profile);
}

static bool
swapped(const struct drift_pair *a, const struct drift_pair *b,
    const struct header_mark *before, const struct header_mark *now)
{
	const struct column_profile *olda = &before->v[a->before].profile,
				    *oldb = &before->v[b->before].profile,
				    *newa = &now->v[a->now].profile,
				    *newb = &now->v[b->now].profile;

	return distance(newa, olda) >= FAR && distance(newb, oldb) >= FAR &&
	       distance(newa, oldb) <= CLOSE && distance(newb, olda) <= CLOSE;
}

int
drift_swapped(const struct drift *d, const struct header_mark *before,
    const struct header_mark *now, size_t columns[2])
{
	for (size_t i = 0; i < d->n; i++) {
		if (!telling(&d->v[i], before, now))
			continue;
		for (size_t k = i + 1; k < d->n; k++) {
			if (!telling(&d->v[k], before, now) ||
			    !swapped(&d->v[i], &d->v[k], before, now))
				continue;
			columns[0] = d->v[i].now;
			columns[1] = d->v[k].now;
			return 1;
		}
	}
	return 0;
}
