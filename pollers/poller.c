#include "pollers/poller.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pollers/order.h"
#include "pollers/poller_impl.h"

#define LIST_FIRST     64
#define LIST_NAMES_MAX ((size_t)DROP_LIST_MAX * (DROP_NAME_MAX + 1))

void
drop_list_release(struct drop_list *l)
{
	free(l->v);
	arena_release(&l->names);
	*l = (struct drop_list){0};
}

static void
list_init(struct drop_list *l)
{
	*l = (struct drop_list){0};
	arena_init(&l->names, LIST_NAMES_MAX);
}

static int
list_add(struct drop_list *l, struct span name, struct drop_file f, struct err *e)
{
	if ((f.name = arena_span(&l->names, name).p) == NULL)
		return err_nomem(e);
	if (l->n == l->cap) {
		size_t cap = l->cap ? 2 * l->cap : LIST_FIRST;
		struct drop_file *v = reallocarray(l->v, cap, sizeof(*v));

		if (!v)
			return err_nomem(e);
		l->v = v;
		l->cap = cap;
	}
	l->v[l->n++] = f;
	return 0;
}

/* What a listing fills. */
struct listing {
	const struct source_conf *sc;
	struct drop_list *files;
	struct drop_list markers;
	size_t seen;
	struct err *e;
};

static int
listing_add(void *arg, struct span name, uint64_t size, int64_t mtime)
{
	struct listing *l = arg;
	const struct drop_file f = {.size = size, .mtime = mtime};
	enum name_kind kind = order_judge(l->sc, name);

	if (++l->seen > DROP_LIST_MAX)
		return err_set(l->e, ERR_REFUSED,
		    "the drop holds more than %d names; move old files away",
		    DROP_LIST_MAX);
	if (kind == NAME_BAD)
		l->files->skipped += order_resembles(l->sc, name);
	if (kind != NAME_MARKER && kind != NAME_FILE)
		return 0;
	return list_add(kind == NAME_MARKER ? &l->markers : l->files, name, f, l->e);
}

static void
listing_mark(struct listing *l)
{
	char name[2 * DROP_NAME_MAX + 2];

	order_by_name(&l->markers);
	for (size_t i = 0; l->sc->marker && i < l->files->n; i++) {
		struct drop_file *f = &l->files->v[i];
		const struct drop_file *marker;

		snprintf(name, sizeof(name), "%s%s", f->name, l->sc->marker);
		marker = order_find(&l->markers, name);
		f->marked = marker != NULL;
		f->marked_at = marker != NULL ? marker->mtime : 0;
	}
}

/* Also before the first time. */
static void
listing_start(struct listing *l)
{
	drop_list_release(l->files);
	drop_list_release(&l->markers);
	list_init(l->files);
	list_init(&l->markers);
	l->seen = 0;
}

int
poller_list(struct poller *p, struct drop_list *out, struct err *e)
{
	struct listing l = {.sc = p->sc, .files = out, .e = e};
	int rc = -1;

	*out = (struct drop_list){0};
	listing_start(&l);
	if (poller_ensure(p, e))
		return -1;
	while (p->ops->list(p->self, p->url.path, listing_add, &l, e)) {
		if (poller_recover(p, e))
			goto out;
		listing_start(&l);
	}
	p->tries = 0;
	listing_mark(&l);
	rc = order_sort(p->sc, out, clock_wall(p->env->clock), e);
out:
	drop_list_release(&l.markers);
	if (rc)
		drop_list_release(out);
	return rc;
}

static int
folder_add(void *arg, struct span name, uint64_t size, int64_t mtime)
{
	struct listing *l = arg;
	const struct drop_file f = {.size = size, .mtime = mtime};

	if (++l->seen > DROP_LIST_MAX)
		return err_set(l->e, ERR_REFUSED, "the folder holds more than %d names",
		    DROP_LIST_MAX);
	if (order_judge(l->sc, name) == NAME_BAD || name.p[0] == '.')
		return 0;
	return list_add(l->files, name, f, l->e);
}

int
poller_list_folder(
    struct poller *p, const char *path, struct drop_list *out, struct err *e)
{
	struct listing l = {.sc = p->sc, .files = out, .e = e};

	*out = (struct drop_list){0};
	listing_start(&l);
	if (poller_ensure(p, e))
		return -1;
	while (p->ops->list(p->self, path, folder_add, &l, e)) {
		listing_start(&l);
		if (poller_recover(p, e))
			return -1;
	}
	p->tries = 0;
	return 0;
}

int
poller_stat(struct poller *p, const char *path, struct drop_file *out, struct err *e)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;
	int rc;

	*out = (struct drop_file){0};
	if (poller_ensure(p, e))
		return -1;
	while ((rc = p->ops->stat(p->self, path, out, e)) < 0)
		if (poller_recover(p, e))
			return -1;
	p->tries = 0;
	out->name = name;
	return rc;
}

const char *
poller_path(struct poller *p, const char *name)
{
	snprintf(p->path, sizeof(p->path), "%s/%s",
	    strcmp(p->url.path, "/") == 0 ? "" : p->url.path, name);
	return p->path;
}

void
poller_expect(struct poller *p, const struct drop_file *const *files, size_t n)
{
	poller_read_close(p);
	expected_set(&p->expected, files, n);
}

/* Fetches `f`, and what is to be read after it, if that is worth while. */
static void
fetch_together(struct poller *p, const struct drop_file *f)
{
	struct expected *x = &p->expected;
	size_t n;

	if (!p->ops->fetch || !p->self || p->alone)
		return;
	n = expected_begin(x, p->url.path, f, clock_mono(p->env->clock));
	if (n == 0)
		return;
	n = p->ops->fetch(p->self, x->got, n);
	expected_done(x, n, clock_mono(p->env->clock));
	p->alone = poller_lost(p);
}

/* Returns -1. */
static int
note_denied(struct poller *p)
{
	p->denied = p->self && !poller_lost(p);
	return -1;
}

bool
poller_read_denied(const struct poller *p)
{
	return p->denied;
}

int
poller_read_open(
    struct poller *p, const char *path, const struct drop_file *f, struct err *e)
{
	poller_read_close(p);
	p->denied = false;
	snprintf(p->read, sizeof(p->read), "%s", path);
	p->file = *f;
	p->offset = 0;
	fetch_together(p, f);
	p->fetched = expected_find(&p->expected, p->read, f, clock_mono(p->env->clock));
	p->checked = p->reading = p->fetched != NULL;
	if (p->fetched)
		return 0;
	if (poller_ensure(p, e))
		return -1;
	while (p->ops->open(p->self, p->read, f->size, 0, e))
		if (poller_recover(p, e))
			return note_denied(p);
	p->reading = p->open = true;
	return 0;
}

/* On a new connection: the same file still, at the place where we were. */
static int
resume(struct poller *p, struct err *e)
{
	struct drop_file now = {0};
	int rc = p->ops->stat(p->self, p->read, &now, e);

	if (rc < 0)
		return -1;
	if (rc == 0)
		return err_set(e, ERR_GONE, "the file is gone while it was read");
	if (now.size != p->file.size || now.mtime != p->file.mtime)
		return err_set(e, ERR_CHANGED, "the file changed while it was read");
	if (p->ops->open(p->self, p->read, p->file.size, p->offset, e))
		return -1;
	p->open = true;
	return 0;
}

/* All of it at once. */
static int
read_fetched(struct poller *p, struct span *out)
{
	if (p->offset == p->file.size)
		return 0;
	*out = (struct span){p->fetched->bytes, (size_t)p->file.size};
	p->offset = p->file.size;
	return 1;
}

int
poller_read(struct poller *p, struct span *out, struct err *e)
{
	if (p->fetched)
		return read_fetched(p, out);
	for (;;) {
		int rc = -1;

		if (!p->reading)
			return err_set(e, ERR_INTERNAL, "a read without an open file");
		if (p->self && (p->open || resume(p, e) == 0))
			rc = p->ops->read(p->self, out, e);
		if (rc < 0 && poller_recover(p, e))
			return note_denied(p);
		if (rc < 0)
			continue;
		p->tries = 0;
		p->offset += rc > 0 ? out->n : 0;
		if (p->offset > p->file.size || (rc == 0 && p->offset < p->file.size))
			return err_set(e, ERR_CHANGED,
			    "the file changed while it was read: %llu bytes listed, %llu read",
			    (unsigned long long)p->file.size,
			    (unsigned long long)p->offset);
		return rc;
	}
}

void
poller_read_close(struct poller *p)
{
	if (p->self && p->open)
		p->ops->close(p->self);
	p->open = p->reading = false;
	expected_used(&p->expected, p->fetched);
	p->fetched = NULL;
}

int
poller_read_check(struct poller *p, struct err *e)
{
	struct drop_file now;
	int r = p->checked ? 1 : poller_stat(p, p->read, &now, e);

	if (r < 0)
		return -1;
	if (!p->checked &&
	    (r == 0 || now.size != p->file.size || now.mtime != p->file.mtime))
		return err_set(e, ERR_CHANGED, "a file changed while it was read");
	return 0;
}

/* Makes a folder, and what is missing above it. */
static int
make_folder(struct poller *p, const char *path, struct err *e)
{
	char above[URL_PATH_MAX + 1];
	const char *slash = strrchr(path, '/');

	if (p->ops->mkdir(p->self, path, e) == 0)
		return 0;
	if (!e || e->code != ERR_GONE || !slash || slash == path)
		return -1;
	snprintf(above, sizeof(above), "%.*s", (int)(slash - path), path);
	if (make_folder(p, above, e))
		return -1;
	return p->ops->mkdir(p->self, path, e);
}

static int
ensure_folder(struct poller *p, const char *path, struct err *e)
{
	char folder[URL_PATH_MAX + 1];
	const char *slash = strrchr(path, '/');

	if (!slash || (size_t)(slash - path) >= sizeof(folder))
		return err_set(
		    e, ERR_INTERNAL, "archive path is not absolute, or too long");
	snprintf(folder, sizeof(folder), "%.*s", (int)(slash - path), path);
	if (slash == path || strcmp(folder, p->url.path) == 0 ||
	    strcmp(folder, p->made) == 0)
		return 0;
	if (make_folder(p, folder, e))
		return -1;
	memcpy(p->made, folder, sizeof(folder));
	return 0;
}

/*
 * Was the rename done before the connection broke? Then the old name is gone and
 * the new one, which nobody else would make, is there.
 */
static bool
renamed(struct poller *p, const char *from, const char *to)
{
	struct drop_file f;

	return p->ops->stat(p->self, from, &f, NULL) == 0 &&
	       p->ops->stat(p->self, to, &f, NULL) == 1;
}

/*
 * An archive may be the drop itself, by a link: each run would find there as a new file what
 * the last one put away. It goes back then; its new name was nobody else's.
 */
static int
check_apart(struct poller *p, const char *from, const char *path, struct err *e)
{
	const char *here = poller_path(p, strrchr(path, '/') + 1);
	struct drop_file f;
	int there;

	if (p->apart || strcmp(here, path) == 0)
		return 0;
	there = p->ops->stat(p->self, here, &f, NULL);
	p->apart = there == 0;
	if (there != 1)
		return 0;
	if (p->ops->rename(p->self, path, from, e))
		return -1;
	return err_set(e, ERR_CONFIG,
	    "[source] after: the archive folder is the drop itself, by a link: files would "
	    "be found again");
}

int
poller_rename(struct poller *p, const char *name, const char *path, struct err *e)
{
	char from[sizeof(p->path)];

	if (name[0] == '/')
		snprintf(from, sizeof(from), "%s", name);
	else
		memcpy(from, poller_path(p, name), sizeof(from));
	if (poller_ensure(p, e))
		return -1;
	while (ensure_folder(p, path, e) || p->ops->rename(p->self, from, path, e)) {
		if (poller_recover(p, e))
			return -1;
		if (renamed(p, from, path))
			break;
	}
	p->tries = 0;
	return name[0] == '/' ? 0 : check_apart(p, from, path, e);
}

/* "FOLDER/.NAME.part": such names are never listed. */
static int
part_name(struct poller *p, const char *path, struct err *e)
{
	const char *slash = strrchr(path, '/');

	if (!slash ||
	    (size_t)snprintf(p->part, sizeof(p->part), "%.*s/.%s.part",
		(int)(slash - path), path, slash + 1) >= sizeof(p->part) ||
	    strlen(slash + 1) + sizeof(".part") > DROP_NAME_MAX)
		return err_set(e, ERR_INTERNAL, "the new file's path is too long");
	snprintf(p->whole, sizeof(p->whole), "%s", path);
	return 0;
}

int
poller_put_begin(struct poller *p, const char *path, struct err *e)
{
	if (part_name(p, path, e) || poller_ensure(p, e))
		return -1;
	while (ensure_folder(p, path, e) || p->ops->create(p->self, p->part, e))
		if (poller_recover(p, e))
			return -1;
	p->tries = 0;
	return 0;
}

int
poller_put(struct poller *p, struct span bytes, struct err *e)
{
	return p->self ? p->ops->write(p->self, bytes, e)
		       : err_set(e, ERR_IO, "the connection is lost");
}

int
poller_put_end(struct poller *p, struct err *e)
{
	if (!p->self)
		return err_set(e, ERR_IO, "the connection is lost");
	if (p->ops->finish(p->self, e))
		return -1;
	return poller_rename(p, p->part, p->whole, e);
}

int
poller_remove(struct poller *p, const char *path, struct err *e)
{
	if (poller_ensure(p, e))
		return -1;
	while (p->ops->remove(p->self, path, e))
		if (poller_recover(p, e))
			return -1;
	p->tries = 0;
	return 0;
}

void
poller_put_abandon(struct poller *p)
{
	struct err ignored;

	(void)poller_remove(p, p->part, &ignored);
}
