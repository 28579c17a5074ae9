/*
 * The job: list, ready?, then each file through read, verdict, send and settle.
 */
#include "cmd/job.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/block.h"
#include "cmd/conclude.h"
#include "cmd/ledger_alarm.h"
#include "cmd/login.h"
#include "cmd/old.h"
#include "cmd/retried.h"
#include "cmd/status.h"
#include "cmd/unread.h"
#include "cmd/watch.h"
#include "outbound/lines.h"
#include "pollers/order.h"
#include "state/controls.h"
#include "state/settled.h"

const struct site_keys *
job_keys(const struct job *j)
{
	return j->ledger != NULL ? ledger_keys(j->ledger) : j->ephemeral;
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
	    .mode = in->mode,
	    .file_at = in->file_at,
	    .counts = in->mode == PASS_RETRY ? retried_counts(in)
					     : (struct pass_counts){0},
	    .batches = changes_counts(in->changes)->batches};
	snprintf(p->feed, sizeof(p->feed), "%s", j->feed->feed.name);
	memcpy(p->sha256, in->sha256, SHA256_SIZE);
	memcpy(p->changes, in->list, SHA256_SIZE);
	return pass_open(j->ledger, p, e);
}

/* 1: the pass was sent; 0: there is nothing to send; -1. */
static int
deliver(struct job *j, struct intake *in, int64_t now, struct pass *p, struct err *e)
{
	if (changes_counts(in->changes)->batches == 0)
		return 0;
	/* A retry has its file's entry already, from when it was delivered. */
	if ((in->mode != PASS_RETRY && ledger_file_put(j->ledger, &in->entry,
					   in->problems.v, in->problems.n, e) != 0) ||
	    new_pass(j, in, now, p, e) != 0)
		return -1;
	in->entry.pass = p->number;
	log_event(&j->app->log, LOG_DEBUG, "pass-opened",
	    LOG_FIELDS(LOG_NAME("feed", p->feed), LOG_UINT("pass", p->number),
		LOG_UINT("batches", p->batches)));
	if (send_changes(j, p, in, e) != 0)
		return -1;
	log_event(&j->app->log, LOG_DEBUG, "pass-sent",
	    LOG_FIELDS(LOG_NAME("feed", p->feed), LOG_UINT("pass", p->number)));
	return 1;
}

static int
judged(struct job *j, const struct drop_file *f, struct intake *in, int64_t now,
    struct err *e)
{
	struct pass p = {.told = 0};
	int sent = 0;

	if (in->entry.verdict == VERDICT_HOLD || in->entry.verdict == VERDICT_REFUSE)
		return conclude_aside(j, f, in, e);
	if (j->app->dry_run)
		return conclude_tell(j, in, changes_counts(in->changes)->changed, e);
	if (in->entry.verdict != VERDICT_DISCARD)
		sent = deliver(j, in, now, &p, e);
	if (sent < 0) {
		conclude_unsent(j, in, &p);
		return -1;
	}
	return conclude_file(j, f, in, sent ? &p : NULL, e);
}

/* Of a map without event times, that newer files may have been delivered since matters. */
static bool
wants_another_look(const struct job *j, const struct intake *in)
{
	return in->decided && in->mode == PASS_RUN &&
	       in->entry.verdict != VERDICT_DISCARD &&
	       !mapper_event_times(j->feed->mapper);
}

int
job_take(struct job *j, const struct drop_file *f, struct intake *in, struct err *e)
{
	int64_t now = clock_wall(j->app->clock);

	if (intake_read(j, f, now, in, e) == 0)
		return wants_another_look(j, in) ? 2 : judged(j, f, in, now, e);
	if (e->code != ERR_CHANGED && e->code != ERR_GONE)
		return -1;
	j->out->waiting += e->code == ERR_CHANGED;
	return 1;
}

/* Of those from there on, what would be taken if none before them were held. */
static uint64_t
count_behind(const struct drop_look *look, size_t from)
{
	uint64_t n = 0;

	for (size_t i = from; i < look->n; i++)
		n += look->files[i].what == TAKE || look->files[i].what == WAIT;
	return n;
}

/*
 * 1 if it changed while it was read: nothing may overtake it. Nor one that can't be read: what
 * is behind it may be newer.
 */
static int
take(struct job *j, const struct drop_look *look, size_t at, struct err *e)
{
	static const enum pass_mode modes[] = {PASS_RUN, PASS_AGAIN};
	const struct unread_place place = {look->files[at].file, at + 1, look->n};
	int rc = 2;

	for (size_t i = 0; i < 2 && rc == 2; i++) {
		struct intake *in = intake_new(modes[i], e);

		if (in == NULL)
			return -1;
		rc = job_take(j, place.file, in, e);
		intake_free(in);
	}
	if (rc < 0 && unread_say(j->poller, &place, e))
		j->out->behind = count_behind(look, at + 1);
	if (rc == 1 && e->code == ERR_CHANGED)
		return look_changed(j, &look->files[at], e) == 0 ? 1 : -1;
	return rc == 1 && e->code == ERR_GONE ? 0 : rc;
}

/* How many of the list may be taken: all, or up to the file that was asked for. */
static size_t
files_upto(const struct job *j, const struct drop_look *look)
{
	if (j->upto == NULL)
		return look->n;
	for (size_t i = 0; i < look->n; i++)
		if (strcmp(look->files[i].file->name, j->upto) == 0)
			return i + 1;
	return 0;
}

/* Tells the poller what is to be read next: as far as is known before any of it is. */
static const struct drop_file **
expect_ready(struct job *j, const struct drop_look *look, size_t n, struct err *e)
{
	size_t most = j->feed->source.max_files > 0 ? (size_t)j->feed->source.max_files
						    : n;
	const struct drop_file **next = calloc(n + 1, sizeof(*next));
	size_t k = 0;

	if (next == NULL)
		return err_nomem(e), NULL;
	for (size_t i = 0; i < n && k < most; i++) {
		const struct listed *it = &look->files[i];

		if (it->what == STOP || (it->what == WAIT && it->wait > 0))
			break;
		if (it->what == TAKE)
			next[k++] = it->file;
	}
	poller_expect(j->poller, next, k);
	return next;
}

/*
 * Files are taken in the feed's order; none overtakes one that is about to be ready.
 * *past is how many of the first n need nothing more from this run.
 */
static int
take_ready(
    struct job *j, const struct drop_look *look, size_t n, size_t *past, struct err *e)
{
	long long left = j->feed->source.max_files;
	int rc;

	for (*past = 0; *past < n; (*past)++) {
		const struct listed *it = &look->files[*past];

		if (it->what == STOP || j->out->blocked) {
			j->out->behind = count_behind(look, *past);
			break;
		}
		if (it->what == WAIT && it->wait > 0)
			break;
		if (it->what != TAKE)
			continue;
		if (j->feed->source.max_files > 0 && left-- == 0)
			break;
		if ((rc = take(j, look, *past, e)) != 0)
			return rc < 0 ? -1 : 0;
	}
	return 0;
}

/*
 * Of the first n, was one left that a later run takes with nobody's help? Or of one that
 * was asked for: that one. What stands behind a held file waits for who decides of that.
 */
static bool
is_left(const struct job *j, const struct drop_look *look, size_t n, size_t past)
{
	bool left = false;

	for (size_t i = 0; i < n; i++) {
		enum take_or_not what = look->files[i].what;

		if (what == STOP || (i >= past && j->out->blocked))
			return j->upto == NULL && left;
		left = (j->upto == NULL && left) || what == WAIT ||
		       (what == TAKE && i >= past);
	}
	return left;
}

/* What the drop says by itself, and how far the files were worked off. */
static int
work_through(struct job *j, struct drop_look *look, struct err *e)
{
	const struct drop_file **next;
	size_t n = files_upto(j, look), past;
	int rc;

	if (j->out->held > 0)
		j->out->exit = status_worse(j->out->exit, STATUS_HELD);
	if (j->out->refused > 0)
		j->out->exit = status_worse(j->out->exit, STATUS_FILE_REFUSED);
	if ((next = expect_ready(j, look, n, e)) == NULL)
		return -1;
	rc = take_ready(j, look, n, &past, e);
	poller_expect(j->poller, NULL, 0);
	free(next);
	if (rc != 0)
		return -1;
	j->out->again = is_left(j, look, n, past);
	if (j->upto != NULL && j->out->again)
		j->out->exit = status_worse(j->out->exit, STATUS_BUSY);
	return job_retain(j, look, e);
}

int
job_work_off(struct job *j, struct err *e)
{
	struct drop_look look;
	int rc = look_at_drop(j, &look, e);

	if (rc == 0)
		rc = work_through(j, &look, e);
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

	if (j->app->dry_run && !app_has_ledger(j->app))
		return open_ephemeral(j, e);
	j->ledger = j->share->ledger;
	if (j->ledger != NULL)
		return 0;
	j->ledger = j->share->ledger = app_ledger(j->app, !j->app->dry_run, e);
	if (j->ledger == NULL) {
		ledger_alarm_begin(j->app, e, false);
		return -1;
	}
	if (ledger_is_new(j->ledger))
		log_event(&j->app->log, LOG_INFO, "ledger-made",
		    LOG_FIELDS(LOG_NAME("dir", st->dir)));
	return 0;
}

/* Whoever changed the feed file, this run is the first to go by it. */
static int
note_settings(struct job *j, struct err *e)
{
	struct digest now = feed_settings(j->feed, ledger_keys(j->ledger));
	const struct audit_act act = {
	    .act = "settings-changed", .feed = j->feed->feed.name};

	return ledger_settings_note(j->ledger, j->feed->feed.name, &now, &act, e) < 0 ? -1
										      : 0;
}

static int
open_feed(struct job *j, struct err *e)
{
	const char *feed = j->feed->feed.name, *source = j->feed->feed.source;
	const struct block_when when = {
	    clock_wall(j->app->clock), j->app->run_conf.deadline};
	bool real = !j->app->dry_run;

	if (real && ledger_lock(j->ledger, source, &j->lock, e) != 0) {
		/* Of one that does not end somebody must be told. */
		j->out->barred = e->code == ERR_BUSY &&
				 block_hangs(j->ledger, feed, &when);
		return -1;
	}
	if (ledger_scope_get(j->ledger, source, real, &j->scope, e) != 0 ||
	    ledger_feed_get(j->ledger, feed, &j->state, e) != 0 ||
	    ledger_snapshot_get(j->ledger, feed, &j->snapshot, e) != 0)
		return -1;
	if (!real)
		return 0;
	if (note_settings(j, e) != 0)
		return -1;
	j->own = watch_begin(j->app, j->ledger, j->feed);
	return ledger_pause_get(j->ledger, feed, &j->out->paused, e);
}

static int
open_state(struct job *j, struct err *e)
{
	if (open_ledger(j, e) != 0)
		return -1;
	return j->ledger != NULL ? open_feed(j, e) : 0;
}

/* For the report: what the trail must still hold, whatever becomes of its end. */
static void
note_audit(struct job *j)
{
	struct err ignored;

	if (j->ledger != NULL)
		ledger_audit_head(j->ledger, &j->out->audit, &ignored);
}

static void
close_all(struct job *j)
{
	api_lines_free(j->lines);
	free(j->unread);
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
note_end(struct job *j)
{
	const struct feed_report *out = j->out;
	const struct feed_end end = {.at = clock_wall(j->app->clock),
	    .exit = out->exit,
	    .bad = out->exit != STATUS_OK && out->exit != STATUS_SOME_LOST,
	    .words = out->err.code != ERR_NONE ? out->err.msg : out->why,
	    .scope = j->scope};
	struct err ignored;

	if (j->app->dry_run || j->ledger == NULL || j->lock < 0 || out->paused != 0 ||
	    out->exit == STATUS_USAGE)
		return;
	note_run(j);
	if (end.bad || (int)j->state.last_exit != end.exit)
		ledger_feed_end(j->ledger, j->feed->feed.name, &end, &ignored);
}

/* A dry run leaves no trace, and so is no second try either. */
static int
open_drop(struct job *j, struct err *e)
{
	const struct feed *f = j->feed;
	bool noted = !j->app->dry_run;
	int64_t now = clock_wall(j->app->clock);
	struct err other;

	if (j->ledger != NULL && login_may(j->ledger, f, noted, e) != 0)
		return -1;
	j->poller = poller_open(&f->source, &j->env, e);
	if (j->poller != NULL)
		return noted ? login_note(j->ledger, f, false, now, e) : 0;
	if (noted && e->code == ERR_LOGIN)
		(void)login_note(j->ledger, f, true, now, &other);
	return -1;
}

/* Nothing is done for a feed that is paused; a dry run does nothing anyhow. */
static int
work(struct job *j, struct err *e)
{
	const struct feed *f = j->feed;

	if (j->upto != NULL && order_judge(&f->source, span_of(j->upto)) == NAME_BAD)
		return err_set(e, ERR_USAGE,
		    "the file that is asked for has a name that is never taken: it holds a "
		    "control character or a slash; rename the file");
	if (j->upto != NULL && order_judge(&f->source, span_of(j->upto)) != NAME_FILE)
		return err_set(e, ERR_USAGE,
		    "the file that is asked for has no name that feed %s takes: see "
		    "[source] pattern",
		    f->feed.name);
	if (open_state(j, e) != 0)
		return -1;
	if (j->out->paused != 0)
		return 0;
	if (open_drop(j, e) != 0)
		return -1;
	if (!j->app->dry_run) {
		if (settle_again(j, e) != 0 || resume(j, e) != 0)
			return -1;
		settled_recover(j->ledger, f->feed.name, &j->state.last_content);
	}
	return j->errand != NULL ? old_work(j, e) : job_work_off(j, e);
}

int
job_run(struct app *app, struct feed *feed, struct feed_report *out,
    const struct job_order *order)
{
	struct job j = {.app = app,
	    .feed = feed,
	    .report = order->report,
	    .out = out,
	    .errand = order->errand,
	    .upto = order->upto,
	    .share = order->share,
	    .lock = -1,
	    .own = -1};
	struct err e = {.code = ERR_NONE};
	int64_t began = clock_mono(app->clock);
	int rc;

	j.env = (struct poller_env){app->clock, order->deadline, order->share->links};
	progress_init(&j.progress, app->clock);
	j.lines = api_lines_new(&e);
	rc = j.lines != NULL ? work(&j, &e) : -1;
	if (rc != 0) {
		out->err = e;
		out->again = e.fate == FATE_RETRY;
		out->exit = status_worse(out->exit, err_exit(e.code));
		log_event(&app->log, LOG_ERROR, "feed-failed",
		    LOG_FIELDS(LOG_NAME("feed", feed->feed.name), LOG_ERR(&e)));
	}
	note_audit(&j);
	out->took = clock_mono(app->clock) - began;
	note_end(&j);
	poller_close(j.poller);
	ledger_unlock(j.own);
	ledger_unlock(j.lock);
	if (j.ledger != NULL && !app->dry_run)
		watch_run(app, j.ledger, feed, out);
	close_all(&j);
	return out->exit;
}
