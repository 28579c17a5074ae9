#include "cmd/commands.h"
#include "cmd/work.h"

static const char help[] =
    "emrdrop retry [options] FEED [FILE...]\n\n"
    "Asks the API once more to take what it refused. Without FILE (a file's id, or its first\n"
    "digits) all files of FEED with refused records are read again, from where they were put.\n"
    "Sent is only what the API refused and what no newer row or file has changed since;\n"
    "whatever comes into the drop meanwhile goes first.\n\n"
    "  --dry-run     read and compare, but write nothing anywhere and send nothing\n"
    "  --json        one JSON report on standard output\n"
    "  --config DIR  folder with emrdrop.ini and feeds.d\n\n"
    "Exit status: as `emrdrop run`; 74 also if a file is not where it was put any more\n\n"
    "Examples:\n"
    "  emrdrop retry northside-appointments\n"
    "  emrdrop retry northside-appointments 1a2b3c4d --dry-run\n";

static int
retry(struct app *app, struct err *e)
{
	const struct errand errand = {
	    .mode = PASS_RETRY, .args = app->args + 1, .n = (size_t)app->nargs - 1};

	return work_feeds(app, 1, &errand, e);
}

const struct command command_retry = {
    "retry", "send again what the API refused", help, OPT_DRY_RUN, 1, -1, true, retry};
