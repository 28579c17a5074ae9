/*
 * Facts met in practice: the titles that columns have in exports of practice-management
 * systems, and the words that stand for our codes. In mappers, for they are guesses of
 * what files mean; no record is made by them, only the draft of a feed.
 */
#ifndef MAPPERS_TITLES_H
#define MAPPERS_TITLES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/schema.h"
#include "base/span.h"

/*
 * Fields that no schema has: "start.date" and "start.time" (also of end) are halves of
 * one, "name" is a whole name in one cell, "id?" an id that does not say of what.
 */
struct title {
	enum record_type type;
	const char *path;
	const char *words; /* "lastname surname": letters and digits alone, lower case */
};

/* The table, ended by a path that is NULL; what comes first goes first in a list. */
extern const struct title titles[];

/*
 * The first row of one of the types (bit n: record type n) that has this title, without
 * regard to case, blanks and punctuation; NULL if there is none. *exact: as it stands,
 * not only without a first word such as "Patient".
 */
const struct title *titles_find(struct span title, unsigned types, bool *exact);

/*
 * Our code that this word of theirs means, or NULL. *likely: another is possible. `path`
 * is gender or status.
 */
const char *words_find(const char *path, struct span theirs, bool *likely);

/* Of a word that is known to mean now this and now that: what it may mean; else NULL. */
const char *words_unclear(const char *path, struct span theirs);

#endif
