#include "base/record.h"

#include <string.h>

#include "base/buf.h"

#define AHEAD   4   /* values */
#define ESCAPED 6   /* bytes that one of a text may take */
#define KEYS    128 /* bytes of a value's keys, and of what divides it from others */

/* A value's place: its field's path, and which element of the lists on it. */
struct place {
	const struct record_path *path;
	unsigned lists, index;
	struct record_path own; /* where path points if it was made here */
};

const char *
record_op_name(enum record_op op)
{
	static const char *const names[] = {"put", "patch", "delete", "merge"};

	return names[op];
}

void
record_path_make(const struct field *field, struct record_path *out)
{
	const char *path = field->path;
	const char *dot;
	size_t n;

	out->lists = 0;
	out->bare = field->kind == FIELD_INTEGER || field->kind == FIELD_DECIMAL ||
		    field->kind == FIELD_BOOLEAN;
	for (out->n = 0; out->n < RECORD_PATH_MAX; path = dot + 1) {
		struct record_part *p = &out->part[out->n++];

		dot = strchr(path, '.');
		n = dot == NULL ? strlen(path) : (size_t)(dot - path);
		p->list = n > 2 && path[n - 1] == ']';
		out->lists = (unsigned char)(out->lists | p->list << (out->n - 1));
		p->name = (struct span){path, p->list ? n - 2 : n};
		jw_make_ready(p->name, &p->key);
		if (dot == NULL)
			return;
	}
}

static void
place_of(const struct record *r, const struct value *v, struct place *out)
{
	out->path = &out->own;
	if (v->field == FIELD_EXTRA) {
		out->own.n = 2;
		out->own.lists = 0;
		out->own.bare = false;
		out->own.part[0] = (struct record_part){.name = SPAN_LIT("extra")};
		out->own.part[1] = (struct record_part){.name = v->name};
	} else if (v->path != NULL && v->kind == VALUE_TEXT) {
		out->path = v->path;
	} else {
		record_path_make(&r->schema->fields[v->field], &out->own);
	}
	out->lists = out->path->lists;
	out->index = v->index;
}

static bool
part_same(const struct record_part *a, const struct record_part *b)
{
	if (a->list != b->list)
		return false;
	/* Keys of a fixed size are compared quickest. */
	if (a->key.n > 0 && b->key.n > 0)
		return memcmp(&a->key, &b->key, sizeof(a->key)) == 0;
	return span_eq(a->name, b->name);
}

/* Which element of its part `i`, if that is a list. */
static unsigned
index_at(const struct place *p, size_t i)
{
	return (p->lists >> i & 1) != 0 ? p->index : 0;
}

/* How many leading containers of `was` the value at `now` lies in as well. */
static size_t
shared(const struct place *was, const struct place *now)
{
	size_t i;

	for (i = 0; i < was->path->n && i < now->path->n; i++)
		if (!part_same(&was->path->part[i], &now->path->part[i]) ||
		    index_at(was, i) != index_at(now, i))
			break;
	return i;
}

/*
 * Leaves the containers of `was` from depth `keep` on. Where the next value stands
 * in the same list under another index, that list stays open.
 */
static void
leave(struct json *j, const struct place *was, size_t keep, bool same_list)
{
	for (size_t i = was->path->n; i-- > keep;) {
		if (i + 1 < was->path->n)
			jw_object_end(j);
		if (was->path->part[i].list && !(same_list && i == keep))
			jw_array_end(j);
	}
}

static void
write_key(struct json *j, const struct record_part *p)
{
	if (p->key.n > 0)
		jw_key_ready(j, &p->key);
	else
		jw_key(j, p->name);
}

static void
write_value(const struct value *v, bool bare, struct json *j)
{
	if (v->kind != VALUE_TEXT)
		jw_null(j);
	else if (bare)
		jw_raw(j, v->text);
	else
		jw_string(j, v->text);
}

/* The containers of `now` from depth `from` on; of a list that is open the object alone. */
static void
enter(struct json *j, const struct place *now, size_t from, bool same_list)
{
	for (size_t i = from; i + 1 < now->path->n; i++) {
		if (!(same_list && i == from)) {
			write_key(j, &now->path->part[i]);
			if (now->path->part[i].list)
				jw_array(j);
		}
		jw_object(j);
	}
}

/* Up to the list of objects: what is written there is the list's own value. */
static void
cut_at_list(struct place *p)
{
	for (size_t i = 0; i < p->own.n; i++) {
		if (!p->own.part[i].list)
			continue;
		p->own.part[i].list = false;
		p->own.n = (unsigned char)(i + 1);
	}
}

static bool
is_flat(const struct value *v)
{
	return v->path != NULL && v->path->n == 1 && !v->path->part[0].list;
}

/*
 * From where the value before it stands to its own place. The part whose name is to be
 * written with the value; NULL: the value alone is.
 */
static const struct record_part *
move_to(const struct record *r, const struct value *v, const struct place *was,
    struct place *now, struct json *j)
{
	const struct record_part *part;
	size_t keep, last;
	bool same_list;

	place_of(r, v, now);
	/* A deleted list is null itself, not a list that holds null. */
	if (v->kind == VALUE_NULL)
		now->own.part[now->own.n - 1].list = false;
	else if (v->kind == VALUE_NULL_LIST)
		cut_at_list(now);
	keep = shared(was, now);
	last = now->path->n - 1;
	part = &now->path->part[last];
	same_list = keep < was->path->n && keep <= last && now->path->part[keep].list &&
		    part_same(&was->path->part[keep], &now->path->part[keep]);
	if (was->path->n > keep + 1 || was->lists >> keep != 0)
		leave(j, was, keep, same_list);
	enter(j, now, keep, same_list);
	if (keep > last || (same_list && keep == last))
		return NULL;
	if (!part->list)
		return part;
	write_key(j, part);
	jw_array(j);
	return NULL;
}

void
record_write_data(const struct record *r, struct json *j)
{
	static const struct record_path none = {.n = 0};
	struct place a, b, *was = &a, *now = &b, *swap;

	a.path = b.path = &none;
	a.lists = 0;
	jw_object(j);
	for (size_t i = 0; i < r->nvalues; i++) {
		const struct value *v = &r->values[i];
		const struct record_part *part;
		bool bare;

		/* Paths are many, and read once a record. */
		if (i + AHEAD < r->nvalues)
			__builtin_prefetch(r->values[i + AHEAD].path);
		/* Most fields are no parts of anything. */
		if (is_flat(v)) {
			if (was->path->n > 0)
				leave(j, was, 0, false);
			was->path = &none;
			part = &v->path->part[0];
			bare = v->path->bare;
		} else {
			part = move_to(r, v, was, now, j);
			bare = now->path->bare;
			swap = was;
			was = now;
			now = swap;
		}
		if (part != NULL && part->key.n > 0 && v->kind == VALUE_TEXT && !bare) {
			jw_put_ready(j, &part->key, v->text);
			continue;
		}
		if (part != NULL)
			write_key(j, part);
		write_value(v, bare, j);
	}
	leave(j, was, 0, false);
	jw_object_end(j);
}

static bool
is_written_large(const struct record *r, struct buf *out)
{
	const struct span around[] = {r->id, r->event, r->control};
	struct json j;

	jw_init(&j, out);
	jw_array(&j);
	record_write_data(r, &j);
	for (size_t i = 0; i < sizeof(around) / sizeof(around[0]); i++)
		jw_string(&j, around[i]);
	jw_array_end(&j);
	return out->failed != 0;
}

int
record_is_large(const struct record *r, struct err *e)
{
	size_t most = ESCAPED * (r->id.n + r->event.n + r->control.n);
	struct buf out;
	int rc = 0;

	for (size_t i = 0; i < r->nvalues; i++)
		most += ESCAPED * r->values[i].text.n + KEYS;
	if (most <= RECORD_MAX)
		return 0;
	buf_init(&out, RECORD_MAX);
	if (is_written_large(r, &out) && buf_check(&out, "a record", e) != 0)
		rc = e->code == ERR_NOMEM ? -1 : 1;
	buf_release(&out);
	return rc;
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
