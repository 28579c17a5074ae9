#include "base/conf.h"

#include <string.h>

static int
section_append(struct conf *c, const struct conf_section *from)
{
	struct conf_section *v;

	if (c->n == c->cap) {
		c->cap = c->cap * 2 + 8;
		if ((v = arena_alloc(&c->arena, c->cap * sizeof(*v))) == NULL)
			return -1;
		if (c->n > 0)
			memcpy(v, c->sections, c->n * sizeof(*v));
		c->sections = v;
	}
	c->sections[c->n] = *from;
	c->sections[c->n].entries = NULL;
	c->sections[c->n].n = c->sections[c->n].cap = 0;
	c->n++;
	return 0;
}

static int
entry_append(struct conf *c, struct conf_section *s, const struct conf_entry *en)
{
	struct conf_entry *v;

	if (s->n == s->cap) {
		s->cap = s->cap * 2 + 8;
		if ((v = arena_alloc(&c->arena, s->cap * sizeof(*v))) == NULL)
			return -1;
		if (s->n > 0)
			memcpy(v, s->entries, s->n * sizeof(*v));
		s->entries = v;
	}
	s->entries[s->n++] = *en;
	return 0;
}

static bool
has(const struct conf_section *s, struct span key)
{
	for (size_t i = 0; i < s->n; i++)
		if (span_eq(s->entries[i].key, key))
			return true;
	return false;
}

static struct conf_section *
find(struct conf *c, const struct conf_section *like)
{
	for (size_t i = 0; i < c->n; i++)
		if (span_eq(c->sections[i].name, like->name) &&
		    span_eq(c->sections[i].label, like->label))
			return &c->sections[i];
	return NULL;
}

int
conf_defaults(
    struct conf *c, const struct conf *defaults, const char *const *but, struct err *e)
{
	for (size_t i = 0; i < defaults->n; i++) {
		const struct conf_section *from = &defaults->sections[i];
		const char *const *b = but;

		while (*b != NULL && !span_eq(from->name, span_of(*b)))
			b++;
		if (*b != NULL)
			continue;
		if (find(c, from) == NULL && section_append(c, from) != 0)
			return err_nomem(e);
		for (size_t k = 0; k < from->n; k++)
			if (!has(find(c, from), from->entries[k].key) &&
			    entry_append(c, find(c, from), &from->entries[k]) != 0)
				return err_nomem(e);
	}
	return 0;
}

struct conf_section *
conf_section(struct conf *c, const char *name)
{
	const struct conf_section none = {.name = span_of(name), .file = c->path};

	if (conf_find(c, name, "") == NULL && section_append(c, &none) != 0)
		return NULL;
	return conf_find(c, name, "");
}
