/*
 * The map from inside: what map_compile.c makes, map_bind.c binds to a file and
 * map_eval.c evaluates. For these files alone.
 */
#ifndef MAPPERS_MAP_IMPL_H
#define MAPPERS_MAP_IMPL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/record.h"
#include "base/schema.h"
#include "mappers/hl7_composite.h"
#include "mappers/hl7_ref.h"
#include "mappers/map.h"
#include "mappers/transform.h"
#include "mappers/value.h"

#define MAP_ROW_MAX (16 << 20) /* bytes that one row may produce */

#define MAP_RECORDS_MAX 10000 /* of one message */

#define SLOT_NONE ((unsigned)-1)
#define FIELD_NONE 0xfffe /* a member that the schema has no field for */

/* A column or field of a message that the map reads, however often. */
struct slot {
	struct span name;          /* as the map has it */
	const struct item *titles; /* any of these; NULL for a number */
	unsigned number;           /* from 1; 0: by title */
};

enum rule_role { ROLE_FIELD, ROLE_ID, ROLE_EVENT };

struct rule {
	const struct field *field; /* NULL for extra.* */
	const char *path;          /* of the schema, or "extra.name" */
	struct span text;          /* the value as it stands in the feed file */
	struct span name;          /* of extra.* */
	unsigned short at;         /* index into the schema's fields, FIELD_EXTRA */
	unsigned short index;      /* of a list of objects, from 0 */
	unsigned short group;      /* first field of its list of objects, else at */
	enum rule_role role;
	enum field_kind kind;
	bool list;            /* one value an element */
	bool object;          /* in a list of objects */
	bool window;          /* start: where on_missing looks */
	bool rejects;         /* what fails costs the row */
	bool dtm;             /* dates are HL7's */
	bool aligned;         /* contact[*]: an object for each that the reference finds */
	bool composite;       /* one field gives several members of the schema */
	enum hl7_type type;   /* of a composite; its members' fields: */
	unsigned short members[HL7_MEMBERS_MAX];
	const struct span *join; /* a list becomes one text, this between */
	bool agree;           /* the alternatives must not differ: */
	const struct code_table *agree_by; /* by this table, or NULL */
	bool codes_known;     /* a code table gave only what the field may have */
	enum field_need need; /* NEED_NO in a patch */
	enum dst_policy dst;
	unsigned column; /* slot of the first reference, or SLOT_NONE */
	struct expr expr;
};

struct section {
	const struct schema *schema;
	enum record_op op;
	struct condition *when;
	const struct item *events;  /* of messages: only these; NULL: all */
	const struct item *creates; /* a record of these is a whole one */
	struct hl7_path each;       /* a record for each of this segment; name 0: one */
	bool unmerge;
	bool patched; /* a deletion of what other sections patch */
	const struct rule *retired; /* of a merge: retired_id's */
	struct rule *rules; /* by group, index, field, name: as records want it */
	size_t nrules;
	size_t max_values;
};

struct map {
	struct kit kit;
	struct slot *slots;
	size_t nslots, slots_cap;
	struct condition *when; /* of [rows] */
	struct section *sections;
	size_t nsections;
	uint64_t fingerprint;
};

/* The texts that a value gave: one, or the elements of a list. */
struct texts {
	struct text v[VALUE_LIST_MAX];
	unsigned columns[VALUE_LIST_MAX]; /* slot each came from, or SLOT_NONE */
	unsigned short at[VALUE_LIST_MAX]; /* place among what a list found */
	size_t n;
	bool null; /* n is 0, and "" was sent */
};

struct binding {
	const struct map *map;
	struct arena arena;
	unsigned *columns;   /* of each slot: index of the cell */
	struct span *titles; /* of the file, trimmed */
	unsigned *used;      /* the distinct columns */
	size_t ntitles, nused;
	struct record *records; /* one a section; of a message as many as it gives */
	size_t records_cap;
	struct value **values;  /* room for each section's */
	struct json *explain;
	struct run run;
	struct texts texts;

	/* The row and field at hand. */
	const struct row *row;
	struct hl7_place place; /* of a message: where references look */
	struct span event;
	bool whole;             /* the record must have all that a whole one needs */
	const struct mapper_sink *sink;
	const struct section *section;
	const struct rule *rule;   /* NULL in a condition: nothing is told */
	unsigned column;           /* slot of the text at hand, or SLOT_NONE */
	const struct alternative *chosen; /* where b->texts came from */
	enum problem_code dropped; /* what an else drop in braces passed over */
	bool reject;               /* else reject was met */
	bool rejected;             /* the row is */
};

/* What the compiler's two files share. */
struct compiler {
	struct map *map;
	struct conf *conf;
	struct conf_section *columns; /* [columns] or [fields], or NULL */
	bool hl7;
	const struct section *section; /* at hand */
	bool nomem;
	uint64_t hash;
};

/* Notes a mistake, or that memory ran out. */
void compiler_fail(struct compiler *c, const struct conf_section *s,
    const struct conf_entry *en, const struct err *why);

/* Gives a reference its slot; a short name in [fields] becomes what it stands for. */
int compile_ref(struct compiler *c, struct ref *r, struct err *e);

/* Gives references their slots and transforms their data. */
int compile_expr(struct compiler *c, struct expr *x, struct err *e);
struct condition *compile_condition(
    struct compiler *c, struct conf_section *s, struct conf_entry *en);

/* The key of a section that is near in spelling, or NULL. */
const char *section_key_near(struct span key);

/* What a rule is about: a field, the parts of one, extra.NAME (map_key.c). */
int resolve_key(struct compiler *c, const struct schema *s, struct span key,
    struct rule *ru, struct err *e);

/* Its value (map_rule.c): set_role before, check_codes after. */
void set_role(struct rule *ru, const struct section *sec);
int compile_value(struct compiler *c, struct rule *ru, struct span value, struct err *e);
void check_codes(struct compiler *c, struct rule *ru);

/* The rules of a record type's section (map_section.c). */
void compile_rules(struct compiler *c, struct section *out, struct conf_section *s);

/*
 * Evaluation (map_expr.c): the first alternative that is not empty goes to
 * b->texts. A problem returned is for the caller to tell, after `else`.
 */
enum problem_code eval_alternatives(struct binding *b, const struct alternative *a);

/* Applies the steps of a pipeline; what a step keeps in spite of all is told here. */
enum problem_code eval_steps(struct binding *b, const struct pipeline *p, struct text *t);

/* What the pipeline's `else` makes of a problem. */
enum problem_code eval_else(
    struct binding *b, const struct pipeline *p, enum problem_code code, struct text *t);
bool eval_condition(struct binding *b, const struct condition *c);

/* The text of one alternative, for `agree`. */
enum problem_code eval_text(
    struct binding *b, const struct alternative *a, struct text *out);

/* The record of a section while its rules are evaluated (map_put.c). */
struct making {
	struct record *record;
	struct value *values;
	const struct rule *nameless; /* a name rule that gave nothing */
	const struct rule *no_start;
	bool named;
	bool aligned;                /* some list of objects is still by rule */
	unsigned short group, index; /* the object of a list at hand, as mapped */
	unsigned short dense;        /* and as it goes out: without gaps */
	bool object;
};

/* What the rule at hand gave, b->texts, becomes values of the record. */
void put_texts(struct binding *b, struct making *m);
/* After the last rule: objects in the order that records want. */
void put_end(struct binding *b, struct making *m);

/* Makes a text one of the field's kind, or says why it is none (map_kind.c). */
enum problem_code kind_enforce(
    const struct rule *ru, const struct zone *zone, struct run *r, struct text *t);

/* The record of a section, into its room for values (map_eval.c). */
void eval_section(struct binding *b, const struct section *sec, struct record *out);

void eval_tell(struct binding *b, const struct problem *p);

/* Tells the sink of a problem with the rule at hand, if there is one. */
void eval_problem(struct binding *b, enum problem_code code, enum problem_weight w);

/* Explains a rule while it is evaluated (map_explain.c). */
void explain_rule(struct binding *b);
void explain_step(struct binding *b, const struct step *st, struct span result);
void explain_result(struct binding *b, const struct texts *t);

#endif
