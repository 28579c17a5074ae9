/*
 * Settle: what becomes of a file in the drop once it needs nothing more. Where it
 * goes is committed before it is moved, so that a later run goes on with the same
 * name; nothing here can cause a second delivery.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cmd/job_impl.h"

/*
 * FOLDER/20261120T193002Z-1a2b3c4d-NAME: sorted by when it was taken. `again` tells
 * two apart that would have the same.
 */
static void
settle_path(struct job *j, const struct drop_file *f, const struct file_entry *en,
    unsigned again, struct name_entry *n)
{
	char id[FILE_ID_HEX_SIZE], when[32], name[64 + DROP_NAME_MAX];
	time_t s = (time_t)(en->read_at / 1000);
	const char *folder;
	struct tm tm;
	size_t at;

	gmtime_r(&s, &tm);
	at = strftime(when, sizeof(when), "%Y%m%dT%H%M%SZ", &tm);
	if (again > 0)
		snprintf(when + at, sizeof(when) - at, "-%u", again);
	digest_hex(&en->id, id);
	if (source_after(&j->feed->source, &folder) == AFTER_ARCHIVE) {
		snprintf(
		    n->path, sizeof(n->path), "%s/%s-%.8s-%s", folder, when, id, f->name);
		return;
	}
	/* To be deleted. A leading dot: never listed, should the run end before it is. */
	snprintf(name, sizeof(name), ".%s-%.8s-%.200s", when, id, f->name);
	snprintf(n->path, sizeof(n->path), "%s", poller_path(j->poller, name));
}

#define SAME_NAMES_MAX 100 /* files of one name and content within a second */

/* A path where nothing is yet. */
static int
free_path(struct job *j, const struct drop_file *f, const struct file_entry *en,
    struct name_entry *n, struct err *e)
{
	struct drop_file there;
	int r = 1;

	for (unsigned again = 0; r == 1 && again < SAME_NAMES_MAX; again++) {
		settle_path(j, f, en, again, n);
		r = poller_stat(j->poller, n->path, &there, e);
	}
	if (r == 1)
		return err_set(e, ERR_IO, "the archive has too many files of one name");
	return r;
}

static int
forget_name(struct job *j, const char *name, struct err *e)
{
	const struct name_put none = {.name = name};

	return ledger_names_put(j->ledger, j->feed->feed.name, &none, 1, e);
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
	if (forget_name(j, f->name, e) != 0)
		return -1;
	if (poller_rename(j->poller, path, home, e) == 0)
		return 0;
	return err_prefix(e,
	    "a file was overwritten while it was archived; what came last "
	    "was not read and lies in the archive");
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

/*
 * If the earlier run had moved it already, what is listed now is another file of the
 * same name, size and time: 1, it is to be taken. Else 0, or -1.
 */
int
settle_again(
    struct job *j, const struct drop_file *f, const struct name_entry *n, struct err *e)
{
	struct drop_file there;
	int r = poller_stat(j->poller, n->path, &there, e);

	if (r == 1)
		return forget_name(j, f->name, e) == 0 ? 1 : -1;
	return r == 0 ? move(j, f, n, e) : -1;
}

int
settle_done(
    struct job *j, const struct drop_file *f, const struct intake *in, struct err *e)
{
	struct name_put put = {.name = f->name};
	struct name_entry *n = &put.entry;
	const char *folder;

	*n = (struct name_entry){.state = NAME_DONE,
	    .size = f->size,
	    .mtime = f->mtime,
	    .seen = clock_wall(j->app->clock),
	    .file = in->entry.id};
	if (source_after(&j->feed->source, &folder) != AFTER_KEEP) {
		n->state = NAME_SETTLING;
		if (free_path(j, f, &in->entry, n, e) != 0)
			return -1;
	}
	if (ledger_names_put(j->ledger, j->feed->feed.name, &put, 1, e) != 0)
		return -1;
	return n->state == NAME_SETTLING ? move(j, f, n, e) : 0;
}
