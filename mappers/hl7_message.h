/*
 * One HL7 v2 message in memory: its delimiters, its segments, and where the parts of
 * each stand. Nothing is copied and nothing decoded: spans point into the bytes that
 * the message was made of, and live as long as they.
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
	bool is_msh;      /* its first field is the separator itself */
	bool is_null;     /* "NK1|""": it says that there is none (2.9.4.1) */
	bool is_odd;      /* it may have control characters */
	uint32_t fields;  /* its first field in the message's index */
	uint32_t nfields; /* with the name */
};

/* One repetition of a field, in the index; valid until the message is cleared. */
struct hl7_repetition {
	const char *segment; /* its text */
	uint32_t piece;      /* the first of the repetition's */
};

#define HL7_NAMES 64 /* classes of segments' names, for a look at what is there */

struct hl7_message {
	struct hl7_delimiters d;
	uint64_t present;          /* a bit for each name there is: hl7_name_bit */
	uint32_t first[HL7_NAMES]; /* of each class: the first segment, or UINT32_MAX */
	struct span plain[2];      /* stretches of its bytes that need no decoding */
	struct hl7_segment *segments; /* the first is MSH */
	size_t n, cap;
	uint64_t steps; /* segments that were looked at, for a limit */
	bool nomem;     /* some segment could not be indexed: its fields look empty */

	/* The index of the first so many segments (hl7_index.h). */
	size_t nindexed;
	bool flat;                  /* none of their fields has subcomponents */
	uint64_t filled[HL7_NAMES]; /* of each class: hl7_field_bit of what was sent */
	uint32_t *pieces;
	size_t npieces, pieces_cap;
	uint32_t *fields; /* of each: its first piece */
	size_t nfields, fields_cap;
};

void hl7_message_init(struct hl7_message *m);
void hl7_message_release(struct hl7_message *m);
void hl7_message_clear(struct hl7_message *m);

/* Three characters as a number; `p` has at least three. */
uint32_t hl7_name(const char *p);

/* A class that two names seldom share, up to HL7_NAMES. */
static inline unsigned
hl7_name_class(uint32_t name)
{
	return name * UINT32_C(0x9e3779b1) >> 26;
}

/* Its bit: where it is not set in `present` the segment is not there. */
static inline uint64_t
hl7_name_bit(uint32_t name)
{
	return UINT64_C(1) << hl7_name_class(name);
}

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

/* Field number `field` from 1; MSH-1 is the separator itself. Empty if not sent. */
struct span hl7_field(struct hl7_message *m, size_t segment, unsigned field);

/* Part number `n` from 1 between separators; empty if there are not so many. */
struct span hl7_part(struct span s, char separator, unsigned n);

/* All parts, at most `max`: how many there are of them. */
size_t hl7_parts(struct span s, char separator, struct span *out, size_t max);

/* The first leaf of a field: its first repetition's first component's first part. */
struct span hl7_leaf(const struct hl7_delimiters *d, struct span field);

/* "" sent on purpose: delete (HL7 v2.9.1 2.4.3.1). */
static inline bool
hl7_is_null(struct span s)
{
	return s.n == 2 && s.p[0] == '"' && s.p[1] == '"';
}

/* The end of the group that segment `at` opens: past its last segment. */
size_t hl7_group_end(const struct hl7_message *m, size_t at);

/* The nearest segment before `at` of a lower rank; 0, MSH, has none. */
size_t hl7_parent(const struct hl7_message *m, size_t at);

#endif
