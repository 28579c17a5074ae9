/*
 * Look: which files of the drop are to be taken now. What was seen is kept in the
 * ledger, so that a job which runs often never waits.
 */
#include "cmd/look.h"

#include <stdlib.h>
#include <string.h>

#include "cmd/finds.h"
#include "cmd/job_impl.h"
#include "cmd/left.h"
#include "cmd/snapshot.h"
#include "cmd/stuck.h"
#include "pollers/ready.h"

#define LONG_AGO (15 * 60 * 1000) /* ms: a feed that was looked at since runs often */
#define WAIT_MAX 60000            /* ms that a run waits for files to be stable */
#define LOOK_UP  256              /* names that are looked up together */

static bool
same_file(const struct name_entry *n, const struct drop_file *f)
{
	return n->size == f->size && n->mtime == f->mtime;
}

/* When it was first seen, if it was not read since; else now. */
static int64_t
first_seen(const struct name_entry *n, int64_t now)
{
	if (n->state != NAME_SEEN || n->seen == 0)
		return now;
	return n->fingerprint != 0 ? (int64_t)n->fingerprint : n->seen;
}

/*
 * A listing takes its time, and nobody knows when in it a file was looked at: two looks
 * are as far apart as the end of the one listing and the beginning of the other.
 */
static void
judge_ready(struct job *j, struct listed *it, int64_t began)
{
	struct look look = {it->name.size, it->name.mtime, it->name.seen};
	struct readiness r = ready_judge(&j->feed->source, it->file, &look, began);
	int64_t now = clock_wall(j->app->clock);

	it->what = r.ready ? TAKE : WAIT;
	it->wait = r.wait;
	it->outdated = r.outdated;
	it->fresh = r.restart && !r.ready;
	if (r.restart)
		it->name = (struct name_entry){.state = NAME_SEEN,
		    .size = it->file->size,
		    .mtime = it->file->mtime,
		    .seen = now,
		    .fingerprint = (uint64_t)first_seen(&it->name, now)};
}

/* Has a human decided what becomes of it? 1, 0, -1. */
static int
decided(struct job *j, const struct listed *it, struct err *e)
{
	struct file_entry en;
	enum decision d;
	int r = ledger_file_get(j->ledger, &it->name.file, &en, e);

	return r == 1 ? stuck_decided(j->ledger, &en, &d, e) : r;
}

/*
 * A held or refused file stays as it is until it, or the feed's settings, change, or
 * somebody decides. 1, 0, -1.
 */
static int
stands(struct job *j, struct listed *it, struct err *e)
{
	bool held = it->name.state == NAME_HELD;
	int r;

	if (it->name.fingerprint != j->feed->verdict_fingerprint)
		return 0;
	if ((r = decided(j, it, e)) != 0)
		return r < 0 ? -1 : 0;
	it->what = held && it->name.blocks ? STOP : SKIP;
	j->out->held += held;
	j->out->refused += !held;
	return 1;
}

/* A newer snapshot was applied: nobody needs to decide any more, and it stays as it is. */
static int
supersede(struct job *j, struct listed *it)
{
	char id[FILE_ID_HEX_SIZE];

	digest_hex(&it->name.file, id);
	log_event(&j->app->log, LOG_INFO, "hold-superseded",
	    LOG_FIELDS(LOG_NAME("feed", j->feed->feed.name), LOG_NAME("file", id)));
	it->name.state = NAME_DONE;
	it->fresh = true;
	j->out->known++;
	return 0;
}

/* 1: nothing is known of it as it is now; 0: *it says what to do; -1. */
static int
look_known(struct job *j, struct listed *it, struct err *e)
{
	int known;

	if (!it->known || !same_file(&it->name, it->file))
		return 1;
	if (it->name.state == NAME_DONE)
		return j->out->known++, 0;
	if (it->name.state == NAME_SEEN)
		return 1;
	if (it->name.state == NAME_HELD) {
		if ((known = snapshot_superseded(j, it, e)) != 0)
			return known < 0 ? -1 : supersede(j, it);
	}
	known = stands(j, it, e);
	return known < 0 ? -1 : !known;
}

static int
look_one(struct job *j, struct listed *it, int64_t began, struct err *e)
{
	int r;

	it->what = SKIP;
	if ((r = look_known(j, it, e)) == 1)
		judge_ready(j, it, began);
	return r < 0 ? -1 : 0;
}

/* First looks are kept, so that the next run need not wait; and what was superseded. */
static int
keep_looks(struct job *j, const struct listed *all, size_t n, struct err *e)
{
	struct name_put *puts;
	size_t k = 0;
	int rc;

	for (size_t i = 0; i < n; i++)
		k += all[i].fresh;
	if ((puts = calloc(k + 1, sizeof(*puts))) == NULL)
		return err_nomem(e);
	k = 0;
	for (size_t i = 0; i < n; i++)
		if (all[i].fresh)
			puts[k++] = (struct name_put){all[i].file->name, all[i].name};
	rc = ledger_names_put(j->ledger, j->feed->feed.name, puts, k, e);
	free(puts);
	return rc;
}

/* What the ledger knows of each. */
static int
look_up(struct job *j, struct listed *all, size_t n, struct err *e)
{
	struct name_lookup v[LOOK_UP];

	for (size_t from = 0, k; from < n; from += k) {
		k = n - from < LOOK_UP ? n - from : LOOK_UP;
		for (size_t i = 0; i < k; i++)
			v[i].name = all[from + i].file->name;
		if (ledger_names_get(j->ledger, j->feed->feed.name, v, k, e) != 0)
			return -1;
		for (size_t i = 0; i < k; i++) {
			all[from + i].known = v[i].known;
			all[from + i].name = v[i].entry;
		}
	}
	return 0;
}

static int
look_all(struct job *j, struct drop_look *look, int64_t began, struct err *e)
{
	j->out->known = j->out->held = j->out->refused = 0;
	for (size_t i = 0; i < look->n; i++)
		look->files[i] = (struct listed){.file = &look->list.v[i]};
	if (j->ledger != NULL && look_up(j, look->files, look->n, e) != 0)
		return -1;
	for (size_t i = 0; i < look->n; i++)
		if (look_one(j, &look->files[i], began, e) != 0)
			return -1;
	if (j->app->dry_run)
		return 0;
	if (keep_looks(j, look->files, look->n, e) != 0)
		return -1;
	return left_forget(j, &look->list, e);
}

/* The longest of the waits that time alone can end. */
static int64_t
wait_for(const struct listed *all, size_t n)
{
	int64_t longest = 0;

	for (size_t i = 0; i < n; i++) {
		if (all[i].what == STOP)
			break;
		if (all[i].what == WAIT && all[i].wait > longest)
			longest = all[i].wait;
	}
	return longest;
}

static enum waits_for
waits_for(const struct listed *it)
{
	if (it->outdated)
		return WAITS_OLD_MARKER;
	if (it->wait < 0)
		return WAITS_MARKER;
	return it->name.seen > first_seen(&it->name, it->name.seen) ? WAITS_CHANGES
								    : WAITS_TIME;
}

static void
find_one(const struct listed *it, struct look_finds *f)
{
	int64_t since = first_seen(&it->name, it->name.seen);

	if (f->waiting++ == 0 || since < f->since) {
		f->since = since;
		f->what = waits_for(it);
	}
	if (!it->outdated)
		return;
	if (f->old_markers++ == 0 || it->name.seen < f->old_since)
		f->old_since = it->name.seen;
}

static struct look_finds
find_all(const struct drop_look *look)
{
	struct look_finds f = {.bad_names = look->list.skipped};

	for (size_t i = 0; i < look->n; i++)
		if (look->files[i].what == WAIT)
			find_one(&look->files[i], &f);
	return f;
}

static void
log_find(
    struct job *j, enum log_level level, const char *event, uint64_t n, const char *words)
{
	log_event(&j->app->log, level, event,
	    LOG_FIELDS(LOG_NAME("feed", j->feed->feed.name), LOG_UINT("files", n),
		LOG_NAME("reason", words)));
}

/* Once, and not by every run that finds the same: `status` knows it. */
static void
tell_finds(struct job *j)
{
	const struct look_finds *now = &j->out->finds, *known = &j->state.finds;
	bool same = now->waiting == known->waiting && now->since == known->since &&
		    now->what == known->what;
	char words[FINDS_WORDS];

	if (now->waiting > now->old_markers && !same)
		log_find(
		    j, LOG_INFO, "not-ready", now->waiting, finds_waiting(now, words));
	if (now->old_markers > 0 && now->old_markers != known->old_markers)
		log_find(j, LOG_WARN, "old-marker", now->old_markers,
		    finds_old_markers(now, words));
	if (now->bad_names > 0 && now->bad_names != known->bad_names)
		log_find(
		    j, LOG_WARN, "bad-name", now->bad_names, finds_bad_names(now, words));
}

static int
list_and_look(struct job *j, struct drop_look *look, struct err *e)
{
	int64_t began = clock_wall(j->app->clock);

	look_release(look);
	if (poller_list(j->poller, &look->list, e) != 0)
		return -1;
	look->n = look->list.n;
	if ((look->files = calloc(look->n + 1, sizeof(*look->files))) == NULL)
		return err_nomem(e);
	return look_all(j, look, began, e);
}

/* The file of this name; the lists have nearly the same order, so it is looked for behind *at. */
static const struct drop_file *
find_listed(const struct drop_list *list, const char *name, size_t *at)
{
	for (size_t i = 0; i < list->n; i++, *at = (*at + 1) % list->n)
		if (strcmp(list->v[*at].name, name) == 0)
			return &list->v[*at];
	return NULL;
}

/*
 * A dry run keeps no look: it remembers the first one itself, and lists again when
 * the wait is over.
 */
static int
look_twice(struct job *j, struct drop_look *look, struct err *e)
{
	struct drop_list second = {.n = 0};
	int64_t began = clock_wall(j->app->clock);
	int rc = poller_list(j->poller, &second, e);
	size_t at = 0;

	for (size_t i = 0; i < look->n && rc == 0; i++) {
		struct listed *it = &look->files[i];
		const struct drop_file *again;

		if (it->what != WAIT)
			continue;
		if ((again = find_listed(&second, it->file->name, &at)) == NULL)
			continue;
		it->file->size = again->size;
		it->file->mtime = again->mtime;
		it->file->marked = again->marked;
		it->file->marked_at = again->marked_at;
		judge_ready(j, it, began);
	}
	drop_list_release(&second);
	return rc;
}

/*
 * Jobs that run every few minutes never wait for a file to be stable: the next one
 * finds it so. One whose last look is long ago waits once, for all files together.
 */
static bool
worth_waiting(struct job *j, int64_t wait)
{
	int64_t now = clock_wall(j->app->clock);

	return wait > 0 && wait <= WAIT_MAX &&
	       (j->state.last_look == 0 || now - j->state.last_look > LONG_AGO) &&
	       clock_mono(j->app->clock) + wait < j->env.deadline;
}

static int
note_look(struct job *j, struct err *e)
{
	const struct look_note note = {
	    j->scope, clock_wall(j->app->clock), j->out->finds};

	if (j->app->dry_run)
		return 0;
	if (ledger_look_note(j->ledger, j->feed->feed.name, &note, e) != 0)
		return -1;
	return ledger_feed_get(j->ledger, j->feed->feed.name, &j->state, e);
}

int
look_at_drop(struct job *j, struct drop_look *out, struct err *e)
{
	int64_t wait;
	int rc;

	*out = (struct drop_look){.n = 0};
	if (list_and_look(j, out, e) != 0)
		return -1;
	wait = wait_for(out->files, out->n);
	if (worth_waiting(j, wait)) {
		clock_pause(j->app->clock, wait);
		rc = j->app->dry_run ? look_twice(j, out, e) : list_and_look(j, out, e);
		if (rc != 0)
			return -1;
	}
	j->out->finds = find_all(out);
	j->out->waiting = j->out->finds.waiting;
	tell_finds(j);
	return note_look(j, e);
}

int
look_changed(struct job *j, const struct listed *it, struct err *e)
{
	const char *feed = j->feed->feed.name;
	const struct name_put put = {it->file->name, it->name};
	struct look_note note = {j->scope, clock_wall(j->app->clock), j->out->finds};
	int64_t since = first_seen(&it->name, note.at);

	if (j->app->dry_run)
		return 0;
	if (note.finds.waiting++ == 0 || since < note.finds.since) {
		note.finds.since = since;
		note.finds.what = WAITS_CHANGES;
	}
	if (it->name.state == NAME_SEEN &&
	    ledger_names_put(j->ledger, feed, &put, 1, e) != 0)
		return -1;
	return ledger_look_note(j->ledger, feed, &note, e);
}

void
look_release(struct drop_look *look)
{
	free(look->files);
	look->files = NULL;
	look->n = 0;
	drop_list_release(&look->list);
}
