#include "cmd/old.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cmd/pick.h"
#include "cmd/status.h"
#include "cmd/unread.h"
#include "pollers/order.h"

struct old_file {
	char path[FILE_PATH_MAX + 1];
	char name[FILE_NAME_MAX + 1]; /* that it had in the drop */
	uint64_t size;
	int64_t at;
	struct digest id; /* both of a retry: its entry's */
	unsigned char sha256[SHA256_SIZE];
};

struct old_files {
	struct job *job;
	struct old_file *v;
	size_t n, cap;
	struct err *e;
};

static int
add(struct old_files *all, const struct old_file *f)
{
	size_t more = all->cap * 2 + 64;
	struct old_file *v;

	if (all->n == all->cap) {
		if ((v = reallocarray(all->v, more, sizeof(*v))) == NULL)
			return err_nomem(all->e);
		all->v = v;
		all->cap = more;
	}
	all->v[all->n++] = *f;
	return 0;
}

/* Names that lie in the archive have their time and their id before them. */
static int
add_backfill(struct old_files *all, const char *path, const struct drop_file *found)
{
	struct old_file f = {.size = found->size};
	const char *slash = strrchr(path, '/');

	snprintf(f.path, sizeof(f.path), "%s", path);
	snprintf(
	    f.name, sizeof(f.name), "%s", settle_name(slash == NULL ? path : slash + 1));
	f.at = file_time(all->job, f.name, found->mtime);
	return add(all, &f);
}

static int
collect_path(struct old_files *all, size_t number, const char *given)
{
	struct poller *p = all->job->poller;
	char path[FILE_PATH_MAX + 1];
	struct drop_file found;
	int r;

	if ((size_t)snprintf(path, sizeof(path), "%s",
		given[0] == '/' ? given : poller_path(p, given)) >= sizeof(path))
		return err_set(all->e, ERR_USAGE, "path %zu is too long", number);
	r = poller_stat(p, path, &found, all->e);
	if (r == 0)
		return err_set(all->e, ERR_USAGE,
		    "path %zu is no file on the drop's server: give absolute paths there, "
		    "or names in the drop",
		    number);
	return r < 0 ? -1 : add_backfill(all, path, &found);
}

static int
collect_paths(struct old_files *all, const struct errand *er)
{
	for (size_t i = 0; i < er->n; i++)
		if (collect_path(all, i + 1, er->args[i]) != 0)
			return -1;
	return 0;
}

/* What of the archive was a file of this feed, and is of that time. */
static int
collect_archive(struct old_files *all, const struct errand *er)
{
	struct job *j = all->job;
	struct drop_list list;
	char path[FILE_PATH_MAX + 1];
	const char *folder;
	int rc = 0;

	if (source_after(&j->feed->source, &folder) != AFTER_ARCHIVE)
		return err_set(all->e, ERR_USAGE,
		    "feed %s has no archive ([source] after = archive:PATH): give the "
		    "files' paths",
		    j->feed->feed.name);
	if (poller_list_folder(j->poller, folder, &list, all->e) != 0)
		return -1;
	for (size_t i = 0; i < list.n && rc == 0; i++) {
		const char *name = settle_name(list.v[i].name);
		int64_t at = file_time(j, name, list.v[i].mtime);

		if (order_judge(&j->feed->source, span_of(name)) != NAME_FILE ||
		    at < er->from || at >= er->to)
			continue;
		snprintf(path, sizeof(path), "%s/%s", folder, list.v[i].name);
		rc = add_backfill(all, path, &list.v[i]);
	}
	drop_list_release(&list);
	return rc;
}

static int
collect_refused(void *arg, const struct file_entry *en)
{
	struct old_files *all = arg;
	struct old_file f = {.id = en->id, .size = en->size};

	if (strcmp(en->feed, all->job->feed->feed.name) != 0 || en->refused == 0 ||
	    !en->closed || en->verdict == VERDICT_DISCARD)
		return 0;
	memcpy(f.sha256, en->sha256, SHA256_SIZE);
	snprintf(f.path, sizeof(f.path), "%s", en->path);
	snprintf(f.name, sizeof(f.name), "%s", en->name);
	f.at = en->file_at != TIME_NONE ? en->file_at
					: file_time(all->job, en->name, en->mtime);
	return add(all, &f);
}

static int
collect_retries(struct old_files *all, const struct errand *er)
{
	struct ledger *l = all->job->ledger;
	struct file_entry en;

	/* A dry run before the first run: nothing was refused yet. */
	if (l == NULL)
		return 0;
	if (er->n == 0)
		return ledger_file_each(l, collect_refused, all, all->e);
	for (size_t i = 0; i < er->n; i++)
		if (pick_file(l, all->job->feed->feed.name, er->args[i], &en, all->e) !=
			0 ||
		    collect_refused(all, &en) != 0)
			return -1;
	return 0;
}

static int
collect(struct old_files *all, const struct errand *er)
{
	if (er->mode == PASS_RETRY)
		return collect_retries(all, er);
	return er->n > 0 ? collect_paths(all, er) : collect_archive(all, er);
}

static int
compare(const void *a, const void *b)
{
	const struct old_file *x = a, *y = b;

	if (x->at != y->at)
		return x->at < y->at ? -1 : 1;
	return strcmp(x->name, y->name);
}

/* Files of one second follow each other: the later is newer. */
static void
part_times(struct old_files *all)
{
	for (size_t i = 1; i < all->n; i++)
		if (all->v[i].at <= all->v[i - 1].at)
			all->v[i].at = all->v[i - 1].at + 1;
}

static void
write_day(int64_t ms, char out[32])
{
	time_t t = (time_t)(ms / 1000);
	struct tm tm;

	strftime(out, 32, "%Y-%m-%d", gmtime_r(&t, &tm));
}

static void
tell_plan(struct job *j, const struct old_files *all)
{
	char from[32] = "", to[32] = "";
	uint64_t bytes = 0;

	for (size_t i = 0; i < all->n; i++)
		bytes += all->v[i].size;
	if (all->n > 0) {
		write_day(all->v[0].at, from);
		write_day(all->v[all->n - 1].at, to);
	}
	log_event(&j->app->log, LOG_INFO,
	    j->errand->mode == PASS_RETRY ? "retry-planned" : "backfill-planned",
	    LOG_FIELDS(LOG_NAME("feed", j->feed->feed.name), LOG_UINT("files", all->n),
		LOG_UINT("bytes", bytes), LOG_NAME("from", from), LOG_NAME("to", to)));
}

/* It is told, and the others are taken all the same. */
static int
skip(struct job *j, const struct old_file *f, const char *why)
{
	char id[FILE_ID_HEX_SIZE];

	digest_hex(&f->id, id);
	log_event(&j->app->log, LOG_ERROR, "file-skipped",
	    LOG_FIELDS(LOG_NAME("feed", j->feed->feed.name), LOG_NAME("file", id),
		LOG_NAME("reason", why)));
	j->out->exit = status_worse(j->out->exit, STATUS_IO);
	if (j->out->why[0] == '\0')
		snprintf(j->out->why, ERR_MSG_SIZE, "file %.8s: %s", id, why);
	return 0;
}

static int
take(struct job *j, struct old_file *f, struct err *e)
{
	struct intake *in;
	struct drop_file now;
	int r;

	if (f->path[0] == '\0')
		snprintf(f->path, sizeof(f->path), "%s", poller_path(j->poller, f->name));
	r = poller_stat(j->poller, f->path, &now, e);
	if (r < 0)
		return -1;
	if (r == 0 || now.size != f->size)
		return skip(j, f,
		    r == 0 ? "it is not where it was put any more"
			   : "it is not what it was any more");
	if ((in = intake_new(j->errand->mode, e)) == NULL)
		return -1;
	snprintf(in->path, sizeof(in->path), "%s", f->path);
	in->file_at = f->at;
	in->entry.id = f->id;
	memcpy(in->sha256, f->sha256, SHA256_SIZE);
	now.name = f->name;
	r = job_take(j, &now, in, e);
	intake_free(in);
	if (r < 0)
		unread_say(j->poller, &(struct unread_place){.file = &now}, e);
	if (r == 1)
		return skip(j, f, "it changed, or another lies in its place");
	return r;
}

int
old_work(struct job *j, struct err *e)
{
	struct old_files all = {.job = j, .e = e};
	int rc = collect(&all, j->errand);

	if (rc == 0 && all.n > 0)
		qsort(all.v, all.n, sizeof(*all.v), compare);
	part_times(&all);
	if (rc == 0)
		tell_plan(j, &all);
	for (size_t i = 0; i < all.n && rc == 0; i++) {
		if (!j->app->dry_run)
			rc = job_work_off(j, e);
		if (rc == 0)
			rc = take(j, &all.v[i], e);
	}
	free(all.v);
	return rc;
}
