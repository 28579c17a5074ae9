#include "cmd/work.h"

#include "cmd/alarms.h"
#include "cmd/commands.h"
#include "cmd/gone.h"
#include "cmd/ledger_alarm.h"
#include "cmd/status.h"
#include "cmd/watch.h"
#include "pollers/links.h"

#define REPORT_MAX (64u << 20)

struct work {
	struct report report;
	struct job_order order;
	struct job_share share;
	struct present present;
	struct err *e; /* of all feeds together */
	int kept;      /* exit status of what the ledger keeps at the end */
	bool pings;    /* a run by the schedule, that somebody waits for */
	bool all;      /* of all feeds that there are */
};

/* The next that needs it opens it anew. What feeds left to its next commit is kept. */
static void
close_ledger(struct app *app, struct work *w)
{
	struct ledger *l = w->share.ledger;
	struct err e;

	if (l != NULL && ledger_looks_keep(l, &e) != 0) {
		w->kept = err_exit(e.code);
		ledger_alarm_begin(app, &e, true);
		log_event(&app->log, LOG_ERROR, "looks-failed", LOG_FIELDS(LOG_ERR(&e)));
	}
	app_ledger_close(app, l);
	w->share.ledger = NULL;
}

static int
run_feed(struct app *app, struct feed *f, struct feed_report *out, struct work *w)
{
	int exit;

	if (w->pings)
		alarms_ping(app, f->feed.name, PING_START);
	exit = job_run(app, f, out, &w->order);
	/* It may be that which failed. */
	if (out->err.code != ERR_NONE)
		close_ledger(app, w);
	if (w->pings)
		alarms_ping(app, f->feed.name, exit);
	return exit;
}

/* There may be none yet, and this is no run that makes one. */
static struct ledger *
open_known(struct app *app)
{
	struct err e;
	struct ledger *l = app_ledger(app, false, &e);

	if (l == NULL && app_has_ledger(app))
		ledger_alarm_begin(app, &e, false);
	return l;
}

static void
tell_broken(struct app *app, const struct feed *f, int exit, struct work *w)
{
	struct ledger *own = NULL, *l = w->share.ledger;

	if (l == NULL)
		l = own = open_known(app);
	if (l != NULL)
		watch_broken(app, l, f->feed.name, exit);
	app_ledger_close(app, own);
}

static int
work_one(struct app *app, struct feed *f, struct err *e, void *arg)
{
	struct work *w = arg;
	struct feed_report *out = report_feed(&w->report, f->feed.name);

	if (out == NULL) {
		err_nomem(w->e);
		return err_exit(ERR_NOMEM);
	}
	if (w->all)
		present_add(&w->present, f, e == NULL);
	if (e == NULL)
		return run_feed(app, f, out, w);
	out->err = *e;
	out->exit = err_exit(e->code);
	if (w->pings)
		tell_broken(app, f, out->exit, w);
	app_print_errors(&f->errors);
	log_event(&app->log, LOG_ERROR, "feed-failed",
	    LOG_FIELDS(LOG_NAME("feed", f->feed.name), LOG_ERR(e)));
	return out->exit;
}

/* The last of the feeds may have closed the ledger: see above. */
static void
end_gone(struct app *app, struct work *w)
{
	if (w->share.ledger == NULL)
		w->share.ledger = open_known(app);
	if (w->share.ledger != NULL)
		gone_end(app, w->share.ledger, &w->present);
}

/* The feeds, one after the other, with one ledger; those of one login share its connection. */
static int
work_all(struct app *app, size_t n, struct work *w)
{
	int exit;

	w->order.share = &w->share;
	if ((w->share.links = links_new(w->e)) == NULL)
		return err_exit(w->e->code);
	exit = feed_each(app, app->args, n, &(struct feed_visitor){work_one, w}, w->e);
	links_free(w->share.links);
	stuck_release(&w->share.stuck);
	if (w->all && w->e->code == ERR_NONE)
		end_gone(app, w);
	present_release(&w->present);
	close_ledger(app, w);
	ledger_alarm_end(app);
	return status_worse(exit, w->kept);
}

/* A failure of all feeds together has JSON of its own, from main(). */
static int
print_report(const struct app *app, const struct report *r, struct err *e)
{
	struct buf out;
	int rc;

	buf_init(&out, REPORT_MAX);
	if (app->json && e->code == ERR_NONE)
		report_json(r, &out);
	else if (!app->json)
		report_text(r, &out);
	rc = print_buf(&out, "the report", e);
	buf_release(&out);
	return rc;
}

/* Whoever asks for one file has to know that it is left, whatever else was found. */
static int
told(const struct app *app, const struct report *r, int exit)
{
	bool again = app->file != NULL && r->n > 0 && r->feeds[0].again;

	return again && status_is_settled(exit) ? STATUS_BUSY : exit;
}

int
work_feeds(struct app *app, size_t n, const struct errand *errand, struct err *e)
{
	struct work w = {.order = {.report = &w.report,
			     .deadline = clock_mono(app->clock) + app->run_conf.deadline,
			     .errand = errand,
			     .upto = app->file},
	    .e = e,
	    .pings = errand == NULL && !app->dry_run,
	    .all = errand == NULL && !app->dry_run && n == 0};
	int exit;

	report_init(&w.report, app->run, app->trace.id);
	w.report.dry_run = app->dry_run;
	w.report.started = clock_wall(app->clock);
	if (w.pings) {
		app->watched = true;
		alarms_ping(app, NULL, PING_START);
	}
	exit = work_all(app, n, &w);
	w.report.ended = clock_wall(app->clock);
	w.report.exit = told(app, &w.report, exit);
	if (print_report(app, &w.report, e) != 0)
		exit = status_worse(exit, err_exit(e->code));
	if (w.pings)
		alarms_ping(app, NULL, exit);
	exit = told(app, &w.report, exit);
	report_release(&w.report);
	return exit;
}
