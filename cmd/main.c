#include <errno.h>
#include <getopt.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/json.h"
#include "base/near.h"
#include "base/whole.h"
#include "cmd/commands.h"
#include "cmd/history.h"
#include "cmd/status.h"

static const struct command *const commands[] = {&command_run, &command_check,
    &command_preview, &command_profile, &command_init, &command_template, &command_test,
    &command_status, &command_report, &command_backfill, &command_retry, &command_hold,
    &command_files, &command_find, &command_pause, &command_resume, &command_forget,
    &command_audit, &command_ledger, &command_trigger, &command_version};

#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

int
print_out(struct span text, struct err *e)
{
	/* Past stdio's buffer, which would make three calls of one. */
	if (fflush(stdout) != 0 || write_whole(STDOUT_FILENO, text) != 0)
		return err_set(e, ERR_IO, "cannot write to standard output");
	return 0;
}

int
print_buf(const struct buf *out, const char *what, struct err *e)
{
	return buf_check(out, what, e) != 0 ? -1 : print_out(buf_span(out), e);
}

static void
usage(FILE *to)
{
	fputs(
	    "emrdrop: CSV and HL7 v2 drops on SFTP, delivered to an HTTP API exactly once\n\n"
	    "  emrdrop COMMAND [options] [arguments]\n\n",
	    to);
	for (size_t i = 0; i < COMMANDS; i++)
		fprintf(to, "  %-10s %s\n", commands[i]->name, commands[i]->summary);
	fputs("\nOptions of every command:\n"
	      "  --config DIR  folder with emrdrop.ini and feeds.d (" CONFIG_DIR ")\n"
	      "  --json        standard output is one JSON object, errors too\n"
	      "  --help        what a command does, with examples\n",
	    to);
}

static const struct command *
find_command(const char *name)
{
	for (size_t i = 0; i < COMMANDS; i++)
		if (strcmp(commands[i]->name, name) == 0)
			return commands[i];
	return NULL;
}

static const char *
nearest_command(const char *name)
{
	struct near near;

	near_start(&near, span_of(name));
	near.limit = 2; /* more slips is another word */
	for (size_t i = 0; i < COMMANDS; i++)
		near_try(&near, span_of(commands[i]->name));
	return near.found.p;
}

static int
row_number(struct app *app, const char *text, struct err *e)
{
	char *end;

	app->row = strtoll(text, &end, 10);
	if (*text == '\0' || *end != '\0' || app->row < 1)
		return err_set(e, ERR_USAGE,
		    "--row takes a row number, as the spreadsheet shows it");
	return 0;
}

static int
days_number(struct app *app, const char *text, struct err *e)
{
	char *end;

	app->days = strtoll(text, &end, 10);
	if (*text == '\0' || *end != '\0' || app->days < 1 ||
	    app->days > HISTORY_DAYS_MAX)
		return err_set(e, ERR_USAGE, "--days takes a number of days: 1 to %d",
		    HISTORY_DAYS_MAX);
	return 0;
}

/* In what getopt_long returns: no letter, but one of the table below. */
#define LONG_OPTION (1 << 24)
_Static_assert(OPT_LIBRARIES < LONG_OPTION, "a bit of the table is taken for the mark");

static const struct option options[] = {
    {"config", required_argument, NULL, LONG_OPTION | 'c'},
    {"json", no_argument, NULL, LONG_OPTION | 'j'},
    {"help", no_argument, NULL, LONG_OPTION | 'h'},
    {"dry-run", no_argument, NULL, LONG_OPTION | OPT_DRY_RUN},
    {"connect", no_argument, NULL, LONG_OPTION | OPT_CONNECT},
    {"row", required_argument, NULL, LONG_OPTION | OPT_ROW},
    {"fields", no_argument, NULL, LONG_OPTION | OPT_FIELDS},
    {"from", required_argument, NULL, LONG_OPTION | OPT_FROM},
    {"guide", no_argument, NULL, LONG_OPTION | OPT_GUIDE},
    {"arrivals", no_argument, NULL, LONG_OPTION | OPT_ARRIVALS},
    {"file", required_argument, NULL, LONG_OPTION | OPT_FILE},
    {"amqp", required_argument, NULL, LONG_OPTION | OPT_AMQP},
    {"event", required_argument, NULL, LONG_OPTION | OPT_EVENT},
    {"lambda", no_argument, NULL, LONG_OPTION | OPT_LAMBDA},
    {"drain", no_argument, NULL, LONG_OPTION | OPT_DRAIN},
    {"wait", no_argument, NULL, LONG_OPTION | OPT_WAIT},
    {"to", required_argument, NULL, LONG_OPTION | OPT_TO},
    {"out", required_argument, NULL, LONG_OPTION | OPT_OUT},
    {"days", required_argument, NULL, LONG_OPTION | OPT_DAYS},
    {"libraries", no_argument, NULL, LONG_OPTION | OPT_LIBRARIES},
    {"reveal", no_argument, NULL, LONG_OPTION | OPT_REVEAL},
    {NULL, 0, NULL, 0},
};

/* `name` is that of a known option, else getopt_long has just refused one. */
static int
bad_option(const struct command *c, const char *name, char *const *argv, struct err *e)
{
	char letter[] = {'-', (char)optopt, '\0'};

	if (name == NULL && optopt != 0 && (optopt < 0 || optopt < LONG_OPTION))
		name = letter;
	else if (name == NULL)
		name = argv[optind - 1];
	return err_set(e, ERR_USAGE,
	    "`%s%s` is no option of `emrdrop %s`, or lacks its value",
	    name[0] == '-' ? "" : "--", name, c->name);
}

/* Of an option that has one; `value` is NULL for the others. */
static void
take_value(struct app *app, int o, const char *value)
{
	app->out = o == OPT_OUT ? value : app->out;
	app->from = o == OPT_FROM ? value : app->from;
	app->to = o == OPT_TO ? value : app->to;
	app->file = o == OPT_FILE ? value : app->file;
	app->amqp = o == OPT_AMQP ? value : app->amqp;
	app->event = o == OPT_EVENT ? value : app->event;
}

/* 0, 1 if help was asked for, -1. */
static int
parse_options(
    struct app *app, const struct command *c, int argc, char **argv, struct err *e)
{
	int o, at = 0;

	opterr = 0;
	while ((o = getopt_long(argc, argv, "h", options, &at)) != -1) {
		if (o == '?')
			return bad_option(c, NULL, argv, e);
		o &= ~LONG_OPTION;
		if (o == 'h')
			return 1;
		if (o == 'c')
			app->config_dir = optarg;
		else if (o == 'j')
			app->json = true;
		else if (((unsigned)o & c->options) == 0)
			return bad_option(c, options[at].name, argv, e);
		else if (o == OPT_ROW && row_number(app, optarg, e) != 0)
			return -1;
		else if (o == OPT_DAYS && days_number(app, optarg, e) != 0)
			return -1;
		take_value(app, o, optarg);
		app->dry_run |= o == OPT_DRY_RUN;
		app->connect |= o == OPT_CONNECT;
		app->fields |= o == OPT_FIELDS;
		app->reveal |= o == OPT_REVEAL;
		app->guide |= o == OPT_GUIDE;
		app->arrivals |= o == OPT_ARRIVALS;
		app->lambda |= o == OPT_LAMBDA;
		app->drain |= o == OPT_DRAIN;
		app->wait |= o == OPT_WAIT;
		app->libraries |= o == OPT_LIBRARIES;
	}
	app->args = argv + optind;
	app->nargs = argc - optind;
	if (app->nargs < c->min_args || (c->max_args >= 0 && app->nargs > c->max_args))
		return err_set(e, ERR_USAGE,
		    "`emrdrop %s` takes other arguments: see `emrdrop %s --help`",
		    c->name, c->name);
	return 0;
}

/*
 * No values of patients in core dumps, and no debugger beside us. A connection that is
 * gone and a limit on the size of files (ulimit -f) are errors that are told, not signals.
 */
static void
harden(void)
{
	const struct rlimit none = {0, 0};

	setrlimit(RLIMIT_CORE, &none);
	prctl(PR_SET_DUMPABLE, 0);
	umask(077);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
}

/* One line, by what a handler may call; then it ends as it would have. */
static void
on_fault(int sig)
{
	static const char head[] = "emrdrop: ended by signal ",
			  tail[] = "; if that comes again the ledger may be damaged: see "
				   "`emrdrop ledger verify`\n";
	char line[sizeof(head) + sizeof(tail)] = "";
	size_t n = sizeof(head) - 1;
	ssize_t told;

	memcpy(line, head, n);
	if (sig >= 10)
		line[n++] = (char)('0' + sig / 10);
	line[n++] = (char)('0' + sig % 10);
	memcpy(line + n, tail, sizeof(tail) - 1);
	n += sizeof(tail) - 1;
	told = write(STDERR_FILENO, line, n);
	(void)told; /* if not, there is nobody */
	raise(sig);
}

/*
 * LMDB has no checksums: a damaged page may end who reads it, by a fault or by an assertion
 * of LMDB's. Sanitizers have handlers of their own, which say more.
 */
static void
explain_faults(void)
{
	const int faults[] = {SIGSEGV, SIGBUS, SIGABRT};
	struct sigaction ours = {.sa_handler = on_fault, .sa_flags = (int)SA_RESETHAND},
			 before;

	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
		if (sigaction(faults[i], NULL, &before) == 0 &&
		    before.sa_handler == SIG_DFL)
			sigaction(faults[i], &ours, NULL);
}

/*
 * What one thread frees another may have: with a heap each, which is what glibc gives them,
 * the reader's and the judge's are at their largest one after the other, and stay (P11).
 */
static void
share_heap(void)
{
	mallopt(M_ARENA_MAX, 1);
}

static void
tell_error(const struct app *app, const struct err *e, int exit)
{
	struct buf out;
	struct json j;

	fprintf(stderr, "emrdrop: %s\n", e->msg);
	if (!app->json)
		return;
	buf_init(&out, 65536);
	jw_init(&j, &out);
	jw_object(&j);
	jw_key(&j, SPAN_LIT("error"));
	jw_object(&j);
	jw_put_cstr(&j, "code", err_name(e->code));
	jw_put_cstr(&j, "message", e->msg);
	jw_object_end(&j);
	jw_put_int(&j, "exit", exit);
	jw_object_end(&j);
	buf_add_char(&out, '\n');
	if (!out.failed)
		fwrite(out.p, 1, out.n, stdout);
	buf_release(&out);
}

/* Ours, and that of the trace which it is part of. */
static void
name_run(struct app *app)
{
	ulid_make(clock_wall(app->clock), app->run);
	trace_begin(&app->trace, getenv("TRACEPARENT"));
	app->log.trace = app->trace.id;
}

/* A folder that is not there is a slip: its defaults would be those of another site. */
static int
find_site(const struct app *app, struct err *e)
{
	if (strcmp(app->config_dir, CONFIG_DIR) == 0 ||
	    access(app->config_dir, F_OK) == 0)
		return 0;
	return err_set(
	    e, ERR_CONFIG, "--config %s: %s", app->config_dir, strerror(errno));
}

static int
run_command(struct app *app, const struct command *c, int argc, char **argv)
{
	struct err e = {.code = ERR_NONE};
	int r = parse_options(app, c, argc, argv, &e), exit;

	if (r == 1) {
		fputs(c->help, stdout);
		return STATUS_OK;
	}
	if (r == 0)
		r = crypto_init(&e);
	if (r == 0)
		name_run(app);
	if (r == 0 && c->needs_site && (r = find_site(app, &e)) == 0)
		r = app_load(app, &e);
	exit = r == 0 ? c->run(app, &e) : err_exit(e.code);
	if (r != 0)
		app_print_errors(&app->errors);
	if (e.code != ERR_NONE)
		tell_error(app, &e, exit);
	app_release(app);
	return exit;
}

/* The options of every command may stand before it: it is moved to the front. */
static const char *
take_command(int argc, char **argv)
{
	char *name;
	int i;

	for (i = 1; i < argc && argv[i][0] == '-'; i++)
		i += strcmp(argv[i], "--config") == 0;
	if (i >= argc)
		return NULL;
	name = argv[i];
	memmove(&argv[2], &argv[1], (size_t)(i - 1) * sizeof(*argv));
	argv[1] = name;
	return name;
}

static int
no_command(const struct app *app, const char *name)
{
	const char *nearest = name == NULL ? NULL : nearest_command(name);
	struct err e;

	if (name == NULL)
		err_set(&e, ERR_USAGE, "no command is given; see `emrdrop --help`");
	else
		err_set(&e, ERR_USAGE, "`%s` is no command%s%s%s; see `emrdrop --help`",
		    name, nearest != NULL ? ", did you mean `" : "",
		    nearest != NULL ? nearest : "", nearest != NULL ? "`?" : "");
	tell_error(app, &e, STATUS_USAGE);
	return STATUS_USAGE;
}

/* Before the options are parsed: a mistake in them is told as JSON too. */
static bool
stands(const char *option, int argc, char *const *argv)
{
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
		if (strcmp(argv[i], option) == 0)
			return true;
	return false;
}

int
main(int argc, char **argv)
{
	struct app app = {.config_dir = CONFIG_DIR,
	    .clock = &clock_system,
	    .log = {.fd = STDERR_FILENO, .level = LOG_INFO, .clock = &clock_system}};
	const struct command *c;
	const char *name;

	harden();
	explain_faults();
	share_heap();
	app.log.run = app.run;
	app.json = stands("--json", argc, argv);
	name = take_command(argc, argv);
	if (name == NULL ? stands("--help", argc, argv) : strcmp(name, "help") == 0) {
		usage(stdout);
		return STATUS_OK;
	}
	if (name == NULL)
		usage(stderr);
	if (name == NULL || (c = find_command(name)) == NULL)
		return no_command(&app, name);
	return run_command(&app, c, argc - 1, argv + 1);
}
