#include "cmd/check_connect.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "cmd/finds.h"
#include "cmd/login.h"
#include "cmd/status.h"
#include "cmd/text.h"
#include "cmd/unread.h"

#define CONNECT_TIME 60000 /* ms for one feed's drop and API */

void
check_say(struct check *c, const char *what, const char *text)
{
	if (c->as_json)
		jw_put_cstr(&c->json, what, text);
	else
		buf_addf(&c->out, "  %s: %s\n", what, text);
}

void
check_say_expiry(struct app *app, struct check *c, const char *what, int64_t at)
{
	if (at == 0)
		return;
	buf_clear(&c->text);
	buf_add_str(&c->text, "expires at ");
	text_time(&c->text, at);
	if (at - clock_wall(app->clock) < app->alarms.warn_before)
		buf_add_str(&c->text, ": RENEW IT");
	buf_add_char(&c->text, '\0');
	check_say(c, what, c->text.p);
}

/* The key is shown so that a person can compare it, never taken by itself. */
static void
show_host_line(struct check *c, struct feed *f, const struct poller_env *env)
{
	struct err e;
	char *line = NULL;

	if (poller_host_line(&f->source, env, &line, &e) != 0) {
		check_say(c, "host_key", e.msg);
		return;
	}
	check_say(c, "host_key", line);
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
		check_say(c, "feedback", e.msg);
		poller_put_abandon(p);
		return err_exit(e.code);
	}
	check_say(c, "feedback", "can be written");
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
		check_say(c, "old_markers", finds_old_markers(f, words));
	if (f->bad_names > 0)
		check_say(c, "bad_names", finds_bad_names(f, words));
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
		check_say(c, "files", rc == 0 ? text : e.msg);
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
		check_say(c, "drop", text);
		note_login(app, f);
		exit = try_files(app, c, f, p, &list);
		exit = status_worse(exit, try_feedback(app, c, f, p));
	} else {
		check_say(c, "drop", e.msg);
		if (e.code == ERR_PEER)
			show_host_line(c, f, &env);
	}
	drop_list_release(&list);
	poller_close(p);
	return status_worse(exit, err_exit(e.code));
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

	check_say(c, "api", t != NULL && target_probe(t, &e) == 0 ? "reached" : e.msg);
	if (t != NULL)
		target_stats(t, &stats);
	check_say_expiry(app, c, "api_certificate", stats.expires);
	target_close(t);
	return err_exit(e.code);
}

int
check_connect(struct app *app, struct check *c, struct feed *f)
{
	int drop = try_drop(app, c, f);

	return status_worse(drop, try_api(app, c, f));
}
