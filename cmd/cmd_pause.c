#include "cmd/commands.h"
#include "cmd/login.h"
#include "cmd/query.h"
#include "cmd/text.h"
#include "state/controls.h"

static const char pause_help[] =
    "emrdrop pause FEED\n\n"
    "From now on `emrdrop run` does nothing for FEED: it looks at no drop, reads and sends\n"
    "nothing, and ends with 0; a run that is at work goes on to its end. What is dropped\n"
    "meanwhile waits in the drop. `emrdrop resume FEED` ends it.\n\n"
    "  --json        one JSON object on standard output\n"
    "  --config DIR  folder with emrdrop.ini and feeds.d\n\n"
    "Examples:\n"
    "  emrdrop pause northside-appointments\n"
    "  emrdrop status\n";

static const char resume_help[] =
    "emrdrop resume FEED\n\n"
    "Ends what `emrdrop pause FEED` began: the next run goes on where the last one ended.\n"
    "It also lets runs log in again where the drop refused our login.\n\n"
    "  --json        one JSON object on standard output\n"
    "  --config DIR  folder with emrdrop.ini and feeds.d\n\n"
    "Examples:\n"
    "  emrdrop resume northside-appointments\n"
    "  emrdrop run northside-appointments\n";

static void
tell(struct query *q, int64_t since, bool barred)
{
	const char *feed = q->feed->feed.name;

	if (q->app->json) {
		jw_object(&q->json);
		jw_put_cstr(&q->json, "feed", feed);
		jw_put_int(&q->json, "paused_ms", since);
		jw_object_end(&q->json);
	} else if (since != 0) {
		buf_addf(&q->out, "%s is paused since ", feed);
		text_time(&q->out, since);
		buf_addf(&q->out, ": `emrdrop resume %s` ends it\n", feed);
	} else {
		buf_addf(&q->out, "%s is not paused%s\n", feed,
		    barred ? ": the next run logs in again" : "");
	}
}

/* One that is paused already stays so since then. */
static int
pause_one(struct query *q)
{
	const struct audit_act act = {.act = "feed-paused", .feed = q->feed->feed.name};
	int64_t since;

	if (ledger_pause_get(q->ledger, act.feed, &since, q->e) != 0)
		return -1;
	if (since == 0) {
		since = clock_wall(q->app->clock);
		if (ledger_pause_put(q->ledger, act.feed, since, &act, q->e) != 0)
			return -1;
	}
	tell(q, since, false);
	return 0;
}

static int
resume_one(struct query *q)
{
	const struct audit_act act = {.act = "feed-resumed", .feed = q->feed->feed.name};
	struct err refused = {.code = ERR_NONE};
	bool barred = login_may(q->ledger, q->feed, false, &refused) != 0 &&
		      refused.code == ERR_LOGIN;
	int64_t since;

	if (ledger_pause_get(q->ledger, act.feed, &since, q->e) != 0 ||
	    (since != 0 && ledger_pause_put(q->ledger, act.feed, 0, &act, q->e) != 0) ||
	    login_note(q->ledger, q->feed, false, clock_wall(q->app->clock), q->e) != 0)
		return -1;
	tell(q, 0, barred);
	return 0;
}

static int
pause_feed(struct app *app, struct err *e)
{
	return query_feed(app, pause_one, e);
}

static int
resume_feed(struct app *app, struct err *e)
{
	return query_feed(app, resume_one, e);
}

const struct command command_pause = {
    "pause", "let `run` do nothing for a feed", pause_help, 0, 1, 1, true, pause_feed};
const struct command command_resume = {
    "resume", "end a pause", resume_help, 0, 1, 1, true, resume_feed};
