#include "mappers/map_eval.h"

static void
columns_of(struct binding *b, const struct alternative *a)
{
	for (; a != NULL; a = a->next) {
		columns_of(b, a->elements);
		for (const struct part *p = a->parts; p != NULL; p = p->next) {
			for (const struct ref *r = p->refs; r != NULL; r = r->next)
				jw_string(b->explain, b->titles[b->columns[r->slot]]);
			columns_of(b, p->pipe.value);
		}
	}
}

void
explain_rule(struct binding *b)
{
	struct json *j = b->explain;

	jw_object(j);
	jw_put_cstr(j, "type", b->section == NULL ? "rows" : b->section->schema->name);
	jw_put_cstr(j, "field", b->rule->path);
	jw_put_string(j, "rule", b->rule->text);
	jw_key(j, SPAN_LIT("columns"));
	jw_array(j);
	columns_of(b, b->rule->expr.alts);
	columns_of(b, b->rule->expr.pipe.value);
	jw_array_end(j);
	jw_key(j, SPAN_LIT("steps"));
	jw_array(j);
}

void
explain_step(struct binding *b, const struct step *st, struct span result)
{
	struct json *j = b->explain;

	jw_object(j);
	jw_put_string(j, "transform", st->name);
	jw_key(j, SPAN_LIT("result"));
	if (result.p == NULL)
		jw_null(j);
	else
		jw_string(j, result);
	jw_object_end(j);
}

/* The only step with several results. */
void
explain_split(struct binding *b, const struct texts *t)
{
	struct json *j = b->explain;

	jw_object(j);
	jw_put_cstr(j, "transform", "split");
	jw_key(j, SPAN_LIT("result"));
	jw_array(j);
	for (size_t i = 0; i < t->n; i++)
		jw_string(j, t->v[i].s);
	jw_array_end(j);
	jw_object_end(j);
}

/* A whole field is still as it was sent. */
static struct span
readable(struct binding *b, struct span s)
{
	struct span out;

	if (b->rule == NULL || !b->rule->composite || b->row->message == NULL ||
	    run_decode(&b->run, s, &out) != PROBLEM_NONE)
		return s;
	return out;
}

void
explain_result(struct binding *b, const struct texts *t)
{
	struct json *j = b->explain;

	jw_array_end(j);
	jw_key(j, SPAN_LIT("result"));
	if (b->rule->list)
		jw_array(j);
	else if (t->n == 0)
		jw_null(j);
	for (size_t i = 0; i < t->n; i++)
		jw_string(j, readable(b, t->v[i].s));
	if (b->rule->list)
		jw_array_end(j);
	jw_object_end(j);
}
