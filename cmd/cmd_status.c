#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "cmd/commands.h"
#include "cmd/query.h"
#include "cmd/status.h"
#include "cmd/stuck.h"
#include "cmd/text.h"
#include "state/controls.h"
#include "state/pass.h"
#include "state/snapshot.h"

static const char help[] =
    "emrdrop status [--json]\n\n"
    "What the ledger knows of each feed: when it was last looked at, what it delivered,\n"
    "an unfinished delivery, and the files that are held or cannot be read, with the\n"
    "reason and the first problems, as of that look. Touches no network, and runs beside\n"
    "a running job.\n\n"
    "  --json        one JSON object on standard output, without the files' names\n"
    "  --config DIR  folder with emrdrop.ini and feeds.d\n\n"
    "Examples:\n"
    "  emrdrop status\n"
    "  emrdrop status --json\n";

#define PROBLEMS_SHOWN 5

/* What the API refused and no retry brought in. */
struct refusals {
	uint64_t files, records;
	int64_t last; /* ms: when the newest of the files was read */
};

/* Of the feed at hand. */
struct show {
	struct query *q;
	const struct feed_state *feed;
	const struct refusals *refusals;
	struct stuck stuck; /* of all feeds */
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

	for (size_t i = 0; i < s->stuck.n && rc == 0; i++) {
		const struct file_entry *f = &s->stuck.v[i];

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
needs_mending(const struct feed_state *f)
{
	return f->last_error != 0 &&
	       (f->last_exit == STATUS_API || f->last_exit == STATUS_PEER ||
		   f->last_exit == STATUS_PERM || f->last_exit == STATUS_CONFIG);
}

static void
pass_text(struct show *s, const struct pass *p, bool at_work)
{
	const struct feed_state *f = s->feed;

	buf_addf(&s->q->out,
	    "  UNFINISHED  delivery %llu (%llu batch%s): ", (unsigned long long)p->number,
	    (unsigned long long)p->batches, p->batches == 1 ? "" : "es");
	if (at_work)
		buf_add_str(&s->q->out, "a run is at work\n");
	else if (needs_mending(f))
		buf_addf(&s->q->out,
		    "the last run ended with %u (%s): mend that first, then "
		    "`emrdrop run %s` goes on\n",
		    f->last_exit, status_words((int)f->last_exit), f->name);
	else
		buf_addf(&s->q->out, "`emrdrop run %s` goes on\n", f->name);
}

static int
show_pass(struct show *s)
{
	struct pass p;
	int at_work = 0;
	int r = pass_get(s->q->ledger, s->feed->scope, &p, s->q->e);
	bool mine = r == 1 && strcmp(p.feed, s->feed->name) == 0;

	if (r < 0 || (mine && (at_work = ledger_locked(
				   s->q->ledger, s->feed->scope, s->q->e)) < 0))
		return -1;
	if (s->q->app->json) {
		jw_put_bool(&s->q->json, "unfinished", mine);
		if (mine)
			jw_put_bool(&s->q->json, "at_work", at_work == 1);
	} else if (mine) {
		pass_text(s, &p, at_work == 1);
	}
	return 0;
}

static void
feed_head(struct show *s, const struct feed_state *f)
{
	if (s->q->app->json) {
		jw_object(&s->q->json);
		jw_put_cstr(&s->q->json, "feed", f->name);
		jw_put_int(&s->q->json, "last_look_ms", f->last_look);
		jw_put_int(&s->q->json, "last_delivery_ms", f->last_delivery);
		jw_put_int(&s->q->json, "last_error_ms", f->last_error);
		jw_put_uint(&s->q->json, "last_exit", f->last_exit);
		jw_put_uint(&s->q->json, "files", f->files);
		jw_put_uint(&s->q->json, "delivered", f->delivered);
		jw_put_uint(&s->q->json, "rejected", f->rejected);
		jw_put_uint(&s->q->json, "refused", f->refused);
		return;
	}
	buf_addf(&s->q->out, "%s\n  last looked ", f->name);
	text_time(&s->q->out, f->last_look);
	buf_add_str(&s->q->out, ", last delivered ");
	text_time(&s->q->out, f->last_delivery);
	buf_addf(&s->q->out, "; %llu files, %llu records so far\n",
	    (unsigned long long)f->files, (unsigned long long)f->delivered);
	if (f->last_error != 0) {
		buf_addf(&s->q->out, "  last run ended with %u (%s), at ", f->last_exit,
		    status_words((int)f->last_exit));
		text_time(&s->q->out, f->last_error);
		buf_add_char(&s->q->out, '\n');
	}
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

struct feeds {
	struct feed_state v[1024]; /* feeds one ledger may have before `status` is cut */
	struct refusals refusals[1024];
	size_t n;
};

static int
collect_feed(void *arg, const struct feed_state *f)
{
	struct feeds *all = arg;

	if (all->n == sizeof(all->v) / sizeof(all->v[0]))
		return 1;
	all->v[all->n++] = *f;
	return 0;
}

/* As `retry` takes them. */
static int
collect_refused(void *arg, const struct file_entry *f)
{
	struct feeds *all = arg;

	if (f->refused == 0 || !f->closed || f->verdict == VERDICT_DISCARD)
		return 0;
	for (size_t i = 0; i < all->n; i++) {
		struct refusals *of = &all->refusals[i];

		if (strcmp(all->v[i].name, f->feed) != 0)
			continue;
		of->files++;
		of->records += f->refused;
		if (f->read_at > of->last)
			of->last = f->read_at;
		break;
	}
	return 0;
}

static void
show_refused(struct show *s)
{
	const struct refusals *of = s->refusals;

	if (s->q->app->json) {
		jw_put_uint(&s->q->json, "refused_left", of->records);
		return;
	}
	if (of->records == 0)
		return;
	buf_addf(&s->q->out,
	    "  %llu record%s of %llu file%s refused by the API, last at ",
	    (unsigned long long)of->records, of->records == 1 ? "" : "s",
	    (unsigned long long)of->files, of->files == 1 ? "" : "s");
	text_time(&s->q->out, of->last);
	buf_addf(
	    &s->q->out, ", and taken by no retry: emrdrop retry %s\n", s->feed->name);
}

static int
show_pause(struct show *s)
{
	int64_t since;

	if (ledger_pause_get(s->q->ledger, s->feed->name, &since, s->q->e) != 0)
		return -1;
	if (s->q->app->json) {
		jw_put_int(&s->q->json, "paused_ms", since);
	} else if (since != 0) {
		buf_add_str(&s->q->out, "  PAUSED  since ");
		text_time(&s->q->out, since);
		buf_addf(&s->q->out, ": `emrdrop resume %s` ends it\n", s->feed->name);
	}
	return 0;
}

static int
show_feed(struct show *s, const struct feed_state *f)
{
	s->feed = f;
	feed_head(s, f);
	if (show_pause(s) != 0 || show_snapshot(s) != 0 || show_pass(s) != 0)
		return -1;
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

static int
show_all(struct query *q)
{
	struct feeds *all = calloc(1, sizeof(*all));
	struct show s = {.q = q};
	int rc = all == NULL ? err_nomem(q->e) : 0;

	if (q->app->json) {
		jw_object(&q->json);
		jw_key(&q->json, SPAN_LIT("feeds"));
		jw_array(&q->json);
	}
	if (rc == 0)
		rc = ledger_feed_each(q->ledger, collect_feed, all, q->e);
	if (rc == 0)
		rc = ledger_file_each(q->ledger, collect_refused, all, q->e);
	if (rc == 0)
		rc = stuck_find(q->ledger, &s.stuck, q->e);
	for (size_t i = 0; rc == 0 && i < all->n; i++) {
		s.refusals = &all->refusals[i];
		rc = show_feed(&s, &all->v[i]);
	}
	stuck_release(&s.stuck);
	free(all);
	if (q->app->json) {
		jw_array_end(&q->json);
		jw_object_end(&q->json);
	} else if (rc == 0 && q->out.n == 0) {
		buf_add_str(&q->out, "no feed has run yet\n");
	}
	return rc;
}

static int
status(struct app *app, struct err *e)
{
	return query_run(app, show_all, e);
}

const struct command command_status = {
    "status", "what each feed did, and what is stuck", help, 0, 0, 0, true, status};
