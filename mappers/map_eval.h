/*
 * Evaluation from inside: a binding, and what its files share. For map_bind.c,
 * map_row.c, map_present.c, map_made.c, map_eval.c, map_expr.c, map_put.c, map_kind.c,
 * map_tell.c and map_explain.c alone.
 */
#ifndef MAPPERS_MAP_EVAL_H
#define MAPPERS_MAP_EVAL_H

#include "mappers/map_impl.h"

/* The texts that a value gave: one, or the elements of a list. */
struct texts {
	struct text v[VALUE_LIST_MAX];
	unsigned columns[VALUE_LIST_MAX];  /* slot each came from, or SLOT_NONE */
	unsigned short at[VALUE_LIST_MAX]; /* place among what a list found */
	size_t n;
	bool null; /* n is 0, and "" was sent */
};

/* Where a reference's text begins in one that was joined of several. */
struct joined {
	const char *from;
	unsigned slot;
};

/* A rejection: the same empty cell may be the id of one record, and asked for by others. */
struct told {
	unsigned slot;
	enum problem_code code;
};

#define TOLD_MAX 16

struct binding {
	const struct map *map;
	struct arena arena;
	unsigned *columns;   /* of each slot: index of the cell */
	struct span *titles; /* of the file, trimmed */
	unsigned *used;      /* the distinct columns */
	size_t ntitles, nused;
	struct record *records; /* one a section; of a message as many as it gives */
	size_t records_cap;
	struct value **values; /* room for each section's */
	struct json *explain;
	struct run run;
	struct texts texts;
	struct joined
	    joined[VALUE_PARTS_MAX]; /* of the last text made of several parts */
	size_t njoined;
	const char *joined_end;
	struct hl7_hit
	    hits[VALUE_LIST_MAX + 1]; /* of one reference, while they become texts */
	struct made made;             /* the newest that a row told so far */

	/* The row and field at hand. */
	const struct row *row;
	struct hl7_place place;     /* of a message: where references look */
	struct span event, control; /* of the message: MSH-9.2, MSH-10 */
	bool whole;                 /* the record must have all that a whole one needs */
	const struct mapper_sink *sink;
	const struct section *section; /* NULL: the rule is the file's */
	const struct rule *rule;       /* NULL in a condition: nothing is told */
	unsigned column;               /* slot of the text at hand, or SLOT_NONE */
	unsigned taken;                /* slot of the last reference that gave a text */
	const struct alternative *chosen; /* where b->texts came from */
	enum problem_code dropped;        /* what an else drop in braces passed over */
	const struct code_list *known;    /* of the last code that is not */
	struct code_list may;             /* what a field may have, while that is told */
	struct told told[TOLD_MAX]; /* of the row, what stands in other records as well */
	size_t ntold;
	bool reject;   /* else reject was met */
	bool rejected; /* the row is */
};

/*
 * Evaluation (map_expr.c): the first alternative that is not empty goes to
 * b->texts. A problem returned is for the caller to tell, after `else`.
 */
enum problem_code eval_alternatives(struct binding *b, const struct alternative *a);

/*
 * The first that an alternative needs and that is empty in the row at hand: of a date
 * and a time, the one to fill in. SLOT_NONE: there is none, or it is a message's.
 */
unsigned eval_empty_slot(const struct binding *b, const struct alternative *a);

/* The slot that this place of a text came from; SLOT_NONE: that is not known. */
unsigned eval_slot_at(const struct binding *b, const char *at);

/* Is a FHIR date behind tomorrow (map_row.c)? */
bool eval_lies_ahead(const struct binding *b, struct span date);

/* Is an instant so far from now that its year may be a slip? */
bool eval_lies_far(struct binding *b, int64_t instant);

/* Are all of these columns empty in the row at hand? */
bool columns_are_empty(const struct binding *b, const struct column_list *l);

/* Applies the steps of a pipeline; what a step keeps in spite of all is told here. */
enum problem_code eval_steps(struct binding *b, const struct pipeline *p, struct text *t);

/* What the pipeline's `else` makes of a problem. */
enum problem_code eval_else(
    struct binding *b, const struct pipeline *p, enum problem_code code, struct text *t);
bool eval_condition(struct binding *b, const struct condition *c);

/* The text of one alternative, for `agree`. */
enum problem_code eval_text(
    struct binding *b, const struct alternative *a, struct text *out);

/* The record of a section, into its room for values (map_eval.c). */
void eval_section(struct binding *b, const struct section *sec, struct record *out);

/* Its id alone: nothing else of *out than what it is and where it stood. */
void eval_id(struct binding *b, const struct section *sec, struct record *out);

/* A rule that no record has: what it gives is left in b->texts. */
void eval_value(struct binding *b, const struct rule *ru);

/* What the row tells of when its file was made (map_made.c). */
void eval_made(struct binding *b);

/* Of a row that gave `n` records: what it has of those that it did not give (map_present.c). */
int eval_present(struct binding *b, unsigned n, struct err *e);

void eval_tell(struct binding *b, const struct problem *p);

/* Tells the sink of a problem with the rule at hand, if there is one. */
void eval_problem(struct binding *b, enum problem_code code, enum problem_weight w);

/* Explains a rule while it is evaluated (map_explain.c). */
void explain_rule(struct binding *b);
void explain_step(struct binding *b, const struct step *st, struct span result);
void explain_split(struct binding *b, const struct texts *t);
void explain_result(struct binding *b, const struct texts *t);

#endif
