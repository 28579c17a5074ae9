#include <stdio.h>
#include <unistd.h>

#include "cmd/commands.h"
#include "cmd/job.h"
#include "cmd/status.h"

static const char help[] =
    "emrdrop run [options] [FEED...]\n\n"
    "Looks at the drop of each feed (all of CONFIG/feeds.d without FEED), reads the files\n"
    "that are ready, delivers what is new or changed, and archives them. Running it again,\n"
    "or killing it anywhere, changes nothing that it should not.\n\n"
    "  --dry-run     read and compare, but write nothing anywhere and send nothing\n"
    "  --json        one JSON report on standard output\n"
    "  --config DIR  folder with emrdrop.ini and feeds.d\n\n"
    "Exit status: 0 all well or nothing to do; 3 delivered, some rows rejected or refused;\n"
    "4 a file is held; 65 a file cannot be read; 69 API unavailable; 74 I/O or ledger;\n"
    "75 another run is at work; 76 host key or certificate; 77 permission; 78 configuration\n\n"
    "Examples:\n"
    "  emrdrop run\n"
    "  emrdrop run northside-appointments --json\n";

struct run {
	struct report report;
	int64_t deadline;
};

static int
run_feed(struct app *app, struct feed *f, struct err *e, void *arg)
{
	struct run *run = arg;
	struct feed_report *out = report_feed(&run->report, f->feed.name);

	if (out == NULL)
		return err_exit(ERR_NOMEM);
	if (e == NULL)
		return job_run(app, f, &run->report, out, run->deadline);
	out->err = *e;
	out->exit = err_exit(e->code);
	app_print_errors(&f->errors);
	log_event(&app->log, LOG_ERROR, "feed-failed",
	    LOG_FIELDS(LOG_NAME("feed", f->feed.name), LOG_ERR(e)));
	return out->exit;
}

static int
run(struct app *app, struct err *e)
{
	struct run run = {.deadline = clock_mono(app->clock) + app->run_conf.deadline};
	struct buf out;
	int exit;

	report_init(&run.report, app->run);
	run.report.dry_run = app->dry_run;
	run.report.started = clock_wall(app->clock);
	exit = feed_each(app, app->args, (size_t)app->nargs,
	    &(struct feed_visitor){run_feed, &run}, e);
	run.report.ended = clock_wall(app->clock);
	run.report.exit = exit;
	buf_init(&out, 64u << 20);
	if (app->json && e->code == ERR_NONE)
		report_json(&run.report, &out);
	else if (!app->json)
		report_text(&run.report, &out);
	if (buf_check(&out, "the report", e) != 0 || print_out(buf_span(&out), e) != 0)
		exit = status_worse(exit, err_exit(e->code));
	buf_release(&out);
	report_release(&run.report);
	return exit;
}

const struct command command_run = {"run", "look at the drops and deliver what is new",
    help, OPT_DRY_RUN, 0, -1, true, run};
