/*
 * The job: list, ready?, then each file through read, verdict, send and settle.
 */
#include "cmd/job.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/job_impl.h"
#include "cmd/status.h"

#define LOG_LINES 100 /* rejected rows logged a file */

const struct site_keys *
job_keys(const struct job *j)
{
	return j->ledger != NULL ? ledger_keys(j->ledger) : j->ephemeral;
}

static void
log_file(struct job *j, const struct intake *in, const char *event, enum log_level level)
{
	char id[FILE_ID_HEX_SIZE];
	const struct file_entry *en = &in->entry;

	digest_hex(&en->id, id);
	for (size_t i = 0; i < in->problems.n && i < LOG_LINES; i++)
		log_problem(&j->app->log, en->feed, id, &in->problems.v[i], 0);
	for (size_t i = 0; i < in->problems.kinds; i++)
		log_problem(&j->app->log, en->feed, id, &in->problems.warnings[i].first,
		    in->problems.warnings[i].n);
	log_event(&j->app->log, level, event,
	    LOG_FIELDS(LOG_NAME("feed", en->feed), LOG_NAME("file", id),
		LOG_NAME("verdict", verdict_name(en->verdict)),
		LOG_NAME("reason", en->reason), LOG_UINT("rows", en->rows),
		LOG_UINT("rejected", en->rejected), LOG_UINT("records", en->records),
		LOG_UINT("removals", en->removals), LOG_UINT("delivered", en->delivered),
		LOG_UINT("unchanged", en->unchanged), LOG_UINT("refused", en->refused)));
}

/* The file's entry in the report, and its share of the exit status. */
static int
tell(struct job *j, const struct intake *in, uint64_t pending, struct err *e)
{
	struct file_report *r = report_file(j->report, j->out, &in->entry, &in->problems);

	if (r == NULL)
		return err_nomem(e);
	r->pending = pending;
	snprintf(r->found, sizeof(r->found), "%s", in->found);
	if (in->entry.rejected > 0 || in->entry.refused > 0)
		j->out->exit = status_worse(j->out->exit, STATUS_SOME_LOST);
	return 0;
}

/* P3, second half: everything that was mapped is accounted for. */
static int
check_books(const struct intake *in, uint64_t pending, struct err *e)
{
	const struct file_entry *en = &in->entry;

	if (en->records + en->removals != en->delivered + en->unchanged + en->duplicate +
					      en->stale + en->refused + pending)
		return err_set(e, ERR_INTERNAL, "the books do not balance: deliveries");
	return 0;
}

/* Held or refused: it stays in the drop, and the ledger says why. */
static int
stand_aside(struct job *j, const struct drop_file *f, struct intake *in, struct err *e)
{
	bool hold = in->entry.verdict == VERDICT_HOLD;
	const struct name_put put = {
	    f->name, {.state = hold ? NAME_HELD : NAME_REFUSED,
			 .size = f->size,
			 .mtime = f->mtime,
			 .seen = clock_wall(j->app->clock),
			 .fingerprint = j->feed->verdict_fingerprint,
			 .blocks = hold && !job_is_snapshot(j) &&
				   !mapper_event_times(j->feed->mapper),
			 .file = in->entry.id}};

	j->out->exit = status_worse(
	    j->out->exit, hold ? STATUS_HELD : STATUS_FILE_REFUSED);
	log_file(j, in, hold ? "file-held" : "file-refused", LOG_ERROR);
	j->out->held += hold;
	j->out->refused += !hold;
	j->out->blocked |= put.entry.blocks;
	if (tell(j, in, 0, e) != 0)
		return -1;
	if (j->app->dry_run)
		return 0;
	if (ledger_file_put(j->ledger, &in->entry, e) != 0 ||
	    ledger_problems_put(
		j->ledger, &in->entry.id, in->problems.v, in->problems.n, e) != 0)
		return -1;
	return ledger_names_put(j->ledger, j->feed->feed.name, &put, 1, e);
}

/* The pass is over, or none was needed: the feed has this file behind it. */
int
job_conclude(struct job *j, const struct drop_file *f, struct intake *in,
    uint64_t pending, struct err *e)
{
	struct file_entry *en = &in->entry;

	en->closed = true;
	if (check_books(in, pending, e) != 0 || ledger_file_put(j->ledger, en, e) != 0 ||
	    ledger_problems_put(j->ledger, &en->id, in->problems.v, in->problems.n, e) !=
		0 ||
	    ledger_feed_get(j->ledger, en->feed, &j->state, e) != 0)
		return -1;
	j->state.last_delivery = clock_wall(j->app->clock);
	j->state.last_content = job_content(j, in);
	j->state.scope = j->scope;
	j->state.files++;
	j->state.delivered += en->delivered;
	j->state.rejected += en->rejected;
	j->state.refused += en->refused;
	if (ledger_feed_put(j->ledger, &j->state, e) != 0 ||
	    snapshot_applied(j, in, e) != 0)
		return -1;
	log_file(j, in, "file-delivered", LOG_INFO);
	if (tell(j, in, pending, e) != 0)
		return -1;
	return settle_done(j, f, in, e);
}

int
job_close_pass(
    struct job *j, struct pass *p, struct intake *in, uint64_t *pending, struct err *e)
{
	struct merged sum;

	if (pass_close(j->ledger, p, &sum, e) != 0)
		return -1;
	in->entry.delivered = sum.taken;
	in->entry.refused += sum.refused;
	*pending = sum.doubtful;
	return 0;
}

static int
new_pass(
    struct job *j, const struct intake *in, int64_t now, struct pass *p, struct err *e)
{
	*p = (struct pass){.scope = j->scope,
	    .file = in->entry.id,
	    .size = in->file->size,
	    .clock = now,
	    .fingerprint = j->feed->fingerprint,
	    .batches = changes_counts(in->changes)->batches};
	snprintf(p->feed, sizeof(p->feed), "%s", j->feed->feed.name);
	memcpy(p->sha256, in->sha256, SHA256_SIZE);
	memcpy(p->changes, in->list, SHA256_SIZE);
	return pass_open(j->ledger, p, e);
}

static int
deliver(struct job *j, struct intake *in, int64_t now, uint64_t *pending, struct err *e)
{
	struct pass p;

	*pending = 0;
	if (changes_counts(in->changes)->batches == 0)
		return 0;
	if (ledger_file_put(j->ledger, &in->entry, e) != 0 ||
	    new_pass(j, in, now, &p, e) != 0)
		return -1;
	in->entry.pass = p.number;
	log_event(&j->app->log, LOG_DEBUG, "pass-opened",
	    LOG_FIELDS(LOG_NAME("feed", p.feed), LOG_UINT("pass", p.number),
		LOG_UINT("batches", p.batches)));
	if (send_changes(j, &p, in, e) != 0)
		return -1;
	log_event(&j->app->log, LOG_DEBUG, "pass-sent",
	    LOG_FIELDS(LOG_NAME("feed", p.feed), LOG_UINT("pass", p.number)));
	return job_close_pass(j, &p, in, pending, e);
}

/* What is to be told of a file whose delivery ends with an error. */
void
job_tell_unfinished(struct job *j, const struct intake *in)
{
	struct err lost;

	tell(j, in, changes_counts(in->changes)->changed, &lost);
}

static int
judged(struct job *j, const struct drop_file *f, struct intake *in, int64_t now,
    struct err *e)
{
	uint64_t pending = changes_counts(in->changes)->changed;

	if (in->entry.verdict == VERDICT_HOLD || in->entry.verdict == VERDICT_REFUSE)
		return stand_aside(j, f, in, e);
	if (j->app->dry_run)
		return tell(j, in, pending, e);
	if (deliver(j, in, now, &pending, e) != 0) {
		job_tell_unfinished(j, in);
		return -1;
	}
	return job_conclude(j, f, in, pending, e);
}

/* 1 if it changed while it was read: nothing may overtake it. */
static int
take(struct job *j, const struct drop_file *f, struct err *e)
{
	struct intake *in = intake_new(e);
	int64_t now = clock_wall(j->app->clock);
	int rc;

	if (in == NULL)
		return -1;
	rc = intake_read(j, f, now, in, e);
	if (rc == 0) {
		rc = judged(j, f, in, now, e);
	} else if (e->code == ERR_CHANGED || e->code == ERR_GONE) {
		j->out->waiting += e->code == ERR_CHANGED;
		rc = e->code == ERR_CHANGED;
	}
	intake_free(in);
	return rc;
}

/* Files are taken in the feed's order; none overtakes one that is about to be ready. */
static int
take_ready(struct job *j, const struct drop_look *look, struct err *e)
{
	long long left = j->feed->source.max_files;

	for (size_t i = 0; i < look->n && !j->out->blocked; i++) {
		const struct listed *it = &look->files[i];
		int rc;

		if (it->what == STOP || (it->what == WAIT && it->wait > 0))
			break;
		if (it->what != TAKE)
			continue;
		if (j->feed->source.max_files > 0 && left-- == 0)
			break;
		if ((rc = take(j, it->file, e)) != 0)
			return rc < 0 ? -1 : 0;
	}
	return 0;
}

static int
work_off(struct job *j, struct err *e)
{
	struct drop_look look;
	int rc = look_at_drop(j, &look, e);

	if (rc == 0) {
		if (j->out->held > 0)
			j->out->exit = status_worse(j->out->exit, STATUS_HELD);
		if (j->out->refused > 0)
			j->out->exit = status_worse(j->out->exit, STATUS_FILE_REFUSED);
		rc = take_ready(j, &look, e);
	}
	look_release(&look);
	return rc;
}

/* A dry run before the first run knows nothing, and its digests are for itself alone. */
static int
open_ephemeral(struct job *j, struct err *e)
{
	j->ephemeral = calloc(1, sizeof(*j->ephemeral));
	if (j->ephemeral == NULL)
		return err_nomem(e);
	random_bytes(j->ephemeral, sizeof(*j->ephemeral));
	return 0;
}

static int
open_ledger(struct job *j, struct err *e)
{
	const struct state_conf *st = &j->app->state;
	char marker[4096];

	snprintf(marker, sizeof(marker), "%s/ledger.id", st->dir);
	if (j->app->dry_run && access(marker, F_OK) != 0)
		return open_ephemeral(j, e);
	j->ledger = ledger_open(st->dir, st->key_file, !j->app->dry_run, e);
	if (j->ledger == NULL)
		return -1;
	if (ledger_is_new(j->ledger))
		log_event(&j->app->log, LOG_INFO, "ledger-made",
		    LOG_FIELDS(LOG_NAME("dir", st->dir)));
	return 0;
}

static int
open_all(struct job *j, struct err *e)
{
	const char *source = j->feed->feed.source;

	if (open_ledger(j, e) != 0)
		return -1;
	if (j->ledger != NULL) {
		if (!j->app->dry_run && ledger_lock(j->ledger, source, &j->lock, e) != 0)
			return -1;
		if (ledger_scope_get(j->ledger, source, !j->app->dry_run, &j->scope, e) !=
			0 ||
		    ledger_feed_get(j->ledger, j->feed->feed.name, &j->state, e) != 0 ||
		    ledger_snapshot_get(j->ledger, j->feed->feed.name, &j->snapshot, e) !=
			0)
			return -1;
	}
	j->poller = poller_open(&j->feed->source, &j->env, e);
	return j->poller == NULL ? -1 : 0;
}

static void
close_all(struct job *j)
{
	poller_close(j->poller);
	ledger_unlock(j->lock);
	ledger_close(j->ledger);
	if (j->ephemeral != NULL)
		site_keys_wipe(j->ephemeral);
	free(j->ephemeral);
}

/* A run that did something is kept: what it read, delivered and refused. */
static void
note_run(struct job *j)
{
	struct err ignored;
	struct buf out;
	struct json json;

	if (j->out->n == 0)
		return;
	buf_init(&out, 16u << 20);
	jw_init(&json, &out);
	report_feed_json(j->out, &json);
	if (!out.failed)
		ledger_run_put(
		    j->ledger, j->app->run, j->out->feed, buf_span(&out), &ignored);
	buf_release(&out);
}

/* `status` shows how the last run ended. Nothing more can be done if this fails. */
static void
note_end(struct job *j, int exit)
{
	struct err ignored;
	bool bad = exit != STATUS_OK && exit != STATUS_SOME_LOST;

	if (j->app->dry_run || j->ledger == NULL || j->lock < 0)
		return;
	note_run(j);
	if (((int)j->state.last_exit == exit && !bad) ||
	    ledger_feed_get(j->ledger, j->feed->feed.name, &j->state, &ignored) != 0)
		return;
	j->state.last_error = bad ? clock_wall(j->app->clock) : 0;
	j->state.last_exit = (uint32_t)exit;
	ledger_feed_put(j->ledger, &j->state, &ignored);
}

int
job_run(struct app *app, struct feed *feed, struct report *report,
    struct feed_report *out, int64_t deadline)
{
	struct job j = {
	    .app = app, .feed = feed, .report = report, .out = out, .lock = -1};
	struct err e = {.code = ERR_NONE};
	int rc;

	j.env = (struct poller_env){app->clock, deadline};
	progress_init(&j.progress, app->clock);
	rc = open_all(&j, &e);
	if (rc == 0 && !app->dry_run)
		rc = settle_again(&j, &e);
	if (rc == 0 && !app->dry_run)
		rc = resume(&j, &e);
	if (rc == 0)
		rc = work_off(&j, &e);
	if (rc != 0) {
		out->err = e;
		out->exit = status_worse(out->exit, err_exit(e.code));
		log_event(&app->log, LOG_ERROR, "feed-failed",
		    LOG_FIELDS(LOG_NAME("feed", feed->feed.name), LOG_ERR(&e)));
	}
	note_end(&j, out->exit);
	close_all(&j);
	return out->exit;
}
