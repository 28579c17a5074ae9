#include <stdlib.h>
#include <string.h>

#include "mappers/letters.h"
#include "mappers/map_impl.h"
#include "mappers/regexp.h"

#define MAP_VERSION  1 /* raised when the same map comes to mean other records */
#define FNV64_OFFSET 14695981039346656037U
#define FNV64_PRIME  1099511628211U

#define MAP_ARENA_MAX    (64 << 20) /* a compiled map with its code tables */
#define MAP_SECTIONS_MAX 64
#define SLOTS_MAX        4096

/* Mixes text into the fingerprint, with its length. */
static void
compiler_hash(struct compiler *c, struct span s)
{
	uint64_t h = (c->hash ^ s.n) * FNV64_PRIME;

	for (size_t i = 0; i < s.n; i++)
		h = (h ^ (unsigned char)s.p[i]) * FNV64_PRIME;
	c->hash = h;
}

void
compiler_fail(struct compiler *c, const struct conf_section *s,
    const struct conf_entry *en, const struct err *why)
{
	if (why->code == ERR_NOMEM)
		c->nomem = true;
	else
		conf_error_at(c->conf->errors, s, en, "%s", why->msg);
}

/* The titles of a short name in [columns]; NULL if it is none. */
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
	const struct conf_entry *en = r->kind == REF_NAME ? short_name(c, r->name) : NULL;
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

static int
compile_ref(struct compiler *c, struct ref *r, struct err *e)
{
	struct map *m = c->map;
	bool title = r->kind == REF_TITLE ||
		     (r->kind == REF_NAME && short_name(c, r->name) == NULL);
	struct slot *s;

	for (size_t i = 0; i < m->nslots; i++) {
		if (same_slot(&m->slots[i], r, title)) {
			r->slot = (unsigned)i;
			return 0;
		}
	}
	if (grow_slots(m, e) != 0)
		return -1;
	r->slot = (unsigned)m->nslots;
	s = &m->slots[m->nslots++];
	*s = (struct slot){.name = r->name, .number = r->number};
	return r->kind == REF_NUMBER ? 0 : titles_of(c, r, s, e);
}

static int compile_alternative(struct compiler *c, struct alternative *a, struct err *e);

static int
compile_pipeline(struct compiler *c, struct pipeline *p, struct err *e)
{
	for (struct step *st = p->steps; st != NULL; st = st->next)
		if (transform_compile(&c->map->kit, st, e) != 0)
			return -1;
	return p->value == NULL ? 0 : compile_alternative(c, p->value, e);
}

static int
compile_alternative(struct compiler *c, struct alternative *a, struct err *e)
{
	for (struct alternative *el = a->elements; el != NULL; el = el->next)
		if (compile_alternative(c, el, e) != 0)
			return -1;
	for (struct part *p = a->parts; p != NULL; p = p->next) {
		for (struct ref *r = p->refs; r != NULL; r = r->next)
			if (compile_ref(c, r, e) != 0)
				return -1;
		if (compile_pipeline(c, &p->pipe, e) != 0)
			return -1;
	}
	return 0;
}

int
compile_expr(struct compiler *c, struct expr *x, struct err *e)
{
	for (struct alternative *a = x->alts; a != NULL; a = a->next)
		if (compile_alternative(c, a, e) != 0)
			return -1;
	return compile_pipeline(c, &x->pipe, e);
}

static int
condition_of(struct compiler *c, struct span value, struct condition **out, struct err *e)
{
	struct span text = arena_span(&c->map->kit.arena, value);

	if (text.p == NULL)
		return err_nomem(e);
	if (condition_parse(&c->map->kit.arena, text, out, e) != 0)
		return -1;
	for (struct condition *x = *out; x != NULL; x = x->next) {
		if (compile_expr(c, &x->value, e) != 0)
			return -1;
		if (x->op != COND_MATCHES)
			continue;
		x->compiled = kit_regexp(&c->map->kit, x->regex, e);
		if (x->compiled == NULL)
			return -1;
	}
	return 0;
}

struct condition *
compile_condition(struct compiler *c, struct conf_section *s, struct conf_entry *en)
{
	struct condition *x = NULL;
	struct err why = {0};

	en->used = true;
	c->map->kit.dst = DST_REJECT;
	if (condition_of(c, en->value, &x, &why) != 0)
		compiler_fail(c, s, en, &why);
	return x;
}

static void
hash_section(struct compiler *c, const struct conf_section *s)
{
	compiler_hash(c, s->name);
	compiler_hash(c, s->label);
	for (size_t i = 0; i < s->n; i++) {
		compiler_hash(c, s->entries[i].key);
		compiler_hash(c, s->entries[i].value);
	}
}

static void
compile_columns(struct compiler *c)
{
	struct conf_section *s = c->columns = conf_find(c->conf, "columns", "");
	struct item *items;
	struct err why = {0};

	if (s == NULL)
		return;
	s->used = true;
	hash_section(c, s);
	for (size_t i = 0; i < s->n; i++) {
		s->entries[i].used = true;
		if (items_parse(&c->map->kit.arena, s->entries[i].value, &items, &why) !=
		    0)
			compiler_fail(c, s, &s->entries[i], &why);
	}
}

static void
compile_rows(struct compiler *c)
{
	struct conf_section *s = conf_find(c->conf, "rows", "");

	if (s == NULL)
		return;
	s->used = true;
	hash_section(c, s);
	for (size_t i = 0; i < s->n; i++) {
		s->entries[i].used = true;
		if (span_eq(s->entries[i].key, SPAN_LIT("when")))
			c->map->when = compile_condition(c, s, &s->entries[i]);
		else
			conf_error_at(c->conf->errors, s, &s->entries[i],
			    "no such key; [rows] has when");
	}
}

static void
compile_codes(struct compiler *c)
{
	struct kit *k = &c->map->kit;
	struct code_table *t;
	struct err why = {0};

	for (size_t i = 0; i < c->conf->n; i++) {
		struct conf_section *s = &c->conf->sections[i];

		if (!span_eq(s->name, SPAN_LIT("code")))
			continue;
		hash_section(c, s);
		if (s->label.n == 0)
			conf_error_at(c->conf->errors, s, NULL,
			    "a code table has a name: [code NAME]");
		t = codes_new(&k->arena, c->conf, s, &why);
		if (t == NULL) {
			compiler_fail(c, s, NULL, &why);
			continue;
		}
		t->next = k->codes;
		k->codes = t;
	}
}

static void
compile_records(struct compiler *c)
{
	struct map *m = c->map;

	m->sections = arena_alloc(&m->kit.arena, MAP_SECTIONS_MAX * sizeof(*m->sections));
	if (m->sections == NULL) {
		c->nomem = true;
		return;
	}
	for (size_t i = 0; i < c->conf->n; i++) {
		struct conf_section *s = &c->conf->sections[i];
		const struct schema *schema = schema_by_name(s->name);

		if (schema == NULL)
			continue;
		if (m->nsections == MAP_SECTIONS_MAX) {
			conf_error_at(c->conf->errors, s, NULL,
			    "a feed has at most %d sections of records",
			    MAP_SECTIONS_MAX);
			return;
		}
		s->used = true;
		hash_section(c, s);
		m->sections[m->nsections].schema = schema;
		compile_rules(c, &m->sections[m->nsections++], s);
	}
	if (m->nsections == 0)
		conf_error_at(c->conf->errors, NULL,
		    &(struct conf_entry){.file = c->conf->path},
		    "there is no section of a record type, such as [patient]");
}

static void
compile_zone(struct compiler *c, const struct mapper_conf *mc)
{
	struct conf_section *feed = conf_find(c->conf, "feed", "");
	struct err why = {0};

	if (mc->timezone == NULL)
		return;
	c->map->kit.zone = kit_zone(&c->map->kit, span_of(mc->timezone), &why);
	if (c->map->kit.zone == NULL)
		compiler_fail(c, feed, feed ? conf_get(feed, "timezone") : NULL, &why);
}

static void
compile_all(struct compiler *c, const struct mapper_conf *mc)
{
	compiler_hash(c, span_of(mc->source));
	compiler_hash(c, span_of(mc->timezone));
	compile_zone(c, mc);
	compile_columns(c);
	compile_codes(c);
	compile_rows(c);
	compile_records(c);
	c->map->fingerprint = c->hash ^ kit_zones_fingerprint(&c->map->kit);
}

struct map *
map_new(struct conf *conf, const struct mapper_conf *mc, struct err *e)
{
	struct compiler c = {.conf = conf, .hash = FNV64_OFFSET ^ MAP_VERSION};
	size_t before = conf->errors->n;

	c.map = calloc(1, sizeof(*c.map));
	if (c.map == NULL)
		return err_nomem(e), NULL;
	arena_init(&c.map->kit.arena, MAP_ARENA_MAX);
	compile_all(&c, mc);
	if (!c.nomem && conf->errors->n == before)
		return c.map;
	if (c.nomem)
		err_nomem(e);
	else
		err_set(e, ERR_CONFIG, "%s: the map has mistakes", conf->path);
	map_free(c.map);
	return NULL;
}

void
map_free(struct map *m)
{
	if (m == NULL)
		return;
	kit_release(&m->kit);
	free(m->slots);
	free(m);
}

uint64_t
map_fingerprint(const struct map *m)
{
	return m->fingerprint;
}

static bool
has_event(const struct section *s)
{
	for (size_t i = 0; i < s->nrules; i++)
		if (s->rules[i].role == ROLE_EVENT)
			return true;
	return false;
}

bool
map_event_times(const struct map *m)
{
	for (size_t i = 0; i < m->nsections; i++)
		if (!has_event(&m->sections[i]))
			return false;
	return true;
}
