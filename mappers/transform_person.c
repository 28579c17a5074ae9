#include "mappers/transform_person.h"

#include <string.h>

#include "base/civil.h"
#include "mappers/letters.h"
#include "mappers/transform_list.h"

#define ORDERS_MAX 4
#define PIECES_MAX 4 /* between commas: last, first, and two suffixes */
#define WORDS_MAX  16
#define GIVEN_MAX  (HL7_MEMBERS_MAX - 3)

enum member { FAMILY, GIVEN, PREFIX, SUFFIX, TEXT };

const char *const person_members[] = {[FAMILY] = "family",
    [GIVEN] = "given",
    [PREFIX] = "prefix",
    [SUFFIX] = "suffix",
    [TEXT] = "text",
    [TEXT + 1] = NULL};

/* One way to write names. */
struct order {
	bool comma;  /* behind the family name, which comes first then */
	bool last;   /* the family name comes first */
	bool middle; /* words between or behind are middle names */
};

struct person {
	struct order orders[ORDERS_MAX];
	size_t n;
};

struct words {
	struct span v[WORDS_MAX];
	size_t n;
};

/* A name on its way: what is left of it, and what was taken off. */
struct parts {
	struct words family, given, prefix, suffix;
};

static bool
listed(const char *const *list, struct span word)
{
	if (word.n > 1 && word.p[word.n - 1] == '.')
		word.n--;
	while (*list != NULL && !span_eq_nocase(word, span_of(*list)))
		list++;
	return *list != NULL;
}

static bool
is_prefix(struct span word)
{
	static const char *const list[] = {"mr", "mrs", "ms", "miss", "mx", "dr", "prof",
	    "rev", "fr", "hon", "capt", "sgt", NULL};

	return listed(list, word);
}

/* Words that are no part of any other name, wherever they stand at its end. */
static bool
is_suffix(struct span word)
{
	static const char *const list[] = {"jr", "sr", "ii", "iii", "iv", "md", "m.d",
	    "phd", "ph.d", "rn", "np", "dds", "dmd", "dpm", "pharmd", "esq", "cnm",
	    "crna", NULL};

	return listed(list, word);
}

/* Behind a comma these are no names either. */
static bool
is_title(struct span word)
{
	static const char *const list[] = {
	    "do", "d.o", "pa", "pa-c", "od", "lpn", "ma", "ms", "v", NULL};

	return is_suffix(word) || listed(list, word);
}

static bool
has_lower(struct span s)
{
	return letters_may_change(s, LETTERS_UPPER);
}

/* "van", "de la": in a name with capitals only where it is written small. */
static bool
is_particle(struct span word, bool capitals)
{
	static const char *const list[] = {"van", "von", "vom", "der", "den", "de", "del",
	    "dela", "della", "di", "da", "dos", "das", "du", "la", "le", "los", "bin",
	    "ibn", "ter", "ten", "zu", "zur", NULL};

	return listed(list, word) && (capitals || (word.p[0] >= 'a' && word.p[0] <= 'z'));
}

static struct span
from(struct span s, size_t i)
{
	return (struct span){s.p + i, s.n - i};
}

/* False: it has too many, or joins two persons. */
static bool
take_words(struct span s, struct words *out)
{
	size_t i = 0, n;
	struct span *word;

	out->n = 0;
	for (;;) {
		while ((n = civil_blank(from(s, i))) > 0)
			i += n;
		if (i == s.n)
			return true;
		if (out->n == WORDS_MAX)
			return false;
		word = &out->v[out->n++];
		*word = (struct span){s.p + i, 0};
		for (; i < s.n && civil_blank(from(s, i)) == 0; i++)
			word->n++;
		if (span_eq_nocase(*word, SPAN_LIT("and")))
			return false;
	}
}

static void
append(struct words *to, const struct words *from)
{
	for (size_t i = 0; i < from->n && to->n < WORDS_MAX; i++)
		to->v[to->n++] = from->v[i];
}

/* Takes n words off at the front. */
static void
move_front(struct words *from, struct words *to, size_t n)
{
	for (size_t i = 0; i < n && to->n < WORDS_MAX; i++)
		to->v[to->n++] = from->v[i];
	from->n -= n;
	memmove(from->v, from->v + n, from->n * sizeof(*from->v));
}

/* "Dr. Jane Doe Jr." without what is no name. */
static void
strip_titles(struct words *w, struct parts *p)
{
	struct words ends = {.n = 0};
	size_t n;

	while (w->n > 0 && is_prefix(w->v[0]))
		move_front(w, &p->prefix, 1);
	n = w->n;
	while (n > 0 && is_suffix(w->v[n - 1]))
		n--;
	for (size_t i = n; i < w->n; i++)
		ends.v[ends.n++] = w->v[i];
	w->n = n;
	append(&ends, &p->suffix);
	p->suffix = ends;
}

static bool
are_titles(const struct words *w)
{
	for (size_t i = 0; i < w->n; i++)
		if (!is_title(w->v[i]))
			return false;
	return w->n > 0;
}

/* The pieces between commas but those that are titles; -1: too many. */
static int
take_pieces(struct span name, struct words *pieces, struct parts *p)
{
	static const struct span comma = {",", 1};
	struct span piece;
	int n = 0, left;

	while (split_take(&name, comma, &piece)) {
		if (n == PIECES_MAX || !take_words(piece, &pieces[n++]))
			return -1;
	}
	for (left = n; left > 1 && are_titles(&pieces[left - 1]); left--)
		;
	for (int i = left; i < n; i++)
		append(&p->suffix, &pieces[i]);
	return left;
}

/* "last, first middle": the comma says all. */
static bool
split_comma(const struct order *o, struct words *pieces, struct parts *p)
{
	struct words *given = &pieces[1];

	strip_titles(&pieces[0], p);
	strip_titles(given, p);
	if (pieces[0].n == 0 || given->n == 0)
		return false;
	p->family = pieces[0];
	p->given = *given;
	/* Without middle names all of it is the first one: "Mary Ann". */
	if (!o->middle && given->n > 1) {
		p->given.n = 1;
		p->given.v[0].n = (size_t)(given->v[given->n - 1].p +
					   given->v[given->n - 1].n - given->v[0].p);
	}
	return true;
}

/* How many words at its front the family name has, with its particles. */
static size_t
family_first(const struct words *w, bool capitals)
{
	size_t n = 1;

	while (n < w->n && is_particle(w->v[n - 1], capitals))
		n++;
	return n;
}

static size_t
family_last(const struct words *w, bool capitals)
{
	size_t n = 1;

	while (n + 1 < w->n && is_particle(w->v[w->n - n - 1], capitals))
		n++;
	return n;
}

static bool
split_bare(const struct order *o, struct words *w, bool capitals, struct parts *p)
{
	size_t n;

	strip_titles(w, p);
	if (w->n < 2)
		return false;
	n = o->last ? family_first(w, capitals) : family_last(w, capitals);
	if (o->last) {
		move_front(w, &p->family, n);
		p->given = *w;
	} else {
		move_front(w, &p->given, w->n - n);
		p->family = *w;
	}
	return p->given.n > 0 && (o->middle || p->given.n == 1);
}

/* Nicknames, second persons, numbers: what is no name alone. */
static bool
has_odd(struct span s)
{
	static const char odd[] = "()[]{}\"/&;:@+_0123456789";

	for (size_t i = 0; i < s.n; i++)
		if (memchr(odd, s.p[i], sizeof(odd) - 1) != NULL)
			return true;
	return false;
}

static bool
split_name(const struct person *d, struct span name, struct parts *p)
{
	bool capitals = !has_lower(name);

	for (size_t i = 0; i < d->n && !has_odd(name); i++) {
		const struct order *o = &d->orders[i];
		struct words pieces[PIECES_MAX];
		int n;

		*p = (struct parts){.family = {.n = 0}};
		n = take_pieces(name, pieces, p);
		if (o->comma ? n == 2 && split_comma(o, pieces, p)
			     : n == 1 && split_bare(o, pieces, capitals, p))
			return p->given.n <= GIVEN_MAX;
	}
	return false;
}

static int
put(struct run *r, const struct words *w, unsigned at, struct hl7_member *out)
{
	size_t size = 0;
	char *from, *to;

	for (size_t i = 0; i < w->n; i++)
		size += w->v[i].n + 1;
	if (w->n == 0 || (from = to = run_bytes(r, size)) == NULL)
		return 0;
	for (size_t i = 0; i < w->n; i++) {
		if (i > 0)
			*to++ = ' ';
		to = mempcpy(to, w->v[i].p, w->v[i].n);
	}
	*out = (struct hl7_member){.at = at, .text = {from, (size_t)(to - from)}};
	return 1;
}

int
person_split(const void *data, struct run *r, struct span name, struct hl7_member *out)
{
	struct parts p;
	int n = 0;

	if (!split_name(data, name, &p)) {
		out[0] = (struct hl7_member){.at = TEXT, .text = name};
		return 1;
	}
	n += put(r, &p.family, FAMILY, &out[n]);
	for (size_t i = 0; i < p.given.n; i++)
		out[n++] = (struct hl7_member){.at = GIVEN, .text = p.given.v[i]};
	n += put(r, &p.prefix, PREFIX, &out[n]);
	n += put(r, &p.suffix, SUFFIX, &out[n]);
	return n;
}

enum problem_code
person_apply(const void *data, struct run *r, struct text *t)
{
	struct parts p;

	(void)r;
	t->kept = true;
	return split_name(data, t->s, &p) ? PROBLEM_NONE : PROBLEM_NOT_PERSON;
}

/* "last, first middle" and the like. */
static int
parse_order(struct span text, struct order *o, struct err *e)
{
	static const struct {
		const char *text;
		struct order order;
	} known[] = {{"last, first middle", {true, true, true}},
	    {"last, first", {true, true, false}},
	    {"last first middle", {false, true, true}},
	    {"last first", {false, true, false}},
	    {"first middle last", {false, false, true}},
	    {"first last", {false, false, false}}};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (!span_eq(text, span_of(known[i].text)))
			continue;
		*o = known[i].order;
		return 0;
	}
	return err_set(e, ERR_CONFIG,
	    "\"%.*s\" is no order; write \"last, first middle\", \"last first middle\" or "
	    "\"first middle last\", with or without middle",
	    (int)text.n, text.p);
}

int
person_compile(struct kit *k, struct step *st, struct err *e)
{
	struct person *d = arena_alloc(&k->arena, sizeof(*d));

	if (d == NULL)
		return err_nomem(e);
	for (const struct arg *a = st->args; a != NULL; a = a->next)
		if (parse_order(a->text, &d->orders[d->n++], e) != 0)
			return -1;
	st->data = d;
	return 0;
}
