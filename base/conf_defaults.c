#include "base/conf.h"
#include "base/conf_read.h"

static struct conf_section *
add(struct conf *c, const struct conf_section *from)
{
	struct sections all = {c->sections, c->n, c->cap};
	struct conf_section *s = sections_add(&c->arena, &all, from);

	if (s == NULL)
		return NULL;
	c->sections = all.v;
	c->n = all.n;
	c->cap = all.cap;
	return s;
}

/* What the section of this name does not say itself. -1: no memory. */
static int
complete(struct conf *c, const struct conf_section *from)
{
	const struct sections all = {c->sections, c->n, c->cap};
	struct conf_section *s = sections_find(&all, from->name, from->label);

	if (s == NULL && (s = add(c, from)) == NULL)
		return -1;
	for (size_t i = 0; i < from->n; i++)
		if (section_entry(s, from->entries[i].key) == NULL &&
		    section_put(&c->arena, s, &from->entries[i]) != 0)
			return -1;
	return 0;
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
		if (*b == NULL && complete(c, from) != 0)
			return err_nomem(e);
	}
	return 0;
}

struct conf_section *
conf_section(struct conf *c, const char *name)
{
	const struct conf_section none = {.name = span_of(name), .file = c->path};
	struct conf_section *s = conf_find(c, name, "");

	return s != NULL ? s : add(c, &none);
}
