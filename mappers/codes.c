#include "mappers/codes.h"

#include <stdio.h>
#include <string.h>

#include "mappers/codes_file.h"
#include "mappers/letters.h"
#include "mappers/value.h"

static struct code_entry *
place_of(const struct code_table *t, struct span theirs, uint32_t hash)
{
	size_t i = hash & (t->size - 1);

	while (t->entries[i].ours.p != NULL &&
	       (t->entries[i].hash != hash ||
		   !letters_eq_nocase(t->entries[i].theirs, theirs)))
		i = (i + 1) & (t->size - 1);
	return &t->entries[i];
}

bool
codes_find(const struct code_table *t, struct span theirs, struct span *ours)
{
	const struct code_entry *en = place_of(t, theirs, letters_hash(theirs));

	*ours = en->ours.p != NULL ? en->ours : t->rest;
	return ours->p != NULL;
}

#define LIST_TAIL 32 /* bytes kept for marks and ", and N more" */

void
code_list_add(struct code_list *l, struct span word)
{
	const char *glue = l->n == 0 ? "known: " : ", ";
	const char *quote = memchr(word.p, ',', word.n) != NULL ? "\"" : "";

	if (l->more > 0 || l->n + word.n + LIST_TAIL > sizeof(l->text)) {
		l->tail = (size_t)snprintf(l->text + l->n, sizeof(l->text) - l->n,
		    "%s%zu more", l->n == 0 ? "known: " : ", and ", ++l->more);
		return;
	}
	l->n += (size_t)snprintf(l->text + l->n, sizeof(l->text) - l->n, "%s%s%.*s%s",
	    glue, quote, (int)word.n, word.p, quote);
}

struct span
code_list_text(const struct code_list *l)
{
	return (struct span){l->text, l->n + l->tail};
}

/* A later file may give a code another meaning; one file may not give two. */
static void
add_code(struct code_table *t, struct conf *c, const struct code_entry *add)
{
	struct code_entry *en = place_of(t, add->theirs, add->hash);

	if (en->ours.p != NULL && !span_eq(en->ours, add->ours) &&
	    strcmp(en->from->file, add->from->file) == 0)
		conf_error_at(c->errors, t->section, add->from,
		    "\"%.*s\" stands for \"%.*s\" already; give each of their codes once",
		    (int)add->theirs.n, add->theirs.p, (int)en->ours.n, en->ours.p);
	if (en->ours.p == NULL)
		code_list_add(&t->list, add->theirs);
	*en = *add;
}

static void
add_items(struct code_table *t, struct conf *c, const struct conf_entry *from,
    const struct item *items)
{
	struct code_entry add = {.ours = t->ours[t->nours - 1], .from = from};

	for (; items != NULL; items = items->next) {
		if (!items->quoted && span_eq(items->text, SPAN_LIT("*"))) {
			if (t->rest.p != NULL && !span_eq(t->rest, add.ours))
				conf_error_at(c->errors, t->section, from,
				    "* stands for \"%.*s\" already", (int)t->rest.n,
				    t->rest.p);
			t->rest = add.ours;
			continue;
		}
		add.theirs = items->text;
		add.hash = letters_hash(items->text);
		add_code(t, c, &add);
	}
}

/* Commas bound the number of items: good enough to size the table beforehand. */
static size_t
count_items(const struct conf_section *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n; i++) {
		n++;
		for (size_t k = 0; k < s->entries[i].value.n; k++)
			n += s->entries[i].value.p[k] == ',';
	}
	return n;
}

struct code_table *
codes_empty(struct arena *a, size_t n)
{
	struct code_table *t = arena_alloc(a, sizeof(*t));

	if (t == NULL)
		return NULL;
	for (t->size = 4; t->size < 2 * n; t->size *= 2)
		;
	t->entries = arena_alloc(a, t->size * sizeof(*t->entries));
	return t->entries != NULL ? t : NULL;
}

void
codes_add(struct code_table *t, struct span theirs, struct span ours)
{
	uint32_t hash = letters_hash(theirs);

	*place_of(t, theirs, hash) = (struct code_entry){theirs, ours, hash, NULL};
}

struct code_table *
codes_of_rows(struct arena *a, const struct code_row *rows, size_t n, struct err *e)
{
	const size_t words = sizeof(rows->theirs) / sizeof(rows->theirs[0]);
	struct code_table *t;
	size_t size = n;

	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < words && rows[i].theirs[k] != NULL; k++)
			size++;
	if ((t = codes_empty(a, size)) == NULL)
		return err_nomem(e), NULL;
	for (size_t i = 0; i < n; i++) {
		struct span ours = span_of(rows[i].ours);

		codes_add(t, ours, ours);
		for (size_t k = 0; k < words && rows[i].theirs[k] != NULL; k++)
			codes_add(t, span_of(rows[i].theirs[k]), ours);
	}
	return t;
}

static struct code_table *
table_alloc(struct arena *a, const struct conf_section *s, size_t lines)
{
	size_t n = count_items(s) + lines;
	struct code_table *t = n > CODES_MAX ? NULL : codes_empty(a, n);

	if (t == NULL)
		return NULL;
	t->ours = arena_alloc(a, (s->n + lines + 1) * sizeof(*t->ours));
	t->places = arena_alloc(a, (s->n + lines + 1) * sizeof(*t->places));
	t->name = arena_span(a, s->label);
	return t->ours != NULL && t->places != NULL ? t : NULL;
}

static int
add_entry(struct code_table *t, struct arena *a, struct conf *c, struct conf_entry *en)
{
	struct span text = arena_span(a, en->value);
	struct span *ours = &t->ours[t->nours];
	struct item *items;
	struct err why = {0};

	en->used = true;
	*ours = arena_span(a, en->key);
	if (text.p == NULL || ours->p == NULL)
		return -1;
	t->places[t->nours++] = en;
	if (items_parse(a, text, &items, &why) == 0)
		add_items(t, c, en, items);
	else if (why.code == ERR_NOMEM)
		return -1;
	else
		conf_error_at(c->errors, t->section, en, "%s", why.msg);
	return 0;
}

/* What a CSV file has; the section's own entries are a later file. */
static void
add_lines(struct code_table *t, struct conf *c, const struct codes_file *f)
{
	for (size_t i = 0; i < f->n; i++) {
		const struct conf_entry *line = &f->lines[i];
		struct code_entry add = {.theirs = line->key,
		    .ours = line->value,
		    .hash = letters_hash(line->key),
		    .from = line};

		t->ours[t->nours] = line->value;
		t->places[t->nours++] = line;
		add_code(t, c, &add);
	}
}

struct code_table *
codes_new(struct arena *a, struct conf *c, struct conf_section *s, struct err *e)
{
	struct codes_file file = {.n = 0};
	struct code_table *t;

	s->used = true;
	if (codes_file_read(&file, a, c, s, e) != 0)
		return NULL;
	if ((t = table_alloc(a, s, file.n)) == NULL) {
		err_set(e, ERR_NOMEM,
		    "no memory for the code table [%.*s %.*s] (at most %d values)",
		    (int)s->name.n, s->name.p, (int)s->label.n, s->label.p, CODES_MAX);
		return NULL;
	}
	t->section = s;
	t->lookup = span_eq(s->name, SPAN_LIT("lookup"));
	t->digest = file.digest;
	add_lines(t, c, &file);
	for (size_t i = 0; i < s->n; i++) {
		if (codes_file_setting(s, &s->entries[i]) ||
		    add_entry(t, a, c, &s->entries[i]) == 0)
			continue;
		err_nomem(e);
		return NULL;
	}
	return t;
}
