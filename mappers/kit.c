#include "mappers/kit.h"

#include <stdlib.h>

#include "mappers/regexp.h"

#define ZONE_NAME_MAX 64

struct owned_regexp {
	struct owned_regexp *next;
	struct regexp *regexp;
};

struct owned_zone {
	struct owned_zone *next;
	struct zone *zone;
};

struct owned_rows {
	struct owned_rows *next;
	const struct code_row *rows;
	const struct code_table *table;
};

struct regexp *
kit_regexp(struct kit *k, struct span pattern, struct err *e)
{
	struct owned_regexp *o = arena_alloc(&k->arena, sizeof(*o));

	if (o == NULL)
		return err_nomem(e), NULL;
	o->regexp = regexp_new(pattern, e);
	if (o->regexp == NULL)
		return NULL;
	o->next = k->regexps;
	k->regexps = o;
	return o->regexp;
}

const struct zone *
kit_zone(struct kit *k, struct span name, struct err *e)
{
	struct owned_zone *o;
	struct span copy;

	for (o = k->zones; o != NULL; o = o->next)
		if (span_eq(name, span_of(zone_name(o->zone))))
			return o->zone;
	if (name.n == 0 || name.n > ZONE_NAME_MAX)
		return err_set(
			   e, ERR_CONFIG, "a time zone has a name like America/Chicago"),
		       NULL;
	copy = arena_span(&k->arena, name);
	o = arena_alloc(&k->arena, sizeof(*o));
	if (copy.p == NULL || o == NULL)
		return err_nomem(e), NULL;
	o->zone = zone_load(copy.p, e);
	if (o->zone == NULL)
		return NULL;
	o->next = k->zones;
	k->zones = o;
	return o->zone;
}

const struct code_table *
kit_rows(struct kit *k, const struct code_row *rows, size_t n, struct err *e)
{
	struct owned_rows *o = k->rows;

	while (o != NULL && o->rows != rows)
		o = o->next;
	if (o != NULL)
		return o->table;
	if ((o = arena_alloc(&k->arena, sizeof(*o))) == NULL)
		return err_nomem(e), NULL;
	*o = (struct owned_rows){k->rows, rows, codes_of_rows(&k->arena, rows, n, e)};
	if (o->table != NULL)
		k->rows = o;
	return o->table;
}

uint64_t
kit_zones_fingerprint(const struct kit *k)
{
	uint64_t h = 0;

	for (const struct owned_zone *o = k->zones; o != NULL; o = o->next)
		h = h * 1099511628211U + zone_fingerprint(o->zone);
	return h;
}

void
kit_release(struct kit *k)
{
	for (struct owned_regexp *o = k->regexps; o != NULL; o = o->next)
		regexp_free(o->regexp);
	for (struct owned_zone *o = k->zones; o != NULL; o = o->next)
		zone_free(o->zone);
	arena_release(&k->arena);
	*k = (struct kit){0};
}
