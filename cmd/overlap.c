#include "cmd/overlap.h"

#include <string.h>

#include "mappers/paths.h"

#define PATHS_MAX 100 /* fields that are looked at */
#define SHOWN     8   /* and named */
#define TEXT_MAX  512

struct paths {
	const char *v[PATHS_MAX];
	size_t n;
};

static bool
has(const struct paths *p, const char *path)
{
	for (size_t i = 0; i < p->n; i++)
		if (strcmp(p->v[i], path) == 0)
			return true;
	return false;
}

static void
add(void *arg, const char *path)
{
	struct paths *p = arg;

	if (p->n < PATHS_MAX && !has(p, path))
		p->v[p->n++] = path;
}

/* What is patched and not put, if the type is both. */
static void
find_erased(const struct mapper *puts, const struct mapper *patches,
    enum record_type type, struct paths *out)
{
	struct paths whole = {.n = 0}, parts = {.n = 0};

	out->n = 0;
	mapper_paths(puts, type, OP_PUT, add, &whole);
	mapper_paths(patches, type, OP_PATCH, add, &parts);
	for (size_t i = 0; whole.n > 0 && i < parts.n; i++)
		if (!has(&whole, parts.v[i]))
			add(out, parts.v[i]);
}

static void
name_paths(const struct paths *p, struct buf *out)
{
	for (size_t i = 0; i < p->n && i < SHOWN; i++)
		buf_addf(out, "%s%s", i == 0 ? "" : ", ", p->v[i]);
	if (p->n > SHOWN)
		buf_addf(out, " and %zu more", p->n - SHOWN);
	buf_add_char(out, '\0');
}

/* The section that says so, or the type's first. */
static const struct conf_section *
section_of(struct feed *f, const char *type, const char *op)
{
	const struct conf_section *first = NULL;

	for (size_t i = 0; i < f->conf.n; i++) {
		struct conf_section *s = &f->conf.sections[i];
		const struct conf_entry *en = conf_get(s, "op");

		if (!span_eq(s->name, span_of(type)))
			continue;
		if (en != NULL && span_eq(en->value, span_of(op)))
			return s;
		first = first == NULL ? s : first;
	}
	return first;
}

static void
warn(struct feed *puts, struct feed *patches, const char *type, const char *fields)
{
	static const char remedy[] =
	    "let both say op = patch, or one feed write them all";

	conf_error_at(&patches->warnings, section_of(patches, type, "patch"), NULL,
	    "feed %s puts this type whole for source %s too, and each %s that it puts erases "
	    "what is patched here alone: %s; %s",
	    puts->feed.name, puts->feed.source, type, fields, remedy);
	conf_error_at(&puts->warnings, section_of(puts, type, "put"), NULL,
	    "each %s that is put erases what feed %s of source %s alone patches: %s; %s",
	    type, patches->feed.name, puts->feed.source, fields, remedy);
}

static void
warn_of(struct feed *puts, struct feed *patches)
{
	struct paths erased;
	struct buf text;

	for (int t = 1; t <= RECORD_TYPE_MAX; t++) {
		enum record_type type = (enum record_type)t;

		find_erased(puts->mapper, patches->mapper, type, &erased);
		if (erased.n == 0)
			continue;
		buf_init(&text, TEXT_MAX);
		name_paths(&erased, &text);
		warn(puts, patches, schema_by_type(type)->name,
		    text.failed ? "several fields" : text.p);
		buf_release(&text);
	}
}

void
overlap_warn(struct feed *a, struct feed *b)
{
	if (strcmp(a->feed.source, b->feed.source) != 0)
		return;
	warn_of(a, b);
	warn_of(b, a);
}
