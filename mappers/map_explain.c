#include "mappers/map_impl.h"

static void
columns_of(struct binding *b, const struct alternative *a)
{
	for (; a != NULL; a = a->next) {
		columns_of(b, a->elements);
		for (const struct part *p = a->parts; p != NULL; p = p->next) {
			for (const struct ref *r = p->refs; r != NULL; r = r->next)
				json_string(b->explain, b->titles[b->columns[r->slot]]);
			columns_of(b, p->pipe.value);
		}
	}
}

void
explain_rule(struct binding *b)
{
	struct json *j = b->explain;

	json_object(j);
	json_put_cstr(j, "type", b->section->schema->name);
	json_put_cstr(j, "field", b->rule->path);
	json_put_string(j, "rule", b->rule->text);
	json_key(j, SPAN_LIT("columns"));
	json_array(j);
	columns_of(b, b->rule->expr.alts);
	columns_of(b, b->rule->expr.pipe.value);
	json_array_end(j);
	json_key(j, SPAN_LIT("steps"));
	json_array(j);
}

void
explain_step(struct binding *b, const struct step *st, struct span result)
{
	struct json *j = b->explain;

	json_object(j);
	json_put_string(j, "transform", st->name);
	json_key(j, SPAN_LIT("result"));
	if (result.p == NULL)
		json_null(j);
	else
		json_string(j, result);
	json_object_end(j);
}

void
explain_result(struct binding *b, const struct texts *t)
{
	struct json *j = b->explain;

	json_array_end(j);
	json_key(j, SPAN_LIT("result"));
	if (b->rule->list)
		json_array(j);
	else if (t->n == 0)
		json_null(j);
	for (size_t i = 0; i < t->n; i++)
		json_string(j, t->v[i].s);
	if (b->rule->list)
		json_array_end(j);
	json_object_end(j);
}
