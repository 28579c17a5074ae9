#include "cmd/alarms.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "base/spawn.h"
#include "cmd/app.h"
#include "cmd/feed.h"
#include "cmd/ledger_alarm.h"
#include "cmd/status.h"
#include "outbound/api_url.h"
#include "outbound/notify.h"

#define EVENT_MAX 4096
#define LOCK      "+alarms." /* and the feed's name: no source's begins so */
#define FEED_WORD "{feed}"

/* A change: it began, or another of its kind did; or it ended. */
struct event {
	struct app *app;
	const char *feed; /* NULL: it is that of all */
	enum trouble kind;
	const char *name; /* of the kind */
	const struct trouble_now *trouble;
	bool begun;
	int64_t since;
};

static void
event_json(const struct event *ev, struct buf *out)
{
	const struct trouble_now *t = ev->trouble;
	struct json j;

	jw_init(&j, out);
	jw_object(&j);
	jw_put_cstr(&j, "schema", "emrdrop-problem/1");
	jw_put_cstr(&j, "feed", ev->feed);
	jw_put_cstr(&j, "problem", ev->name);
	jw_put_cstr(&j, "state", ev->begun ? "begun" : "ended");
	jw_put_int(&j, "since_ms", ev->since);
	jw_put_int(&j, "at_ms", clock_wall(ev->app->clock));
	if (ev->begun) {
		jw_put_cstr(&j, "words", t->words);
		jw_put_uint(&j, "count", t->count);
		jw_put_int(&j, "exit", t->exit);
		jw_put_cstr(&j, "command", t->command);
	}
	jw_put_cstr(&j, "run", ev->app->run);
	jw_put_cstr(&j, "trace", ev->app->trace.id);
	jw_object_end(&j);
	buf_add_char(out, '\n');
}

static const char *
log_feed(const struct event *ev)
{
	return ev->feed != NULL ? ev->feed : "all";
}

static void
event_log(const struct event *ev)
{
	const struct trouble_now *t = ev->trouble;

	if (ev->begun)
		log_event(&ev->app->log, LOG_ERROR, "problem-begun",
		    LOG_FIELDS(LOG_NAME("feed", log_feed(ev)),
			LOG_NAME("problem", ev->name), LOG_NAME("words", t->words),
			LOG_UINT("count", t->count), LOG_NAME("command", t->command)));
	else
		log_event(&ev->app->log, LOG_WARN, "problem-ended",
		    LOG_FIELDS(
			LOG_NAME("feed", log_feed(ev)), LOG_NAME("problem", ev->name)));
}

/* Nothing of our own environment: it holds secrets. */
static int
call_command(struct app *app, struct span json, struct err *e)
{
	const struct alarms_conf *ac = &app->alarms;
	char trace[TRACE_HEADER_SIZE], parent[sizeof("TRACEPARENT=") + TRACE_HEADER_SIZE];
	char path[] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
	char lang[] = "LANG=C.UTF-8";
	char *env[] = {path, lang, parent, NULL};

	trace_header(&app->trace, trace);
	snprintf(parent, sizeof(parent), "TRACEPARENT=%s", trace);
	return spawn_run(&(struct spawn){.args = ac->on_problem.v,
			     .n = ac->on_problem.n,
			     .env = env,
			     .in = json,
			     .timeout = ac->timeout},
	    e);
}

/* `json` p NULL: got, not posted. */
static int
notify(struct app *app, const char *url, struct span json, unsigned tries, struct err *e)
{
	const struct target_env env = {
	    .clock = app->clock, .run = app->run, .trace = &app->trace};
	const struct notice n = {url, json, app->alarms.timeout, tries, &env};

	return notify_send(&n, e);
}

static int
call_webhook(struct app *app, struct span json, struct err *e)
{
	char *url = secret_read(&app->alarms.webhook_file, e);
	int rc = url == NULL ? -1 : notify(app, url, json, NOTIFY_TRIES, e);

	secret_free(url);
	return rc;
}

static void
log_failure(const struct event *ev, const char *what, const struct err *e)
{
	log_event(&ev->app->log, LOG_WARN, what,
	    LOG_FIELDS(LOG_NAME("feed", log_feed(ev)), LOG_NAME("problem", ev->name),
		LOG_ERR(e)));
}

/*
 * The command is not run again because the webhook failed: whoever is told twice learns not
 * to listen.
 */
static bool
tell(const struct event *ev)
{
	const struct alarms_conf *ac = &ev->app->alarms;
	bool told = false, wanted = false;
	struct buf json;
	struct err e;

	buf_init(&json, EVENT_MAX);
	event_json(ev, &json);
	if (ac->on_problem.n > 0) {
		wanted = true;
		if (call_command(ev->app, buf_span(&json), &e) == 0)
			told = true;
		else
			log_failure(ev, "on-problem-failed", &e);
	}
	if (ac->webhook_file.where != NULL) {
		wanted = true;
		if (call_webhook(ev->app, buf_span(&json), &e) == 0)
			told = true;
		else
			log_failure(ev, "webhook-failed", &e);
	}
	buf_release(&json);
	return told || !wanted;
}

/*
 * Whoever does not answer is not asked again and again while a run waits. Who says no at once
 * may say so of one feed, and others must be told.
 */
static bool
is_deaf(const struct app *app)
{
	return app->vain >= NOTIFY_TRIES * app->alarms.timeout;
}

static bool
tell_if_heard(const struct event *ev)
{
	struct app *app = ev->app;
	int64_t began = clock_mono(app->clock);

	if (is_deaf(app))
		return false;
	if (tell(ev)) {
		event_log(ev);
		return true;
	}
	app->vain += clock_mono(app->clock) - began;
	return false;
}

/* Is it another than was told? */
static bool
is_news(const struct feed_troubles *now, const struct troubles *told, int kind)
{
	const struct trouble_now *t = &now->v[kind];
	bool known = told->v[kind].since != 0;

	if (now->unknown >> kind & 1)
		return false;
	return t->is ? !known || told->v[kind].mark != t->mark : known;
}

/* One kind: true if what is remembered of it is to be another from now on. */
static bool
tell_change(struct event *ev, const struct feed_troubles *now, struct troubles *told)
{
	const struct trouble_now *t = &now->v[ev->kind];
	int64_t *since = &told->v[ev->kind].since;
	uint64_t *mark = &told->v[ev->kind].mark;

	if (!is_news(now, told, (int)ev->kind))
		return false;
	ev->trouble = t;
	ev->begun = t->is;
	ev->since = *since != 0 ? *since : clock_wall(ev->app->clock);
	if (!tell_if_heard(ev))
		return false;
	*since = t->is ? ev->since : 0;
	*mark = t->is ? t->mark : 0;
	return true;
}

static int
tell_changes(
    struct app *app, struct ledger *l, const struct feed_troubles *now, struct err *e)
{
	struct event ev = {.app = app, .feed = now->state.name};
	struct troubles told;
	bool changed = false;

	if (ledger_troubles_get(l, ev.feed, &told, e) != 0)
		return -1;
	/* Where it can't be remembered it would be told each time: the ledger is told. */
	if (ledger_troubles_put(l, ev.feed, &told, e) != 0)
		return -1;
	for (int k = 0; k < TROUBLE_COUNT; k++) {
		ev.kind = (enum trouble)k;
		ev.name = trouble_name(ev.kind);
		changed |= tell_change(&ev, now, &told);
	}
	return changed ? ledger_troubles_put(l, ev.feed, &told, e) : 0;
}

/* 1, 0, -1. */
static int
has_news(struct ledger *l, const struct feed_troubles *now, struct err *e)
{
	struct troubles told;

	if (ledger_troubles_get(l, now->state.name, &told, e) != 0)
		return -1;
	for (int k = 0; k < TROUBLE_COUNT; k++)
		if (is_news(now, &told, k))
			return 1;
	return 0;
}

/*
 * Of one feed one process tells at a time: whoever waited looks again, and finds told what
 * the other has told.
 */
static int
tell_alone(
    struct app *app, const struct alarms_of *of, struct feed_troubles *now, struct err *e)
{
	struct troubles_when when = *of->when;
	unsigned unknown = now->unknown;
	char name[sizeof(LOCK) + LEDGER_NAME_MAX];
	int lock, rc;

	if (is_deaf(app))
		return err_set(e, ERR_IO,
		    "nobody took the alarm before it: the next run, or `emrdrop check "
		    "--arrivals`, tells it");
	snprintf(name, sizeof(name), LOCK "%s", of->feed->feed.name);
	if (ledger_lock_wait(of->ledger, name, &lock, e) != 0)
		return -1;
	when.clear = false;
	rc = troubles_find(of->ledger, of->feed, &when, now, e);
	now->unknown = unknown;
	if (rc == 0)
		rc = tell_changes(app, of->ledger, now, e);
	ledger_unlock(lock);
	return rc;
}

void
alarms_tell(struct app *app, const struct alarms_of *of, struct feed_troubles *now)
{
	struct err e;
	int r = has_news(of->ledger, now, &e);

	if (r == 1)
		r = tell_alone(app, of, now, &e);
	if (r == 0)
		return;
	log_event(&app->log, LOG_WARN, "alarms-failed",
	    LOG_FIELDS(LOG_NAME("feed", of->feed->feed.name), LOG_ERR(&e)));
	ledger_alarm_begin(app, &e, true);
}

bool
alarms_tell_ledger(struct app *app, const struct trouble_now *t, int64_t since)
{
	const struct event ev = {.app = app,
	    .name = "ledger",
	    .trouble = t,
	    .begun = t != NULL,
	    .since = since};

	return tell_if_heard(&ev);
}

/* The switch wants to know that the work is done: rejected rows are work that was. */
static void
ping_tail(int exit, char out[16])
{
	if (exit == PING_START)
		snprintf(out, 16, "/start");
	else if (exit == STATUS_OK || exit == STATUS_SOME_LOST)
		out[0] = '\0';
	else
		snprintf(out, 16, "/%d", exit);
}

/* Is it for this ping? Then *out is where to. */
static int
ping_url(
    const char *url, const char *feed, int exit, char out[NOTIFY_URL_MAX], struct err *e)
{
	const char *at = strstr(url, FEED_WORD);
	size_t n = at == NULL ? strlen(url) : (size_t)(at - url);
	char tail[16];

	if ((feed != NULL) != (at != NULL))
		return 0;
	if (strchr(url, '?') != NULL)
		return err_set(e, ERR_CONFIG,
		    "its URL: has a ?query, behind which neither "
		    "/start nor an exit status can stand");
	ping_tail(exit, tail);
	if (snprintf(out, NOTIFY_URL_MAX, "%.*s%s%s%s", (int)n, url,
		feed != NULL ? feed : "", at != NULL ? at + strlen(FEED_WORD) : "",
		tail) >= NOTIFY_URL_MAX)
		return err_set(e, ERR_CONFIG, "its URL: too long");
	return 1;
}

void
alarms_ping(struct app *app, const char *feed, int exit)
{
	const struct span none = {NULL, 0};
	char to[NOTIFY_URL_MAX];
	struct err e;
	char *url;
	int rc;

	/* Who found another run at work did nothing; that one says how it ends. */
	if (app->alarms.ping_file.where == NULL || exit == STATUS_BUSY ||
	    (app->unheard && exit == PING_START))
		return;
	url = secret_read(&app->alarms.ping_file, &e);
	rc = url == NULL ? -1 : ping_url(url, feed, exit, to, &e);
	if (rc == 1)
		rc = notify(app, to, none, app->unheard ? 1 : NOTIFY_TRIES, &e);
	if (rc < 0) {
		app->unheard = true;
		log_event(&app->log, LOG_WARN, "ping-failed",
		    LOG_FIELDS(
			LOG_NAME("feed", feed != NULL ? feed : "all"), LOG_ERR(&e)));
	}
	secret_wipe(to, sizeof(to));
	secret_free(url);
}

static int
check_url(const struct conf_secret *place, const char *key, struct err *e)
{
	struct api_url u;
	char *url;
	int rc;

	if (place->where == NULL)
		return 0;
	if ((url = secret_read(place, e)) == NULL)
		return err_prefix(e, "[alarms] %s", key);
	rc = api_url_check(url, &u, e);
	secret_free(url);
	return rc == 0 ? 0 : err_prefix(e, "[alarms] %s: its URL", key);
}

int
alarms_check(const struct app *app, struct err *e)
{
	const struct alarms_conf *ac = &app->alarms;
	const char *textfile = app->metrics.textfile;

	if (ac->on_problem.n > 0 && access(ac->on_problem.v[0], X_OK) != 0)
		return err_sys(
		    e, ERR_CONFIG, errno, "[alarms] on_problem: %s", ac->on_problem.v[0]);
	if (textfile != NULL && access(textfile, W_OK | X_OK) != 0)
		return err_sys(e, ERR_CONFIG, errno, "[metrics] textfile: %s", textfile);
	if (check_url(&ac->webhook_file, "webhook_file", e) != 0)
		return -1;
	return check_url(&ac->ping_file, "ping_file", e);
}
