#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "cmd/commands.h"
#include "cmd/finds.h"
#include "cmd/ledger_alarm.h"
#include "cmd/overview.h"
#include "cmd/query.h"
#include "cmd/status.h"
#include "cmd/text.h"
#include "state/snapshot.h"

static const char help[] =
    "emrdrop status [FEED...]\n\n"
    "How the feeds are, on one screen, the sickest first: what is stuck, why, and the\n"
    "command that helps. With FEED all that the ledger knows of it: when it was last looked\n"
    "at, what it delivered, why its last run failed, an unfinished delivery, and the files\n"
    "that are held or cannot be read, with the first problems, as of that look. Touches no\n"
    "network, and runs beside a running job. Colours are for terminals alone, and not if\n"
    "NO_COLOR is set.\n\n"
    "  --json        one JSON object on standard output, without the files' names\n"
    "  --config DIR  folder with emrdrop.ini and feeds.d\n\n"
    "Examples:\n"
    "  emrdrop status\n"
    "  emrdrop status northside-appointments\n";

#define PROBLEMS_SHOWN 5

/* Of the feed at hand. */
struct show {
	struct query *q;
	const struct board *board;
	const struct board_feed *of;
	const struct feed_state *feed; /* of it */
};

/* The clinic may have taken a file away since. */
static void
stuck_head(struct show *s)
{
	buf_add_str(&s->q->out, "  stuck, as of the last look ");
	text_time(&s->q->out, s->feed->last_look);
	buf_add_str(&s->q->out, ":\n");
}

static int
show_stuck(struct show *s)
{
	bool told = s->q->app->json;
	int rc = 0;

	for (size_t i = 0; i < s->board->stuck.n && rc == 0; i++) {
		const struct file_entry *f = &s->board->stuck.v[i];

		if (strcmp(f->feed, s->feed->name) != 0)
			continue;
		if (!told)
			stuck_head(s);
		told = true;
		rc = s->q->app->json ? stuck_json(s->q->ledger, f, &s->q->json, s->q->e)
				     : stuck_text(s->q->ledger, f, PROBLEMS_SHOWN,
					   &s->q->out, s->q->e);
	}
	return rc;
}

/* Would the next run get no further than the last one? */
static bool
needs_mending(const struct board_feed *of)
{
	const struct feed_state *f = &of->state;

	return of->mended == 0 && f->last_error != 0 &&
	       (f->last_exit == STATUS_API || f->last_exit == STATUS_PEER ||
		   f->last_exit == STATUS_PERM || f->last_exit == STATUS_CONFIG);
}

static void
pass_text(struct show *s, const struct pass *p, bool at_work)
{
	const struct feed_state *f = s->feed;
	bool paused = s->of->paused != 0;

	buf_addf(&s->q->out, "  %s  delivery %llu (%llu batch%s): ",
	    health_word(board_left(s->of) ? HEALTH_BLOCKED : HEALTH_UNFINISHED),
	    (unsigned long long)p->number, (unsigned long long)p->batches,
	    p->batches == 1 ? "" : "es");
	if (at_work)
		buf_add_str(&s->q->out, "a run is at work\n");
	else if (paused)
		buf_addf(&s->q->out,
		    "`emrdrop resume %s`, then `emrdrop run %s` goes on\n", f->name,
		    f->name);
	else if (needs_mending(s->of))
		buf_addf(&s->q->out,
		    "the last run ended with %u (%s): mend that first, then "
		    "`emrdrop run %s` goes on\n",
		    f->last_exit, status_words((int)f->last_exit), f->name);
	else
		buf_addf(&s->q->out, "`emrdrop run %s` goes on\n", f->name);
}

static void
show_pass(struct show *s)
{
	const struct board_feed *f = s->of;

	if (s->q->app->json) {
		jw_put_bool(&s->q->json, "unfinished", f->unfinished);
		if (f->unfinished)
			jw_put_bool(&s->q->json, "at_work", f->at_work);
	} else if (f->unfinished && f->configured) {
		pass_text(s, &f->pass, f->at_work);
	}
}

/* JSON has it among the ailments. */
static void
show_block(struct show *s)
{
	const struct board_feed *f = s->of;
	char what[BLOCK_WORDS], command[BLOCK_COMMAND];

	if (s->q->app->json || !block_bars(&f->block) || f->paused != 0)
		return;
	block_words(&f->block, what);
	block_command(&f->block, command);
	buf_addf(&s->q->out, "  %s  %s: `%s`\n",
	    health_word(f->block.stuck ? HEALTH_BLOCKED : HEALTH_UNFINISHED), what,
	    command);
}

static void
head_json(struct show *s, const struct feed_state *f)
{
	struct json *j = &s->q->json;

	jw_object(j);
	jw_put_cstr(j, "feed", f->name);
	jw_put_cstr(j, "state", health_name(board_health(s->of)));
	jw_put_int(j, "last_look_ms", f->last_look);
	jw_put_int(j, "last_delivery_ms", f->last_delivery);
	jw_put_int(j, "last_error_ms", f->last_error);
	jw_put_uint(j, "last_exit", f->last_exit);
	if (f->failing != 0)
		jw_put_int(j, "failing_since_ms", f->failing);
	if (f->last_words[0] != '\0')
		jw_put_cstr(j, "last_error", f->last_words);
	jw_put_uint(j, "files", f->files);
	jw_put_uint(j, "delivered", f->delivered);
	jw_put_uint(j, "rejected", f->rejected);
	jw_put_uint(j, "refused", f->refused);
	ailments_json(s->of, j);
	board_arrival_json(s->of, j);
}

static void
mended_text(struct show *s)
{
	buf_add_str(&s->q->out, "      the drop refused our login; mended at ");
	text_time(&s->q->out, s->of->mended);
	buf_addf(&s->q->out, ", the next run tries: emrdrop run %s\n", s->feed->name);
}

static void
head_text(struct show *s, const struct feed_state *f)
{
	struct buf *out = &s->q->out;

	buf_addf(out, "%s\n  last looked ", f->name);
	text_time(out, f->last_look);
	buf_add_str(out, ", last delivered ");
	text_time(out, f->last_delivery);
	buf_add_str(out, "; ");
	text_count(out, f->files, "file");
	buf_add_str(out, ", ");
	text_count(out, f->delivered, "record");
	buf_add_str(out, " so far\n");
	if (f->last_error == 0)
		return;
	buf_addf(out, "  last run ended with %u (%s), at ", f->last_exit,
	    status_words((int)f->last_exit));
	text_time(out, f->last_error);
	if (f->failing != 0 && f->failing != f->last_error) {
		buf_add_str(out, ", as all since ");
		text_time(out, f->failing);
	}
	buf_add_char(out, '\n');
	/* They say what is not so any more. */
	if (s->of->mended != 0)
		mended_text(s);
	else if (f->last_words[0] != '\0')
		buf_addf(out, "      %s\n", f->last_words);
}

static void
show_arrival(struct show *s)
{
	if (s->q->app->json || !s->of->expects)
		return;
	buf_add_str(&s->q->out, "  expected files: ");
	arrival_text(&s->of->arrival, &s->q->out);
	buf_add_char(&s->q->out, '\n');
}

/* What else there is to know, and to type, of a feed that no run can be at work for. */
static void
show_unknown(struct show *s)
{
	const struct board_feed *f = s->of;

	for (size_t i = 0; i < f->n && !s->q->app->json; i++)
		if (f->ailments[i].health == HEALTH_NEW ||
		    f->ailments[i].health == HEALTH_GONE || f->mistakes > 0)
			buf_addf(&s->q->out, "  %s: %s\n", f->ailments[i].what,
			    f->ailments[i].commands[0]);
}

/* What is kept of snapshots; nothing is shown of a feed that never applied one. */
static int
show_snapshot(struct show *s)
{
	struct snapshot_state snap;

	if (ledger_snapshot_get(s->q->ledger, s->feed->name, &snap, s->q->e) != 0)
		return -1;
	if (snap.clock == SNAPSHOT_NEVER)
		return 0;
	if (s->q->app->json) {
		jw_put_int(&s->q->json, "last_snapshot_ms", snap.at);
		jw_put_uint(&s->q->json, "removals", snap.removals);
		return 0;
	}
	buf_add_str(&s->q->out, "  last snapshot of ");
	text_time(&s->q->out, snap.at);
	buf_addf(
	    &s->q->out, "; %llu removals so far\n", (unsigned long long)snap.removals);
	return 0;
}

/* As of the last look. */
static void
show_finds(struct show *s)
{
	if (s->q->app->json)
		finds_json(&s->feed->finds, s->feed->finds.waiting, &s->q->json);
	else
		finds_text(&s->feed->finds, "  as of that look, ", &s->q->out);
}

static void
show_refused(struct show *s)
{
	const struct refusals *of = &s->of->refusals;

	if (s->q->app->json) {
		jw_put_uint(&s->q->json, "refused_left", of->records);
		return;
	}
	if (of->records == 0 || !s->of->configured)
		return;
	buf_addf(&s->q->out,
	    "  %llu record%s of %llu file%s refused by the API, last at ",
	    (unsigned long long)of->records, of->records == 1 ? "" : "s",
	    (unsigned long long)of->files, of->files == 1 ? "" : "s");
	text_time(&s->q->out, of->last);
	buf_addf(&s->q->out,
	    ": what nothing newer has replaced is sent by emrdrop retry %s\n",
	    s->feed->name);
}

static void
show_pause(struct show *s)
{
	int64_t since = s->of->paused;

	if (s->q->app->json) {
		jw_put_int(&s->q->json, "paused_ms", since);
	} else if (since != 0 && s->of->configured) {
		buf_add_str(&s->q->out, "  PAUSED  since ");
		text_time(&s->q->out, since);
		buf_addf(&s->q->out, ": `emrdrop resume %s` ends it\n", s->feed->name);
	}
}

static int
show_feed(struct show *s, const struct board_feed *f)
{
	s->of = f;
	s->feed = &f->state;
	if (s->q->app->json)
		head_json(s, s->feed);
	else
		head_text(s, s->feed);
	show_unknown(s);
	show_arrival(s);
	show_finds(s);
	show_pause(s);
	if (show_snapshot(s) != 0)
		return -1;
	show_pass(s);
	show_block(s);
	show_refused(s);
	if (s->q->app->json) {
		jw_key(&s->q->json, SPAN_LIT("stuck"));
		jw_array(&s->q->json);
	}
	if (show_stuck(s) != 0)
		return -1;
	if (s->q->app->json) {
		jw_array_end(&s->q->json);
		jw_object_end(&s->q->json);
	}
	return 0;
}

/* Those that are named, or all, by name. */
static int
show_feeds(struct show *s)
{
	const struct app *app = s->q->app;
	const struct board_feed *f;
	int rc = 0;

	for (int i = 0; i < app->nargs && rc == 0; i++) {
		f = board_find(s->board, app->args[i]);
		rc = f != NULL ? show_feed(s, f)
			       : err_set(s->q->e, ERR_CONFIG, "no feed is named %s",
				     app->args[i]);
	}
	for (size_t i = 0; app->nargs == 0 && i < s->board->n && rc == 0; i++)
		rc = show_feed(s, &s->board->v[i]);
	return rc;
}

static int
show_json(struct show *s)
{
	struct json *j = &s->q->json;
	int rc;

	jw_object(j);
	jw_put_uint(j, "sick", s->board->sick);
	jw_key(j, SPAN_LIT("feeds"));
	jw_array(j);
	rc = show_feeds(s);
	jw_array_end(j);
	jw_object_end(j);
	return rc;
}

static int
show_all(struct query *q)
{
	struct board board;
	struct screen screen;
	struct show s = {.q = q, .board = &board};
	int rc = board_make(&board, q->app, q->ledger, NULL, q->e);

	if (rc == 0 && q->app->json) {
		rc = show_json(&s);
	} else if (rc == 0 && q->app->nargs > 0) {
		rc = show_feeds(&s);
	} else if (rc == 0) {
		screen_init(&screen);
		overview_text(&board, &screen, &q->out);
	}
	board_release(&board);
	return rc;
}

static int
status(struct app *app, struct err *e)
{
	struct err lasts;

	if (ledger_alarm_lasts(app, &lasts) != 0)
		fprintf(stderr, "emrdrop: %s\n", lasts.msg);
	return query_run(app, show_all, e);
}

const struct command command_status = {
    "status", "how the feeds are, and what to type", help, 0, 0, -1, true, status};
