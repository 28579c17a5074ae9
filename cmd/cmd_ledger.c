#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/json.h"
#include "cmd/commands.h"
#include "cmd/ledger_alarm.h"
#include "cmd/status.h"
#include "state/upkeep.h"

static const char help[] =
    "emrdrop ledger verify|export|compact [--json]\n\n"
    "verify   checks every value of the ledger, and what they refer to. Each mismatch is a\n"
    "         line: the table, the key, what is wrong; of a table with many the first 20\n"
    "export   writes every value as a line of JSON, without names and identifiers\n"
    "compact  rewrites the ledger's file without its free space, which takes as much room\n"
    "         on the disk as is in use. No run may be at work\n\n"
    "  --json        verify, compact: one JSON object on standard output\n"
    "  --config DIR  folder with emrdrop.ini and feeds.d\n\n"
    "Exit status: 0 all well; 74 mismatches, or the ledger can't be read; 75 a run or another\n"
    "command has the ledger open; 78 configuration\n\n"
    "Examples:\n"
    "  emrdrop ledger verify\n"
    "  emrdrop ledger export | jq -c 'select(.table == \"files\")'\n";

#define SHOWN_MAX  20    /* mismatches of a table; the rest is only counted */
#define TABLES_MAX 32    /* of the ledger, and answers */
#define PIECE      65536 /* bytes of the export that are written at once */

/* Mismatches of a table. */
struct of_table {
	const char *name;
	uint64_t n;
};

struct show {
	struct app *app;
	struct buf out;
	struct json json;
	struct of_table tables[TABLES_MAX]; /* up to the first without a name */
	struct err *e;
};

static struct of_table *
table_of(struct show *s, const char *name)
{
	size_t i = 0;

	while (i < TABLES_MAX - 1 && s->tables[i].name != NULL &&
	       strcmp(s->tables[i].name, name) != 0)
		i++;
	s->tables[i].name = name;
	return &s->tables[i];
}

/* What was not shown: a line each, or an object. */
static void
show_left(struct show *s)
{
	for (size_t i = 0; i < TABLES_MAX && s->tables[i].name != NULL; i++) {
		const struct of_table *t = &s->tables[i];

		if (t->n <= SHOWN_MAX)
			continue;
		if (s->app->json)
			jw_put_uint(&s->json, t->name, t->n - SHOWN_MAX);
		else
			buf_addf(&s->out, "%s: %" PRIu64 " more mismatches\n", t->name,
			    t->n - SHOWN_MAX);
	}
}

static int
show_mismatch(void *arg, const struct mismatch *m)
{
	struct show *s = arg;

	if (table_of(s, m->table)->n++ >= SHOWN_MAX)
		return 0;
	if (!s->app->json) {
		buf_clear(&s->out);
		buf_addf(&s->out, "%s, %s: %s\n", m->table, m->where, m->what);
		return print_out(buf_span(&s->out), s->e);
	}
	jw_object(&s->json);
	jw_put_cstr(&s->json, "table", m->table);
	jw_put_cstr(&s->json, "where", m->where);
	jw_put_cstr(&s->json, "what", m->what);
	jw_object_end(&s->json);
	return 0;
}

static int
show_verified(struct show *s, const struct verified *n)
{
	if (s->app->json) {
		jw_array_end(&s->json);
		jw_key(&s->json, SPAN_LIT("more"));
		jw_object(&s->json);
		show_left(s);
		jw_object_end(&s->json);
		jw_put_uint(&s->json, "values", n->values);
		jw_put_uint(&s->json, "count", n->mismatches);
		jw_object_end(&s->json);
		buf_add_char(&s->out, '\n');
	} else {
		buf_clear(&s->out);
		show_left(s);
		buf_addf(&s->out, "%" PRIu64 " values, %" PRIu64 " mismatch%s%s\n",
		    n->values, n->mismatches, n->mismatches == 1 ? "" : "es",
		    n->mismatches == 0
			? ""
			: ": restore the ledger from a backup that is sound");
	}
	return print_buf(&s->out, "the mismatches", s->e);
}

static int
verify(struct show *s, struct ledger *l)
{
	const struct mismatch_visitor each = {show_mismatch, s};
	struct verified n;

	if (s->app->json) {
		jw_object(&s->json);
		jw_key(&s->json, SPAN_LIT("mismatches"));
		jw_array(&s->json);
	}
	if (ledger_verify(l, &each, &n, s->e) != 0 || show_verified(s, &n) != 0)
		return -1;
	return n.mismatches == 0 ? STATUS_OK : STATUS_IO;
}

static int
show_line(void *arg, struct span line)
{
	struct show *s = arg;

	buf_add_span(&s->out, line);
	if (s->out.n < PIECE)
		return 0;
	if (print_buf(&s->out, "the export", s->e) != 0)
		return -1;
	buf_clear(&s->out);
	return 0;
}

static int export(struct show *s, struct ledger *l)
{
	const struct line_visitor each = {show_line, s};
	int rc = ledger_export(l, &each, s->e);

	/* What stands before the damage is of use as well. */
	if (print_buf(&s->out, "the export", rc == 0 ? s->e : NULL) != 0)
		return -1;
	return rc == 0 ? STATUS_OK : -1;
}

static int
compact(struct show *s, struct ledger *l)
{
	struct compacted n;

	if (ledger_compact(l, &n, s->e) != 0)
		return -1;
	if (s->app->json) {
		jw_object(&s->json);
		jw_put_uint(&s->json, "bytes_before", n.before);
		jw_put_uint(&s->json, "bytes_after", n.after);
		jw_object_end(&s->json);
		buf_add_char(&s->out, '\n');
	} else {
		buf_addf(&s->out,
		    "ledger.mdb had %" PRIu64 " bytes and has %" PRIu64 " now\n",
		    n.before, n.after);
	}
	return print_out(buf_span(&s->out), s->e) == 0 ? STATUS_OK : -1;
}

static const struct {
	const char *name;
	int (*fn)(struct show *s, struct ledger *l); /* an exit status, or -1 */
} actions[] = {{"verify", verify}, {"export", export}, {"compact", compact}};

#define ACTIONS (sizeof(actions) / sizeof(actions[0]))

static int
act(struct app *app, size_t action, struct err *e)
{
	struct show s = {.app = app, .e = e};
	struct ledger *l = app_ledger(app, false, e);
	int exit = -1;

	buf_init(&s.out, 1u << 30);
	jw_init(&s.json, &s.out);
	if (l != NULL)
		exit = actions[action].fn(&s, l);
	app_ledger_close(app, l);
	buf_release(&s.out);
	return exit >= 0 ? exit : err_exit(e->code);
}

/* Its exit status, and *e as it left it. */
static int
end_of(struct app *app, pid_t child, int from, struct err *e)
{
	struct err told;
	int status;

	if (read(from, &told, sizeof(told)) == (ssize_t)sizeof(told))
		*e = told;
	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return err_sys(e, ERR_INTERNAL, errno, "cannot wait"), STATUS_BUG;
	if (WIFEXITED(status))
		return WEXITSTATUS(status);
	err_set(e, ERR_LEDGER, "%s/ledger.mdb: reading it ended with signal %d%s",
	    app->state.dir, WTERMSIG(status),
	    WTERMSIG(status) == SIGKILL || WTERMSIG(status) == SIGTERM
		? ""
		: ": a page of it is damaged, restore it from a backup");
	return STATUS_IO;
}

/*
 * LMDB has no checksums: a damaged page may end the process that reads it. So that is
 * another one.
 */
static int
guarded(struct app *app, size_t action, struct err *e)
{
	int fds[2], exit;
	pid_t child;

	if (pipe2(fds, O_CLOEXEC) != 0)
		return err_sys(e, ERR_IO, errno, "cannot make a pipe"), STATUS_IO;
	if ((child = fork()) == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		/* end_of says it: neither ours (main.c) nor a sanitizer's. */
		signal(SIGSEGV, SIG_DFL);
		signal(SIGBUS, SIG_DFL);
		signal(SIGABRT, SIG_DFL);
		exit = act(app, action, e);
		_exit(write(fds[1], e, sizeof(*e)) == (ssize_t)sizeof(*e) ? exit
									  : STATUS_IO);
	}
	close(fds[1]);
	exit = child < 0 ? STATUS_IO : end_of(app, child, fds[0], e);
	if (child < 0)
		err_sys(e, ERR_IO, errno, "cannot start a process");
	close(fds[0]);
	return exit;
}

static int
ledger(struct app *app, struct err *e)
{
	size_t i = 0;
	int exit;

	while (i < ACTIONS && strcmp(actions[i].name, app->args[0]) != 0)
		i++;
	if (i < ACTIONS) {
		exit = guarded(app, i, e);
		if (exit == STATUS_OK && actions[i].fn == verify)
			ledger_alarm_verified(app);
		return exit;
	}
	err_set(e, ERR_USAGE,
	    "`emrdrop ledger` takes verify, export or compact: see `emrdrop ledger --help`");
	return STATUS_USAGE;
}

const struct command command_ledger = {"ledger",
    "check the ledger, export it, or make its file smaller", help, 0, 1, 1, true, ledger};
