#include "cmd/trigger_route.h"

#include <string.h>

#include "cmd/feed.h"
#include "pollers/order.h"

#define ROUTES_BYTES_MAX \
	(64u << 20) /* feed files have 4 MiB at most, and few of it is kept */

static int
copy_list(struct arena *a, const struct conf_list *from, struct conf_list *to)
{
	*to = (struct conf_list){arena_alloc(a, (from->n + 1) * sizeof(*to->v)), from->n};
	for (size_t i = 0; to->v != NULL && i < from->n; i++)
		if ((to->v[i] = arena_str(a, from->v[i])) == NULL)
			return -1;
	return to->v == NULL ? -1 : 0;
}

/* Of a feed with mistakes any name may be one that it takes: its job will tell. */
static int
copy_route(struct arena *a, const struct feed *f, bool whole, struct route *to)
{
	const char *any[] = {"*"};
	const struct conf_list all = {any, 1};
	const char *scope = f->feed.source != NULL ? f->feed.source : f->feed.name;

	*to = (struct route){arena_str(a, f->feed.name), arena_str(a, scope), {0}};
	if (to->feed == NULL || to->scope == NULL ||
	    copy_list(a, whole ? &f->source.pattern : &all, &to->source.pattern) != 0 ||
	    copy_list(a, &f->source.event_path, &to->source.event_path) != 0)
		return -1;
	if (f->source.marker == NULL)
		return 0;
	to->source.marker = arena_str(a, f->source.marker);
	return to->source.marker == NULL ? -1 : 0;
}

static int
add(struct app *app, struct feed *f, struct err *e, void *arg)
{
	struct routes *r = arg;
	size_t cap = r->cap * 2 + 16;
	struct route *v;

	(void)app;
	if (r->n == r->cap) {
		v = arena_alloc(&r->arena, cap * sizeof(*v));
		if (v == NULL)
			return err_exit(ERR_NOMEM);
		if (r->n > 0)
			memcpy(v, r->v, r->n * sizeof(*v));
		r->v = v;
		r->cap = cap;
	}
	if (copy_route(&r->arena, f, e == NULL, &r->v[r->n]) != 0)
		return err_exit(ERR_NOMEM);
	r->n++;
	return 0;
}

int
routes_load(struct routes *r, struct app *app, struct err *e)
{
	int exit;

	memset(r, 0, sizeof(*r));
	arena_init(&r->arena, ROUTES_BYTES_MAX);
	exit = feed_each(app, NULL, 0, &(struct feed_visitor){add, r}, e);
	if (exit == 0)
		return 0;
	routes_release(r);
	return e->code != ERR_NONE ? -1 : err_nomem(e);
}

void
routes_release(struct routes *r)
{
	arena_release(&r->arena);
	*r = (struct routes){.n = 0};
}

/* What of `path` is behind the folder, or NULL if it is not in it. */
static const char *
behind(const char *path, const char *folder)
{
	size_t n;

	path += strspn(path, "/");
	folder += strspn(folder, "/");
	n = strlen(folder);
	while (n > 0 && folder[n - 1] == '/')
		n--;
	if (n == 0 || strncmp(path, folder, n) != 0 || path[n] != '/')
		return NULL;
	return path + n + 1;
}

/* The shortest rest that one of a feed's folders leaves of the path, or NULL. */
static const char *
rest_of(const struct route *r, const char *path)
{
	const char *best = NULL, *rest;

	for (size_t i = 0; i < r->source.event_path.n; i++) {
		rest = behind(path, r->source.event_path.v[i]);
		if (rest != NULL && (best == NULL || rest > best))
			best = rest;
	}
	return best;
}

/* A marker speaks of the file that it makes whole; other names are nobody's. */
static int
follow_name(const struct route *r, const char *name, route_fn *fn, void *arg)
{
	size_t n = strlen(name), m;
	char of[DROP_NAME_MAX + 1];

	switch (order_judge(&r->source, span_of(name))) {
	case NAME_FILE:
		return fn(arg, r, name);
	case NAME_MARKER:
		m = strlen(r->source.marker);
		memcpy(of, name, n - m);
		of[n - m] = '\0';
		return order_judge(&r->source, span_of(of)) == NAME_FILE ? fn(arg, r, of)
									 : 0;
	case NAME_BAD:
		/* Never taken; but a run that looks at the drop says so. Not of an archive. */
		return strchr(name, '/') == NULL &&
			       order_resembles(&r->source, span_of(name))
			   ? fn(arg, r, NULL)
			   : 0;
	default:
		return 0;
	}
}

static int
follow_path(
    const struct routes *r, const char *path, route_fn *fn, void *arg, const char **fault)
{
	const char *best = NULL, *rest;

	for (size_t i = 0; i < r->n; i++) {
		rest = rest_of(&r->v[i], path);
		if (rest != NULL && (best == NULL || rest > best))
			best = rest;
	}
	if (best == NULL) {
		*fault = "no feed's [source] event_path has the folder that it names";
		return 1;
	}
	for (size_t i = 0; i < r->n; i++)
		if (rest_of(&r->v[i], path) == best &&
		    follow_name(&r->v[i], best, fn, arg) != 0)
			return -1;
	return 0;
}

int
routes_follow(const struct routes *r, const struct event_hint *hint, route_fn *fn,
    void *arg, const char **fault)
{
	if (hint->feed == NULL)
		return follow_path(r, hint->path, fn, arg, fault);
	for (size_t i = 0; i < r->n; i++) {
		if (strcmp(r->v[i].feed, hint->feed) != 0)
			continue;
		if (hint->file == NULL ||
		    order_judge(&r->v[i].source, span_of(hint->file)) == NAME_FILE)
			return fn(arg, &r->v[i], hint->file);
		*fault = "its file has no name that the feed takes: see [source] pattern";
		return 1;
	}
	*fault = "it names a feed that is not configured";
	return 1;
}
