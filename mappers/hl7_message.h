/*
 * One HL7 v2 message in memory: its delimiters, its segments, and where the fields
 * of each stand. Nothing is copied and nothing decoded: spans point into the bytes
 * that the message was made of, and live as long as they.
 */
#ifndef MAPPERS_HL7_MESSAGE_H
#define MAPPERS_HL7_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/span.h"

#define HL7_SEGMENTS_MAX 100000 /* in one message */

/* HL7 v2.9.1 2.4.4, 2.6.1; truncation is '\0' where MSH-2 has four characters. */
struct hl7_delimiters {
	char field, component, repetition, escape, subcomponent, truncation;
};

/*
 * The segments that open a group, and how deep: a group ends at the next segment of
 * the same or a lower rank. What is no head belongs to the head before it.
 */
enum hl7_rank {
	HL7_RANK_MESSAGE,
	HL7_RANK_GROUP,  /* SCH, PID, RGS */
	HL7_RANK_PART,   /* PV1, ORC, AIS, NK1, IN1, ... */
	HL7_RANK_ORDER,  /* OBR */
	HL7_RANK_RESULT, /* OBX, SPM */
	HL7_RANK_LEAF
};

struct hl7_segment {
	struct span text; /* without its terminator */
	uint32_t name;    /* hl7_name */
	enum hl7_rank rank;
	uint32_t fields;  /* its first field in the message's index */
	uint32_t nfields; /* with the name; UINT32_MAX: not indexed yet */
};

/*
 * Where the components of a field's repetition end; kept, since a map asks the same
 * field for many of them.
 */
#define HL7_SPLITS     16 /* that are kept of a message; a power of two */
#define HL7_SPLIT_ENDS 24 /* components that are noted; further ones are looked for */

struct hl7_split {
	const char *p; /* NULL: none */
	uint32_t n, ends;
	uint32_t end[HL7_SPLIT_ENDS];
};

struct hl7_message {
	struct hl7_delimiters d;
	bool flat;        /* no field has subcomponents, as its maker knows */
	uint64_t present; /* a bit for each name there is: hl7_name_bit */
	struct hl7_split splits[HL7_SPLITS];
	struct hl7_segment *segments; /* the first is MSH */
	size_t n, cap;
	uint32_t *index; /* offsets of fields in their segment's text */
	size_t nindex, index_cap;
	uint64_t steps; /* segments that were looked at, for a limit */
	bool nomem;     /* some segment could not be indexed: its fields look empty */
};

void hl7_message_init(struct hl7_message *m);
void hl7_message_release(struct hl7_message *m);
void hl7_message_clear(struct hl7_message *m);

/* Three characters as a number; `p` has at least three. */
uint32_t hl7_name(const char *p);

/* A bit that two names seldom share: where it is not set the segment is not there. */
uint64_t hl7_name_bit(uint32_t name);

/* A segment's name at the front of a line: [A-Z][A-Z0-9][A-Z0-9], then no name goes on. */
bool hl7_line_is_segment(struct span line);

/*
 * Adds a segment; the first must be MSH. 0, 1 if there are HL7_SEGMENTS_MAX already,
 * -1 if memory ran out.
 */
int hl7_message_add(struct hl7_message *m, struct span line, struct err *e);

/*
 * Delimiters out of "MSH|^~\&|...", FHS or BHS. False if there are not four or five
 * encoding characters, all of them and the separator different, none of them a
 * letter, a digit or a control character.
 */
bool hl7_delimiters(struct span header, struct hl7_delimiters *out);

/* Has no byte of the message behind MSH-2 the subcomponent separator? */
bool hl7_is_flat(const struct hl7_message *m, struct span bytes);

/* Field number `field` from 1; MSH-1 is the separator itself. Empty if not sent. */
struct span hl7_field(struct hl7_message *m, size_t segment, unsigned field);

/* Component number `n` from 1 of a repetition; empty if there are not so many. */
struct span hl7_component(struct hl7_message *m, struct span repetition, unsigned n);

/* Part number `n` from 1 between separators; empty if there are not so many. */
struct span hl7_part(struct span s, char separator, unsigned n);

/* The first leaf of a component. */
struct span hl7_component_leaf(struct hl7_message *m, struct span repetition, unsigned n);

/* The first leaf of a field: its first repetition's first component's first part. */
struct span hl7_leaf(const struct hl7_delimiters *d, struct span field);

/* "" sent on purpose: delete (HL7 v2.9.1 2.4.3.1). */
bool hl7_is_null(struct span s);

/* The end of the group that segment `at` opens: past its last segment. */
size_t hl7_group_end(const struct hl7_message *m, size_t at);

/* The nearest segment before `at` of a lower rank; 0, MSH, has none. */
size_t hl7_parent(const struct hl7_message *m, size_t at);

#endif
