/*
 * Transforms: what stands behind a pipe. A row in the registry (transform.c) has a
 * name, how many arguments it takes, a function that compiles them once a feed,
 * and one that is applied once a value. Adding one is such a row and its two
 * functions.
 */
#ifndef MAPPERS_TRANSFORM_H
#define MAPPERS_TRANSFORM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/problem.h"
#include "base/span.h"
#include "base/zone.h"
#include "mappers/kit.h"
#include "mappers/hl7_text.h"
#include "mappers/value.h"

enum text_kind {
	TEXT_PLAIN,
	TEXT_DATE,    /* a FHIR date */
	TEXT_DATETIME /* a FHIR dateTime with its instant */
};

struct text {
	struct span s;
	enum text_kind kind;
	bool kept;       /* set by a transform that failed and keeps the value */
	bool null;       /* "" was sent: delete; the text is empty */
	const char *at;  /* set by what failed, if it knows: where in the text; or NULL */
	int64_t instant; /* ms since 1970, of TEXT_DATETIME and where a zone is known */
	int64_t latest; /* as instant; a day is 24 hours long, an hour may happen twice */
	struct hl7_repetition from; /* as hl7_hit has it */
};

/* How an HL7 DTM is read: `clock` makes it a dateTime. */
struct dtm_how {
	const struct zone *zone;
	enum dst_policy dst;
	bool clock;
};

#define FHIR_DAY_SIZE 16 /* "2026-03-08", and what an odd clock may show */

#define DTM_KEPT 4 /* a message has the same time in several fields */

/* A DTM that was read, and what came of it. */
struct dtm_kept {
	struct span dtm;
	struct dtm_how how;
	struct text text;
};

/* What applying needs: a row's arena, and today for two-digit years. */
struct run {
	struct arena arena;
	int64_t now;                  /* ms since 1970 */
	int64_t today;                /* days since 1970, UTC */
	int year;                     /* this year, UTC */
	char tomorrow[FHIR_DAY_SIZE]; /* where it is today, UTC, it may be tomorrow */
	bool full;  /* the arena gave nothing more: arena.nomem says why */
	bool nomem; /* there was none for a record */
	const struct site_keys *keys; /* of hash; NULL: there are none */
	bool fleeting;                /* what the row gives depends on the day */
	bool limit;                   /* a regular expression reached its limit of work */

	/* The message at hand; NULL: values come out of rows. */
	struct hl7_message *message;
	struct hl7_charsets *charsets;
	bool has_offset; /* MSH-7's, for times that have none */
	int offset;
	bool escape;                    /* an unknown escape sequence was kept */
	struct dtm_kept dtms[DTM_KEPT]; /* of the message at hand, by turns */
	unsigned ndtms;
};

enum problem_code run_decode_escapes(struct run *r, struct span raw, struct span *out);

/* An encoded leaf of the message as text. */
static inline enum problem_code
run_decode(struct run *r, struct span raw, struct span *out)
{
	if (raw.n > 0 && !hl7_is_plain(r->message, raw))
		return run_decode_escapes(r, raw, out);
	*out = raw.n > 0 ? span_trim(raw) : (struct span){NULL, 0};
	return PROBLEM_NONE;
}

/* Bytes from the run's arena; NULL, and run->full, if there are none. */
char *run_bytes(struct run *r, size_t n);

struct transform {
	const char *name;
	unsigned min, max; /* arguments */
	bool takes_regexp;
	bool on_empty; /* applied to an empty value as well */
	int (*compile)(struct kit *k, struct step *st, struct err *e); /* may be NULL */
	/* NULL: the map's own affair, and only at the end of a whole value */
	enum problem_code (*apply)(const void *data, struct run *r, struct text *t);
};

/* Finds the transform, checks and compiles its arguments. -1 with ERR_CONFIG. */
int transform_compile(struct kit *k, struct step *st, struct err *e);

bool transform_is(const struct step *st, const char *name);

/*
 * Is it about the whole value, and so the map's own affair: join, agree, a split into a
 * list? Such a step is never applied to a text.
 */
bool step_is_whole(const struct step *st);

/*
 * Takes the next part of *rest, trimmed, up to the glue or the end; false if there is
 * none left. An empty text has one empty part.
 */
bool split_take(struct span *rest, struct span glue, struct span *part);

/* The single arguments that several transforms take. */
int arg_number(struct span text, long min, long max, long *out, struct err *e);

/* Makes \n in the argument a line break. */
int arg_lines(struct kit *k, struct arg *a, struct err *e);

/*
 * ISO 8601 as FHIR has it, "YYYY-MM-DD" with or without a time and an offset, to a
 * FHIR dateTime. `zone` (may be NULL) is for a time without offset.
 */
enum problem_code datetime_from_iso(
    struct run *r, const struct zone *zone, enum dst_policy dst, struct text *t);

/* An HL7 DTM to a FHIR date, or to a dateTime if how->clock; as datetime_from_iso. */
enum problem_code date_from_dtm(struct run *r, const struct dtm_how *how, struct text *t);

/* Exactly YYYY-MM-DD, and a day that exists? */
bool date_is_iso(struct span s);

/* Fails on 2.98725E+13 and the like. */
enum problem_code not_scientific_apply(const void *data, struct run *r, struct text *t);

/* A whole number of at most 15 digits in its JSON form: no sign +, no zeros ahead. */
enum problem_code integer_apply(const void *data, struct run *r, struct text *t);

/* Is it a unit that a duration may have, such as min? */
bool minutes_unit(struct span name);

#endif
