#include "mappers/hl7_list.h"

#include <stdio.h>

#define REF_SIZE  64
#define ARENA_MAX (64 << 20)

struct list {
	struct hl7_message *message;
	struct hl7_charsets *charsets;
	const struct mapper_fields *to;
	uint64_t row;
	struct arena arena;
	bool failed;
};

/* Where we are: a number is 0 where nothing needs to be said. */
struct at {
	const char *segment;
	unsigned occurrence, field, repetition, component, subcomponent;
};

static void
tell(struct list *l, const struct at *at, struct span raw)
{
	char ref[REF_SIZE];
	struct span value;
	size_t n;

	if (raw.n == 0)
		return;
	n = (size_t)snprintf(ref, sizeof(ref), "%.3s", at->segment);
	if (at->occurrence > 0)
		n += (size_t)snprintf(ref + n, sizeof(ref) - n, "[#%u]", at->occurrence);
	n += (size_t)snprintf(ref + n, sizeof(ref) - n, "-%u", at->field);
	if (at->repetition > 0)
		n += (size_t)snprintf(ref + n, sizeof(ref) - n, "[#%u]", at->repetition);
	if (at->component > 0)
		n += (size_t)snprintf(ref + n, sizeof(ref) - n, ".%u", at->component);
	if (at->subcomponent > 0)
		snprintf(ref + n, sizeof(ref) - n, ".%u", at->subcomponent);
	if (hl7_decode(l->charsets, &l->message->d, &l->arena, raw, &value) ==
	    HL7_NO_ROOM)
		l->failed = true;
	else
		l->to->fn(l->to->arg, l->row, span_of(ref), value.n > 0 ? value : raw);
	arena_clear(&l->arena);
}

/* The next part before `separator`; false behind the last. */
static bool
next_part(struct span *rest, char separator, struct span *part)
{
	if (rest->p == NULL)
		return false;
	*part = hl7_part(*rest, separator, 1);
	if (part->n >= rest->n)
		*rest = (struct span){NULL, 0};
	else
		*rest = (struct span){rest->p + part->n + 1, rest->n - part->n - 1};
	return true;
}

static bool
has(struct span s, char separator)
{
	return hl7_part(s, separator, 1).n < s.n;
}

static void
list_component(struct list *l, struct at *at, struct span component)
{
	char separator = l->message->d.subcomponent;
	bool parts = has(component, separator);
	struct span part;

	for (at->subcomponent = parts; next_part(&component, separator, &part);
	    at->subcomponent += parts)
		tell(l, at, part);
}

static void
list_repetition(struct list *l, struct at *at, struct span repetition)
{
	char separator = l->message->d.component;
	bool parts = has(repetition, separator) ||
		     has(repetition, l->message->d.subcomponent);
	struct span part;

	for (at->component = parts; next_part(&repetition, separator, &part);
	    at->component += parts)
		list_component(l, at, part);
}

static void
list_field(struct list *l, struct at *at, struct span field)
{
	char separator = l->message->d.repetition;
	bool parts = has(field, separator);
	struct span part;

	for (at->repetition = parts; next_part(&field, separator, &part);
	    at->repetition += parts)
		list_repetition(l, at, part);
}

/* Which of its name it is, and whether it is the only one. */
static unsigned
occurrence(const struct hl7_message *m, size_t segment)
{
	unsigned before = 0, all = 0;

	for (size_t i = 0; i < m->n; i++) {
		bool same = m->segments[i].name == m->segments[segment].name;

		before += same && i < segment;
		all += same;
	}
	return all > 1 ? before + 1 : 0;
}

static void
list_segment(struct list *l, size_t segment)
{
	struct hl7_message *m = l->message;
	struct at at = {
	    .segment = m->segments[segment].text.p, .occurrence = occurrence(m, segment)};
	unsigned first = segment == 0 ? 3 : 1;

	for (at.field = 1; at.field < first; at.field++) {
		at.repetition = at.component = at.subcomponent = 0;
		l->to->fn(l->to->arg, l->row,
		    at.field == 1 ? SPAN_LIT("MSH-1") : SPAN_LIT("MSH-2"),
		    hl7_field(m, 0, at.field));
	}
	(void)hl7_field(m, segment, first);
	for (; at.field < m->segments[segment].nfields + (segment == 0); at.field++)
		list_field(l, &at, hl7_field(m, segment, at.field));
}

int
hl7_list_fields(struct hl7_message *m, struct hl7_charsets *charsets, uint64_t row,
    const struct mapper_fields *to, struct err *e)
{
	struct list l = {.message = m, .charsets = charsets, .to = to, .row = row};

	arena_init(&l.arena, ARENA_MAX);
	for (size_t i = 0; i < m->n; i++)
		list_segment(&l, i);
	arena_release(&l.arena);
	return l.failed ? err_nomem(e) : 0;
}
