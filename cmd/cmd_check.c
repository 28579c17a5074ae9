#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/alarms.h"
#include "cmd/check_arrivals.h"
#include "cmd/commands.h"
#include "cmd/feed.h"
#include "cmd/finds.h"
#include "cmd/login.h"
#include "cmd/site.h"
#include "cmd/status.h"
#include "cmd/tests.h"
#include "cmd/text.h"
#include "cmd/unread.h"
#include "mappers/rejects.h"

#define CONNECT_TIME 60000 /* ms for one feed's drop and API */

static const char help[] =
    "emrdrop check [options] [FEED...]\n\n"
    "Reads emrdrop.ini and the feed files (all of CONFIG/feeds.d without FEED), and tells\n"
    "every mistake with file and line, and a ledger that can't be opened. A FEED alone may\n"
    "be the path of a feed file that is not there yet: it has a slash. Sends nothing, and\n"
    "writes nothing but what --connect does.\n\n"
    "  --arrivals    ask the ledger alone which expected files are late; what is new of\n"
    "                that goes to the log and to [alarms], once\n"
    "  --connect     also log in to each drop (and note that this works again), list it,\n"
    "                open what waits to be taken, write a file into [source] feedback and\n"
    "                remove it, and ask the API; print the known_hosts line of a host key\n"
    "                that is not known\n"
    "  --json        one JSON object on standard output\n"
    "  --config DIR  folder with emrdrop.ini and feeds.d\n\n"
    "Exit status: 0 all well; 4 or 65 what came is held or cannot be read; 5 a file is\n"
    "late, or strange; 69 API unavailable; 74 no connection, or the ledger; 76 host key or\n"
    "certificate; 77 login or a file refused; 78 mistakes in the configuration\n\n"
    "Examples:\n"
    "  emrdrop check northside-appointments --connect\n"
    "  emrdrop check ./draft.ini\n"
    "  emrdrop check --arrivals\n";

struct check {
	struct buf out, text;
	struct json json;
	bool as_json, connect;
};

static void
list_texts(struct check *c, const char *key, const struct conf_errors *errs)
{
	size_t shown = errs->n < CONF_ERRORS_MAX ? errs->n : CONF_ERRORS_MAX;

	jw_key(&c->json, span_of(key));
	jw_array(&c->json);
	for (size_t i = 0; i < shown; i++)
		jw_cstr(&c->json, errs->text[i]);
	jw_array_end(&c->json);
}

static void
say_errors(struct check *c, const struct conf_errors *errs)
{
	if (c->as_json)
		list_texts(c, "mistakes", errs);
	else
		app_print_errors(errs);
}

/* What may be meant so: the status does not change for it. */
static void
say_warnings(struct check *c, const struct conf_errors *w)
{
	if (c->as_json && w->n > 0)
		list_texts(c, "warnings", w);
	for (size_t i = 0; !c->as_json && i < w->n && i < CONF_ERRORS_MAX; i++)
		buf_addf(&c->out, "  warning: %s\n", w->text[i]);
}

static void
say(struct check *c, const char *what, const char *text)
{
	if (c->as_json)
		jw_put_cstr(&c->json, what, text);
	else
		buf_addf(&c->out, "  %s: %s\n", what, text);
}

/* The key is shown so that a person can compare it, never taken by itself. */
static void
show_host_line(struct check *c, struct feed *f, const struct poller_env *env)
{
	struct err e;
	char *line = NULL;

	if (poller_host_line(&f->source, env, &line, &e) != 0) {
		say(c, "host_key", e.msg);
		return;
	}
	say(c, "host_key", line);
	if (!c->as_json)
		buf_add_str(&c->out,
		    "    compare its fingerprint with the clinic's, then paste "
		    "the line into known_hosts\n");
	free(line);
}

/* The clinic may have mended the account: runs need not know how. */
static void
note_login(struct app *app, const struct feed *f)
{
	struct err ignored;
	struct ledger *l = app_ledger(app, false, &ignored);

	if (l != NULL)
		(void)login_note(l, f, false, clock_wall(app->clock), &ignored);
	app_ledger_close(app, l);
}

/* As a receipt is written; what is there for a moment is no name that is ever taken. */
static int
try_feedback(struct app *app, struct check *c, struct feed *f, struct poller *p)
{
	struct err e = {.code = ERR_NONE};
	char path[PATH_MAX];

	if (f->source.feedback == NULL || f->source.receipts != RECEIPTS_DROP)
		return STATUS_OK;
	snprintf(
	    path, sizeof(path), "%s/.emrdrop-check-%s", f->source.feedback, app->run);
	if (poller_put_begin(p, path, &e) != 0 ||
	    poller_put(p, SPAN_LIT("emrdrop check --connect\n"), &e) != 0 ||
	    poller_put_end(p, &e) != 0 || poller_remove(p, path, &e) != 0) {
		say(c, "feedback", e.msg);
		poller_put_abandon(p);
		return err_exit(e.code);
	}
	say(c, "feedback", "can be written");
	return STATUS_OK;
}

/* A person is told the name; what a program keeps has none. */
static void
say_unread(void *arg, const struct drop_file *f, const char *words)
{
	struct check *c = arg;

	if (c->as_json) {
		jw_cstr(&c->json, words);
		return;
	}
	buf_add_str(&c->out, "  unreadable: ");
	text_quote(&c->out, span_of(f->name));
	buf_addf(&c->out, ", %s\n", words);
}

static void
say_finds(struct check *c, const struct look_finds *f)
{
	char words[FINDS_WORDS];

	if (f->old_markers > 0)
		say(c, "old_markers", finds_old_markers(f, words));
	if (f->bad_names > 0)
		say(c, "bad_names", finds_bad_names(f, words));
}

/* What a run would stop at is found before there is one. */
static int
try_files(struct app *app, struct check *c, struct feed *f, struct poller *p,
    const struct drop_list *list)
{
	struct unread_trial t = {.app = app,
	    .feed = f,
	    .poller = p,
	    .list = list,
	    .told = say_unread,
	    .arg = c};
	struct err e = {.code = ERR_NONE};
	char text[128];
	int rc;

	if (c->as_json) {
		jw_key(&c->json, SPAN_LIT("unreadable"));
		jw_array(&c->json);
	}
	rc = unread_try(&t, &e);
	if (c->as_json)
		jw_array_end(&c->json);
	snprintf(text, sizeof(text), "%zu of %zu that wait to be taken can be opened%s",
	    t.tried - t.failed, t.tried, t.left > 0 ? "; the others were not tried" : "");
	if (t.tried > 0 || rc != 0)
		say(c, "files", rc == 0 ? text : e.msg);
	say_finds(c, &t.finds);
	return rc == 0 ? t.exit : status_worse(t.exit, err_exit(e.code));
}

static int
try_drop(struct app *app, struct check *c, struct feed *f)
{
	struct poller_env env = {app->clock, clock_mono(app->clock) + CONNECT_TIME, NULL};
	struct drop_list list = {.n = 0};
	struct err e = {.code = ERR_NONE};
	struct poller *p = poller_open(&f->source, &env, &e);
	int exit = STATUS_OK;
	char text[64];

	if (p != NULL && poller_list(p, &list, &e) == 0) {
		snprintf(text, sizeof(text), "reached, %zu file%s", list.n,
		    list.n == 1 ? " matches" : "s match");
		say(c, "drop", text);
		note_login(app, f);
		exit = try_files(app, c, f, p, &list);
		exit = status_worse(exit, try_feedback(app, c, f, p));
	} else {
		say(c, "drop", e.msg);
		if (e.code == ERR_PEER)
			show_host_line(c, f, &env);
	}
	drop_list_release(&list);
	poller_close(p);
	return status_worse(exit, err_exit(e.code));
}

static void
say_expiry(struct app *app, struct check *c, const char *what, int64_t at)
{
	if (at == 0)
		return;
	buf_clear(&c->text);
	buf_add_str(&c->text, "expires at ");
	text_time(&c->text, at);
	if (at - clock_wall(app->clock) < app->alarms.warn_before)
		buf_add_str(&c->text, ": RENEW IT");
	buf_add_char(&c->text, '\0');
	say(c, what, c->text.p);
}

static int
try_api(struct app *app, struct check *c, struct feed *f)
{
	struct target_env env = {.clock = app->clock,
	    .deadline = clock_mono(app->clock) + CONNECT_TIME,
	    .run = app->run,
	    .trace = &app->trace};
	struct err e = {.code = ERR_NONE};
	struct target *t = target_open(&f->target, &env, &e);
	struct target_stats stats = {.expires = 0};

	say(c, "api", t != NULL && target_probe(t, &e) == 0 ? "reached" : e.msg);
	if (t != NULL)
		target_stats(t, &stats);
	say_expiry(app, c, "api_certificate", stats.expires);
	target_close(t);
	return err_exit(e.code);
}

/* What is wrong with the value of an option, at its line. */
static void
say_at(struct check *c, struct feed *f, const char *section, const char *key,
    const char *why)
{
	struct conf_section *s = conf_find(&f->conf, section, "");
	const struct conf_entry *en = conf_get(s, key);
	const char *file = en == NULL ? f->path : en->file;
	char option[TARGET_HEADER_NAME + 32], line[16] = "";

	if (en != NULL)
		snprintf(line, sizeof(line), ":%u", en->line);
	if (!c->as_json) {
		buf_addf(&c->out, "  %s%s: [%s] %s: %s\n", file, line, section, key, why);
		return;
	}
	snprintf(option, sizeof(option), "[%s] %s", section, key);
	buf_clear(&c->text);
	buf_addf(&c->text, "%s%s: %s", file, line, why);
	buf_add_char(&c->text, '\0');
	say(c, option, c->text.p);
}

/* Secrets are read as a run would read them, and forgotten. */
static int
try_secret(struct check *c, struct feed *f, const char *section, const char *key,
    const struct conf_secret *place)
{
	struct err e;
	char *secret;

	if (place->where == NULL)
		return STATUS_OK;
	if ((secret = secret_read(place, &e)) == NULL) {
		say_at(c, f, section, key, e.msg);
		return STATUS_CONFIG;
	}
	secret_free(secret);
	return STATUS_OK;
}

static int
try_file(struct check *c, struct feed *f, const char *section, const char *key,
    const char *path)
{
	struct err e;

	if (path == NULL || access(path, R_OK) == 0)
		return STATUS_OK;
	err_sys(&e, ERR_CONFIG, errno, "%s", path);
	say_at(c, f, section, key, e.msg);
	return STATUS_CONFIG;
}

static int
try_known_hosts(struct check *c, struct feed *f)
{
	int exit = try_file(c, f, "source", "known_hosts", f->source.known_hosts);

	if (exit != STATUS_OK && !c->as_json)
		buf_add_str(&c->out, "    check --connect prints what belongs there\n");
	return exit;
}

static int
try_keyring(struct app *app, struct check *c, struct feed *f)
{
	int64_t expires;
	struct err e;

	if (unpack_probe(&f->unpack, &expires, &e) == 0) {
		say_expiry(app, c, "pgp_key", expires);
		return STATUS_OK;
	}
	say_at(c, f, "unpack", "keyring", e.msg);
	return err_exit(e.code);
}

static int
try_places(struct app *app, struct check *c, struct feed *f)
{
	const struct {
		const char *section, *key;
		const struct conf_secret *place;
	} secrets[] = {{"source", "key_file", &f->source.key_file},
	    {"source", "key_passphrase_file", &f->source.key_passphrase},
	    {"source", "password_file", &f->source.password_file},
	    {"target", "token_file", &f->target.token_file},
	    {"target", "password_file", &f->target.password_file},
	    {"unpack", "passphrase_file", &f->unpack.passphrase}};
	bool sftp = strncmp(f->source.url, "sftp:", 5) == 0;
	int exit = try_keyring(app, c, f);
	char key[TARGET_HEADER_NAME + 8];

	for (size_t i = 0; i < sizeof(secrets) / sizeof(secrets[0]); i++)
		exit = status_worse(exit, try_secret(c, f, secrets[i].section,
					      secrets[i].key, secrets[i].place));
	for (size_t i = 0; i < f->target.nheaders; i++) {
		snprintf(key, sizeof(key), "header.%s", f->target.headers[i].name);
		exit = status_worse(
		    exit, try_secret(c, f, "target", key, &f->target.headers[i].value));
	}
	exit = status_worse(exit, try_file(c, f, "target", "ca_file", f->target.ca_file));
	/* --connect gives the lines to make it with. */
	if (sftp && !c->connect)
		exit = status_worse(exit, try_known_hosts(c, f));
	return exit;
}

/* What the clinic will be told, and where. */
static void
say_receipts(struct app *app, struct check *c, const struct feed *f)
{
	const struct source_conf *sc = &f->source;

	buf_clear(&c->text);
	if (sc->receipts == RECEIPTS_LOCAL)
		buf_addf(&c->text,
		    "kept in %s/receipts/%s; no reject files, which hold patients' data",
		    app->state.dir, f->feed.name);
	else if (sc->receipts == RECEIPTS_OFF || sc->feedback == NULL)
		buf_addf(&c->text, "none: %s",
		    sc->receipts == RECEIPTS_OFF ? "[source] receipts = off"
						 : "[source] feedback is not set");
	else
		buf_addf(&c->text, "written to %s%s", sc->feedback,
		    mapper_rejects(f->mapper) ? ", with reject files" : "");
	buf_add_char(&c->text, '\0');
	say(c, "receipts", c->text.p);
}

/* A run does not ask what [test NAME] says. */
static int
try_tests(const struct app *app, struct feed *f, struct err *e)
{
	struct tests t;
	int rc = tests_read(&t, app, f, e);

	tests_release(&t);
	return rc == 0 ? app_errors(&f->errors, f->path, e) : -1;
}

static int
check_feed(struct app *app, struct feed *f, struct err *e, void *arg)
{
	struct check *c = arg;
	struct err of_tests;
	int exit;

	if (e == NULL && try_tests(app, f, &of_tests) != 0)
		e = &of_tests;
	exit = e == NULL ? STATUS_OK : err_exit(e->code);
	if (c->as_json) {
		jw_object(&c->json);
		jw_put_cstr(&c->json, "feed", f->feed.name);
		jw_put_cstr(&c->json, "path", f->path);
	} else {
		buf_addf(&c->out, "%s: %s\n", f->feed.name,
		    e == NULL ? "configuration right" : e->msg);
	}
	if (e != NULL)
		say_errors(c, &f->errors);
	say_warnings(c, &f->warnings);
	if (e != NULL && c->as_json)
		say(c, "error", e->msg);
	if (e == NULL) {
		say_receipts(app, c, f);
		exit = try_places(app, c, f);
	}
	if (e == NULL && app->connect) {
		exit = status_worse(exit, try_drop(app, c, f));
		exit = status_worse(exit, try_api(app, c, f));
	}
	if (c->as_json)
		jw_object_end(&c->json);
	return exit;
}

/* Of no feed: 0, or -1 with what is wrong. */
static int
say_site(struct check *c, const char *key, const char *where, int rc, const struct err *e)
{
	if (rc == 0)
		return STATUS_OK;
	if (c->as_json)
		jw_put_cstr(&c->json, key, e->msg);
	else
		buf_addf(&c->out, "%s: %s\n", where, e->msg);
	return err_exit(e->code);
}

/* Who is told of problems, and the ledger; little room is a warning. */
static int
check_site(struct app *app, struct check *c)
{
	struct err e = {.code = ERR_NONE};
	int exit = say_site(c, "alarms", "emrdrop.ini", alarms_check(app, &e), &e);

	(void)say_site(c, "room", "warning", site_room(app, &e), &e);
	return status_worse(
	    exit, say_site(c, "ledger", "ledger", site_ledger(app, &e), &e));
}

static int
check(struct app *app, struct err *e)
{
	struct check c = {.as_json = app->json, .connect = app->connect};
	const struct feed_visitor v = {check_feed, &c};
	int exit, site;

	if (app->arrivals)
		return check_arrivals(app, e);
	buf_init(&c.out, 16u << 20);
	buf_init(&c.text, 8192);
	jw_init(&c.json, &c.out);
	if (c.as_json)
		jw_object(&c.json);
	site = check_site(app, &c);
	if (c.as_json) {
		jw_key(&c.json, SPAN_LIT("feeds"));
		jw_array(&c.json);
	}
	exit = app->nargs == 1 ? feed_one(app, app->args[0], &v, e)
			       : feed_each(app, app->args, (size_t)app->nargs, &v, e);
	exit = status_worse(exit, site);
	if (c.as_json) {
		jw_array_end(&c.json);
		jw_put_int(&c.json, "exit", exit);
		jw_object_end(&c.json);
		buf_add_char(&c.out, '\n');
	}
	if (!c.as_json || e->code == ERR_NONE)
		if (buf_check(&c.out, "the result", e) != 0 ||
		    print_out(buf_span(&c.out), e) != 0)
			exit = status_worse(exit, err_exit(e->code));
	buf_release(&c.out);
	buf_release(&c.text);
	return exit;
}

const struct command command_check = {"check", "find every mistake in the configuration",
    help, OPT_CONNECT | OPT_ARRIVALS, 0, -1, true, check};
