/*
 * Inside of base/conf: one INI file as sections, before anything is merged.
 */
#ifndef BASE_CONF_READ_H
#define BASE_CONF_READ_H

#include <stddef.h>

#include "base/arena.h"
#include "base/conf.h"
#include "base/err.h"
#include "base/span.h"

struct sections {
	struct conf_section *v;
	size_t n, cap;
};

/* A file's text and where its sections and its mistakes go; all borrowed. */
struct conf_text {
	struct arena *arena;
	struct conf_errors *errors;
	const char *file; /* its name; the entries keep pointing to it */
	struct span text;
};

/* -1 with *e if memory ran out or the file has too much of something. */
int conf_read(const struct conf_text *in, struct sections *out, struct err *e);

struct conf_section *sections_find(
    const struct sections *list, struct span name, struct span label);

/* A new section with the place of `from` and no entries; NULL: no memory. */
struct conf_section *sections_add(
    struct arena *a, struct sections *list, const struct conf_section *from);

struct conf_entry *section_entry(const struct conf_section *s, struct span key);

/* -1: no memory. */
int section_put(struct arena *a, struct conf_section *s, const struct conf_entry *en);

#endif
