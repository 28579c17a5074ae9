/*
 * Settle: what becomes of a file in the drop once it needs nothing more. Where it
 * goes is committed before it is moved, so that a later run goes on with the same
 * name, and what the clinic is told is kept before that; nothing here can cause a second
 * delivery, or keep the next file waiting. A file that is removed goes last, when its
 * reject file was made of it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/crypto.h"
#include "base/utf8.h"
#include "cmd/feedback.h"

#define SAME_NAMES_MAX 100 /* files of one name and content within a second */
#define NAME_KEPT_MAX  200 /* bytes of a name: the rest must fit into 255 with it */

/*
 * FOLDER/20261120T193002Z-1a2b3c4d-NAME: sorted by when it was taken. `again` tells
 * two apart that would have the same. What is to be deleted gets a leading dot, and
 * stays in the drop: it is never listed, should the run end before it is gone.
 */
static void
settle_path(
    struct job *j, const struct file_entry *en, unsigned again, struct settling *s)
{
	char id[FILE_ID_HEX_SIZE], when[32], name[64 + DROP_NAME_MAX];
	size_t n = strlen(s->name), at;
	time_t t = (time_t)(en->read_at / 1000);
	const char *folder;
	struct tm tm;

	if (n > NAME_KEPT_MAX)
		n = utf8_valid((struct span){s->name, NAME_KEPT_MAX});
	gmtime_r(&t, &tm);
	at = strftime(when, sizeof(when), "%Y%m%dT%H%M%SZ", &tm);
	if (again > 0)
		snprintf(when + at, sizeof(when) - at, "-%u", again);
	digest_hex(&en->id, id);
	s->remove = source_after(&j->feed->source, &folder) == AFTER_DELETE;
	snprintf(name, sizeof(name), "%s%s-%.8s-%.*s", s->remove ? "." : "", when, id,
	    (int)n, s->name);
	if (s->remove)
		snprintf(s->path, sizeof(s->path), "%s", poller_path(j->poller, name));
	else
		snprintf(s->path, sizeof(s->path), "%s/%s", folder, name);
}

static bool
skip_digits(const char **p, size_t n, const char *digits)
{
	if (strspn(*p, digits) < n)
		return false;
	*p += n;
	return true;
}

static bool
skip_char(const char **p, char c)
{
	if (**p != c)
		return false;
	++*p;
	return true;
}

/* What settle_path makes: a time, perhaps a number, and eight digits of the id. */
const char *
settle_name(const char *name)
{
	static const char decimal[] = "0123456789", hex[] = "0123456789abcdef";
	const char *p = name, *again;

	if (!skip_digits(&p, 8, decimal) || !skip_char(&p, 'T') ||
	    !skip_digits(&p, 6, decimal) || !skip_char(&p, 'Z') || !skip_char(&p, '-'))
		return name;
	again = p + strspn(p, decimal);
	if (again - p <= 2 && skip_char(&again, '-'))
		p = again;
	return skip_digits(&p, 8, hex) && skip_char(&p, '-') && *p != '\0' ? p : name;
}

/* A path where nothing is yet. */
static int
free_path(struct job *j, const struct file_entry *en, struct settling *s, struct err *e)
{
	struct drop_file there;
	int r = 1;

	for (unsigned again = 0; r == 1 && again < SAME_NAMES_MAX; again++) {
		settle_path(j, en, again, s);
		r = poller_stat(j->poller, s->path, &there, e);
	}
	if (r == 1)
		return err_set(e, ERR_IO, "the archive has too many files of one name");
	return r;
}

/*
 * The clinic overwrote the file between our last look and the move: what was moved
 * is a new file, and goes back to where it is listed. If that name is taken again, it
 * is tried once more in the next run, when what lies there has been read.
 */
static int
put_back(struct job *j, const struct settling *s, struct err *e)
{
	char home[FILE_PATH_MAX + 1];

	snprintf(home, sizeof(home), "%s", poller_path(j->poller, s->name));
	if (poller_rename(j->poller, s->path, home, e) == 0)
		return 0;
	return err_prefix(e, "a file was overwritten while it was put away");
}

/* Moves it, unless it has been moved: 1, or 0 if it is nowhere, or -1. */
static int
move(struct job *j, const struct settling *s, struct drop_file *there, struct err *e)
{
	int r = poller_stat(j->poller, s->path, there, e);

	if (r != 0)
		return r;
	if (poller_rename(j->poller, s->name, s->path, e) != 0)
		return e->code == ERR_GONE
			   ? 0
			   : err_prefix(e, "out of %s", poller_path(j->poller, ""));
	return poller_stat(j->poller, s->path, there, e);
}

/* 0; 1: it is to be removed, and waits for its reject file; -1. */
static int
settle(struct job *j, const struct settling *s, struct err *e)
{
	struct drop_file there;
	int r = move(j, s, &there, e), needed = 0;

	if (r == 1 && (there.size != s->size || there.mtime != s->mtime))
		r = put_back(j, s, e);
	else if (r == 1 && s->remove && (needed = feedback_needs(j, s->path, e)) == 0)
		r = poller_remove(j->poller, s->path, e);
	if (r < 0 || needed != 0)
		return r < 0 ? -1 : needed;
	return ledger_settle_end(j->ledger, j->feed->feed.name, s, e);
}

static int
settle_or_tell(struct job *j, const struct settling *s, struct err *e)
{
	int r = settle(j, s, e);
	const char *folder;

	if (r >= 0)
		return r;
	if (source_after(&j->feed->source, &folder) != AFTER_ARCHIVE)
		folder = poller_path(j->poller, "");
	return feedback_failed(j, "settle-failed", folder, e);
}

struct unsettled {
	struct settling *v;
	size_t n, cap;
};

static int
collect(void *arg, const struct settling *s)
{
	struct unsettled *u = arg;
	size_t cap = u->cap * 2 + 4;
	struct settling *v;

	if (u->n == u->cap) {
		if ((v = reallocarray(u->v, cap, sizeof(*v))) == NULL)
			return -1;
		u->v = v;
		u->cap = cap;
	}
	u->v[u->n++] = *s;
	return 0;
}

/* 1: some are to be removed, and wait for their reject files. */
static int
settle_some(struct job *j, bool removals_only, struct err *e)
{
	struct unsettled u = {.n = 0};
	int rc, waiting = 0;

	e->code = ERR_NONE;
	rc = ledger_settling_each(j->ledger, j->feed->feed.name, collect, &u, e);
	if (rc != 0 && e->code == ERR_NONE)
		err_nomem(e);
	for (size_t i = 0; i < u.n && rc >= 0; i++) {
		if (removals_only && !u.v[i].remove)
			continue;
		rc = settle_or_tell(j, &u.v[i], e);
		waiting |= rc == 1;
	}
	free(u.v);
	return rc < 0 ? -1 : waiting;
}

int
settle_again(struct job *j, struct err *e)
{
	int waiting = settle_some(j, false, e);

	if (waiting < 0 || feedback_give(j, e) != 0)
		return -1;
	return waiting && settle_some(j, true, e) < 0 ? -1 : 0;
}

/* What the API refused, or never answered, is still to be read from it (`retry`). */
static bool
has_undelivered(const struct file_entry *en)
{
	return en->records + en->removals >
	       en->delivered + en->unchanged + en->duplicate + en->stale;
}

int
settle_plan(struct job *j, const struct drop_file *f, struct file_entry *en,
    struct settlement *out, struct err *e)
{
	enum after_kind after;
	const char *folder;

	*out = (struct settlement){.put = {f->name, {.state = NAME_DONE,
							.size = f->size,
							.mtime = f->mtime,
							.seen = clock_wall(j->app->clock),
							.file = en->id}},
	    .settling = {.size = f->size, .mtime = f->mtime}};
	after = source_after(&j->feed->source, &folder);
	if (after == AFTER_KEEP || (after == AFTER_DELETE && has_undelivered(en)))
		return 0;
	out->moves = true;
	snprintf(out->settling.name, sizeof(out->settling.name), "%s", f->name);
	/* If the archive can't be looked into, the move will tell why. */
	if (free_path(j, en, &out->settling, e) != 0 && e->code != ERR_IO &&
	    e->code != ERR_PERM)
		return -1;
	e->code = ERR_NONE;
	/* Also of one that is removed: so long as it is not, that is where it lies. */
	snprintf(en->path, sizeof(en->path), "%s", out->settling.path);
	return 0;
}

int
settle_done(struct job *j, const struct settlement *s, struct err *e)
{
	int waiting = s->moves ? settle_or_tell(j, &s->settling, e) : 0;

	if (waiting < 0 || feedback_give(j, e) != 0)
		return -1;
	return waiting && settle_or_tell(j, &s->settling, e) < 0 ? -1 : 0;
}
