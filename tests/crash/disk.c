#include "tests/crash/disk.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tests/crash/disk_impl.h"
#include "tests/crash/strace.h"

#define PAGE       4096
#define SECTOR     512
#define META_BYTES (2 * (size_t)PAGE)

struct node *
disk_node_new(struct disk *d, bool folder, mode_t mode)
{
	struct node *n = or_die(calloc(1, sizeof(*n)));

	if (d->nnodes == DISK_NODES_MAX)
		die("too many files");
	n->folder = folder;
	n->mode = mode;
	return d->nodes[d->nnodes++] = n;
}

/* ---- what a change does ---- */

void
image_room(struct image *im, size_t need)
{
	if (need <= im->room)
		return;
	im->bytes = or_die(realloc(im->bytes, need));
	memset(im->bytes + im->room, 0, need - im->room);
	im->room = need;
}

void
image_apply(struct image *im, const struct change *c)
{
	if (c->kind == CHANGE_DATA) {
		image_room(im, c->offset + c->n);
		memcpy(im->bytes + c->offset, c->bytes, c->n);
	} else if (c->kind == CHANGE_GROW && im->size < c->n) {
		image_room(im, c->n);
		im->size = c->n;
	} else if (c->kind == CHANGE_CUT) {
		if (c->n < im->room)
			memset(im->bytes + c->n, 0, im->room - c->n);
		image_room(im, c->n);
		im->size = c->n;
	}
}

static bool
same_name(const struct name *a, const struct name *b)
{
	return a->in == b->in && strcmp(a->name, b->name) == 0;
}

void
names_put(struct names *t, const struct name *as)
{
	for (size_t i = 0; i < t->n; i++)
		if (same_name(&t->v[i], as)) {
			t->v[i].node = as->node;
			return;
		}
	if (t->n == t->cap) {
		t->cap = t->cap * 2 + 64;
		t->v = or_die(reallocarray(t->v, t->cap, sizeof(*t->v)));
	}
	t->v[t->n] = *as;
	t->v[t->n++].name = or_die(strdup(as->name));
}

void
names_release(struct names *t)
{
	for (size_t i = 0; i < t->n; i++)
		free(t->v[i].name);
	free(t->v);
}

/* ---- names as the program sees them, or as they surely are ---- */

static struct node *
child(const struct disk *d, struct node *in, const char *name, bool sure)
{
	const struct name want = {in, (char *)(uintptr_t)name, NULL};

	for (size_t i = sure ? 0 : d->n; i-- > 0;)
		for (int k = 0; k < 2; k++)
			if (d->changes[i].kind == CHANGE_NAMES &&
			    d->changes[i].names[k].in &&
			    same_name(&d->changes[i].names[k], &want))
				return d->changes[i].names[k].node;
	for (size_t i = 0; i < d->sure.n; i++)
		if (same_name(&d->sure.v[i], &want))
			return d->sure.v[i].node;
	return NULL;
}

/* The node at `path`, or NULL. */
static struct node *
find(const struct disk *d, const char *path, bool sure)
{
	struct node *n = d->nodes[0];
	char part[256];

	while (n != NULL && *path != '\0') {
		size_t len = strcspn(path, "/");

		snprintf(part, sizeof(part), "%.*s", (int)len, path);
		n = child(d, n, part, sure);
		path += len;
		path += strspn(path, "/");
	}
	return n;
}

bool
disk_sure(const struct disk *d, const char *path)
{
	return find(d, path, true) != NULL;
}

/* What `path` names, which is `node` from now on. */
static struct name
name_of(const struct disk *d, const char *path, struct node *node)
{
	const char *slash = strrchr(path, '/');
	struct name as = {.node = node};
	char above[PATH_SIZE];

	snprintf(
	    above, sizeof(above), "%.*s", slash == NULL ? 0 : (int)(slash - path), path);
	if ((as.in = find(d, above, false)) == NULL || !as.in->folder)
		die("%s: its folder is not known", path);
	as.name = or_die(strdup(slash == NULL ? path : slash + 1));
	return as;
}

/* ---- calls ---- */

static struct change *
change_add(struct disk *d, enum change_kind kind, struct node *n)
{
	if (d->n == d->cap) {
		d->cap = d->cap * 2 + 64;
		d->changes = or_die(
		    reallocarray(d->changes, d->cap, sizeof(*d->changes)));
	}
	d->changes[d->n] = (struct change){.kind = kind, .node = n};
	return &d->changes[d->n++];
}

static void
change_name(struct disk *d, const char *path, struct node *n)
{
	const struct name as = name_of(d, path, n);

	change_add(d, CHANGE_NAMES, NULL)->names[0] = as;
}

static void
change_rename(struct disk *d, const char *from, const char *to)
{
	const struct name old = name_of(d, from, NULL);
	const struct name new = name_of(d, to, find(d, from, false));
	struct change *c = change_add(d, CHANGE_NAMES, NULL);

	c->names[0] = old;
	c->names[1] = new;
}

size_t
disk_unit(size_t offset, size_t *size)
{
	*size = offset < META_BYTES ? SECTOR : PAGE;
	return offset - offset % *size;
}

static void
change_size(struct disk *d, struct node *n, enum change_kind kind, size_t size)
{
	n->seen = size;
	change_add(d, kind, n)->n = size;
}

static void
change_bytes(struct disk *d, struct node *n, const struct event *ev)
{
	size_t end = ev->offset + ev->n, piece, size;

	for (size_t at = ev->offset; at < end; at += piece) {
		struct change *c = change_add(d, CHANGE_DATA, n);

		piece = disk_unit(at, &size) + size - at;
		piece = piece < end - at ? piece : end - at;
		c->offset = at;
		c->n = piece;
		c->bytes = ev->data + (at - ev->offset);
	}
	if (end > n->seen)
		change_size(d, n, CHANGE_GROW, end);
}

static struct node *
must_find(const struct disk *d, const struct event *ev)
{
	struct node *n = find(d, ev->path, false);

	if (n == NULL)
		die("line %zu of the trace: %s is not known", ev->line, ev->path);
	return n;
}

void
disk_begin(struct disk *d, const struct event *ev)
{
	switch (ev->kind) {
	case EVENT_CREATE:
		if (find(d, ev->path, false) == NULL)
			change_name(d, ev->path, disk_node_new(d, false, 0600));
		break;
	case EVENT_MKDIR:
		change_name(d, ev->path, disk_node_new(d, true, 0700));
		break;
	case EVENT_WRITE:
		change_bytes(d, must_find(d, ev), ev);
		break;
	case EVENT_RESIZE:
		change_size(d, must_find(d, ev), CHANGE_CUT, ev->offset);
		break;
	case EVENT_LINK:
		change_name(d, ev->to, must_find(d, ev));
		break;
	case EVENT_RENAME:
		must_find(d, ev);
		change_rename(d, ev->path, ev->to);
		break;
	case EVENT_UNLINK:
		change_name(d, ev->path, NULL);
		break;
	case EVENT_SYNC:
	case EVENT_CONNECT:
		break;
	}
}

/* Does this sync make it sure? Through O_DSYNC only the pages that were written are. */
static bool
synced(const struct change *c, const struct node *n, const struct event *ev)
{
	if (c->kind == CHANGE_NAMES)
		return c->names[0].in == n || c->names[1].in == n;
	if (c->node != n)
		return false;
	return ev->kind == EVENT_SYNC || c->kind != CHANGE_DATA ||
	       (c->offset / PAGE >= ev->offset / PAGE &&
		   c->offset / PAGE <= (ev->offset + ev->n - 1) / PAGE);
}

static void
make_sure(struct disk *d, struct change *c)
{
	if (c->kind != CHANGE_NAMES) {
		image_apply(&c->node->sure, c);
		return;
	}
	for (int k = 0; k < 2; k++)
		if (c->names[k].in != NULL) {
			names_put(&d->sure, &c->names[k]);
			free(c->names[k].name);
		}
}

void
disk_finish(struct disk *d, const struct event *ev)
{
	struct node *n;
	size_t kept = 0;

	if (ev->kind != EVENT_SYNC && !(ev->kind == EVENT_WRITE && ev->durable))
		return;
	n = must_find(d, ev);
	for (size_t i = 0; i < d->n; i++) {
		if (synced(&d->changes[i], n, ev))
			make_sure(d, &d->changes[i]);
		else
			d->changes[kept++] = d->changes[i];
	}
	d->n = kept;
}

size_t
disk_pending(const struct disk *d)
{
	return d->n;
}
