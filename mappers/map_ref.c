#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/near.h"
#include "mappers/letters.h"
#include "mappers/map_compile.h"

#define SLOTS_MAX  4096
#define TITLE_SIZE 16 /* SEG-NNN */

/* A short name in [columns] or [fields]; NULL if it is none. */
static struct conf_entry *
short_name(const struct compiler *c, struct span name)
{
	if (c->columns == NULL)
		return NULL;
	for (size_t i = 0; i < c->columns->n; i++)
		if (letters_eq_nocase(c->columns->entries[i].key, name))
			return &c->columns->entries[i];
	return NULL;
}

static int
titles_of(struct compiler *c, const struct ref *r, struct slot *s, struct err *e)
{
	const struct conf_entry *en = r->kind == REF_NAME && !r->of_group
					  ? short_name(c, r->name)
					  : NULL;
	struct item *items;
	struct span text;

	if (en == NULL) {
		items = arena_alloc(&c->map->kit.arena, sizeof(*items));
		if (items == NULL)
			return err_nomem(e);
		items->text = s->name;
		s->titles = items;
		return 0;
	}
	text = arena_span(&c->map->kit.arena, en->value);
	if (text.p == NULL)
		return err_nomem(e);
	/* A list that can't be read has been told once, with [columns]. */
	if (items_parse(&c->map->kit.arena, text, &items, NULL) == 0)
		s->titles = items;
	return 0;
}

static bool
same_slot(const struct slot *s, const struct ref *r, bool title)
{
	if (r->kind == REF_NUMBER || s->number != 0)
		return r->kind == REF_NUMBER && s->number == r->number;
	return title == (s->titles != NULL && s->titles->text.p == s->name.p) &&
	       letters_eq_nocase(s->name, r->name);
}

static int
grow_slots(struct map *m, struct err *e)
{
	size_t cap = m->slots_cap == 0 ? 32 : 2 * m->slots_cap;
	struct slot *p;

	if (m->nslots < m->slots_cap)
		return 0;
	if (cap > SLOTS_MAX)
		return err_set(
		    e, ERR_CONFIG, "the map reads more than %d columns", SLOTS_MAX);
	p = realloc(m->slots, cap * sizeof(*p));
	if (p == NULL)
		return err_nomem(e);
	m->slots = p;
	m->slots_cap = cap;
	return 0;
}

/* What a problem names: SEGMENT-FIELD. */
static int
title_hl7(struct compiler *c, const struct hl7_ref *r, struct span *out, struct err *e)
{
	uint32_t name = r->npath > 0 ? r->path[r->npath - 1].name : 0;
	char text[TITLE_SIZE];

	snprintf(text, sizeof(text), "%c%c%c-%u", (char)(name >> 16), (char)(name >> 8),
	    (char)name, r->field);
	*out = arena_span(
	    &c->map->kit.arena, r->event ? SPAN_LIT("MSH-9") : span_of(text));
	return out->p == NULL ? err_nomem(e) : 0;
}

static int find_names(
    struct compiler *c, struct span name, struct ref **out, struct err *e);

static bool
asks_names(const struct hl7_test *t)
{
	while (t != NULL && t->name.n == 0)
		t = t->next;
	return t != NULL;
}

/* "[4={mrn}]": what the name stands for. */
static int
compile_tests(struct compiler *c, struct hl7_test *t, struct err *e)
{
	struct ref *refs, *r;

	for (; t != NULL; t = t->next) {
		if (t->name.n == 0)
			continue;
		if (find_names(c, t->name, &refs, e) != 0)
			return -1;
		for (r = refs; r != NULL; r = r->next)
			t->nsame++;
		t->same = arena_alloc(
		    &c->map->kit.arena, t->nsame * sizeof(struct hl7_ref *));
		if (t->same == NULL)
			return err_nomem(e);
		t->nsame = 0;
		for (r = refs; r != NULL; r = r->next) {
			if (asks_names(r->hl7->repetition.tests))
				return err_set(e, ERR_CONFIG,
				    "{%.*s} asks for another name itself", (int)t->name.n,
				    t->name.p);
			r->hl7->whole = true;
			r->hl7->component = 0;
			t->same[t->nsame++] = r->hl7;
		}
	}
	return 0;
}

static int
compile_hl7(struct compiler *c, struct ref *r, struct err *e)
{
	struct map *m = c->map;
	struct span title;

	if (compile_tests(c, r->hl7->repetition.tests, e) != 0)
		return -1;
	if (title_hl7(c, r->hl7, &title, e) != 0)
		return -1;
	for (r->slot = 0; r->slot < m->nslots; r->slot++)
		if (span_eq(m->slots[r->slot].name, title))
			return 0;
	if (grow_slots(m, e) != 0)
		return -1;
	m->slots[m->nslots++] = (struct slot){.name = title};
	return 0;
}

static int
unknown_name(const struct compiler *c, struct span name, struct err *e)
{
	struct near near;

	near_start(&near, name);
	near.limit = name.n / 3 + 1;
	for (size_t i = 0; c->columns != NULL && i < c->columns->n; i++)
		near_try(&near, c->columns->entries[i].key);
	return err_set(e, ERR_CONFIG,
	    "{%.*s} is neither a field, such as {PID-3}, nor a name in [fields]%s%.*s%s",
	    (int)name.n, name.p, near.found.n > 0 ? " (did you mean " : "",
	    (int)near.found.n, near.found.p, near.found.n > 0 ? "?)" : "");
}

/* The references that a name in [fields] stands for, each time anew. */
static int
find_names(struct compiler *c, struct span name, struct ref **out, struct err *e)
{
	const struct conf_entry *en = short_name(c, name);
	struct value_text in = {.arena = &c->map->kit.arena, .hl7 = true};

	if (en == NULL)
		return unknown_name(c, name, e);
	in.text = arena_span(in.arena, en->value);
	if (in.text.p == NULL)
		return err_nomem(e);
	if (refs_parse(&in, out, e) != 0)
		return err_prefix(e, "[fields] %.*s", (int)en->key.n, en->key.p);
	return 0;
}

/* They take the name's place. */
static int
expand(struct compiler *c, struct ref *r, struct err *e)
{
	struct ref *refs = NULL, *last, *behind = r->next;

	if (r->kind != REF_NAME)
		return unknown_name(c, r->name, e);
	if (find_names(c, r->name, &refs, e) != 0)
		return -1;
	for (last = refs; last->next != NULL; last = last->next)
		;
	last->next = behind;
	*r = *refs;
	return 0;
}

int
compile_ref(struct compiler *c, struct ref *r, struct err *e)
{
	struct map *m = c->map;
	bool title = r->kind == REF_TITLE || r->of_group ||
		     (r->kind == REF_NAME && short_name(c, r->name) == NULL);
	struct slot *s;

	if (c->hl7 && r->kind != REF_HL7 && expand(c, r, e) != 0)
		return -1;
	if (c->hl7)
		return compile_hl7(c, r, e);
	for (size_t i = 0; i < m->nslots; i++) {
		if (same_slot(&m->slots[i], r, title)) {
			r->slot = (unsigned)i;
			return note_column(c, r, e);
		}
	}
	if (grow_slots(m, e) != 0)
		return -1;
	r->slot = (unsigned)m->nslots;
	s = &m->slots[m->nslots++];
	*s = (struct slot){.name = r->name, .number = r->number};
	if (r->kind != REF_NUMBER && titles_of(c, r, s, e) != 0)
		return -1;
	return note_column(c, r, e);
}

static bool
is_read(const struct map *m, struct span name)
{
	for (size_t i = 0; i < m->nslots; i++)
		if (letters_eq_nocase(m->slots[i].name, name) &&
		    m->slots[i].titles != NULL &&
		    m->slots[i].titles->text.p != m->slots[i].name.p)
			return true;
	return false;
}

/* Does {name} stand in the text, without quotes? */
static bool
mentions(struct span text, struct span name)
{
	const char *at = text.p, *end = text.p + text.n;

	while ((at = memchr(at, '{', (size_t)(end - at))) != NULL) {
		at++;
		if ((size_t)(end - at) > name.n && memcmp(at, name.p, name.n) == 0 &&
		    strchr("}?| ", at[name.n]) != NULL)
			return true;
	}
	return false;
}

/* At the first value that has it. */
static void
blame(struct compiler *c, struct span name, const struct near *near)
{
	char hint[NEAR_HINT_SIZE];

	for (size_t i = 0; i < c->conf->n; i++) {
		const struct conf_section *s = &c->conf->sections[i];

		for (size_t k = 0; k < s->n; k++) {
			if (!mentions(s->entries[k].value, name))
				continue;
			conf_error_at(c->conf->errors, s, &s->entries[k],
			    "{%.*s} is no name in [columns], and nothing reads %.*s%s (a "
			    "title of its own is quoted: {\"%.*s\"})",
			    (int)name.n, name.p, (int)near->found.n, near->found.p,
			    near_hint(near, hint), (int)name.n, name.p);
			return;
		}
	}
}

/*
 * One slip in a word, two in a long one. Names with numbers in them are near each other
 * by nature: phone1, phone2.
 */
static size_t
slips_allowed(struct span name)
{
	for (size_t i = 0; i < name.n; i++)
		if (name.p[i] >= '0' && name.p[i] <= '9')
			return 0;
	return name.n < 3 ? 0 : name.n < 8 ? 1 : 2;
}

/* A title that is near a short name which nothing reads is that name, misspelt. */
void
check_columns(struct compiler *c)
{
	for (size_t i = 0; i < c->map->nslots && c->columns != NULL && !c->hl7; i++) {
		const struct slot *s = &c->map->slots[i];
		struct near near;

		if (s->titles == NULL || s->titles->text.p != s->name.p)
			continue;
		near_start(&near, s->name);
		near.limit = slips_allowed(s->name);
		for (size_t k = 0; k < c->columns->n; k++)
			if (!is_read(c->map, c->columns->entries[k].key))
				near_try(&near, c->columns->entries[k].key);
		if (near.found.p != NULL)
			blame(c, s->name, &near);
	}
}
