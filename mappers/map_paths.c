#include "mappers/paths.h"

#include "mappers/format_ops.h"
#include "mappers/map_impl.h"

static void
rule_paths(const struct schema *schema, const struct rule *ru,
    void (*fn)(void *arg, const char *path), void *arg)
{
	if (!ru->composite) {
		fn(arg, ru->path);
		return;
	}
	for (size_t i = 0; i < HL7_MEMBERS_MAX; i++)
		if (ru->members[i] != FIELD_NONE)
			fn(arg, schema->fields[ru->members[i]].path);
}

void
mapper_paths(const struct mapper *m, enum record_type type, enum record_op op,
    void (*fn)(void *arg, const char *path), void *arg)
{
	const struct map *map = m->ops->map(m->self);

	for (size_t i = 0; i < map->nsections; i++) {
		const struct section *sec = &map->sections[i];

		if (sec->schema->type != type || sec->op != op)
			continue;
		fn(arg, "id");
		for (size_t k = 0; k < sec->nrules; k++)
			if (sec->rules[k].role == ROLE_FIELD)
				rule_paths(sec->schema, &sec->rules[k], fn, arg);
	}
}
