/*
 * References into an HL7 message: {PID-3[5=MR].1}, {SCH/NTE[*]-3}, {event}. Parsed
 * once a feed, resolved once a value.
 */
#ifndef MAPPERS_HL7_REF_H
#define MAPPERS_HL7_REF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/span.h"
#include "mappers/hl7_message.h"

#define HL7_PATH_MAX   3   /* segments before the field: A/B/C-1 */
#define HL7_LEVELS_MAX 6   /* groups around groups, the whole message included */
#define HL7_NUMBER_MAX 999 /* a field's number, a component's, a repetition's */

struct hl7_charsets;
struct hl7_ref;

/*
 * field.component.subcomponent of a segment, or component.subcomponent of a field:
 * is it the value, or what stands in the same place of the first repetition that one
 * of the references finds?
 */
struct hl7_test {
	struct hl7_test *next; /* "&" */
	unsigned at[3];
	bool negated;
	struct span value;     /* empty: is it empty? */
	struct span name;      /* "4={mrn}": a short name; empty if a value was given */
	struct hl7_ref **same; /* what it stands for; set by the map compiler */
	size_t nsame;
};

/* Which of several: the first that passes all tests, the nth of them, or all. */
struct hl7_pick {
	struct hl7_test *tests;
	unsigned nth; /* from 1 */
	bool all;
	bool plain; /* "the first, whatever it is": most ask for no more */
};

struct hl7_path {
	uint32_t name;
	struct hl7_pick pick;
};

/* Fields of which some must have been sent: hl7_field_bit, in a class of segments. */
struct hl7_ask {
	uint64_t bits;
	unsigned class;
};

/* What is asked first stands first: many of these are gone through for a message. */
struct hl7_ref {
	bool event; /* MSH-9.2, else EVN-1 */
	bool whole; /* the whole field, for a composite transform */
	bool plain; /* all its picks are */
	bool first; /* the pick of repetitions is */
	unsigned field, component, subcomponent; /* 0: not said */
	uint64_t present;                        /* the bits of its segments' names */
	size_t npath;
	struct hl7_path path[HL7_PATH_MAX];
	struct hl7_pick repetition;
};

/* Was any of it sent, in a message that is indexed? No is sure. */
static inline bool
hl7_was_sent(const struct hl7_ask *a, const struct hl7_message *m)
{
	return (m->filled[a->class] & a->bits) != 0;
}

struct scan;

/* Does a reference into a message stand here, and not a short name? */
bool hl7_ref_at(const struct scan *s);

/* Takes one. -1 with ERR_CONFIG and the position. */
int hl7_ref_scan(struct scan *s, struct hl7_ref **out);

/* Takes a segment's name with its conditions: what `each` has. */
int hl7_path_scan(struct scan *s, struct hl7_path *out);

/* What must have been sent for it to find anything. */
struct hl7_ask hl7_ref_ask(const struct hl7_ref *r);

bool hl7_ref_is_list(const struct hl7_ref *r);

/* Where references look: a message, and the groups around what `each` is at. */
struct hl7_place {
	struct hl7_message *message;
	struct hl7_charsets
	    *charsets; /* with the arena, to compare decoded text; or NULL */
	struct arena *arena;
	struct span event; /* what {event} finds, if that is known */
	/* From the innermost to the whole message: segments [from, to). */
	struct {
		size_t from, to;
	} levels[HL7_LEVELS_MAX];
	size_t nlevels;
};

/* The whole message; charsets, arena and event are left as they are. */
void hl7_place_init(struct hl7_place *p, struct hl7_message *m);

/* The group that segment `at` opens, and those around it. */
void hl7_place_group(struct hl7_place *p, struct hl7_message *m, size_t at);

/* The next segment of the message at or behind `at` that `path` picks; n if none. */
size_t hl7_path_next(const struct hl7_path *path, const struct hl7_place *p, size_t at);

/* Something that a reference found: encoded text, as the message has it. */
struct hl7_hit {
	struct span raw;
	bool literal;               /* MSH-1 and MSH-2: not to be decoded */
	bool null;                  /* "" was sent: delete */
	struct hl7_repetition from; /* that it is the whole of; segment NULL: it is not */
};

/*
 * What the reference finds, at most `max`, in the order of the message; a list has
 * its empty elements too, so that lists of one segment stay aligned.
 */
size_t hl7_ref_find(
    const struct hl7_ref *r, const struct hl7_place *p, struct hl7_hit *out, size_t max);

#endif
