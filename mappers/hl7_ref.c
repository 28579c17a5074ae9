#include "mappers/hl7_ref.h"

#include "mappers/hl7_index.h"
#include "mappers/hl7_text.h"
#include "mappers/letters.h"

#define NAME_NTE UINT32_C(0x4e5445)

/* What is being looked for, and what was found so far. */
struct search {
	const struct hl7_ref *ref;
	const struct hl7_place *place;
	struct hl7_message *message;
	struct hl7_hit *hits;
	size_t n, max;
	const struct hl7_test *test; /* a test with a name, and what that stands for */
	struct span same;
};

/* A pick at work: how many of its kind passed. */
struct counter {
	const struct hl7_pick *pick;
	unsigned passed;
};

/* As a person reads it: the map's text has no escape sequences. */
static inline struct span
decoded(const struct hl7_place *p, struct span raw)
{
	struct span out;

	if (hl7_is_plain(p->message, raw) || p->charsets == NULL || hl7_is_null(raw) ||
	    hl7_decode(p->charsets, &p->message->d, p->arena, raw, &out) > HL7_UNKNOWN)
		return raw;
	return out;
}

static inline bool
equals(const struct hl7_place *p, const struct hl7_test *t, struct span part)
{
	if (part.n == 0)
		return (t->value.n == 0) != t->negated;
	part = span_trim(decoded(p, part));
	if (hl7_is_null(part))
		part.n = 0;
	return letters_eq_nocase(part, t->value) != t->negated;
}

/*
 * What a test looks at: a leaf, or, where it asks whether there is anything and the first
 * leaf is empty, what stands behind that: ^Ada is not empty.
 */
static inline struct span
tested(const struct hl7_message *m, const struct hl7_repetition *r,
    const struct hl7_test *t, unsigned component, unsigned subcomponent)
{
	struct span s = hl7_repetition_leaf(m, r, component, subcomponent);

	if (s.n > 0 || t->value.n > 0 || subcomponent > 0 || s.p == NULL ||
	    (component > 0 && m->flat))
		return s;
	s = hl7_repetition_text(m, r);
	if (component > 0)
		s = hl7_part(s, m->d.component, component);
	while (s.n > 0 && (s.p[0] == m->d.component || s.p[0] == m->d.subcomponent))
		s = (struct span){s.p + 1, s.n - 1};
	return s;
}

static bool
segment_passes(const struct hl7_place *place, const struct hl7_pick *p, size_t segment)
{
	struct hl7_message *m = place->message;

	for (const struct hl7_test *t = p->tests; t != NULL; t = t->next) {
		struct hl7_repetition r;
		struct span leaf;

		/* MSH-1 is text without a repetition. */
		if (hl7_repetition_first(m, segment, t->at[0], &r))
			leaf = tested(m, &r, t, t->at[1], t->at[2]);
		else
			leaf = hl7_field(m, segment, t->at[0]);
		if (!equals(place, t, leaf))
			return false;
	}
	return true;
}

/* As a whole: an authority has up to three parts. */
static struct span
place_at(const struct hl7_delimiters *d, struct span s, const struct hl7_test *t)
{
	s = hl7_part(s, d->component, t->at[0]);
	return span_trim(t->at[1] > 0 ? hl7_part(s, d->subcomponent, t->at[1]) : s);
}

/* Found once for all repetitions that are asked. */
static struct span
place_of_name(struct search *s, const struct hl7_test *t)
{
	struct hl7_hit hit = {.null = false};

	if (s->test == t)
		return s->same;
	for (size_t i = 0; i < t->nsame && hit.raw.n == 0; i++)
		hl7_ref_find(t->same[i], s->place, &hit, 1);
	s->test = t;
	s->same = decoded(s->place, place_at(&s->message->d, hit.raw, t));
	return s->same;
}

/* Is there the same in what another reference finds? */
static bool
same_place(struct search *s, const struct hl7_test *t, const struct hl7_repetition *r)
{
	struct span text = hl7_repetition_text(s->message, r);
	struct span here = decoded(s->place, place_at(&s->message->d, text, t));

	return letters_eq_nocase(place_of_name(s, t), here) != t->negated;
}

static bool
repetition_passes(struct search *s, const struct hl7_repetition *r)
{
	for (const struct hl7_test *t = s->ref->repetition.tests; t != NULL; t = t->next)
		if (t->name.n > 0 ? !same_place(s, t, r)
				  : !equals(s->place, t,
					tested(s->message, r, t, t->at[0], t->at[1])))
			return false;
	return true;
}

/* One that passed its tests: is it to be taken, and may others come? */
static bool
taken(struct counter *c)
{
	return ++c->passed == c->pick->nth || c->pick->all;
}

static bool
over(const struct counter *c)
{
	return !c->pick->all && c->passed >= c->pick->nth;
}

/*
 * Member by member, here and where it is taken: what was just put down in parts waits for
 * memory when it is fetched whole.
 */
static inline void
hit(struct hl7_hit *out, struct span raw)
{
	out->literal = false;
	out->null = hl7_is_null(raw);
	out->from.segment = NULL;
	out->raw = raw;
	if (out->null)
		out->raw.n = 0;
}

static inline void
hit_nothing(struct hl7_hit *out, bool null)
{
	out->literal = false;
	out->null = null;
	out->from.segment = NULL;
	out->raw = (struct span){NULL, 0};
}

static inline void
hit_repetition(const struct hl7_ref *ref, const struct hl7_message *m,
    const struct hl7_repetition *r, struct hl7_hit *out)
{
	struct span raw = hl7_repetition_text(m, r);

	/* One that is null has every component null. */
	if (!ref->whole && !hl7_is_null(raw))
		raw = hl7_repetition_leaf(m, r, ref->component, ref->subcomponent);
	else if (ref->component > 0 && !hl7_is_null(raw))
		raw = hl7_part(raw, m->d.component, ref->component);
	hit(out, raw);
	if (!ref->whole || ref->component > 0)
		return;
	out->from.segment = r->segment;
	out->from.piece = r->piece;
}

/*
 * What the field gives, if it is one hit without looking for others; false: *r is the
 * first repetition to be looked at.
 */
static inline bool
hit_field(const struct hl7_ref *ref, struct hl7_message *m, size_t segment,
    struct hl7_repetition *r, struct hl7_hit *out)
{
	unsigned field = ref->field;

	/* MSH-2 holds the delimiters themselves (2.14.9.2). */
	if (segment == 0 && field <= 2) {
		*out = (struct hl7_hit){
		    .raw = hl7_field(m, segment, field), .literal = true};
		return true;
	}
	if (m->segments[segment].is_null || !hl7_repetition_first(m, segment, field, r)) {
		hit_nothing(out, m->segments[segment].is_null);
		return true;
	}
	if (!ref->first)
		return false;
	hit_repetition(ref, m, r, out);
	return true;
}

static void
take_repetitions(struct search *s, struct hl7_repetition *r)
{
	struct counter c = {.pick = &s->ref->repetition};
	size_t before = s->n;

	do {
		if (repetition_passes(s, r) && taken(&c))
			hit_repetition(s->ref, s->message, r, &s->hits[s->n++]);
	} while (!over(&c) && s->n < s->max && hl7_repetition_next(s->message, r));
	if (s->n == before && hl7_ref_is_list(s->ref) && !c.pick->all)
		hit_nothing(&s->hits[s->n++], false);
}

/* There is room for one hit, at least. */
static void
take_field(struct search *s, size_t segment)
{
	struct hl7_repetition r;

	if (hit_field(s->ref, s->message, segment, &r, &s->hits[s->n]))
		s->n++;
	/* A field that is null has every repetition null. */
	else if (hl7_is_null(hl7_field_text(s->message, segment, s->ref->field)))
		hit_nothing(&s->hits[s->n++], true);
	else
		take_repetitions(s, &r);
}

/* The B's of A/B: those of its group; a leaf only where no other head is between. */
static bool
belongs(const struct hl7_message *m, size_t head, size_t at)
{
	return m->segments[at].rank != HL7_RANK_LEAF || hl7_parent(m, at) == head;
}

static void
walk(struct search *s, size_t depth, size_t from, size_t to, size_t head)
{
	struct hl7_message *m = s->message;
	const struct hl7_path *p = &s->ref->path[depth];
	struct counter c = {.pick = &p->pick};

	for (size_t i = from;
	    !over(&c) && s->n < s->max && (i = hl7_segment_next(m, p->name, i, to)) < to;
	    i++) {
		if (!segment_passes(s->place, &p->pick, i) ||
		    (depth > 0 && !belongs(m, head, i)) || !taken(&c))
			continue;
		if (depth + 1 == s->ref->npath)
			take_field(s, i);
		else
			walk(s, depth + 1, i + 1, hl7_group_end(m, i), i);
	}
}

static struct span
event_of(struct hl7_message *m)
{
	struct span event = hl7_part(hl7_field(m, 0, 9), m->d.component, 2);
	size_t evn = 0;

	while (event.n == 0 && ++evn < m->n)
		if (m->segments[evn].name == hl7_name("EVN"))
			event = hl7_field(m, evn, 1);
	return hl7_leaf(&m->d, event);
}

/* The innermost group that has its first segment: which, and the segment. */
static inline bool
find_group(const struct hl7_ref *r, const struct hl7_place *p, size_t *level, size_t *at)
{
	struct hl7_message *m = p->message;
	uint32_t name = r->path[0].name;
	size_t n = name == NAME_NTE && p->nlevels > 1 ? 1 : p->nlevels;

	if ((m->present & r->present) != r->present)
		return false;
	for (*level = 0; *level < n; ++*level) {
		*at = hl7_segment_next(
		    m, name, p->levels[*level].from, p->levels[*level].to);
		if (*at < p->levels[*level].to)
			return true;
	}
	return false;
}

/* Among segments [from, to) and their fields. */
static size_t
find_picked(struct search *s, size_t from, size_t to)
{
	if (s->ref->npath == 1 && s->ref->path[0].pick.plain)
		take_field(s, from);
	else
		walk(s, 0, from, to, 0);
	return s->n;
}

size_t
hl7_ref_find(
    const struct hl7_ref *r, const struct hl7_place *p, struct hl7_hit *out, size_t max)
{
	struct hl7_repetition first;
	size_t level, at;

	if (r->event) {
		*out = (struct hl7_hit){
		    .raw = p->event.n > 0 ? p->event : event_of(p->message)};
		return 1;
	}
	if (p->message->nindexed < p->message->n)
		hl7_index(p->message);
	if (!find_group(r, p, &level, &at))
		return 0;
	if (r->plain)
		return hit_field(r, p->message, at, &first, out);
	return find_picked(
	    &(struct search){
		.ref = r, .place = p, .message = p->message, .hits = out, .max = max},
	    at, p->levels[level].to);
}

void
hl7_place_init(struct hl7_place *p, struct hl7_message *m)
{
	p->message = m;
	p->levels[0].from = 0;
	p->levels[0].to = m->n;
	p->nlevels = 1;
}

void
hl7_place_group(struct hl7_place *p, struct hl7_message *m, size_t at)
{
	p->message = m;
	for (p->nlevels = 0; at > 0 && p->nlevels + 1 < HL7_LEVELS_MAX;
	    at = hl7_parent(m, at)) {
		p->levels[p->nlevels].from = at;
		p->levels[p->nlevels].to = hl7_group_end(m, at);
		m->steps += p->levels[p->nlevels++].to;
	}
	p->levels[p->nlevels].from = 0;
	p->levels[p->nlevels++].to = m->n;
}

size_t
hl7_path_next(const struct hl7_path *path, const struct hl7_place *p, size_t at)
{
	struct hl7_message *m = p->message;

	while ((at = hl7_segment_next(m, path->name, at, m->n)) < m->n &&
	       !segment_passes(p, &path->pick, at))
		at++;
	return at;
}
