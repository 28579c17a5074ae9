#include <string.h>

#include "base/civil.h"
#include "cmd/commands.h"
#include "cmd/status.h"
#include "cmd/work.h"

static const char help[] =
    "emrdrop backfill [options] FEED PATH...\n"
    "emrdrop backfill [options] FEED --from DATE --to DATE\n\n"
    "Delivers old files, the oldest first: PATHs on the drop's server, absolute or in the\n"
    "drop, or those of the archive from one day (2024-01-31) to another, both included. A\n"
    "file's day is the date in its name, if the feed is ordered by that, or when it was\n"
    "written. The plan is logged first.\n\n"
    "What is known of a later time stands: of records without an event time the file's own\n"
    "time counts. The feed's place in its drop does not move, and what comes into the drop\n"
    "goes first, before each file. A backfill that was interrupted is done again; what was\n"
    "delivered is not sent twice.\n\n"
    "  --dry-run     say what would be sent, but write nothing anywhere and send nothing\n"
    "  --json        one JSON report on standard output\n"
    "  --config DIR  folder with emrdrop.ini and feeds.d\n\n"
    "Examples:\n"
    "  emrdrop backfill northside-appointments --from 2024-01-01 --to 2025-12-31 --dry-run\n"
    "  emrdrop backfill northside-appointments /archive/2024/visits-0103.csv\n";

static int
parse_day(const char *option, const char *text, int64_t *out, struct err *e)
{
	struct civil c;

	if (text == NULL || !civil_parse(span_of(text), "%Y-%m-%d", 0, &c))
		return err_set(e, ERR_USAGE,
		    "%s takes a day such as 2024-01-31, and both --from and --to are needed",
		    option);
	*out = civil_seconds(&c) * 1000;
	return 0;
}

static int
parse_days(const struct app *app, struct errand *er, struct err *e)
{
	if (parse_day("--from", app->from, &er->from, e) != 0 ||
	    parse_day("--to", app->to, &er->to, e) != 0)
		return -1;
	if (er->to < er->from)
		return err_set(e, ERR_USAGE, "--to is before --from");
	er->to += DAY_MS;
	return 0;
}

static int
backfill(struct app *app, struct err *e)
{
	struct errand errand = {
	    .mode = PASS_BACKFILL, .args = app->args + 1, .n = (size_t)app->nargs - 1};
	bool days = app->from != NULL || app->to != NULL;

	if (days == (errand.n > 0)) {
		err_set(e, ERR_USAGE,
		    "either paths, or --from and --to: see `emrdrop backfill --help`");
		return STATUS_USAGE;
	}
	if (days && parse_days(app, &errand, e) != 0)
		return STATUS_USAGE;
	return work_feeds(app, 1, &errand, e);
}

const struct command command_backfill = {"backfill", "deliver old files", help,
    OPT_DRY_RUN | OPT_FROM | OPT_TO, 1, -1, true, backfill};
