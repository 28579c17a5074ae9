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

#define SLOT_NONE  ((unsigned)-1)
#define FIELD_NONE 0xfffe /* a member that the schema has no field for */

/* A column or field of a message that the map reads, however often. */
struct slot {
	struct span name;          /* as the map has it */
	const struct item *titles; /* any of these; NULL for a number */
	unsigned number;           /* from 1; 0: by title */
};

enum rule_role { ROLE_FIELD, ROLE_ID, ROLE_EVENT };

/* The columns of a group. */
struct column_list {
	struct column_list *next;
	unsigned slot;
};

#define RULE_FIRST 4

/*
 * What every message or row asks stands first: the rules of a map, and what they are
 * made of, are more than the processor's first cache holds.
 */
struct rule {
	/* Of messages: if none of these was sent, nothing comes of the rule. */
	struct hl7_ask *asks;
	size_t nasks; /* 0: that can't be said */
	/* Of a group of columns: if all of these are empty, nothing comes of the rule. */
	struct column_list *columns;
	enum field_need need; /* NEED_NO in a patch */
	bool idle;            /* of one that is empty nothing comes */
	bool bare;            /* one text that is found is the value as it is */
	bool list;            /* one value an element */
	bool object;          /* in a list of objects */
	bool window;          /* start: where on_missing looks */
	bool near;            /* it lies within some years: a start that people book */
	bool birth;           /* a day of birth */
	bool ranged;          /* its key has a range: contact[1..3] */
	bool whole;           /* it has join, or split */
	bool rejects;         /* what fails costs the row */
	bool dtm;             /* dates are HL7's */
	bool aligned;      /* contact[*]: an object for each that the reference finds */
	bool composite;    /* one field gives several members of the schema */
	bool agree;        /* the alternatives must not differ: by agree_by */
	bool unguarded;    /* an id of rows, and nothing refuses 1.2E+10 */
	bool codes_known;  /* a code table gave only what the field may have */
	unsigned short at; /* index into the schema's fields, FIELD_EXTRA */
	unsigned short index; /* of a list of objects, from 0 */
	unsigned short order; /* among the rules of its section, as they are written */
	unsigned short group; /* first field of its list of objects, else at */
	enum rule_role role;
	enum field_kind kind;
	enum dst_policy dst;
	unsigned column; /* slot of the first reference, or SLOT_NONE */
	struct expr expr;
	const void *first[RULE_FIRST];   /* what evaluating it looks at first */
	const struct record_path *place; /* in the record's JSON */
	const struct span *join;         /* a list becomes one text, this between */
	const struct span *split;        /* one text becomes a list, cut at this */
	struct span name;                /* of extra.* */

	const void *person; /* of a composite: how names are split; NULL: HL7's */
	enum hl7_type type; /* of HL7's; the members' fields: */
	unsigned short members[HL7_MEMBERS_MAX];
	bool member_list[HL7_MEMBERS_MAX];
	const struct record_path *member_paths[HL7_MEMBERS_MAX];

	const struct field *field;         /* NULL for extra.* */
	const char *path;                  /* of the schema, or "extra.name" */
	struct span text;                  /* the value as it stands in the feed file */
	const struct code_table *agree_by; /* NULL: texts are compared themselves */
};

struct section {
	const struct schema *schema;
	enum record_op op;
	struct condition *when;
	const struct item *events;  /* of messages: only these; NULL: all */
	const struct item *creates; /* a record of these is a whole one */
	struct hl7_path each;       /* a record for each of this segment; name 0: one */
	bool unmerge;
	bool patched; /* such records are patched, and no section puts them */
	bool timed;   /* it maps updated_at */
	struct missing missing;
	struct column_list *group; /* if all are empty, there is no such record */
	const struct rule *id;
	const struct rule *retired; /* of a merge: retired_id's */
	const struct rule *zip;     /* address.postal_code's; NULL: it is not mapped */
	struct rule *rules;         /* by group, index, field, name: as records want it */
	size_t nrules;
	size_t max_values;
};

struct map {
	struct kit kit;
	struct slot *slots;
	size_t nslots, slots_cap;
	struct condition *when;  /* of [rows] */
	const struct rule *made; /* snapshot_at of [rows], or NULL */
	struct section *sections;
	size_t nsections;
	struct missing missing[RECORD_TYPE_MAX + 1]; /* by type */
	bool removes;                                /* some of them */
	uint64_t fingerprint;
};

/* May a field of the rule's kind have any text? */
static inline bool
kind_takes_any(const struct rule *ru)
{
	return ru->kind == FIELD_STRING || (ru->kind == FIELD_CODE && ru->codes_known);
}

/* Makes a text one of the field's kind, or says why it is none (map_kind.c). */
enum problem_code kind_enforce(
    const struct rule *ru, const struct zone *zone, struct run *r, struct text *t);

#endif
