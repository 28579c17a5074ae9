/*
 * What the parsers of values and conditions share: a place in a text, and the
 * small steps over it.
 */
#ifndef MAPPERS_SCAN_H
#define MAPPERS_SCAN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/span.h"
#include "mappers/value.h"

struct scan {
	struct arena *arena;
	struct span text;
	size_t at;
	bool condition;   /* the words that compare end a value */
	bool hl7;         /* references are into messages, not to columns */
	struct span word; /* what a # stands for; empty: for itself */
	unsigned depth;
	struct err *e;
};

/* -1 with "character N: expected ...". */
int scan_expected(const struct scan *s, const char *what);

/* The position in characters, from 1. */
size_t scan_position(const struct scan *s);

/* The byte at the place, '\0' at the end. */
char scan_peek(const struct scan *s);
bool scan_at(const struct scan *s, const char *literal);
void scan_blanks(struct scan *s);

/* At this word, with no word character behind it? */
bool scan_at_word(const struct scan *s, const char *word);

/* Takes the word and the blanks behind it, if it is there. */
bool scan_take_word(struct scan *s, const char *word);

/* Takes "quoted text", with "" for a quote. */
int scan_quoted(struct scan *s, struct span *out);

/* Takes the regular expression between slashes, the escape of a slash kept. */
int scan_regex(struct scan *s, struct span *out);

/* In a condition, at a word that compares? */
bool scan_at_comparison(const struct scan *s);

/* Takes an expression with its transforms. */
int scan_expr(struct scan *s, struct expr *out);

/* Takes one item of a list: quoted, or up to a comma (in a condition also "and"). */
int scan_item(struct scan *s, struct item **out);

/* Zeroed memory from the arena; NULL with *e. */
void *scan_alloc(struct scan *s, size_t n);

#endif
