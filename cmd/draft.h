/*
 * The draft of a feed file: which column of a sample may be which field, how sure that
 * is, and the text that says so. A draft is for a person to look through.
 */
#ifndef CMD_DRAFT_H
#define CMD_DRAFT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "cmd/sample.h"
#include "mappers/titles.h"

#define DRAFT_FIELDS_MAX 128
#define DRAFT_PARTS_MAX  4 /* columns of one field: first and middle name */
#define DRAFT_NONE       SIZE_MAX

/* A field with its columns. */
struct draft_field {
	const struct title *title; /* of the table: type and path */
	size_t column[DRAFT_PARTS_MAX];
	unsigned n;
	bool exact;      /* a title is in the table as it stands */
	bool by_content; /* no title says so */
};

struct draft {
	const struct profile *profile;
	struct profile_file file;
	struct draft_field field[DRAFT_FIELDS_MAX];
	size_t n;
	unsigned types; /* bit n: a section of record type n is drafted */
	bool unnamed;   /* there are appointments, and no column is their id */
};

/* Guesses, by titles and then by content. `p` must outlive *d. */
void draft_make(struct draft *d, const struct profile *p);

/* NULL if no column is it. */
const struct draft_field *draft_find(
    const struct draft *d, enum record_type type, const char *path);

bool draft_uses(const struct draft *d, size_t column);

/* Is this title another column's too, or is there none? Then it goes by its number. */
bool draft_by_number(const struct profile *p, size_t column);

/* "{MRN}", "{"Duration (min)"}" or "{#3}". */
void draft_ref(struct buf *out, const struct profile *p, size_t column);

/* The comment and the line of one field, under the name that the section has for it. */
void draft_rule(struct buf *out, const struct draft *d, const struct draft_field *f);

/* Do its times need a zone that the file does not give? */
bool draft_needs_zone(const struct draft *d);

/*
 * The table [code NAME] of the words that a column holds, for the codes of a field. The
 * words that are not known are shown only if none can tell of one patient.
 */
void draft_codes(
    struct buf *out, const char *name, const struct field *field, const struct column *c);

/* What the text is made for. */
struct draft_for {
	const char *name;   /* of the feed */
	const char *sample; /* the path that was given */
	bool target;        /* emrdrop.ini does not say where the API is */
	int64_t now;        /* ms: no export is from the year after next */
};

/* The line [source] order, if the sample's name has a date; a comment, if it may be another. */
void draft_order(struct buf *out, const struct draft_for *of);

/* The whole feed file. */
void draft_rows(struct buf *out, const struct draft *d, const struct draft_for *of);
void draft_messages(
    struct buf *out, const struct hl7_survey_found *found, const struct draft_for *of);

#endif
