/*
 * Rules whose one value fills several fields: a whole field of HL7, a person's name.
 */
#include <stdio.h>
#include <string.h>

#include "mappers/map_compile.h"
#include "mappers/transform_person.h"

#define PATH_SIZE 64 /* of a field in the schema */

/* The composite that an alternative's one reference goes through. */
static bool
composite_of(const struct alternative *a, enum hl7_type *type, bool *differ)
{
	bool found = false;
	enum hl7_type one;

	for (; a != NULL; a = a->next) {
		const struct step *st = a->parts != NULL ? a->parts->pipe.steps : NULL;

		if (a->elements != NULL ? !composite_of(a->elements, &one, differ)
					: st == NULL || st->next != NULL ||
					      !hl7_type_by_name(st->name, &one))
			return false;
		*differ |= found && one != *type;
		found = true;
		*type = one;
	}
	return found;
}

static void
strip_composite(struct alternative *a)
{
	for (; a != NULL; a = a->next) {
		strip_composite(a->elements);
		if (a->parts != NULL)
			a->parts->pipe.steps = NULL;
	}
}

static bool
path_is_list(const struct schema *s, int at)
{
	const char *path = s->fields[at].path;

	return path[strlen(path) - 1] == ']';
}

/* Which fields of the schema the members go to. */
static int
set_members(struct compiler *c, struct rule *ru, const char *const *names, struct err *e)
{
	char path[PATH_SIZE];
	int at;

	for (unsigned i = 0; names[i] != NULL; i++) {
		snprintf(path, sizeof(path), "%s.%s", ru->path, names[i]);
		at = schema_field(c->section->schema, span_of(path));
		ru->members[i] = at < 0 ? FIELD_NONE : (unsigned short)at;
		if (at < 0)
			continue;
		ru->member_list[i] = path_is_list(c->section->schema, at);
		ru->member_paths[i] = rule_place(c, at);
		if (ru->member_paths[i] == NULL)
			return err_nomem(e);
		if ((c->section->op == OP_PUT || c->section->creates != NULL) &&
		    c->section->schema->fields[at].need == NEED_NAME)
			ru->need = NEED_NAME;
	}
	return ru->members[0] == FIELD_NONE && ru->members[1] == FIELD_NONE
		   ? err_set(e, ERR_CONFIG, "%s can't be made of that type", ru->path)
		   : 0;
}

static const struct step *
person_step(const struct rule *ru)
{
	const struct step *st = ru->expr.pipe.steps;

	while (st != NULL && !transform_is(st, "person"))
		st = st->next;
	return st;
}

/* The step stays: it tells of names in another order, and an else may follow. */
static int
take_person(struct compiler *c, struct rule *ru, const struct step *st, struct err *e)
{
	char path[PATH_SIZE];

	snprintf(path, sizeof(path), "%s.family", ru->path);
	if (schema_field(c->section->schema, span_of(path)) < 0)
		return err_set(e, ERR_CONFIG, "%s is no person's name", ru->path);
	if (st->next != NULL)
		return err_set(e, ERR_CONFIG, "person stands last");
	ru->person = st->data;
	return set_members(c, ru, person_members, e);
}

int
take_composite(struct compiler *c, struct rule *ru, struct err *e)
{
	const struct step *st = ru->expr.pipe.steps, *person = person_step(ru);
	const char *const *names;
	bool differ = false;

	if (person != NULL)
		return take_person(c, ru, person, e);
	if (!c->hl7)
		return err_set(e, ERR_CONFIG,
		    "is no field, but its parts are, such as %s (a name in one cell: | "
		    "person \"last, first middle\")",
		    c->section->schema->fields[ru->at].path);
	if (st != NULL ? st->next != NULL || !hl7_type_by_name(st->name, &ru->type)
		       : !composite_of(ru->expr.alts, &ru->type, &differ))
		return err_set(e, ERR_CONFIG,
		    "%s has parts: it takes a whole field and its type alone, as {PID-5 | xpn}",
		    ru->path);
	if (differ || (names = hl7_type_members(ru->type)) == NULL)
		return err_set(e, ERR_CONFIG, "%s can't be made of that type", ru->path);
	ru->expr.pipe.steps = NULL;
	strip_composite(ru->expr.alts);
	return set_members(c, ru, names, e);
}
