/*
 * The parts of a message, by number. It is cut at all its delimiters at once, when it is
 * first asked for a field, since a map asks it for many; what is here looks the pieces
 * up, as often as that is inline. Pieces are leaves: subcomponents, or components,
 * repetitions and fields that have no smaller parts.
 */
#ifndef MAPPERS_HL7_INDEX_H
#define MAPPERS_HL7_INDEX_H

#include "mappers/hl7_message.h"

/* What is before a piece, in its two lowest bits; above them is its offset. */
enum {
	HL7_LEVEL_SUBCOMPONENT,
	HL7_LEVEL_COMPONENT,
	HL7_LEVEL_REPETITION,
	HL7_LEVEL_FIELD
};

#define HL7_LEVEL(piece)  ((piece) & 3)
#define HL7_OFFSET(piece) ((piece) >> 2)

/*
 * Cuts what is not yet, before all that follows; where memory runs out the message says
 * so (nomem).
 */
void hl7_index(struct hl7_message *m);

/* A bit that stands for a field's number, and for some others; 0 is the name. */
static inline uint64_t
hl7_field_bit(unsigned field)
{
	return UINT64_C(1) << (field % 64);
}

/* The first segment of a name among [from, to), or `to`. */
static inline size_t
hl7_segment_next(struct hl7_message *m, uint32_t name, size_t from, size_t to)
{
	size_t at = from, first = m->first[hl7_name_class(name)];

	if (at < first)
		at = first < to ? first : to;
	while (at < to && m->segments[at].name != name)
		at++;
	m->steps += at - from + 1;
	return at;
}

/* What stands between two places of the index, with its delimiters. */
static inline struct span
hl7_between(const char *segment, uint32_t piece, uint32_t next)
{
	uint32_t offset = HL7_OFFSET(piece);

	return (struct span){segment + offset, HL7_OFFSET(next) - 1 - offset};
}

/* The place of a field in the index; NULL if there are not so many. */
static inline const uint32_t *
hl7_field_find(const struct hl7_message *m, const struct hl7_segment *s, unsigned field)
{
	field -= s->is_msh;
	return field < s->nfields ? m->fields + s->fields + field : NULL;
}

/* A whole field, but MSH-1. */
static inline struct span
hl7_field_text(const struct hl7_message *m, size_t segment, unsigned field)
{
	const struct hl7_segment *s = &m->segments[segment];
	const uint32_t *at = hl7_field_find(m, s, field);

	if (at == NULL)
		return (struct span){NULL, 0};
	return hl7_between(s->text.p, m->pieces[at[0]], m->pieces[at[1]]);
}

/* The first of a field. False if it was not sent, or is MSH-1. */
static inline bool
hl7_repetition_first(
    struct hl7_message *m, size_t segment, unsigned field, struct hl7_repetition *out)
{
	const struct hl7_segment *s = &m->segments[segment];
	const uint32_t *at = hl7_field_find(m, s, field);

	if (at == NULL ||
	    HL7_OFFSET(m->pieces[at[1]]) == HL7_OFFSET(m->pieces[at[0]]) + 1 ||
	    (s->is_msh && field == 1))
		return false;
	out->segment = s->text.p;
	out->piece = at[0];
	return true;
}

/* The one behind it, false if there is none; an empty one at the field's end is none. */
static inline bool
hl7_repetition_next(const struct hl7_message *m, struct hl7_repetition *r)
{
	const uint32_t *p = m->pieces + r->piece + 1;

	while (HL7_LEVEL(*p) < HL7_LEVEL_REPETITION)
		p++;
	if (HL7_LEVEL(p[0]) == HL7_LEVEL_FIELD ||
	    (HL7_LEVEL(p[1]) == HL7_LEVEL_FIELD &&
		HL7_OFFSET(p[1]) == HL7_OFFSET(p[0]) + 1))
		return false;
	r->piece = (uint32_t)(p - m->pieces);
	return true;
}

static inline struct span
hl7_repetition_text(const struct hl7_message *m, const struct hl7_repetition *r)
{
	const uint32_t *p = m->pieces + r->piece, *end = p + 1;

	while (HL7_LEVEL(*end) < HL7_LEVEL_REPETITION)
		end++;
	return hl7_between(r->segment, *p, *end);
}

/* A leaf of it, both from 1, or 0 for the first; empty if there are not so many. */
static inline struct span
hl7_repetition_leaf(const struct hl7_message *m, const struct hl7_repetition *r,
    unsigned component, unsigned subcomponent)
{
	const uint32_t *p = m->pieces + r->piece;

	while (component > 1) {
		if (HL7_LEVEL(*++p) > HL7_LEVEL_COMPONENT)
			return (struct span){NULL, 0};
		component -= HL7_LEVEL(*p) == HL7_LEVEL_COMPONENT;
	}
	for (; subcomponent > 1; subcomponent--)
		if (HL7_LEVEL(*++p) > HL7_LEVEL_SUBCOMPONENT)
			return (struct span){NULL, 0};
	return hl7_between(r->segment, p[0], p[1]);
}

#endif
