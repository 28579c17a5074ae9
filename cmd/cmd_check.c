#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/conf_file.h"
#include "cmd/alarms.h"
#include "cmd/check_arrivals.h"
#include "cmd/check_connect.h"
#include "cmd/commands.h"
#include "cmd/feed.h"
#include "cmd/site.h"
#include "cmd/status.h"
#include "cmd/tests.h"
#include "mappers/rejects.h"

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
	check_say(c, option, c->text.p);
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

	if (path == NULL)
		return STATUS_OK;
	if (access(path, R_OK) != 0)
		err_sys(&e, ERR_CONFIG, errno, "%s", path);
	else if (conf_file_ours(path, &e) == 0)
		return STATUS_OK;
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
		check_say_expiry(app, c, "pgp_key", expires);
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
	if (source_server(&f->source) != NULL && !c->connect)
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
	check_say(c, "receipts", c->text.p);
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
		check_say(c, "error", e->msg);
	if (e == NULL) {
		say_receipts(app, c, f);
		exit = try_places(app, c, f);
	}
	if (e == NULL && app->connect)
		exit = status_worse(exit, check_connect(app, c, f));
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
	if ((!c.as_json || e->code == ERR_NONE) &&
	    print_buf(&c.out, "the result", e) != 0)
		exit = status_worse(exit, err_exit(e->code));
	buf_release(&c.out);
	buf_release(&c.text);
	return exit;
}

const struct command command_check = {"check", "find every mistake in the configuration",
    help, OPT_CONNECT | OPT_ARRIVALS, 0, -1, true, check};
