#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "cmd/commands.h"
#include "cmd/status.h"
#include "cmd/work.h"

static const char help[] =
    "emrdrop run [options] [FEED...]\n\n"
    "Looks at the drop of each feed (all of CONFIG/feeds.d without FEED), reads the files\n"
    "that are ready, delivers what is new or changed, and archives them. Running it again,\n"
    "or killing it anywhere, changes nothing that it should not.\n\n"
    "  --dry-run     read and compare, but write nothing anywhere and send nothing\n"
    "  --file NAME   take nothing of the one FEED behind this file in its order; 75 if it is\n"
    "                there but not to be taken yet. -: the name is on standard input\n"
    "  --json        one JSON report on standard output\n"
    "  --config DIR  folder with emrdrop.ini and feeds.d\n\n"
    "Exit status: 0 all well or nothing to do; 3 delivered, some rows rejected or refused,\n"
    "or a delivery given up; 4 a file is held; 65 a file cannot be read; 69 API unavailable;\n"
    "74 I/O or ledger; 75 another run is at work; 76 host key or certificate;\n"
    "77 permission; 78 configuration\n\n"
    "Examples:\n"
    "  emrdrop run\n"
    "  emrdrop run northside-appointments --json\n";

/* A name may be a patient's: on the command line every user of the machine would see it. */
static int
read_name(char name[FILE_NAME_MAX + 2], struct err *e)
{
	size_t n = 0;
	ssize_t got = 1;

	while (n < FILE_NAME_MAX + 1 &&
	       (got = read(STDIN_FILENO, name + n, FILE_NAME_MAX + 1 - n)) > 0)
		n += (size_t)got;
	if (got < 0)
		return err_sys(e, ERR_IO, errno, "the file's name on standard input");
	n -= n > 0 && name[n - 1] == '\n';
	name[n] = '\0';
	if (n == 0 || n > FILE_NAME_MAX || strlen(name) != n)
		return err_set(e, ERR_USAGE,
		    "--file - wants one file's name on standard input, at most %d bytes",
		    FILE_NAME_MAX);
	return 0;
}

static int
run(struct app *app, struct err *e)
{
	char name[FILE_NAME_MAX + 2];

	if (app->file != NULL && app->nargs != 1) {
		err_set(e, ERR_USAGE, "--file is of one FEED: name that alone");
		return STATUS_USAGE;
	}
	if (app->file != NULL && strcmp(app->file, "-") == 0) {
		if (read_name(name, e) != 0)
			return err_exit(e->code);
		app->file = name;
	}
	return work_feeds(app, (size_t)app->nargs, NULL, e);
}

const struct command command_run = {"run", "look at the drops and deliver what is new",
    help, OPT_DRY_RUN | OPT_FILE, 0, -1, true, run};
