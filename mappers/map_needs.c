/*
 * What a column is there for, asked when a file comes without it: may the rows do
 * without, and whose field is it?
 */
#include "mappers/map_header.h"

static bool parts_read(const struct part *p, unsigned slot);

static bool
alternatives_read(const struct alternative *a, unsigned slot)
{
	for (; a != NULL; a = a->next)
		if (parts_read(a->parts, slot) || alternatives_read(a->elements, slot))
			return true;
	return false;
}

static bool
parts_read(const struct part *p, unsigned slot)
{
	for (; p != NULL; p = p->next) {
		for (const struct ref *r = p->refs; r != NULL; r = r->next)
			if (r->slot == slot)
				return true;
		if (alternatives_read(p->pipe.value, slot))
			return true;
	}
	return false;
}

static bool
expr_reads(const struct expr *x, unsigned slot)
{
	return alternatives_read(x->alts, slot) || alternatives_read(x->pipe.value, slot);
}

static bool
condition_reads(const struct condition *c, unsigned slot)
{
	for (; c != NULL; c = c->next)
		if (expr_reads(&c->value, slot))
			return true;
	return false;
}

/* Without an id or a time of the change nobody can tell what the record would overwrite. */
static bool
can_do_without(const struct rule *ru)
{
	return ru->role == ROLE_FIELD && !ru->rejects && ru->need == NEED_NO;
}

static bool
section_needs(const struct section *sec, unsigned slot)
{
	if (condition_reads(sec->when, slot))
		return true;
	for (size_t i = 0; i < sec->nrules; i++)
		if (!can_do_without(&sec->rules[i]) &&
		    expr_reads(&sec->rules[i].expr, slot))
			return true;
	return sec->id != NULL && expr_reads(&sec->id->expr, slot);
}

bool
map_needs(const struct map *m, unsigned slot)
{
	if (condition_reads(m->when, slot) ||
	    (m->made != NULL && expr_reads(&m->made->expr, slot)))
		return true;
	for (size_t i = 0; i < m->nsections; i++)
		if (section_needs(&m->sections[i], slot))
			return true;
	return false;
}

static const struct rule *
section_reader(const struct section *sec, unsigned slot)
{
	for (size_t k = 0; k < sec->nrules; k++)
		if (expr_reads(&sec->rules[k].expr, slot))
			return &sec->rules[k];
	return NULL;
}

const struct rule *
map_reader(const struct map *m, unsigned slot, const struct section **section)
{
	const struct rule *ru = NULL;

	for (size_t i = 0; i < m->nsections && ru == NULL; i++) {
		*section = &m->sections[i];
		ru = section_reader(*section, slot);
	}
	return ru;
}

const struct rule *
map_erases(const struct map *m, unsigned slot)
{
	const struct rule *ru = NULL;

	for (size_t i = 0; i < m->nsections && ru == NULL; i++)
		if (m->sections[i].op == OP_PUT)
			ru = section_reader(&m->sections[i], slot);
	return ru;
}
