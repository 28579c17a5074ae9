#include "mappers/hl7_message.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_SEGMENTS 32
#define FIRST_FIELDS   512
#define NOT_INDEXED    UINT32_MAX
#define ENCODING_MIN   4 /* characters of MSH-2 */
#define ENCODING_MAX   5

#define NAME(a, b, c) ((uint32_t)(a) << 16 | (uint32_t)(b) << 8 | (uint32_t)(c))
#define EACH(byte)    (UINT64_C(0x0101010101010101) * (unsigned char)(byte))

void
hl7_message_init(struct hl7_message *m)
{
	*m = (struct hl7_message){.n = 0};
}

void
hl7_message_release(struct hl7_message *m)
{
	free(m->segments);
	free(m->index);
	hl7_message_init(m);
}

void
hl7_message_clear(struct hl7_message *m)
{
	m->n = m->nindex = 0;
	m->present = 0;
	m->flat = m->nomem = false;
	m->steps = 0;
	for (size_t i = 0; i < HL7_SPLITS; i++)
		m->splits[i].p = NULL;
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

uint64_t
hl7_name_bit(uint32_t name)
{
	return UINT64_C(1) << (name * UINT32_C(0x9e3779b1) >> 26);
}

int
hl7_message_add(struct hl7_message *m, struct span line, struct err *e)
{
	size_t cap = m->cap == 0 ? FIRST_SEGMENTS : 2 * m->cap;
	struct hl7_segment *p;

	if (m->n == HL7_SEGMENTS_MAX)
		return 1;
	if (m->n == m->cap) {
		if ((p = reallocarray(m->segments, cap, sizeof(*p))) == NULL)
			return err_nomem(e);
		m->segments = p;
		m->cap = cap;
	}
	m->segments[m->n] = (struct hl7_segment){
	    .text = line, .name = hl7_name(line.p), .nfields = NOT_INDEXED};
	m->segments[m->n].rank = rank_of(m->segments[m->n].name);
	m->present |= hl7_name_bit(m->segments[m->n].name);
	m->n++;
	return 0;
}

bool
hl7_delimiters(struct span header, struct hl7_delimiters *out)
{
	const char *p = header.p + 4, *end;
	char all[ENCODING_MAX + 1];
	size_t n;

	if (header.n < 4 + ENCODING_MIN)
		return false;
	end = memchr(p, header.p[3], header.n - 4);
	n = end == NULL ? header.n - 4 : (size_t)(end - p);
	if (n < ENCODING_MIN || n > ENCODING_MAX)
		return false;
	all[0] = header.p[3];
	memcpy(all + 1, p, n);
	for (size_t i = 0; i <= n; i++)
		if (all[i] <= ' ' || all[i] == 0x7f || alnum(all[i]) ||
		    memchr(all + i + 1, all[i], n - i) != NULL)
			return false;
	*out = (struct hl7_delimiters){
	    all[0], p[0], p[1], p[2], p[3], n == 5 ? p[4] : '\0'};
	return true;
}

/* Offsets behind each separator, at most `max`; eight bytes at a time. */
static size_t
mark_all(struct span s, char separator, uint32_t *out, size_t max)
{
	size_t n = 0, i = 0;
	uint64_t x;

	for (; i + sizeof(x) <= s.n && n + sizeof(x) <= max; i += sizeof(x)) {
		memcpy(&x, s.p + i, sizeof(x));
		x ^= EACH(separator);
		/* A byte's high bit is set where it was the separator, exactly. */
		x = ~(((x & EACH(0x7f)) + EACH(0x7f)) | x | EACH(0x7f));
		for (; x != 0; x &= x - 1)
			out[n++] = (uint32_t)(i + (size_t)__builtin_ctzll(x) / 8 + 1);
	}
	for (; i < s.n && n < max; i++) {
		out[n] = (uint32_t)i + 1;
		n += s.p[i] == separator;
	}
	return n;
}

static bool
index_room(struct hl7_message *m, size_t more)
{
	size_t cap = m->index_cap == 0 ? FIRST_FIELDS : m->index_cap;
	uint32_t *p;

	if (m->nindex + more <= m->index_cap)
		return true;
	while (cap < m->nindex + more)
		cap *= 2;
	if ((p = reallocarray(m->index, cap, sizeof(*p))) == NULL)
		return false;
	m->index = p;
	m->index_cap = cap;
	return true;
}

static void
index_segment(struct hl7_message *m, struct hl7_segment *s)
{
	size_t at = m->nindex;

	s->fields = (uint32_t)m->nindex;
	s->nfields = 0;
	if (!index_room(m, s->text.n + 1)) {
		m->nomem = true;
		return;
	}
	m->index[at++] = 0;
	at += mark_all(s->text, m->d.field, m->index + at, s->text.n);
	s->nfields = (uint32_t)(at - m->nindex);
	m->nindex = at;
}

struct span
hl7_field(struct hl7_message *m, size_t segment, unsigned field)
{
	struct hl7_segment *s = &m->segments[segment];
	const uint32_t *at;
	size_t end;

	if (s->nfields == NOT_INDEXED)
		index_segment(m, s);
	if (s->name == hl7_name("MSH")) {
		if (field == 1)
			return (struct span){s->text.p + 3, s->text.n > 3};
		field--;
	}
	if (field >= s->nfields)
		return (struct span){NULL, 0};
	at = m->index + s->fields + field;
	end = field + 1 < s->nfields ? at[1] - 1 : s->text.n;
	return (struct span){s->text.p + at[0], end - at[0]};
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

struct span
hl7_component(struct hl7_message *m, struct span repetition, unsigned n)
{
	size_t slot = ((uintptr_t)repetition.p ^ (uintptr_t)repetition.p >> 4) &
		      (HL7_SPLITS - 1);
	struct hl7_split *k = &m->splits[slot];
	size_t from, end;

	if (repetition.n == 0 || n == 1 || n > HL7_SPLIT_ENDS)
		return hl7_part(repetition, m->d.component, n);
	if (k->p != repetition.p || k->n != repetition.n) {
		k->p = repetition.p;
		k->n = (uint32_t)repetition.n;
		k->ends = (uint32_t)mark_all(
		    repetition, m->d.component, k->end, HL7_SPLIT_ENDS);
	}
	if (n > k->ends + 1)
		return (struct span){NULL, 0};
	from = k->end[n - 2];
	end = n <= k->ends ? k->end[n - 1] - 1 : repetition.n;
	return (struct span){repetition.p + from, end - from};
}

struct span
hl7_component_leaf(struct hl7_message *m, struct span repetition, unsigned n)
{
	struct span s = hl7_component(m, repetition, n);

	return m->flat ? s : hl7_part(s, m->d.subcomponent, 1);
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

bool
hl7_is_null(struct span s)
{
	return s.n == 2 && s.p[0] == '"' && s.p[1] == '"';
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

bool
hl7_is_flat(const struct hl7_message *m, struct span bytes)
{
	size_t skip = (size_t)(m->segments[0].text.p - bytes.p) + 9;

	return bytes.n <= skip ||
	       memchr(bytes.p + skip, m->d.subcomponent, bytes.n - skip) == NULL;
}
