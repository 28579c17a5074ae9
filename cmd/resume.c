/*
 * An unfinished pass is finished before anything else of its scope starts. Its file
 * is found again by content and not judged again; the batches that were not
 * acknowledged go out byte for byte as they were (P5).
 */
#include <stdio.h>
#include <string.h>

#include "cmd/conclude.h"
#include "cmd/give_up.h"
#include "cmd/unread.h"
#include "state/controls.h"

static bool
is_old(const struct pass *p)
{
	return p->mode == PASS_BACKFILL || p->mode == PASS_RETRY;
}

static bool
same_changes(const struct job *j, const struct pass *p, const struct intake *in)
{
	return p->fingerprint == j->feed->fingerprint &&
	       p->batches == changes_counts(in->changes)->batches &&
	       memcmp(p->changes, in->list, SHA256_SIZE) == 0;
}

static int
go_on(struct job *j, struct pass *p, const struct drop_file *f, struct intake *in,
    struct err *e)
{
	if (!same_changes(j, p, in))
		return give_up_pass(
		    j, p, "the file gives other changes than it did", !is_old(p), e);
	in->entry.id = p->file;
	in->entry.pass = p->number;
	in->entry.verdict = VERDICT_DELIVER;
	in->entry.reason[0] = '\0';
	if (send_changes(j, p, in, e) != 0) {
		conclude_unsent(j, in, p);
		return -1;
	}
	return conclude_file(j, f, in, p, e);
}

/* 1: this was the pass's file, and the pass is over; 0: it was another; -1. */
static int
try_file(struct job *j, struct pass *p, const struct unread_place *at, const char *path,
    struct err *e)
{
	struct intake *in = intake_new(p->mode, e);
	const struct drop_file *f = at->file;
	int rc;

	if (in == NULL)
		return -1;
	snprintf(in->path, sizeof(in->path), "%s", path);
	in->file_at = p->file_at;
	in->entry.id = p->file;
	memcpy(in->sha256, p->sha256, SHA256_SIZE);
	rc = intake_read(j, f, p->clock, in, e);
	if (rc != 0 && (e->code == ERR_CHANGED || e->code == ERR_GONE))
		rc = 0;
	else if (rc != 0)
		unread_say(j->poller, at, e);
	else if (memcmp(in->sha256, p->sha256, SHA256_SIZE) == 0)
		rc = go_on(j, p, f, in, e) == 0 ? 1 : -1;
	intake_free(in);
	return rc;
}

/* In the drop: the file under its old name first, then any other of the same size. */
static int
find_file(struct job *j, struct pass *p, struct err *e)
{
	struct drop_list list = {.n = 0};
	struct file_entry old;
	int rc, known = ledger_file_get(j->ledger, &p->file, &old, e);

	if (known < 0 || poller_list(j->poller, &list, e) != 0)
		return -1;
	rc = 0;
	for (int again = 0; again < 2 && rc == 0; again++) {
		for (size_t i = 0; i < list.n && rc == 0; i++) {
			const struct unread_place at = {&list.v[i], i + 1, list.n};
			bool named = known == 1 && strcmp(list.v[i].name, old.name) == 0;

			if (list.v[i].size == p->size && named == (again == 0))
				rc = try_file(j, p, &at, "", e);
		}
	}
	drop_list_release(&list);
	return rc;
}

/* Of a backfill or a retry: it lies where its entry says. */
static int
find_old(struct job *j, struct pass *p, struct err *e)
{
	struct drop_file f = {.size = 0};
	const struct unread_place alone = {.file = &f};
	struct file_entry en;
	char path[FILE_PATH_MAX + 1];
	int r = ledger_file_get(j->ledger, &p->file, &en, e);

	if (r <= 0)
		return r;
	snprintf(path, sizeof(path), "%s",
	    en.path[0] != '\0' ? en.path : poller_path(j->poller, en.name));
	r = poller_stat(j->poller, path, &f, e);
	if (r <= 0 || f.size != p->size)
		return r < 0 ? -1 : 0;
	f.name = en.name;
	return try_file(j, p, &alone, path, e);
}

/*
 * The pass of another feed of this source is that feed's to finish. If its file is gone from
 * feeds.d, or has another source, nobody can, and the pass ends as it stands.
 */
static int
other_feed(struct job *j, struct pass *p, struct err *e)
{
	int64_t paused;

	if (!feed_exists(j->app, p->feed, NULL))
		return give_up_pass(
		    j, p, "its feed is not configured any more", false, e);
	if (!feed_exists(j->app, p->feed, j->feed->feed.source))
		return give_up_pass(j, p, "its feed has another source now", false, e);
	if (ledger_pause_get(j->ledger, p->feed, &paused, e) != 0)
		return -1;
	j->out->barred = true;
	if (paused != 0)
		return err_set(e, ERR_BUSY,
		    "feed %s has an unfinished delivery from the same source, and is paused: "
		    "`emrdrop resume %s`, then `emrdrop run %s`",
		    p->feed, p->feed, p->feed);
	return err_set(e, ERR_BUSY,
	    "feed %s has an unfinished delivery from the same source: `emrdrop run %s` first",
	    p->feed, p->feed);
}

/* A pass whose every record was answered is a delivery; another was being given up. */
static int
end_merge(struct job *j, struct pass *p, struct err *e)
{
	struct merged sum;

	if (pass_merge(j->ledger, p, &sum, e) != 0)
		return -1;
	if (sum.doubtful > 0)
		return give_up_pass(j, p, "its file could not be gone on with", false, e);
	return conclude_merged(j, p, e);
}

int
resume(struct job *j, struct err *e)
{
	struct pass p;
	int r = pass_get(j->ledger, j->scope, &p, e);

	if (r <= 0)
		return r;
	if (strcmp(p.feed, j->feed->feed.name) != 0)
		return other_feed(j, &p, e);
	log_event(&j->app->log, LOG_INFO, "pass-resumed",
	    LOG_FIELDS(LOG_NAME("feed", p.feed), LOG_UINT("pass", p.number)));
	if (p.closing)
		return end_merge(j, &p, e);
	r = is_old(&p) ? find_old(j, &p, e) : find_file(j, &p, e);
	if (r < 0)
		return -1;
	return r == 1 ? 0
		      : give_up_pass(j, &p, "its file is not there any more", false, e);
}
