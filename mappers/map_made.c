/*
 * [rows] snapshot_at: when an export was made, as its rows tell. It is a rule that no
 * record's field has, and costs no row.
 */
#include "mappers/map_compile.h"
#include "mappers/map_eval.h"

static const struct rule made = {.path = "snapshot_at",
    .at = FIELD_EXTRA,
    .group = FIELD_EXTRA,
    .role = ROLE_EVENT,
    .kind = FIELD_DATETIME,
    .dst = DST_EARLIER};

void
compile_made(struct compiler *c, struct conf_section *s, struct conf_entry *en)
{
	struct rule *ru = arena_alloc(&c->map->kit.arena, sizeof(*ru));
	struct err why = {0};

	if (ru == NULL) {
		c->nomem = true;
		return;
	}
	*ru = made;
	if (!c->snapshot)
		conf_error_at(c->conf->errors, s, en,
		    "needs contents = snapshot in [feed]: only of two snapshots must one be "
		    "known to be the older");
	else if (compile_value(c, ru, en->value, &why) != 0)
		compiler_fail(c, s, en, &why);
	else if (ru->column == SLOT_NONE)
		conf_error_at(c->conf->errors, s, en,
		    "names no column: {Export Date} | datetime ...");
	c->map->made = ru;
}

static void
later(int64_t *at, int64_t than)
{
	if (than > *at)
		*at = than;
}

void
eval_made(struct binding *b)
{
	if (b->map->made == NULL)
		return;
	b->section = NULL;
	eval_value(b, b->map->made);
	if (b->texts.n == 0)
		return;
	later(&b->made.at, b->texts.v[0].instant);
	later(&b->made.latest, b->texts.v[0].latest);
}

const struct made *
binding_made(const struct binding *b)
{
	return b->map->made == NULL ? NULL : &b->made;
}

bool
map_made(const struct map *m)
{
	return m->made != NULL;
}
