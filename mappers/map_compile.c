#include "mappers/map_compile.h"

#include <stdlib.h>
#include <string.h>

#include "base/near.h"
#include "mappers/letters.h"
#include "mappers/regexp.h"

#define MAP_VERSION      1 /* raised when the same map comes to mean other records */
#define MAP_ARENA_MAX    (64 << 20) /* a compiled map with its code tables */
#define MAP_SECTIONS_MAX 64

/* Mixes text into the fingerprint, with its length. */
static void
compiler_hash(struct compiler *c, struct span s)
{
	c->hash = span_fnv((c->hash ^ s.n) * SPAN_FNV_PRIME, s);
}

void
compiler_fail(struct compiler *c, const struct conf_section *s,
    const struct conf_entry *en, const struct err *why)
{
	if (why->code == ERR_NOMEM)
		c->nomem = true;
	else if (!c->nomem) /* something may be missing for lack of memory alone */
		conf_error_at(c->conf->errors, s, en, "%s", why->msg);
}

/* One that takes a field as it was sent. */
static bool
is_composite(const struct step *st)
{
	enum hl7_type type;

	return st != NULL &&
	       (hl7_type_by_name(st->name, &type) || transform_is(st, "tx"));
}

static int compile_alternative(struct compiler *c, struct alternative *a, struct err *e);

static int
mark_refs(const struct part *p, const struct step *st, struct err *e)
{
	for (struct ref *r = p->refs; r != NULL; r = r->next) {
		if (r->hl7->component > 0 &&
		    (!transform_is(st, "tx") || r->hl7->subcomponent > 0))
			return err_set(e, ERR_CONFIG,
			    "%.*s: a composite takes the whole field; leave out .%u",
			    (int)r->name.n, r->name.p, r->hl7->component);
		r->hl7->whole = true;
	}
	return 0;
}

/* Between braces stand no transforms of the whole value. */
static int
check_braces(const struct part *p, struct err *e)
{
	for (const struct step *st = p->pipe.steps; st != NULL; st = st->next)
		if (step_is_whole(st))
			return err_set(e, ERR_CONFIG, "%.*s stands behind the braces%s",
			    (int)st->name.n, st->name.p,
			    transform_is(st, "split")
				? " (with a number, split \",\" 1, it takes one part)"
				: "");
	for (const struct step *st = p->pipe.steps; st != NULL; st = st->next)
		if (transform_is(st, "person"))
			return err_set(e, ERR_CONFIG, "person stands behind the braces");
	return p->refs != NULL && is_composite(p->pipe.steps)
		   ? mark_refs(p, p->pipe.steps, e)
		   : 0;
}

static int
compile_pipeline(struct compiler *c, struct pipeline *p, struct err *e)
{
	for (struct step *st = p->steps; st != NULL; st = st->next) {
		if (transform_compile(&c->map->kit, st, e) != 0)
			return -1;
		if (st != p->steps && is_composite(st))
			return err_set(e, ERR_CONFIG,
			    "%.*s takes a whole field: it comes first", (int)st->name.n,
			    st->name.p);
	}
	return p->value == NULL ? 0 : compile_alternative(c, p->value, e);
}

/* Does it cost the row if this one is empty, and says no else otherwise? */
static bool
is_required(const struct pipeline *p)
{
	for (const struct step *st = p->steps; st != NULL; st = st->next)
		if (transform_is(st, "required"))
			return p->otherwise == ELSE_NONE;
	return false;
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
		if (compile_pipeline(c, &p->pipe, e) != 0 || check_braces(p, e) != 0)
			return -1;
		c->required |= is_required(&p->pipe);
		for (const struct ref *r = p->refs; r != NULL && p == a->parts;
		    r = r->next)
			a->many |= p->next == NULL && r->hl7 != NULL &&
				   hl7_ref_is_list(r->hl7);
	}
	return 0;
}

/* A composite of the whole value takes each reference's whole field. */
static int
mark_whole(const struct alternative *a, const struct step *st, struct err *e)
{
	for (; a != NULL; a = a->next) {
		if (a->elements != NULL) {
			if (mark_whole(a->elements, st, e) != 0)
				return -1;
			continue;
		}
		if (a->parts->refs == NULL || a->parts->next != NULL ||
		    a->parts->pipe.steps != NULL)
			return err_set(
			    e, ERR_CONFIG, "a composite takes one field: {PID-5} | xpn");
		if (mark_refs(a->parts, st, e) != 0)
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
	if (compile_pipeline(c, &x->pipe, e) != 0)
		return -1;
	return is_composite(x->pipe.steps) ? mark_whole(x->alts, x->pipe.steps, e) : 0;
}

static int
condition_of(struct compiler *c, struct span value, struct condition **out, struct err *e)
{
	struct value_text in = {.arena = &c->map->kit.arena,
	    .text = arena_span(&c->map->kit.arena, value),
	    .hl7 = c->hl7,
	    .word = c->word};

	if (in.text.p == NULL)
		return err_nomem(e);
	if (condition_parse(&in, out, e) != 0)
		return -1;
	for (struct condition *x = *out; x != NULL; x = x->next) {
		if (compile_expr(c, &x->value, e) != 0)
			return -1;
		for (const struct step *st = x->value.pipe.steps; st != NULL;
		    st = st->next)
			if (step_is_whole(st))
				return err_set(e, ERR_CONFIG,
				    "character %zu: %.*s has no place in a condition",
				    st->at, (int)st->name.n, st->name.p);
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

static int
check_name(struct compiler *c, const struct conf_entry *en, struct err *e)
{
	struct value_text in = {
	    .arena = &c->map->kit.arena, .text = en->value, .hl7 = c->hl7};
	struct item *items;
	struct ref *refs;

	return c->hl7 ? refs_parse(&in, &refs, e)
		      : items_parse(in.arena, in.text, &items, e);
}

static void
compile_columns(struct compiler *c)
{
	const char *name = c->hl7 ? "fields" : "columns";
	struct conf_section *s = c->columns = conf_find(c->conf, name, "");
	struct err why = {0};

	if (s == NULL)
		return;
	s->used = true;
	hash_section(c, s);
	for (size_t i = 0; i < s->n; i++) {
		s->entries[i].used = true;
		if (check_name(c, &s->entries[i], &why) != 0)
			compiler_fail(c, s, &s->entries[i], &why);
	}
}

static void
compile_rows(struct compiler *c)
{
	static const char *const keys[] = {"when", "snapshot_at", NULL};
	struct conf_section *s = conf_find(c->conf, "rows", "");
	char hint[NEAR_HINT_SIZE];

	if (s == NULL)
		return;
	s->used = true;
	hash_section(c, s);
	for (size_t i = 0; i < s->n; i++) {
		s->entries[i].used = true;
		if (span_eq(s->entries[i].key, SPAN_LIT("when")))
			c->map->when = compile_condition(c, s, &s->entries[i]);
		else if (span_eq(s->entries[i].key, SPAN_LIT("snapshot_at")))
			compile_made(c, s, &s->entries[i]);
		else
			conf_error_at(c->conf->errors, s, &s->entries[i],
			    "no such key; [rows] has when and snapshot_at%s",
			    near_hint_of(s->entries[i].key, keys, hint));
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

		if (!span_eq(s->name, SPAN_LIT("code")) &&
		    !span_eq(s->name, SPAN_LIT("lookup")))
			continue;
		hash_section(c, s);
		if (s->label.n == 0)
			conf_error_at(c->conf->errors, s, NULL,
			    "a %.*s table has a name: [%.*s NAME]", (int)s->name.n,
			    s->name.p, (int)s->name.n, s->name.p);
		t = codes_new(&k->arena, c->conf, s, &why);
		if (t == NULL) {
			compiler_fail(c, s, NULL, &why);
			continue;
		}
		compiler_hash(
		    c, (struct span){(const char *)&t->digest, sizeof(t->digest)});
		t->next = k->codes;
		k->codes = t;
	}
}

static bool
does(const struct map *m, const struct schema *schema, enum record_op op)
{
	for (size_t i = 0; i < m->nsections; i++)
		if (m->sections[i].schema == schema && m->sections[i].op == op)
			return true;
	return false;
}

/* What one section puts and another patches has one history: each undoes the other's. */
static bool
is_patched(const struct map *m, const struct section *sec)
{
	return sec->op != OP_MERGE && does(m, sec->schema, OP_PATCH) &&
	       !does(m, sec->schema, OP_PUT);
}

/* A section of its own, though it may be one of several that the file has as one. */
static bool
compile_section(struct compiler *c, const struct schema *schema, struct conf_section *s)
{
	struct map *m = c->map;

	if (m->nsections == MAP_SECTIONS_MAX) {
		conf_error_at(c->conf->errors, s, NULL,
		    "a feed has at most %d sections of records, and each counts for every "
		    "group",
		    MAP_SECTIONS_MAX);
		return false;
	}
	m->sections[m->nsections].schema = schema;
	compile_rules(c, &m->sections[m->nsections++], s);
	return true;
}

/* Once for each group of columns; what is wrong is so for all, and told once. */
static bool
compile_groups(struct compiler *c, const struct schema *schema, struct conf_section *s)
{
	struct words words;
	size_t before = c->conf->errors->n;
	bool room = true;

	if (!group_words(c, s, &words))
		return compile_section(c, schema, s);
	for (size_t i = 0; i < words.n && room && c->conf->errors->n == before; i++) {
		for (size_t k = 0; k < s->n; k++)
			s->entries[k].used = false;
		c->word = words.v[i];
		room = compile_section(c, schema, s);
	}
	c->word = (struct span){NULL, 0};
	return room;
}

static void
compile_records(struct compiler *c)
{
	struct map *m = c->map;
	bool any = false;

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
		any = s->used = true;
		hash_section(c, s);
		if (!compile_groups(c, schema, s))
			return;
	}
	for (size_t i = 0; i < m->nsections; i++)
		m->sections[i].patched = is_patched(m, &m->sections[i]);
	if (!any)
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
	if (c->map->kit.zone == NULL) {
		compiler_fail(c, feed, conf_get(feed, "timezone"), &why);
		/* The mistake was told: not again at each time that needs a zone. */
		c->map->kit.zone = kit_zone(&c->map->kit, SPAN_LIT("UTC"), &why);
	}
}

static void
compile_all(struct compiler *c, const struct mapper_conf *mc)
{
	compiler_hash(c, span_of(mc->source));
	compiler_hash(c, span_of(mc->timezone));
	compiler_hash(c, span_of(mc->authority));
	compiler_hash(c, span_of(mc->duration_unit));
	compile_zone(c, mc);
	compile_columns(c);
	compile_codes(c);
	compile_rows(c);
	compile_records(c);
	check_columns(c);
	c->map->fingerprint = c->hash ^ kit_zones_fingerprint(&c->map->kit);
}

struct map *
map_new(struct conf *conf, const struct mapper_conf *mc, struct err *e)
{
	struct compiler c = {.conf = conf, .hash = SPAN_FNV_NONE ^ MAP_VERSION};
	size_t before = conf->errors->n;

	c.map = calloc(1, sizeof(*c.map));
	if (c.map == NULL)
		return err_nomem(e), NULL;
	arena_init(&c.map->kit.arena, MAP_ARENA_MAX);
	c.hl7 = c.map->kit.hl7 = mc->hl7;
	c.snapshot = mc->snapshot;
	c.map->kit.source = arena_span(&c.map->kit.arena, span_of(mc->source));
	c.map->kit.authority = arena_span(&c.map->kit.arena, span_of(mc->authority));
	c.map->kit.duration_unit = arena_span(
	    &c.map->kit.arena, span_of(mc->duration_unit));
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

const struct missing *
map_missing(const struct map *m)
{
	return m->missing;
}

bool
map_event_times(const struct map *m)
{
	for (size_t i = 0; i < m->nsections; i++)
		if (!m->sections[i].timed)
			return false;
	return true;
}
