#include "cmd/commands.h"
#include "cmd/work.h"

static const char help[] =
    "emrdrop run [options] [FEED...]\n\n"
    "Looks at the drop of each feed (all of CONFIG/feeds.d without FEED), reads the files\n"
    "that are ready, delivers what is new or changed, and archives them. Running it again,\n"
    "or killing it anywhere, changes nothing that it should not.\n\n"
    "  --dry-run     read and compare, but write nothing anywhere and send nothing\n"
    "  --json        one JSON report on standard output\n"
    "  --config DIR  folder with emrdrop.ini and feeds.d\n\n"
    "Exit status: 0 all well or nothing to do; 3 delivered, some rows rejected or refused,\n"
    "or a delivery given up; 4 a file is held; 65 a file cannot be read; 69 API unavailable;\n"
    "74 I/O or ledger; 75 another run is at work; 76 host key or certificate;\n"
    "77 permission; 78 configuration\n\n"
    "Examples:\n"
    "  emrdrop run\n"
    "  emrdrop run northside-appointments --json\n";

static int
run(struct app *app, struct err *e)
{
	return work_feeds(app, (size_t)app->nargs, NULL, e);
}

const struct command command_run = {"run", "look at the drops and deliver what is new",
    help, OPT_DRY_RUN, 0, -1, true, run};
