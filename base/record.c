#include "base/record.h"

#include <string.h>

#define PATH_DEPTH_MAX 4 /* parts of the deepest path in the schema, and room */

/* One part of a field's path: "practitioner[]" is a list with index. */
struct part {
	struct span name;
	bool list;
	unsigned index;
};

struct path {
	struct part part[PATH_DEPTH_MAX];
	size_t n;
};

const char *
record_op_name(enum record_op op)
{
	static const char *const names[] = {"put", "patch", "delete", "merge"};

	return names[op];
}

static void
path_split(const char *text, unsigned index, struct path *out)
{
	const char *dot;
	size_t n;

	for (out->n = 0; out->n < PATH_DEPTH_MAX; text = dot + 1) {
		struct part *p = &out->part[out->n++];

		dot = strchr(text, '.');
		n = dot == NULL ? strlen(text) : (size_t)(dot - text);
		p->list = n > 2 && text[n - 1] == ']';
		p->name = (struct span){text, p->list ? n - 2 : n};
		p->index = p->list ? index : 0;
		if (dot == NULL)
			return;
	}
}

static void
path_of(const struct record *r, const struct value *v, struct path *out)
{
	if (v->field != FIELD_EXTRA) {
		path_split(r->schema->fields[v->field].path, v->index, out);
		return;
	}
	out->n = 2;
	out->part[0] = (struct part){.name = SPAN_LIT("extra")};
	out->part[1] = (struct part){.name = v->name};
}

static bool
part_same(const struct part *a, const struct part *b)
{
	return a->list == b->list && span_eq(a->name, b->name);
}

/* How many leading containers of `was` the value at `now` lies in as well. */
static size_t
shared(const struct path *was, const struct path *now)
{
	size_t i;

	for (i = 0; i < was->n && i < now->n; i++)
		if (!part_same(&was->part[i], &now->part[i]) ||
		    was->part[i].index != now->part[i].index)
			break;
	return i;
}

/*
 * Leaves the containers of `was` from depth `keep` on. Where the next value stands
 * in the same list under another index, that list stays open.
 */
static void
leave(struct json *j, const struct path *was, size_t keep, bool same_list)
{
	for (size_t i = was->n; i-- > keep;) {
		if (i + 1 < was->n)
			jw_object_end(j);
		if (was->part[i].list && !(same_list && i == keep))
			jw_array_end(j);
	}
}

static void
enter(struct json *j, const struct path *now, size_t from, bool same_list)
{
	for (size_t i = from; i < now->n; i++) {
		if (!(same_list && i == from)) {
			jw_key(j, now->part[i].name);
			if (now->part[i].list)
				jw_array(j);
		}
		if (i + 1 < now->n)
			jw_object(j);
	}
}

static void
write_value(const struct record *r, const struct value *v, struct json *j)
{
	enum field_kind kind = FIELD_STRING;

	if (v->field != FIELD_EXTRA)
		kind = r->schema->fields[v->field].kind;
	if (v->kind != VALUE_TEXT)
		jw_null(j);
	else if (kind == FIELD_INTEGER || kind == FIELD_DECIMAL || kind == FIELD_BOOLEAN)
		jw_raw(j, v->text);
	else
		jw_string(j, v->text);
}

/* Up to the list of objects: what is written there is the list's own value. */
static void
cut_at_list(struct path *p)
{
	for (size_t i = 0; i < p->n; i++) {
		if (!p->part[i].list)
			continue;
		p->part[i].list = false;
		p->n = i + 1;
	}
}

void
record_write_data(const struct record *r, struct json *j)
{
	struct path a = {.n = 0}, b, *was = &a, *now = &b, *swap;

	jw_object(j);
	for (size_t i = 0; i < r->nvalues; i++) {
		const struct value *v = &r->values[i];
		bool same_list;
		size_t keep;

		path_of(r, v, now);
		/* A deleted list is null itself, not a list that holds null. */
		if (v->kind == VALUE_NULL)
			now->part[now->n - 1].list = false;
		else if (v->kind == VALUE_NULL_LIST)
			cut_at_list(now);
		keep = shared(was, now);
		same_list = keep < was->n && keep < now->n && now->part[keep].list &&
			    part_same(&was->part[keep], &now->part[keep]);
		leave(j, was, keep, same_list);
		enter(j, now, keep, same_list);
		write_value(r, v, j);
		swap = was;
		was = now;
		now = swap;
	}
	leave(j, was, 0, false);
	jw_object_end(j);
}

void
record_each_ref(const struct record *r,
    void (*fn)(void *arg, enum record_type type, struct span id), void *arg)
{
	for (size_t i = 0; i < r->nvalues; i++) {
		const struct value *v = &r->values[i];

		if (v->field == FIELD_EXTRA || v->kind != VALUE_TEXT)
			continue;
		if (r->schema->fields[v->field].refers != 0)
			fn(arg, (enum record_type)r->schema->fields[v->field].refers,
			    v->text);
	}
}
