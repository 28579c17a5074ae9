#include "mappers/hl7_composite.h"

#include <string.h>

#include "mappers/hl7_index.h"
#include "mappers/transform_list.h"

#define NPI_DIGITS     10
#define PIECES_MAX     7  /* texts that are joined into one */
#define COMPONENTS_MAX 13 /* the last that is asked: XCN.13 */

static const char *const names[HL7_TYPES] = {
    "cx", "ei", "xpn", "xad", "xtn", "xcn", "pl", "cwe"};

static const char *const identifier[] = {"value", "system", "type", NULL};
static const char *const person[] = {"family", "given", "prefix", "suffix", NULL};
static const char *const address[] = {
    "line", "city", "district", "state", "postal_code", "country", NULL};
static const char *const telecom[] = {"system", "value", "use", NULL};
static const char *const practitioner[] = {"id", "npi", "display", NULL};

static const char *const *const members[HL7_TYPES] = {[HL7_CX] = identifier,
    [HL7_EI] = identifier,
    [HL7_XPN] = person,
    [HL7_XAD] = address,
    [HL7_XTN] = telecom,
    [HL7_XCN] = practitioner};

bool
hl7_type_by_name(struct span name, enum hl7_type *out)
{
	for (size_t i = 0; i < HL7_TYPES; i++) {
		if (!span_eq(name, span_of(names[i])))
			continue;
		*out = (enum hl7_type)i;
		return true;
	}
	return false;
}

const char *const *
hl7_type_members(enum hl7_type type)
{
	return members[type];
}

/* A field being taken apart. */
struct split {
	struct run *run;
	const uint32_t *pieces; /* in the message's index; NULL: `components` are */
	const char *segment;
	struct span components[COMPONENTS_MAX];
	size_t ncomponents;
	bool flat;  /* they have no subcomponents, */
	bool plain; /* and nothing to decode */
	struct hl7_member *out;
	int n;
	enum problem_code code;
};

/* Where nothing has subcomponents, every piece of a repetition is a component. */
static void
find_components(struct split *s, const struct hl7_repetition *from)
{
	const uint32_t *p = s->run->message->pieces + from->piece;
	size_t n = 1;

	while (n < COMPONENTS_MAX && HL7_LEVEL(p[n]) == HL7_LEVEL_COMPONENT)
		n++;
	s->pieces = p;
	s->segment = from->segment;
	s->ncomponents = n;
	s->flat = true;
}

static void
split_init(struct split *s, struct run *r, const struct text *t)
{
	const struct hl7_message *m = r->message;
	struct span raw = t->s;

	s->run = r;
	/* What is plain is the message's own. */
	s->plain = hl7_is_plain(m, raw);
	s->pieces = NULL;
	s->out = NULL;
	s->n = 0;
	s->code = PROBLEM_NONE;
	if (t->from.segment != NULL && m->flat) {
		find_components(s, &t->from);
		return;
	}
	s->ncomponents = hl7_parts(raw, m->d.component, s->components, COMPONENTS_MAX);
	s->flat = (s->plain && m->flat) || raw.n == 0 ||
		  memchr(raw.p, m->d.subcomponent, raw.n) == NULL;
}

/* One leaf as it was sent: component.sub, the first if sub is 0. */
static inline struct span
leaf(const struct split *s, unsigned n, unsigned sub)
{
	if (n > s->ncomponents || (s->pieces != NULL && sub > 1))
		return (struct span){NULL, 0};
	if (s->pieces != NULL)
		return hl7_between(s->segment, s->pieces[n - 1], s->pieces[n]);
	if (s->flat && sub <= 1)
		return s->components[n - 1];
	return hl7_part(
	    s->components[n - 1], s->run->message->d.subcomponent, sub == 0 ? 1 : sub);
}

static struct span
decoded_slowly(struct split *s, struct span raw)
{
	struct span out = {NULL, 0};
	enum problem_code code = run_decode(s->run, raw, &out);

	if (code != PROBLEM_NONE)
		s->code = code;
	return out;
}

static inline struct span
decoded(struct split *s, struct span raw)
{
	if (raw.n == 0 || hl7_is_null(raw))
		return (struct span){NULL, 0};
	return s->plain ? span_trim(raw) : decoded_slowly(s, raw);
}

static void
put_text(struct split *s, unsigned at, struct span text)
{
	if (text.n > 0 && s->n < HL7_MEMBERS_MAX)
		s->out[s->n++] = (struct hl7_member){.at = at, .text = text};
}

static void
put(struct split *s, unsigned at, struct span raw)
{
	if (hl7_is_null(raw) && s->n < HL7_MEMBERS_MAX)
		s->out[s->n++] = (struct hl7_member){.at = at, .null = true};
	else
		put_text(s, at, decoded(s, raw));
}

/* What is there of the leaves, with `glue` between; empty ones leave none. */
static struct span
join(struct split *s, const struct span *raws, size_t n, char glue)
{
	struct span pieces[PIECES_MAX];
	size_t size = 0;
	char *from, *to;

	for (size_t i = 0; i < n; i++) {
		pieces[i] = decoded(s, raws[i]);
		size += pieces[i].n + 1;
	}
	if ((from = to = run_bytes(s->run, size)) == NULL) {
		s->code = PROBLEM_LIMIT;
		return (struct span){NULL, 0};
	}
	for (size_t i = 0; i < n; i++) {
		if (pieces[i].n == 0)
			continue;
		if (to > from && glue != '\0')
			*to++ = glue;
		to = mempcpy(to, pieces[i].p, pieces[i].n);
	}
	return (struct span){from, (size_t)(to - from)};
}

static void
split_cx(struct split *s)
{
	put(s, 0, leaf(s, 1, 0));
	put(s, 1, leaf(s, 4, 2).n > 0 ? leaf(s, 4, 2) : leaf(s, 4, 1));
	put(s, 2, leaf(s, 5, 0));
}

static void
split_ei(struct split *s)
{
	put(s, 0, leaf(s, 1, 0));
	put(s, 1, leaf(s, 3, 0).n > 0 ? leaf(s, 3, 0) : leaf(s, 2, 0));
}

static void
split_person(struct split *s)
{
	put(s, 0, leaf(s, 1, 1));
	put(s, 1, leaf(s, 2, 0));
	put(s, 1, leaf(s, 3, 0));
	put(s, 2, leaf(s, 5, 0));
	put(s, 3, leaf(s, 4, 0));
}

/* SAD: street or mailing address, or street name and number apart. */
static void
split_address(struct split *s)
{
	const struct span apart[] = {leaf(s, 1, 3), leaf(s, 1, 2)};

	if (leaf(s, 1, 1).n > 0)
		put(s, 0, leaf(s, 1, 1));
	else
		put_text(s, 0, join(s, apart, 2, ' '));
	put(s, 0, leaf(s, 2, 0));
	put(s, 1, leaf(s, 3, 0));
	put(s, 2, leaf(s, 9, 0));
	put(s, 3, leaf(s, 4, 0));
	put(s, 4, leaf(s, 5, 0));
	put(s, 5, leaf(s, 6, 0));
}

/* Tables 0202 and 0201. Behind a number .4 is another way to the same person. */
static bool
is_email(const struct split *s)
{
	struct span equipment = leaf(s, 3, 0), number = leaf(s, 1, 0);

	if (equipment.n > 0)
		return span_eq_nocase(equipment, SPAN_LIT("Internet")) ||
		       span_eq_nocase(equipment, SPAN_LIT("X.400"));
	return span_eq_nocase(leaf(s, 2, 0), SPAN_LIT("NET")) ||
	       (leaf(s, 4, 0).n > 0 && (number.n == 0 || hl7_is_null(number)));
}

/* A code of a table, and what it means. */
struct meaning {
	struct span code, text;
};

#define MEANING(code, text) {{"" code, sizeof(code) - 1}, {"" text, sizeof(text) - 1}}

static struct span
meaning_of(struct span code, const struct meaning *table, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (span_eq_nocase(code, table[i].code))
			return table[i].text;
	return (struct span){NULL, 0};
}

static struct span
telecom_system(const struct split *s, bool email)
{
	static const struct meaning systems[] = {MEANING("PH", "phone"),
	    MEANING("CP", "phone"), MEANING("SAT", "phone"), MEANING("FX", "fax"),
	    MEANING("BP", "pager"), MEANING("", "phone")};
	struct span system;

	if (email)
		return SPAN_LIT("email");
	system = meaning_of(leaf(s, 3, 0), systems, sizeof(systems) / sizeof(systems[0]));
	return system.n > 0 ? system : SPAN_LIT("other");
}

static struct span
telecom_use(const struct split *s)
{
	static const struct meaning uses[] = {MEANING("PRN", "home"),
	    MEANING("ORN", "home"), MEANING("VHN", "home"), MEANING("WPN", "work")};

	if (span_eq_nocase(leaf(s, 3, 0), SPAN_LIT("CP")))
		return SPAN_LIT("mobile");
	return meaning_of(leaf(s, 2, 0), uses, sizeof(uses) / sizeof(uses[0]));
}

/* XTN.1 is withdrawn and met all the same; XTN.12 or the parts stand for it. */
static void
put_number(struct split *s, unsigned at, bool email)
{
	const struct span parts[] = {
	    leaf(s, 5, 0).n > 0 ? SPAN_LIT("+") : (struct span){NULL, 0}, leaf(s, 5, 0),
	    leaf(s, 6, 0), leaf(s, 7, 0)};

	if (email && leaf(s, 4, 0).n > 0)
		put(s, at, leaf(s, 4, 0));
	else if (leaf(s, 1, 0).n > 0)
		put(s, at, leaf(s, 1, 0));
	else if (leaf(s, 12, 0).n > 0)
		put(s, at, leaf(s, 12, 0));
	else
		put_text(s, at, join(s, parts, 4, '\0'));
}

static void
split_telecom(struct split *s)
{
	bool email = is_email(s);
	int before = s->n;

	put_text(s, 0, telecom_system(s, email));
	put_number(s, 1, email);
	/* Without a number there is nothing to say. */
	if (s->n == before + 1)
		s->n = before;
	else
		put_text(s, 2, telecom_use(s));
}

static struct span
display_name(struct split *s, unsigned family)
{
	const struct span parts[] = {leaf(s, family + 4, 0), leaf(s, family + 1, 0),
	    leaf(s, family + 2, 0), leaf(s, family, 1), leaf(s, family + 3, 0)};

	return join(s, parts, 5, ' ');
}

static bool
is_npi(struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
	return s.n == NPI_DIGITS;
}

static void
split_practitioner(struct split *s)
{
	struct span id = leaf(s, 1, 0);

	put(s, 0, id);
	if (is_npi(id) && span_eq_nocase(leaf(s, 13, 0), SPAN_LIT("NPI")))
		put(s, 1, id);
	put_text(s, 2, display_name(s, 2));
}

int
hl7_type_split(enum hl7_type type, struct run *r, const struct text *raw,
    struct hl7_member *out, enum problem_code *code)
{
	static void (*const splits[HL7_TYPES])(struct split *) = {[HL7_CX] = split_cx,
	    [HL7_EI] = split_ei,
	    [HL7_XPN] = split_person,
	    [HL7_XAD] = split_address,
	    [HL7_XTN] = split_telecom,
	    [HL7_XCN] = split_practitioner};
	struct split s;

	split_init(&s, r, raw);
	s.out = out;
	if (splits[type] != NULL)
		splits[type](&s);
	*code = s.code;
	return s.code == PROBLEM_NONE ? s.n : -1;
}

/* As a transform: one text out of the whole field. */
struct composite {
	enum hl7_type type;
	struct span authority;
};

int
composite_compile(struct kit *k, struct step *st, struct err *e)
{
	struct composite *c = arena_alloc(&k->arena, sizeof(*c));

	if (c == NULL)
		return err_nomem(e);
	if (!k->hl7 || !hl7_type_by_name(st->name, &c->type))
		return err_set(e, ERR_CONFIG, "takes a field of an HL7 message");
	c->authority = k->authority;
	st->data = c;
	return 0;
}

static bool
names_authority(struct split *s, const struct composite *c, struct span raw)
{
	struct span name = decoded(s, raw);

	return name.n > 0 && span_eq_nocase(name, c->authority);
}

/*
 * An identifier is a value and who assigned it. Without an authority, or of the
 * feed's own, the value stands alone; never is one taken for another's.
 */
static struct span
identity(struct split *s, const struct composite *c)
{
	struct span value = leaf(s, 1, 0);
	struct span local = c->type == HL7_CX ? leaf(s, 4, 1) : leaf(s, 2, 0);
	struct span universal = c->type == HL7_CX ? leaf(s, 4, 2) : leaf(s, 3, 0);
	bool named = span_trim(local).n > 0 && !hl7_is_null(local);
	struct span who = named ? local : universal;
	struct span parts[] = {
	    value, c->type == HL7_CX ? SPAN_LIT("^^^") : SPAN_LIT("^"), who};

	if (decoded(s, who).n == 0 || decoded(s, value).n == 0 ||
	    names_authority(s, c, local) || names_authority(s, c, universal))
		return decoded(s, value);
	return join(s, parts, 3, '\0');
}

static struct span
code_text(struct split *s)
{
	/* A code of either coding system before any text. */
	static const unsigned from[] = {1, 4, 2, 9};
	struct span raw = {NULL, 0};

	for (size_t i = 0; i < 4 && raw.n == 0; i++) {
		raw = leaf(s, from[i], 0);
		if (i > 1 && raw.n > 0 && !s->flat) /* text has no parts */
			raw = s->components[from[i] - 1];
	}
	return decoded(s, raw);
}

static struct span
address_text(struct split *s)
{
	bool whole = leaf(s, 1, 1).n > 0;
	const struct span parts[] = {leaf(s, 1, whole ? 1 : 3),
	    whole ? (struct span){NULL, 0} : leaf(s, 1, 2), leaf(s, 2, 0), leaf(s, 3, 0),
	    leaf(s, 4, 0), leaf(s, 5, 0), leaf(s, 6, 0)};

	return join(s, parts, 7, ' ');
}

static struct span
location_text(struct split *s)
{
	const struct span parts[] = {
	    leaf(s, 4, 1), leaf(s, 1, 0), leaf(s, 2, 0), leaf(s, 3, 0)};

	return join(s, parts, 4, '/');
}

static struct span
number_text(struct split *s)
{
	struct hl7_member m[1];

	s->out = m;
	put_number(s, 0, is_email(s));
	s->n = s->n > 0 && !m[0].null ? 1 : 0;
	return s->n > 0 ? m[0].text : (struct span){NULL, 0};
}

static struct span
one_text(struct split *s, const struct composite *c)
{
	switch (c->type) {
	case HL7_CX:
	case HL7_EI:
		return identity(s, c);
	case HL7_XPN:
		return display_name(s, 1);
	case HL7_XAD:
		return address_text(s);
	case HL7_XTN:
		return number_text(s);
	case HL7_XCN:
		return decoded(s, leaf(s, 1, 0));
	case HL7_PL:
		return location_text(s);
	case HL7_CWE:
		return code_text(s);
	}
	return (struct span){NULL, 0};
}

/*
 * The first component, which most codes and persons have, and are known by. False: it
 * has to be looked at more closely.
 */
static inline bool
first_text(const struct hl7_message *m, const struct text *t, struct span *out)
{
	if (!m->flat || t->from.segment == NULL || !hl7_is_plain(m, t->s))
		return false;
	*out = span_trim(hl7_repetition_leaf(m, &t->from, 1, 1));
	return out->n > 0 && !hl7_is_null(*out);
}

enum problem_code
composite_apply(const void *data, struct run *r, struct text *t)
{
	const struct composite *c = data;
	struct span first;
	struct split s;

	if ((c->type == HL7_CWE || c->type == HL7_XCN) &&
	    first_text(r->message, t, &first)) {
		*t = (struct text){.s = first};
		return PROBLEM_NONE;
	}
	split_init(&s, r, t);
	*t = (struct text){.s = one_text(&s, c)};
	/* The first component deleted is the text deleted. */
	t->null = t->s.n == 0 && hl7_is_null(leaf(&s, 1, 0));
	return s.code;
}
