#include <stdlib.h>
#include <string.h>

#include "state/verify_impl.h"

typedef int index_fn(struct verify *v);

struct load {
	struct verify *v;
	enum table table;
	index_fn *fn;
};

/* One more element of an array: zeroed, or NULL. */
static void *
more(void **array, size_t *n, size_t size)
{
	char *p = reallocarray(*array, *n + 1, size);

	if (p == NULL)
		return NULL;
	*array = p;
	return memset(p + size * (*n)++, 0, size);
}

static void
copy_name(char out[LEDGER_NAME_MAX + 1], struct span s)
{
	size_t n = s.n < LEDGER_NAME_MAX ? s.n : LEDGER_NAME_MAX;

	memcpy(out, s.p, n);
	out[n] = '\0';
}

static int
load_scope(struct verify *v)
{
	void *all = v->scopes;
	struct known_scope *s = more(&all, &v->nscopes, sizeof(*s));

	v->scopes = all;
	if (s == NULL)
		return err_nomem(v->act.e);
	copy_name(s->name, row_cell(&v->row, "name")->bytes);
	s->id = (uint32_t)row_cell(&v->row, "number")->number;
	return 0;
}

static int
load_feed(struct verify *v)
{
	void *all = v->feeds;
	struct known_feed *f = more(&all, &v->nfeeds, sizeof(*f));

	v->feeds = all;
	if (f == NULL)
		return err_nomem(v->act.e);
	copy_name(f->name, row_cell(&v->row, "feed")->bytes);
	f->digest = digest_bytes(
	    &v->act.ledger->keys, KEY_NAME, f->name, strlen(f->name));
	f->next_pass = row_cell(&v->row, "next_pass")->number;
	return 0;
}

static int
load_counter(struct verify *v)
{
	struct known_scope *s;

	if (strcmp(v->layout->word, "scopes") == 0)
		v->scopes_given = (uint32_t)row_cell(&v->row, "number")->number;
	if (strcmp(v->layout->word, "ordinal") != 0)
		return 0;
	s = verify_scope(v, row_cell(&v->row, "scope")->number);
	if (s == NULL)
		return 0;
	s->ordinals = (uint32_t)row_cell(&v->row, "number")->number;
	s->given = calloc(s->ordinals / 8 + 1, 1);
	return s->given == NULL ? err_nomem(v->act.e) : 0;
}

static int
load_pass(struct verify *v)
{
	struct known_scope *s = verify_scope(v, row_cell(&v->row, "scope")->number);

	if (s != NULL)
		s->batches = row_cell(&v->row, "batches")->number;
	return 0;
}

static int
load_one(void *arg, struct span key, struct span value)
{
	const struct load *load = arg;
	struct verify *v = load->v;

	v->layout = layout_find(load->table, key);
	if (v->layout == NULL ||
	    (!v->layout->unchecked && !value_checked(&v->act.ledger->keys, key, &value)))
		return 0;
	return row_decode(&v->row, v->layout, key, value) == 0 ? load->fn(v) : 0;
}

int
verify_index(struct verify *v)
{
	struct load loads[] = {{v, TABLE_SCOPES, load_scope}, {v, TABLE_FEEDS, load_feed},
	    {v, TABLE_META, load_counter}, {v, TABLE_PASSES, load_pass}};
	const struct span all = {NULL, 0};

	for (size_t i = 0; i < sizeof(loads) / sizeof(loads[0]); i++) {
		const struct visitor one = {load_one, &loads[i]};

		v->act.e->code = ERR_NONE;
		if (v->act.ledger->ops->each(
			v->act.txn, loads[i].table, all, &one, v->act.e) != 0 &&
		    v->act.e->code == ERR_NOMEM)
			return -1;
	}
	return 0;
}

void
verify_index_release(struct verify *v)
{
	for (size_t i = 0; i < v->nscopes; i++)
		free(v->scopes[i].given);
	free(v->scopes);
	free(v->feeds);
}

struct known_scope *
verify_scope(const struct verify *v, uint64_t id)
{
	for (size_t i = 0; i < v->nscopes; i++)
		if (v->scopes[i].id == id)
			return &v->scopes[i];
	return NULL;
}

const struct known_feed *
verify_feed(const struct verify *v, struct span name)
{
	for (size_t i = 0; i < v->nfeeds; i++)
		if (span_eq(span_of(v->feeds[i].name), name))
			return &v->feeds[i];
	return NULL;
}

int
verify_file(struct verify *v, const struct digest *id)
{
	struct span key = {(const char *)id->b, DIGEST_SIZE}, value;

	if (v->file_there <= 0 || !digest_eq(id, &v->file)) {
		v->file = *id;
		v->file_there = v->act.ledger->ops->get(
		    v->act.txn, TABLE_FILES, key, &value, v->act.e);
	}
	return v->file_there;
}
