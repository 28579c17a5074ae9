#include "mappers/guide.h"

#include <stdlib.h>
#include <string.h>

#include "mappers/guide_impl.h"
#include "mappers/letters.h"

#define ORDERED_MAX 500 /* codes of ours whose order in the feed file is kept */

/* A condition on a column alone. */
struct asked {
	struct asked *next;
	const struct condition *condition;
	bool rows; /* of [rows]; else of a section, which a row may do without */
};

/* What is known of a column on the way. */
struct draft {
	struct guide_value best;
	struct asked *asked;
	unsigned slot;
};

/* The walk through the map. */
struct walk {
	const struct map *map;
	struct guide *guide;
	struct arena *a;
	struct draft *drafts; /* beside guide->columns */
	const struct section *section;
	bool nomem;
};

void
guide_release(struct guide *g)
{
	if (g == NULL)
		return;
	arena_release(&g->arena);
	*g = (struct guide){.n = 0};
}

static void *
take(struct walk *w, size_t n)
{
	void *p = w->nomem ? NULL : arena_alloc(w->a, n);

	w->nomem |= p == NULL;
	return p;
}

static void
add_title(struct walk *w, struct guide_column *c, struct span text)
{
	struct guide_text **to = &c->titles, *t = take(w, sizeof(*t));

	if (t == NULL)
		return;
	t->text = text;
	while (*to != NULL)
		to = &(*to)->next;
	*to = t;
}

/* The column of a slot of the map, in the order in which they are met. */
static size_t
column_of(struct walk *w, unsigned slot)
{
	const struct slot *s = &w->map->slots[slot];
	struct guide_column *c;
	size_t i = 0;

	while (i < w->guide->n && w->drafts[i].slot != slot)
		i++;
	if (i < w->guide->n)
		return i;
	w->drafts[i].slot = slot;
	c = &w->guide->columns[w->guide->n++];
	c->number = s->number;
	for (const struct item *it = s->titles; it != NULL; it = it->next)
		add_title(w, c, it->text);
	if (s->titles != NULL && s->titles->text.p != s->name.p)
		c->name = s->name;
	return i;
}

/* Does the section want nothing of a row where this column is empty? */
static bool
spares(const struct section *s, unsigned slot)
{
	for (const struct condition *c = s->when; c != NULL; c = c->next) {
		const struct alternative *a = c->value.alts;

		if (c->op == COND_PRESENT && !c->negated && a->elements == NULL &&
		    a->parts->refs != NULL && a->parts->refs->slot == slot)
			return true;
	}
	return s->group != NULL;
}

static bool
is_required(const struct walk *w, const struct guide_place *p, unsigned slot)
{
	const struct rule *ru = p->rule;

	return (ru->rejects || ru->need != NEED_NO) && p->whole->otherwise != ELSE_DROP &&
	       p->whole->otherwise != ELSE_VALUE && ru->expr.alts->next == NULL &&
	       ru->expr.alts->elements == NULL && !p->part->optional &&
	       p->part->refs->next == NULL && !spares(w->section, slot);
}

static void
add_use(
    struct walk *w, struct guide_column *c, const struct guide_place *p, bool required)
{
	struct guide_use **to = &c->uses, *u;

	for (; *to != NULL; to = &(*to)->next)
		if (strcmp((*to)->type, w->section->schema->name) == 0 &&
		    strcmp((*to)->field, p->rule->path) == 0)
			return;
	if ((u = take(w, sizeof(*u))) == NULL)
		return;
	*u = (struct guide_use){NULL, w->section->schema->name, p->rule->path, required};
	c->required |= required;
	*to = u;
}

static void
take_place(struct walk *w, const struct guide_place *p)
{
	struct guide_value value;

	for (const struct ref *r = p->part->refs; r != NULL && !w->nomem; r = r->next) {
		size_t i = column_of(w, r->slot);

		add_use(w, &w->guide->columns[i], p, is_required(w, p, r->slot));
		if (guide_value_of(w->a, p, &value) != 0)
			w->nomem = true;
		else if (value.rank > w->drafts[i].best.rank)
			w->drafts[i].best = value;
	}
}

static void
walk_alternatives(
    struct walk *w, const struct guide_place *from, const struct alternative *a)
{
	struct guide_place p = *from;

	for (; a != NULL; a = a->next) {
		walk_alternatives(w, from, a->elements);
		p.alt = a;
		for (p.part = a->parts; p.part != NULL; p.part = p.part->next) {
			take_place(w, &p);
			if (p.part->pipe.value != NULL)
				walk_alternatives(w, from, p.part->pipe.value);
		}
	}
}

static void
walk_rule(struct walk *w, const struct rule *ru)
{
	const struct pipeline none = {.steps = NULL};
	const struct guide_place p = {.rule = ru, .whole = &ru->expr.pipe},
				 other = {.rule = ru, .whole = &none};

	walk_alternatives(w, &p, ru->expr.alts);
	walk_alternatives(w, &other, ru->expr.pipe.value);
}

/* In the order of the feed file, which often is that of the export. */
static void
walk_rules(struct walk *w)
{
	for (size_t n = 0; n < w->section->nrules; n++)
		for (size_t i = 0; i < w->section->nrules; i++)
			if (w->section->rules[i].order == n)
				walk_rule(w, &w->section->rules[i]);
}

/* One column, nothing else, and no transform. */
static bool
is_plain(const struct expr *x)
{
	const struct alternative *a = x->alts;

	return a->next == NULL && a->elements == NULL && a->parts->next == NULL &&
	       a->parts->refs != NULL && a->parts->refs->next == NULL &&
	       a->parts->pipe.steps == NULL && x->pipe.steps == NULL;
}

/* What the condition asks for. The last of them, in the drafts. */
static size_t
note_asked(struct walk *w, const struct alternative *a)
{
	size_t i = 0;

	for (; a != NULL; a = a->next)
		for (const struct part *p = a->parts; p != NULL; p = p->next)
			for (const struct ref *r = p->refs; r != NULL; r = r->next) {
				i = column_of(w, r->slot);
				w->guide->columns[i].decides = true;
			}
	return i;
}

static void
walk_condition(struct walk *w, const struct condition *c, bool rows)
{
	for (; c != NULL; c = c->next) {
		size_t i = note_asked(w, c->value.alts);
		struct asked *asked = take(w, sizeof(*asked));

		if (asked == NULL || !is_plain(&c->value))
			continue;
		*asked = (struct asked){w->drafts[i].asked, c, rows};
		w->drafts[i].asked = asked;
	}
}

/* May the text stand there? `all`: or may sections be left out for it? */
static bool
fits(const struct draft *d, struct span text, bool all)
{
	bool limit = false;

	for (const struct asked *a = d->asked; a != NULL; a = a->next)
		if ((all || a->rows) &&
		    condition_holds(a->condition, text, &limit) == a->condition->negated)
			return false;
	return true;
}

/* The text of those that fit whose turn it is, or the last of them. */
static bool
pick(const struct draft *d, const struct guide_text *from, size_t turn, bool all,
    struct span *out)
{
	bool found = false;

	for (; from != NULL; from = from->next) {
		if (!fits(d, from->text, all))
			continue;
		*out = from->text;
		found = true;
		if (turn-- == 0)
			break;
	}
	return found;
}

/* A value that a condition asks for by name. */
static bool
pick_asked(const struct draft *d, struct span *out)
{
	for (const struct asked *a = d->asked; a != NULL; a = a->next)
		for (const struct item *it = a->condition->items;
		    it != NULL && !a->condition->negated; it = it->next)
			if (fits(d, it->text, false)) {
				*out = it->text;
				return true;
			}
	return false;
}

static void
choose(struct draft *d, struct guide_column *c, size_t row)
{
	struct guide_text own = {.text = d->best.sample[row]};
	const struct guide_text *from = c->codes != NULL ? c->codes : &own;
	struct span *to = &c->sample[row];

	if (d->best.rank == 0 || (d->best.table != NULL && c->codes == NULL))
		own.text = SPAN_LIT("Example");
	if (pick(d, from, row, true, to) || pick(d, from, row, false, to) ||
	    pick_asked(d, to))
		return;
	*to = from == &own && own.text.n > 0 ? own.text : SPAN_LIT("Example");
	if (!fits(d, *to, false))
		*to = (struct span){NULL, 0};
}

struct word {
	const struct code_entry *entry;
	size_t order;
};

static int
compare_words(const void *a, const void *b)
{
	const struct word *x = a, *y = b;
	struct span s = x->entry->theirs, t = y->entry->theirs;
	size_t n = s.n < t.n ? s.n : t.n;
	int d = (x->order > y->order) - (x->order < y->order);

	if (d == 0 && n > 0)
		d = memcmp(s.p, t.p, n);
	return d != 0 ? d : (s.n > t.n) - (s.n < t.n);
}

/* Where the feed file has the code. */
static size_t
order_of(const struct code_table *t, struct span ours)
{
	size_t i = 0;

	while (t->nours <= ORDERED_MAX && i < t->nours && !span_eq(t->ours[i], ours))
		i++;
	return i;
}

/* The words of the column's table, as the feed file has them. */
static void
list_codes(struct walk *w, struct guide_column *c, const struct code_table *t)
{
	struct word *words = take(w, (t->size + 1) * sizeof(*words));
	struct guide_text **to = &c->codes;

	for (size_t i = 0; i < t->size && words != NULL; i++)
		if (t->entries[i].ours.p != NULL)
			words[c->ncodes++] = (struct word){
			    &t->entries[i], order_of(t, t->entries[i].ours)};
	if (words == NULL || c->ncodes == 0)
		return;
	qsort(words, c->ncodes, sizeof(*words), compare_words);
	for (size_t i = 0; i < c->ncodes && i < GUIDE_CODES; i++) {
		if ((*to = take(w, sizeof(**to))) == NULL)
			return;
		(*to)->text = words[i].entry->theirs;
		(*to)->means = words[i].entry->ours;
		to = &(*to)->next;
	}
}

/* Those of the schema. */
static void
list_allowed(struct walk *w, struct guide_column *c, const char *const *allowed)
{
	struct guide_text **to = &c->codes;

	for (; *allowed != NULL && (*to = take(w, sizeof(**to))) != NULL; allowed++) {
		(*to)->text = (*to)->means = span_of(*allowed);
		to = &(*to)->next;
		c->ncodes++;
	}
}

static void
finish_column(struct walk *w, size_t i)
{
	struct guide_column *c = &w->guide->columns[i];
	struct draft *d = &w->drafts[i];

	c->words = d->best.rank == 0 ? SPAN_LIT("text") : d->best.words;
	if (d->best.table != NULL) {
		list_codes(w, c, d->best.table);
		c->words = d->best.table->rest.p != NULL
			       ? SPAN_LIT("a code; others are taken too")
			       : SPAN_LIT("one of the codes below");
	} else if (d->best.allowed != NULL) {
		list_allowed(w, c, d->best.allowed);
		c->words = SPAN_LIT("one of the codes below");
	}
	for (size_t row = 0; row < GUIDE_ROWS; row++)
		choose(d, c, row);
}

static bool
is_taken(const struct guide *g, size_t at)
{
	for (size_t i = 0; i < g->n; i++)
		if (g->columns[i].number == at + 1)
			return true;
	return false;
}

/* Columns by number stand where they must, the others fill what is between. */
static void
place_columns(struct guide *g)
{
	size_t at = 0;

	for (size_t i = 0; i < g->n; i++) {
		struct guide_column *c = &g->columns[i];

		while (c->number == 0 && is_taken(g, at))
			at++;
		c->at = c->number == 0 ? at++ : c->number - 1;
		g->ordered |= c->number != 0;
		g->width = c->at >= g->width ? c->at + 1 : g->width;
	}
}

int
guide_columns(struct guide *g, const struct map *m)
{
	struct walk w = {.map = m, .guide = g, .a = &g->arena};

	g->columns = take(&w, (m->nslots + 1) * sizeof(*g->columns));
	w.drafts = take(&w, (m->nslots + 1) * sizeof(*w.drafts));
	for (size_t i = 0; i < m->nsections && !w.nomem; i++) {
		w.section = &m->sections[i];
		walk_rules(&w);
	}
	if (!w.nomem)
		walk_condition(&w, m->when, true);
	for (size_t i = 0; i < m->nsections && !w.nomem; i++)
		walk_condition(&w, m->sections[i].when, false);
	for (size_t i = 0; i < g->n && !w.nomem; i++)
		finish_column(&w, i);
	place_columns(g);
	return w.nomem ? -1 : 0;
}

static bool
is_called(const struct guide_column *c, struct span name)
{
	char *end;

	if (c->number != 0 && name.n > 1 && name.p[0] == '#')
		return strtoul(name.p + 1, &end, 10) == c->number &&
		       end == name.p + name.n;
	for (const struct guide_text *t = c->titles; t != NULL; t = t->next)
		if (letters_eq_nocase(t->text, name))
			return true;
	return c->name.n > 0 && letters_eq_nocase(c->name, name);
}

size_t
guide_index(const struct guide *g, struct span name)
{
	size_t i = 0;

	while (i < g->n && !is_called(&g->columns[i], name))
		i++;
	return i;
}

const struct guide_column *
guide_find(const struct guide *g, struct span name)
{
	size_t i = guide_index(g, name);

	return i < g->n ? &g->columns[i] : NULL;
}

void
guide_near(const struct guide *g, struct near *near)
{
	for (size_t i = 0; i < g->n; i++) {
		const struct guide_column *c = &g->columns[i];

		for (const struct guide_text *t = c->titles; t != NULL; t = t->next)
			near_try(near, t->text);
		near_try(near, c->name);
	}
}
