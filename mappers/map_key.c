#include <string.h>

#include "mappers/map_compile.h"

#define MAP_INDEX_MAX 64 /* practitioner[N] */

#define EXTRA "extra."

#define INDEX_NONE (-1)
#define INDEX_ALL  (-2)

/* The key without its "[N]", and N - 1 or what it is instead. */
static int
split_key(struct arena *a, struct span key, struct span *path, long *index, struct err *e)
{
	const char *open = memchr(key.p, '[', key.n), *close;
	size_t before, after;
	char *to;

	*path = key;
	*index = INDEX_NONE;
	if (open == NULL)
		return 0;
	before = (size_t)(open - key.p);
	close = memchr(open, ']', key.n - before);
	if (close == NULL)
		return err_set(e, ERR_CONFIG, "expected ] after the [");
	if (close == open + 2 && open[1] == '*')
		*index = INDEX_ALL;
	else if (arg_number((struct span){open + 1, (size_t)(close - open - 1)}, 1,
		     MAP_INDEX_MAX, index, e) != 0)
		return -1;
	else
		*index -= 1;
	after = key.n - before - (size_t)(close - open + 1);
	to = arena_bytes(a, before + after);
	if (to == NULL)
		return err_nomem(e);
	memcpy(to, key.p, before);
	memcpy(to + before, close + 1, after);
	*path = (struct span){to, before + after};
	return 0;
}

static unsigned short
group_of(const struct schema *s, unsigned short at)
{
	const char *path = s->fields[at].path, *list = strstr(path, "[].");
	size_t n;

	if (list == NULL)
		return at;
	n = (size_t)(list - path) + 3;
	for (unsigned short i = 0; i < at; i++)
		if (strncmp(s->fields[i].path, path, n) == 0)
			return i;
	return at;
}

static int
resolve_extra(struct compiler *c, struct span key, struct rule *ru, struct err *e)
{
	struct span copy = arena_span(&c->map->kit.arena, key);

	if (copy.p == NULL)
		return err_nomem(e);
	ru->name = (struct span){copy.p + strlen(EXTRA), copy.n - strlen(EXTRA)};
	if (ru->name.n == 0 || memchr(ru->name.p, '[', ru->name.n) != NULL)
		return err_set(e, ERR_CONFIG, "write extra.NAME");
	ru->path = copy.p;
	ru->at = ru->group = FIELD_EXTRA;
	ru->kind = FIELD_STRING;
	return 0;
}

static int
unknown_field(const struct schema *s, struct span path, struct err *e)
{
	const char *near = schema_nearest(s, path);

	if (near == NULL)
		near = section_key_near(path);
	return err_set(e, ERR_CONFIG,
	    "%s has no such field%s%s%s (what the schema has no "
	    "place for goes to extra.NAME)",
	    s->name, near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
}

static int
check_index(const struct rule *ru, long index, struct err *e)
{
	const char *path = ru->path, *list = strstr(path, "[].");

	if (list != NULL && index == INDEX_ALL)
		return 0;
	if (list != NULL && index < 0)
		return err_set(e, ERR_CONFIG, "say which one: %.*s[1].%s",
		    (int)(list - path), path, list + 3);
	if (list != NULL || index == INDEX_NONE)
		return 0;
	return err_set(e, ERR_CONFIG, "%s",
	    ru->list ? "write the whole list at once: [{A}, {B}]"
		     : "this field is no list, and takes no [N]");
}

/* The first field under this path, which is none itself: "name", "identifier". */
static int
group_first(const struct schema *s, struct span path)
{
	for (int i = 0; s->fields[i].path != NULL; i++) {
		const char *p = s->fields[i].path;

		if (strncmp(p, path.p, path.n) == 0 &&
		    (p[path.n] == '.' || strncmp(p + path.n, "[].", 3) == 0))
			return i;
	}
	return -1;
}

/* One value that fills several of the schema's fields. */
static int
resolve_group(struct compiler *c, const struct schema *s, struct span path,
    struct rule *ru, struct err *e)
{
	int at = group_first(s, path);
	struct span copy;

	if (at < 0)
		return unknown_field(s, path, e);
	copy = arena_span(&c->map->kit.arena, path);
	if (copy.p == NULL)
		return err_nomem(e);
	ru->path = copy.p;
	ru->at = (unsigned short)at;
	ru->group = group_of(s, ru->at);
	ru->kind = FIELD_STRING;
	ru->composite = true;
	for (size_t i = 0; i < HL7_MEMBERS_MAX; i++)
		ru->members[i] = FIELD_NONE;
	ru->object = strncmp(s->fields[at].path + path.n, "[].", 3) == 0;
	return 0;
}

int
resolve_key(struct compiler *c, const struct schema *s, struct span key, struct rule *ru,
    struct err *e)
{
	struct span path;
	long index;
	int at;

	if (key.n > strlen(EXTRA) && memcmp(key.p, EXTRA, strlen(EXTRA)) == 0)
		return resolve_extra(c, key, ru, e);
	if (split_key(&c->map->kit.arena, key, &path, &index, e) != 0)
		return -1;
	at = schema_field(s, path);
	if (at < 0 && index == INDEX_NONE)
		return resolve_group(c, s, path, ru, e);
	if (at < 0)
		return unknown_field(s, path, e);
	ru->at = (unsigned short)at;
	ru->field = &s->fields[at];
	ru->path = ru->field->path;
	ru->group = group_of(s, ru->at);
	ru->kind = ru->field->kind;
	ru->rejects = ru->field->rejects;
	ru->list = ru->path[strlen(ru->path) - 1] == ']';
	ru->object = strstr(ru->path, "[].") != NULL;
	ru->aligned = index == INDEX_ALL;
	ru->index = (unsigned short)(index < 0 ? 0 : index);
	return check_index(ru, index, e);
}
