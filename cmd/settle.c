/*
 * Settle: what becomes of a file in the drop once it needs nothing more. Where it
 * goes is committed before it is moved, so that a later run goes on with the same
 * name; nothing here can cause a second delivery.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cmd/job_impl.h"

/* FOLDER/20261120T193002Z-1a2b3c4d-NAME: unique, and sorted by when it was taken. */
static void
settle_path(struct job *j, const struct drop_file *f, const struct file_entry *en,
    char *out, size_t n)
{
	char id[FILE_ID_HEX_SIZE], when[32], name[64 + DROP_NAME_MAX];
	time_t s = (time_t)(en->read_at / 1000);
	const char *folder;
	struct tm tm;

	out[0] = '\0';
	gmtime_r(&s, &tm);
	strftime(when, sizeof(when), "%Y%m%dT%H%M%SZ", &tm);
	digest_hex(&en->id, id);
	switch (source_after(&j->feed->source, &folder)) {
	case AFTER_KEEP:
		return;
	case AFTER_ARCHIVE:
		snprintf(out, n, "%s/%s-%.8s-%s", folder, when, id, f->name);
		return;
	case AFTER_DELETE:
		/* A leading dot: never listed, should the run end before it is removed. */
		snprintf(name, sizeof(name), ".%s-%.8s-%.200s", when, id, f->name);
		snprintf(out, n, "%s", poller_path(j->poller, name));
		return;
	}
}

static int
forget_name(struct job *j, const char *name, struct err *e)
{
	const struct name_entry none = {.seen = 0};

	return ledger_names_put(j->ledger, j->feed->feed.name, &name, &none, 1, e);
}

/*
 * The clinic overwrote the file between our last look and the move: what was moved
 * is a new file, and goes back to where it is listed.
 */
static int
put_back(struct job *j, const struct drop_file *f, const char *path, struct err *e)
{
	char home[FILE_PATH_MAX + 1];

	snprintf(home, sizeof(home), "%s", poller_path(j->poller, f->name));
	if (poller_rename(j->poller, path, home, e) != 0)
		return err_prefix(e,
		    "a file was overwritten while it was archived, and stays in %s",
		    "the archive");
	return forget_name(j, f->name, e);
}

static int
move(struct job *j, const struct drop_file *f, const struct name_entry *n, struct err *e)
{
	const char *folder;
	struct drop_file there;
	int r;

	if (poller_rename(j->poller, f->name, n->path, e) != 0 && e->code != ERR_GONE)
		return -1;
	r = poller_stat(j->poller, n->path, &there, e);
	if (r < 0)
		return -1;
	if (r == 1 && (there.size != n->size || there.mtime != n->mtime))
		return put_back(j, f, n->path, e);
	if (source_after(&j->feed->source, &folder) == AFTER_DELETE &&
	    poller_remove(j->poller, n->path, e) != 0)
		return -1;
	return forget_name(j, f->name, e);
}

int
settle_again(
    struct job *j, const struct drop_file *f, const struct name_entry *n, struct err *e)
{
	return move(j, f, n, e);
}

int
settle_done(
    struct job *j, const struct drop_file *f, const struct intake *in, struct err *e)
{
	const char *name = f->name;
	struct name_entry n = {.state = NAME_DONE,
	    .size = f->size,
	    .mtime = f->mtime,
	    .seen = clock_wall(j->app->clock),
	    .file = in->entry.id};

	settle_path(j, f, &in->entry, n.path, sizeof(n.path));
	if (n.path[0] != '\0')
		n.state = NAME_SETTLING;
	if (ledger_names_put(j->ledger, j->feed->feed.name, &name, &n, 1, e) != 0)
		return -1;
	return n.state == NAME_SETTLING ? move(j, f, &n, e) : 0;
}
