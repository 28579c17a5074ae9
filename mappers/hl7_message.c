#include "mappers/hl7_message.h"

#include <stdlib.h>
#include <string.h>

#include "base/wide.h"
#include "mappers/hl7_index.h"

#define FIRST_SEGMENTS 32
#define FIRST_PIECES   512
#define ENCODING_MIN   4 /* characters of MSH-2 */
#define ENCODING_MAX   5

#define NAME(a, b, c) ((uint32_t)(a) << 16 | (uint32_t)(b) << 8 | (uint32_t)(c))

#define PIECE(offset, level) ((uint32_t)(offset) << 2 | (uint32_t)(level))

void
hl7_message_init(struct hl7_message *m)
{
	*m = (struct hl7_message){.flat = true};
	memset(m->first, 0xff, sizeof(m->first));
}

void
hl7_message_release(struct hl7_message *m)
{
	free(m->segments);
	free(m->pieces);
	free(m->fields);
	hl7_message_init(m);
}

void
hl7_message_clear(struct hl7_message *m)
{
	m->n = m->nindexed = m->npieces = m->nfields = 0;
	memset(m->filled, 0, sizeof(m->filled));
	m->present = 0;
	memset(m->first, 0xff, sizeof(m->first));
	m->plain[0] = m->plain[1] = (struct span){NULL, 0};
	m->flat = true;
	m->nomem = false;
	m->steps = 0;
}

uint32_t
hl7_name(const char *p)
{
	return (uint32_t)(unsigned char)p[0] << 16 | (uint32_t)(unsigned char)p[1] << 8 |
	       (unsigned char)p[2];
}

static bool
upper(char c)
{
	return c >= 'A' && c <= 'Z';
}

static bool
digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
alnum(char c)
{
	return upper(c) || digit(c) || (c >= 'a' && c <= 'z');
}

bool
hl7_line_is_segment(struct span line)
{
	return line.n >= 3 && upper(line.p[0]) &&
	       (upper(line.p[1]) || digit(line.p[1])) &&
	       (upper(line.p[2]) || digit(line.p[2])) &&
	       (line.n == 3 || !alnum(line.p[3]));
}

/*
 * HL7 v2.9.1 chapters 3, 7 and 10: the segments under which others stand in
 * ADT_A01, ADT_A39, SIU_S12, ORU_R01 and their kin.
 */
static enum hl7_rank
rank_of(uint32_t name)
{
	switch (name) {
	case NAME('M', 'S', 'H'):
		return HL7_RANK_MESSAGE;
	case NAME('S', 'C', 'H'):
	case NAME('P', 'I', 'D'):
	case NAME('R', 'G', 'S'):
		return HL7_RANK_GROUP;
	case NAME('P', 'V', '1'):
	case NAME('O', 'R', 'C'):
	case NAME('M', 'R', 'G'):
	case NAME('A', 'I', 'S'):
	case NAME('A', 'I', 'G'):
	case NAME('A', 'I', 'L'):
	case NAME('A', 'I', 'P'):
	case NAME('N', 'K', '1'):
	case NAME('A', 'L', '1'):
	case NAME('D', 'G', '1'):
	case NAME('P', 'R', '1'):
	case NAME('G', 'T', '1'):
	case NAME('I', 'N', '1'):
		return HL7_RANK_PART;
	case NAME('O', 'B', 'R'):
		return HL7_RANK_ORDER;
	case NAME('O', 'B', 'X'):
	case NAME('S', 'P', 'M'):
		return HL7_RANK_RESULT;
	default:
		return HL7_RANK_LEAF;
	}
}

int
hl7_message_add(struct hl7_message *m, struct span line, struct err *e)
{
	size_t cap = m->cap == 0 ? FIRST_SEGMENTS : 2 * m->cap;
	struct hl7_segment *p;
	uint32_t *first;

	if (m->n == HL7_SEGMENTS_MAX)
		return 1;
	if (m->n == m->cap) {
		if ((p = reallocarray(m->segments, cap, sizeof(*p))) == NULL)
			return err_nomem(e);
		m->segments = p;
		m->cap = cap;
	}
	m->segments[m->n] = (struct hl7_segment){.text = line, .name = hl7_name(line.p)};
	m->segments[m->n].rank = rank_of(m->segments[m->n].name);
	m->segments[m->n].is_msh = m->segments[m->n].name == NAME('M', 'S', 'H');
	m->present |= hl7_name_bit(m->segments[m->n].name);
	first = &m->first[hl7_name_class(m->segments[m->n].name)];
	if (*first == UINT32_MAX)
		*first = (uint32_t)m->n;
	m->n++;
	return 0;
}

bool
hl7_delimiters(struct span header, struct hl7_delimiters *out)
{
	const char *p = header.p + 4, *end;
	unsigned char all[ENCODING_MAX + 1];
	size_t n;

	if (header.n < 4 + ENCODING_MIN)
		return false;
	end = memchr(p, header.p[3], header.n - 4);
	n = end == NULL ? header.n - 4 : (size_t)(end - p);
	if (n < ENCODING_MIN || n > ENCODING_MAX)
		return false;
	all[0] = (unsigned char)header.p[3];
	memcpy(all + 1, p, n);
	for (size_t i = 0; i <= n; i++)
		if (all[i] <= ' ' || all[i] >= 0x7f || alnum((char)all[i]) ||
		    memchr(all + i + 1, all[i], n - i) != NULL)
			return false;
	*out = (struct hl7_delimiters){
	    header.p[3], p[0], p[1], p[2], p[3], n == 5 ? p[4] : '\0'};
	return true;
}

/* What a segment is cut into, so far, and what was met on the way. */
struct cut {
	uint32_t *pieces, *fields;
	size_t npieces, nfields; /* of the whole message */
	size_t last;             /* where the field at hand begins, */
	unsigned number;         /* and which it is, the name being the first */
	uint64_t filled;         /* a bit for each that is not empty, by turns */
	wide subcomponents, controls;
};

/* A field ends, and the next begins. */
static inline void
add_field(struct cut *c, size_t offset)
{
	c->filled |= (uint64_t)(offset > c->last + 1) << c->number++ % 64;
	c->last = offset;
	c->fields[c->nfields++] = (uint32_t)c->npieces;
}

static inline void
add_piece(struct cut *c, size_t offset, unsigned level)
{
	if (level == HL7_LEVEL_FIELD)
		add_field(c, offset);
	c->pieces[c->npieces++] = PIECE(offset, level);
}

static inline void
cut_slowly(struct cut *c, const struct hl7_delimiters *d, struct span s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == d->field)
			add_piece(c, i + 1, HL7_LEVEL_FIELD);
		else if (s.p[i] == d->component)
			add_piece(c, i + 1, HL7_LEVEL_COMPONENT);
		else if (s.p[i] == d->repetition)
			add_piece(c, i + 1, HL7_LEVEL_REPETITION);
		else if (s.p[i] == d->subcomponent)
			add_piece(c, i + 1, HL7_LEVEL_SUBCOMPONENT);
	}
}

/* The delimiters, each sixteen times. */
struct comb {
	wide field, component, repetition, subcomponent;
};

/* Bytes under 0x20, compared as if they had no sign, and 0x7f. */
static inline wide
controls_of(wide x)
{
	return ((x ^ wide_each((char)0x80)) < wide_each((char)(0x20 ^ 0x80))) |
	       (x == wide_each(0x7f));
}

/* Sixteen bytes at `from`, of which the first `skip` were looked at already. */
static inline void
cut_wide(
    struct cut *c, const struct comb *comb, const char *text, size_t from, size_t skip)
{
	wide x = wide_load(text + from), field = x == comb->field,
	     component = x == comb->component, repetition = x == comb->repetition,
	     subcomponent = x == comb->subcomponent;
	unsigned bits = wide_bits(field | component | repetition | subcomponent);
	unsigned char levels[WIDE];

	c->subcomponents |= subcomponent;
	c->controls |= controls_of(x);
	wide_store((char *)levels, (field & wide_each(HL7_LEVEL_FIELD)) |
				       (component & wide_each(HL7_LEVEL_COMPONENT)) |
				       (repetition & wide_each(HL7_LEVEL_REPETITION)));
	for (bits &= ~0U << skip; bits != 0; bits &= bits - 1) {
		unsigned at = (unsigned)__builtin_ctz(bits);

		add_piece(c, from + at + 1, levels[at]);
	}
}

static struct cut
cut_segment(struct cut c, const struct hl7_delimiters *d, struct span s)
{
	const struct comb comb = {wide_each(d->field), wide_each(d->component),
	    wide_each(d->repetition), wide_each(d->subcomponent)};

	c.fields[c.nfields++] = (uint32_t)c.npieces;
	c.pieces[c.npieces++] = PIECE(0, HL7_LEVEL_FIELD);
	if (s.n < WIDE)
		cut_slowly(&c, d, s);
	for (size_t i = 0, from; s.n >= WIDE && i < s.n; i = from + WIDE) {
		from = i + WIDE <= s.n ? i : s.n - WIDE;
		cut_wide(&c, &comb, s.p, from, i - from);
	}
	/* One that ends all others, and is no field. */
	add_piece(&c, s.n + 1, HL7_LEVEL_FIELD);
	return c;
}

static bool
room(uint32_t **array, size_t *cap, size_t need)
{
	size_t n = *cap == 0 ? FIRST_PIECES : *cap;
	uint32_t *p;

	if (need <= *cap)
		return true;
	while (n < need)
		n *= 2;
	if ((p = reallocarray(*array, n, sizeof(*p))) == NULL)
		return false;
	*array = p;
	*cap = n;
	return true;
}

static bool
is_null(const struct hl7_message *m, struct span text)
{
	size_t n = 6;

	if (text.n < n || !hl7_is_null((struct span){text.p + 4, 2}))
		return false;
	while (n < text.n && text.p[n] == m->d.field)
		n++;
	return n == text.n;
}

/* What was sent of a segment's fields; all of them are deleted by a null one. */
static uint64_t
filled_of(const struct hl7_segment *s, const struct cut *c)
{
	if (s->is_null)
		return UINT64_MAX;
	/* Behind its name stands MSH-2, and MSH-1 between. */
	if (s->is_msh)
		return c->filled << 1 | c->filled >> 63 | hl7_field_bit(0);
	return c->filled;
}

/* Notes what was met; MSH-2 has the separator of subcomponents itself. */
static void
note(struct hl7_message *m, struct hl7_segment *s, const struct cut *c)
{
	size_t skip = s->is_msh && s->text.n > 9 ? 9 : 0;

	s->is_odd = s->text.n < WIDE || wide_any(c->controls);
	if (s->is_msh || s->text.n < WIDE)
		m->flat &= memchr(s->text.p + skip, m->d.subcomponent,
			       s->text.n - skip) == NULL;
	else
		m->flat &= !wide_any(c->subcomponents);
	m->filled[hl7_name_class(s->name)] |= filled_of(s, c);
}

static void
index_segment(struct hl7_message *m, struct hl7_segment *s)
{
	struct cut c;

	s->is_null = is_null(m, s->text);
	s->is_odd = true;
	s->fields = (uint32_t)m->nfields;
	s->nfields = 0;
	/* As many as bytes, the first, and the last. */
	if (!room(&m->pieces, &m->pieces_cap, m->npieces + s->text.n + 2) ||
	    !room(&m->fields, &m->fields_cap, m->nfields + s->text.n + 2)) {
		m->nomem = true;
		return;
	}
	c = cut_segment((struct cut){.pieces = m->pieces,
			    .fields = m->fields,
			    .npieces = m->npieces,
			    .nfields = m->nfields},
	    &m->d, s->text);
	s->nfields = (uint32_t)(c.nfields - m->nfields - 1);
	m->npieces = c.npieces;
	m->nfields = c.nfields;
	note(m, s, &c);
}

void
hl7_index(struct hl7_message *m)
{
	for (; m->nindexed < m->n; m->nindexed++)
		index_segment(m, &m->segments[m->nindexed]);
}

struct span
hl7_field(struct hl7_message *m, size_t segment, unsigned field)
{
	const struct hl7_segment *s = &m->segments[segment];

	if (s->is_msh && field == 1)
		return (struct span){s->text.p + 3, s->text.n > 3};
	if (m->nindexed < m->n)
		hl7_index(m);
	return hl7_field_text(m, segment, field);
}

struct span
hl7_part(struct span s, char separator, unsigned n)
{
	const char *end;

	for (; s.n > 0; n--) {
		end = memchr(s.p, separator, s.n);
		if (n == 1)
			return (struct span){
			    s.p, end == NULL ? s.n : (size_t)(end - s.p)};
		if (end == NULL)
			break;
		s.n -= (size_t)(end + 1 - s.p);
		s.p = end + 1;
	}
	return (struct span){NULL, 0};
}

static size_t
parts_slowly(struct span s, char separator, struct span *out, size_t max)
{
	size_t n = 0, from = 0;

	for (size_t i = 0; i < s.n && n < max; i++) {
		if (s.p[i] != separator)
			continue;
		out[n++] = (struct span){s.p + from, i - from};
		from = i + 1;
	}
	if (n < max)
		out[n++] = (struct span){s.p + from, s.n - from};
	return n;
}

size_t
hl7_parts(struct span s, char separator, struct span *out, size_t max)
{
	const char *from = s.p, *end;
	size_t n = 0;

	if (s.n < WIDE)
		return parts_slowly(s, separator, out, max);
	for (size_t i = 0, at; i < s.n; i = at + WIDE) {
		unsigned bits;

		at = i + WIDE <= s.n ? i : s.n - WIDE;
		bits = wide_bits(wide_load(s.p + at) == wide_each(separator));
		for (bits &= ~0U << (i - at); bits != 0; bits &= bits - 1) {
			end = s.p + at + __builtin_ctz(bits);
			out[n++] = (struct span){from, (size_t)(end - from)};
			from = end + 1;
			if (n == max)
				return n;
		}
	}
	out[n++] = (struct span){from, (size_t)(s.p + s.n - from)};
	return n;
}

struct span
hl7_leaf(const struct hl7_delimiters *d, struct span field)
{
	size_t n = 0;

	while (n < field.n && field.p[n] != d->repetition && field.p[n] != d->component &&
	       field.p[n] != d->subcomponent)
		n++;
	return (struct span){field.p, n};
}

size_t
hl7_group_end(const struct hl7_message *m, size_t at)
{
	size_t end = at + 1;

	while (end < m->n && m->segments[end].rank > m->segments[at].rank)
		end++;
	return end;
}

size_t
hl7_parent(const struct hl7_message *m, size_t at)
{
	enum hl7_rank rank = m->segments[at].rank;

	while (at > 0 && m->segments[at].rank >= rank)
		at--;
	return at;
}
