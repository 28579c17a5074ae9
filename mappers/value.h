/*
 * The value language of emrdrop.conf(5), parsed: expressions and conditions as trees in
 * an arena. Text in a tree is borrowed from the text that was parsed, or from the
 * arena; both must outlive the tree.
 *
 * A parse error is ERR_CONFIG and says the position (in characters, from 1) and
 * what was expected there.
 */
#ifndef MAPPERS_VALUE_H
#define MAPPERS_VALUE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/span.h"
#include "mappers/hl7_ref.h"

#define VALUE_PARTS_MAX 32   /* texts and references in one alternative */
#define VALUE_LIST_MAX  1000 /* elements of a list, with those of lists in it */
#define VALUE_DEPTH_MAX 4    /* lists in lists, values in else */
#define VALUE_ARGS_MAX  32   /* arguments of one transform */

struct regexp;
struct transform;

enum ref_kind {
	REF_NAME,   /* {mrn}: a short name, else a title */
	REF_TITLE,  /* {"odd | title"} */
	REF_NUMBER, /* {#3}: the third column */
	REF_HL7     /* {PID-3.1} */
};

struct ref {
	struct ref *next; /* "??" inside the braces */
	struct hl7_ref *hl7;
	struct hl7_ask ask; /* of hl7, which is looked at if that was sent */
	unsigned slot;      /* set by the map compiler */
	enum ref_kind kind;
	unsigned number; /* from 1 */
	bool of_group;   /* its name had a #, and is one of a group of columns */
	struct span name;
};

enum arg_kind { ARG_BARE, ARG_QUOTED, ARG_REGEX };

struct arg {
	struct arg *next;
	enum arg_kind kind;
	struct span text;
};

struct step {
	struct step *next;
	const struct transform *transform; /* these two by transform_compile */
	const void *data;
	struct span name;
	struct arg *args;
	size_t nargs;
	size_t at; /* position of the name, in characters from 1 */
};

enum else_kind { ELSE_NONE, ELSE_DROP, ELSE_REJECT, ELSE_VALUE };

struct alternative;

struct pipeline {
	struct step *steps;
	enum else_kind otherwise;
	struct alternative *value; /* of ELSE_VALUE */
};

/* Text if refs is NULL, else what stands in one pair of braces. */
struct part {
	struct part *next;
	struct ref *refs;
	struct pipeline pipe;
	bool optional;
	struct span text;
};

/* A list if elements is not NULL. */
struct alternative {
	struct alternative *next; /* after "??", or the next element */
	struct part *parts;
	struct alternative *elements;
	bool many; /* one reference that finds several; set by the map compiler */
};

struct expr {
	struct alternative *alts;
	struct pipeline pipe;
};

enum condition_op { COND_IN, COND_IS, COND_MATCHES, COND_PRESENT };

/* One of a list: conditions, code tables, column titles. */
struct item {
	struct item *next;
	struct span text;
	bool quoted;
};

struct condition {
	struct condition *next; /* "and" */
	struct expr value;
	enum condition_op op;
	bool negated;            /* not in, is not, empty */
	struct item *items;      /* of COND_IN and COND_IS */
	struct span regex;       /* of COND_MATCHES */
	struct regexp *compiled; /* set by the map compiler */
};

/*
 * A text to be parsed into the arena; `hl7`: its references are into messages. `word`,
 * if it is not empty, takes the place of each # outside quotes.
 */
struct value_text {
	struct arena *arena;
	struct span text;
	bool hl7;
	struct span word;
};

int expr_parse(const struct value_text *in, struct expr *out, struct err *e);
int condition_parse(const struct value_text *in, struct condition **out, struct err *e);

/* References into messages, between commas: what a short name in [fields] stands for. */
int refs_parse(const struct value_text *in, struct ref **out, struct err *e);

/* Words between commas, which may hold blanks; "quoted" where they hold a comma. */
int items_parse(struct arena *a, struct span text, struct item **out, struct err *e);

/* Does the text fit the list, or the regular expression? `negated` is the caller's. */
bool condition_holds(const struct condition *c, struct span text, bool *limit);

#endif
