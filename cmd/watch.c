#include "cmd/watch.h"

#include <stdio.h>

#include "base/civil.h"
#include "cmd/alarms.h"
#include "cmd/block.h"
#include "cmd/feed.h"
#include "cmd/ledger_alarm.h"
#include "cmd/metrics.h"
#include "cmd/status.h"
#include "state/lock_owner.h"

#define HOUR_MS INT64_C(3600000)

static void
complain(struct app *app, const char *feed, const struct err *e)
{
	log_event(&app->log, LOG_WARN, "watch-failed",
	    LOG_FIELDS(LOG_NAME("feed", feed), LOG_ERR(e)));
	ledger_alarm_begin(app, e, true);
}

/*
 * A file whose delivery goes on, or that is retried, is read each time; what is wrong with it
 * counts once, at its end.
 */
static void
add_file(struct figures *f, const struct file_report *r)
{
	const struct file_entry *en = &r->entry;

	f->files++;
	f->rows += en->rows;
	f->bytes += en->size;
	f->delivered += en->delivered;
	if (r->retried || (en->verdict == VERDICT_DELIVER && !en->closed))
		return;
	f->removals += en->removals;
	f->rejected += en->rejected;
	f->refused += en->refused;
}

static void
add_given_up(struct figures *f, const struct given_up *g)
{
	f->delivered += g->delivered - g->before;
	if (g->again)
		return;
	f->removals += g->removals;
	f->rejected += g->rejected;
	f->refused += g->refused;
}

static bool
is_well(int exit)
{
	return exit == STATUS_OK || exit == STATUS_SOME_LOST;
}

static void
add_run(struct figures *f, const struct feed_report *out, int64_t now)
{
	f->runs = 1;
	f->failed = !is_well(out->exit);
	f->requests = out->requests;
	f->retries = out->retries;
	f->total_ms = f->last_ms = out->took > 0 ? (uint64_t)out->took : 0;
	f->last_run = now;
	f->last_success = is_well(out->exit) ? now : 0;
	f->last_exit = (uint32_t)out->exit;
	f->api_expires = out->api_expires;
	for (size_t i = 0; i < out->n; i++)
		add_file(f, &out->files[i]);
	add_given_up(f, &out->given_up);
}

/* Once a day: it takes as long as all else that an idle run does. 1: it was. */
static int
look_up_pgp(
    struct figures *f, const struct figures *known, const struct feed *feed, int64_t now)
{
	int64_t age = now - known->pgp_looked; /* less than 0: the clock was ahead */
	struct err ignored;

	if (feed->unpack.pgp == UNPACK_PGP_NO || (age >= 0 && age < DAY_MS))
		return 0;
	f->pgp_looked = now;
	f->pgp_expires = known->pgp_expires;
	/* A keyring that can't be read is told where it is needed. */
	(void)unpack_probe(&feed->unpack, &f->pgp_expires, &ignored);
	return 1;
}

/*
 * A delivery sees the API's certificate, and a feed may have none for weeks: while it is told
 * as about to expire, an idle run asks once an hour whether it was renewed. 1: it did.
 */
static int
look_up_api(struct app *app, const struct feed *feed, const struct figures *known,
    struct feed_report *out, int64_t now)
{
	const struct target_env env = {.clock = app->clock,
	    .deadline = clock_mono(app->clock) + app->alarms.timeout,
	    .run = app->run,
	    .trace = &app->trace};
	struct target_stats stats;
	struct target *t;
	struct err ignored;

	if (known->api_expires == 0 ||
	    known->api_expires > now + app->alarms.warn_before || out->requests > 0 ||
	    out->exit != STATUS_OK || now / HOUR_MS == known->last_run / HOUR_MS)
		return 0;
	if ((t = target_open(&feed->target, &env, &ignored)) == NULL)
		return 0;
	(void)target_probe(t, &ignored);
	target_stats(t, &stats);
	out->api_expires = stats.expires;
	target_close(t);
	return 1;
}

/* Those of an idle run are kept only if somebody reads them, and then with the next commit. */
static int
note_figures(struct app *app, struct ledger *l, const struct feed *f,
    struct feed_report *out, struct err *e)
{
	int64_t now = clock_wall(app->clock);
	struct figures known, run = {.runs = 0};
	bool news = out->n > 0 || out->requests > 0;

	if (ledger_figures_get(l, f->feed.name, &known, e) != 0)
		return -1;
	news |= look_up_api(app, f, &known, out, now);
	news |= look_up_pgp(&run, &known, f, now) || (int)known.last_exit != out->exit;
	if (!news && app->metrics.textfile == NULL)
		return 0;
	add_run(&run, out, now);
	if (ledger_figures_note(l, f->feed.name, &run, e) != 0)
		return -1;
	return news ? ledger_looks_keep(l, e) : 0;
}

/* `clear`: a run has just seen that no file stands aside. */
static struct troubles_when
at_once(struct app *app, bool clear)
{
	return (struct troubles_when){.app = app,
	    .now = clock_wall(app->clock),
	    .ahead = app->alarms.warn_before,
	    .clear = clear};
}

static void
tell(struct app *app, const struct alarms_of *of, struct feed_troubles *now)
{
	struct err e;

	alarms_tell(app, of, now);
	if (metrics_write(app->metrics.textfile, now, clock_wall(app->clock), &e) != 0)
		complain(app, now->state.name, &e);
}

int
watch_feed(struct app *app, struct ledger *l, const struct feed *f,
    struct feed_troubles *out, struct err *e)
{
	const struct troubles_when when = at_once(app, false);

	if (arrivals_begin(l, f, when.now, e) != 0 ||
	    troubles_find(l, f, &when, out, e) != 0)
		return -1;
	tell(app, &(struct alarms_of){l, f, &when}, out);
	return 0;
}

int
watch_begin(struct app *app, struct ledger *l, const struct feed *f)
{
	char name[FEED_LOCK_SIZE];
	struct feed_troubles ignored;
	struct lock_holder us;
	struct err e;
	int lock;

	snprintf(name, sizeof(name), FEED_LOCK "%s", f->feed.name);
	if (ledger_lock(l, name, &lock, &e) != 0) {
		complain(app, f->feed.name, &e);
		return -1;
	}
	lock_holder(lock, &us);
	if (us.died == 0)
		return lock;
	log_event(&app->log, LOG_WARN, "runs-died",
	    LOG_FIELDS(LOG_NAME("feed", f->feed.name), LOG_NAME("source", f->feed.source),
		LOG_UINT("count", us.died)));
	if (us.died >= BLOCK_DEATHS && watch_feed(app, l, f, &ignored, &e) != 0)
		complain(app, f->feed.name, &e);
	return lock;
}

void
watch_run(struct app *app, struct ledger *l, struct feed *f, struct feed_report *out)
{
	const struct troubles_when when = at_once(
	    app, is_well(out->exit) && out->held == 0 && out->refused == 0);
	struct feed_troubles now;
	struct err e;

	/*
	 * Of one that found another run at work, that one tells; a slip on the command line
	 * says nothing of the feed.
	 */
	if ((out->exit == STATUS_BUSY && !out->barred) || out->paused != 0 ||
	    out->exit == STATUS_USAGE)
		return;
	if (note_figures(app, l, f, out, &e) != 0 ||
	    arrivals_begin(l, f, when.now, &e) != 0 ||
	    troubles_find(l, f, &when, &now, &e) != 0)
		complain(app, f->feed.name, &e);
	else
		tell(app, &(struct alarms_of){l, f, &when}, &now);
}

static int
note_broken(struct app *app, struct ledger *l, const char *feed, int exit, struct err *e)
{
	/* No words: `check` says what is wrong. */
	const struct feed_end end = {clock_wall(app->clock), exit, true, "", 0};
	struct feed_state state;

	if (!ledger_name_ok(feed) || ledger_feed_get(l, feed, &state, e) != 0)
		return -1;
	if (state.scope == 0 || (int)state.last_exit == exit)
		return 0;
	return ledger_feed_end(l, feed, &end, e);
}

void
watch_broken(struct app *app, struct ledger *l, const char *feed, int exit)
{
	const struct troubles_when when = {.app = app, .now = clock_wall(app->clock)};
	struct feed f = {.feed = {.name = feed}};
	struct feed_troubles now;
	struct err e;

	if (note_broken(app, l, feed, exit, &e) == 0 &&
	    troubles_find(l, &f, &when, &now, &e) == 0 && now.state.scope != 0) {
		now.unknown = 1u << TROUBLE_LATE | 1u << TROUBLE_STRANGE |
			      1u << TROUBLE_EXPIRY;
		alarms_tell(app, &(struct alarms_of){l, &f, &when}, &now);
	}
}
