#include "mappers/hl7_ref.h"

#include "mappers/hl7_text.h"
#include "mappers/letters.h"

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
static struct span
decoded(const struct hl7_place *p, struct span raw)
{
	struct span out;

	if (p->charsets == NULL || hl7_is_null(raw) ||
	    hl7_decode(p->charsets, &p->message->d, p->arena, raw, &out) > HL7_UNKNOWN)
		return raw;
	return out;
}

static bool
equals(const struct hl7_place *p, const struct hl7_test *t, struct span part)
{
	part = span_trim(decoded(p, part));
	if (hl7_is_null(part))
		part.n = 0;
	return letters_eq_nocase(part, t->value) != t->negated;
}

/* component.subcomponent of one repetition. */
static struct span
leaf_at(struct hl7_message *m, struct span s, unsigned component, unsigned sub)
{
	if (component > 0 && sub == 0)
		return hl7_component_leaf(m, s, component);
	if (component > 0)
		s = hl7_component(m, s, component);
	if (sub > 0)
		s = hl7_part(s, m->d.subcomponent, sub);
	return hl7_leaf(&m->d, s);
}

static bool
segment_passes(const struct hl7_place *place, const struct hl7_pick *p, size_t segment)
{
	struct hl7_message *m = place->message;

	for (const struct hl7_test *t = p->tests; t != NULL; t = t->next) {
		struct span field = hl7_field(m, segment, t->at[0]);

		field = hl7_part(field, m->d.repetition, 1);
		if (!equals(place, t, leaf_at(m, field, t->at[1], t->at[2])))
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
same_place(struct search *s, const struct hl7_test *t, struct span repetition)
{
	struct span here = decoded(s->place, place_at(&s->message->d, repetition, t));

	return letters_eq_nocase(place_of_name(s, t), here) != t->negated;
}

static bool
repetition_passes(struct search *s, struct span repetition)
{
	for (const struct hl7_test *t = s->ref->repetition.tests; t != NULL; t = t->next)
		if (t->name.n > 0
			? !same_place(s, t, repetition)
			: !equals(s->place, t,
			      leaf_at(s->message, repetition, t->at[0], t->at[1])))
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

/* "NK1|""": a segment that is there to say that there is none (2.9.4.1). */
static bool
segment_is_null(struct hl7_message *m, size_t segment)
{
	struct span text = m->segments[segment].text;
	size_t n = 6;

	if (text.n < n || !hl7_is_null((struct span){text.p + 4, 2}))
		return false;
	while (n < text.n && text.p[n] == m->d.field)
		n++;
	return n == text.n;
}

static void
hit(struct search *s, struct span raw, bool null)
{
	if (s->n < s->max)
		s->hits[s->n++] = (struct hl7_hit){
		    .raw = null ? (struct span){NULL, 0} : raw, .null = null};
}

static void
hit_literal(struct search *s, struct span raw)
{
	if (s->n < s->max)
		s->hits[s->n++] = (struct hl7_hit){.raw = raw, .literal = true};
}

static void
take_repetition(struct search *s, struct span raw)
{
	const struct hl7_delimiters *d = &s->message->d;
	const struct hl7_ref *r = s->ref;

	/* A field that is null has every component null. */
	if (hl7_is_null(raw)) {
		hit(s, raw, true);
		return;
	}
	if (r->component > 0 && r->subcomponent == 0 && !r->whole) {
		raw = hl7_component_leaf(s->message, raw, r->component);
		hit(s, raw, hl7_is_null(raw));
		return;
	}
	if (r->component > 0)
		raw = hl7_component(s->message, raw, r->component);
	if (r->subcomponent > 0)
		raw = hl7_part(raw, d->subcomponent, r->subcomponent);
	if (!r->whole)
		raw = hl7_leaf(d, raw);
	hit(s, raw, hl7_is_null(raw));
}

/* "The first, whatever it is": most references ask for no more. */
static bool
is_plain(const struct hl7_pick *p)
{
	return p->tests == NULL && p->nth == 1 && !p->all;
}

static void
take_repetitions(struct search *s, struct span field)
{
	struct hl7_message *m = s->message;
	struct counter c = {.pick = &s->ref->repetition};
	bool found = false;
	struct span one;

	for (;;) {
		one = hl7_part(field, m->d.repetition, 1);
		if (repetition_passes(s, one) && taken(&c)) {
			take_repetition(s, one);
			found = true;
		}
		if (over(&c) || one.n >= field.n)
			break;
		field = (struct span){field.p + one.n + 1, field.n - one.n - 1};
		if (field.n == 0)
			break;
	}
	if (!found && hl7_ref_is_list(s->ref) && !c.pick->all)
		hit(s, (struct span){NULL, 0}, false);
}

static void
take_field(struct search *s, size_t segment)
{
	struct hl7_message *m = s->message;
	struct span field = hl7_field(m, segment, s->ref->field);

	if (segment_is_null(m, segment))
		hit(s, field, true);
	/* MSH-2 holds the delimiters themselves (2.14.9.2). */
	else if (segment == 0 && s->ref->field <= 2)
		hit_literal(s, field);
	else if (field.n == 0)
		hit(s, field, false);
	/* A field that is null has every repetition null. */
	else if (hl7_is_null(field))
		hit(s, field, true);
	else if (is_plain(&s->ref->repetition))
		take_repetition(s, hl7_part(field, m->d.repetition, 1));
	else
		take_repetitions(s, field);
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

	m->steps += to - from;
	for (size_t i = from; i < to && !over(&c) && s->n < s->max; i++) {
		if (m->segments[i].name != p->name ||
		    !segment_passes(s->place, &p->pick, i) ||
		    (depth > 0 && !belongs(m, head, i)) || !taken(&c))
			continue;
		if (depth + 1 == s->ref->npath)
			take_field(s, i);
		else
			walk(s, depth + 1, i + 1, hl7_group_end(m, i), i);
	}
}

static bool
has_segment(const struct hl7_message *m, uint32_t name, size_t from, size_t to)
{
	while (from < to && m->segments[from].name != name)
		from++;
	return from < to;
}

static size_t
find_event(const struct hl7_place *p, struct hl7_hit *out)
{
	struct hl7_message *m = p->message;
	struct span event = hl7_part(hl7_field(m, 0, 9), m->d.component, 2);
	size_t evn = 0;

	while (event.n == 0 && ++evn < m->n)
		if (m->segments[evn].name == hl7_name("EVN"))
			event = hl7_field(m, evn, 1);
	*out = (struct hl7_hit){.raw = hl7_leaf(&m->d, event)};
	return 1;
}

/* The first segment of its name, in the innermost group that has one. */
static void
find_plain(struct search *s, size_t levels)
{
	const struct hl7_place *p = s->place;
	const struct hl7_segment *segments = s->message->segments;
	uint32_t name = s->ref->path[0].name;

	for (size_t k = 0; k < levels; k++) {
		for (size_t i = p->levels[k].from; i < p->levels[k].to; i++) {
			s->message->steps++;
			if (segments[i].name != name)
				continue;
			take_field(s, i);
			return;
		}
	}
}

size_t
hl7_ref_find(
    const struct hl7_ref *r, const struct hl7_place *p, struct hl7_hit *out, size_t max)
{
	struct search s = {
	    .ref = r, .place = p, .message = p->message, .hits = out, .max = max};
	uint32_t name = r->path[0].name;
	size_t last = name == hl7_name("NTE") && p->nlevels > 1 ? 1 : p->nlevels;

	if (r->event)
		return find_event(p, out);
	if ((p->message->present & r->present) != r->present)
		return 0;
	if (r->npath == 1 && is_plain(&r->path[0].pick)) {
		find_plain(&s, last);
		return s.n;
	}
	for (size_t i = 0; i < last; i++) {
		if (i + 1 < last &&
		    !has_segment(p->message, name, p->levels[i].from, p->levels[i].to))
			continue;
		walk(&s, 0, p->levels[i].from, p->levels[i].to, 0);
		break;
	}
	return s.n;
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

	while (m->steps++, at < m->n && (m->segments[at].name != path->name ||
					    !segment_passes(p, &path->pick, at)))
		at++;
	return at;
}
