/*
 * Regular expressions: PCRE2 on UTF-8, compiled by its JIT where there is one,
 * with bounded work. One thread at a time may use a struct regexp.
 */
#ifndef MAPPERS_REGEXP_H
#define MAPPERS_REGEXP_H

#include <stddef.h>

#include "base/err.h"
#include "base/span.h"

struct regexp;

/* ERR_CONFIG with PCRE2's words and the offset, if it is no regular expression. */
struct regexp *regexp_new(struct span pattern, struct err *e);
void regexp_free(struct regexp *r);

/* Is `with` of regexp_replace one for the groups of this pattern, which is good? Else -1. */
int regexp_check(struct span pattern, struct span with, struct err *e);

/* 1 it matches somewhere, 0 it does not, -1 the limit of work was reached. */
int regexp_match(struct regexp *r, struct span text);

/*
 * 1 and the first group of the first match, or all of it where there is no group;
 * 0 no match, -1 the limit of work. *out is a part of the text.
 */
int regexp_extract(struct regexp *r, struct span text, struct span *out);

/*
 * Puts `with` ($1 is a group) for every match into out[*n], and the length into *n.
 * 1 replaced, 0 no match, -1 the limit of work, or `out` is too small.
 */
int regexp_replace(
    struct regexp *r, struct span text, struct span with, char *out, size_t *n);

#endif
