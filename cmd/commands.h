/*
 * The commands. Adding one is a file cmd_NAME.c and a line in the table of main.c.
 */
#ifndef CMD_COMMANDS_H
#define CMD_COMMANDS_H

#include "cmd/app.h"

enum option_bit {
	OPT_DRY_RUN = 1,
	OPT_CONNECT = 2,
	OPT_ROW = 4,
	OPT_FIELDS = 8,
	OPT_FROM = 16,
	OPT_TO = 32,
	OPT_REVEAL = 64,
	OPT_GUIDE = 128,
	OPT_ARRIVALS = 256,
	OPT_FILE = 512,
	OPT_AMQP = 1024,
	OPT_EVENT = 2048,
	OPT_LAMBDA = 4096,
	OPT_DRAIN = 8192,
	OPT_WAIT = 16384,
	OPT_OUT = 32768,
	OPT_DAYS = 65536,
	OPT_LIBRARIES = 131072
};

struct command {
	const char *name;
	const char *summary;    /* one line for `emrdrop --help` */
	const char *help;       /* at most 24 lines, two examples */
	unsigned options;       /* which of enum option_bit it takes */
	int min_args, max_args; /* -1: any number */
	bool needs_site;        /* emrdrop.ini must be right */
	/* The exit status; *e is printed if it was set. */
	int (*run)(struct app *app, struct err *e);
};

extern const struct command command_run, command_check, command_preview, command_status,
    command_backfill, command_retry, command_hold, command_files, command_find,
    command_pause, command_resume, command_forget, command_audit, command_ledger,
    command_version, command_profile, command_init, command_template, command_test,
    command_report, command_trigger;

/* Writes to stdout all at once; ERR_IO if it cannot (a full disk, a closed pipe). */
int print_out(struct span text, struct err *e);
/* The same of a whole buf, called `what`; nothing of one that is not whole. */
int print_buf(const struct buf *out, const char *what, struct err *e);

#endif
