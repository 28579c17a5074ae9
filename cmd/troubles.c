#include "cmd/troubles.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cmd/block.h"
#include "cmd/feed.h"
#include "cmd/finds.h"
#include "cmd/login.h"
#include "cmd/status.h"
#include "cmd/stuck.h"
#include "cmd/text.h"
#include "state/controls.h"

#define WHEN_MAX  32
#define MARK_DEAD (UINT64_MAX >> 8) /* no delivery's number, no moment */

static const char *const names[TROUBLE_COUNT] = {[TROUBLE_FAILED] = "failed",
    [TROUBLE_LOGIN] = "login",
    [TROUBLE_HELD] = "held",
    [TROUBLE_REFUSED] = "refused",
    [TROUBLE_LATE] = "late",
    [TROUBLE_STRANGE] = "strange",
    [TROUBLE_EXPIRY] = "expiry"};

const char *
trouble_name(enum trouble t)
{
	return names[t];
}

/* A moment for a person. */
static const char *
moment(int64_t ms, char out[WHEN_MAX])
{
	struct buf b;

	buf_init(&b, WHEN_MAX);
	text_time(&b, ms);
	snprintf(out, WHEN_MAX, "%.*s", (int)b.n, b.p);
	buf_release(&b);
	return out;
}

static void __attribute__((format(printf, 2, 3)))
say(struct trouble_now *t, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(t->words, sizeof(t->words), fmt, ap);
	va_end(ap);
	t->is = true;
}

static void __attribute__((format(printf, 2, 3)))
next(struct trouble_now *t, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(t->command, sizeof(t->command), fmt, ap);
	va_end(ap);
}

/* What the run before found is told as what it is, not as a run that failed. */
static bool
is_failure(const struct feed_troubles *all)
{
	uint32_t exit = all->state.last_exit;

	return all->state.last_error != 0 && exit != STATUS_HELD &&
	       exit != STATUS_FILE_REFUSED && exit != STATUS_BUSY &&
	       !(exit == STATUS_PERM && (all->v[TROUBLE_LOGIN].is || all->login_mended));
}

static void
find_failure(struct feed_troubles *all)
{
	struct trouble_now *t = &all->v[TROUBLE_FAILED];
	uint32_t exit = all->state.last_exit;

	if (!is_failure(all))
		return;
	t->mark = exit;
	t->exit = (int)exit;
	t->count = 1;
	/*
	 * 77 may be the API's or the drop's, 74 a disk or a line: the error says which, and
	 * only --connect shows whether it is so still.
	 */
	say(t, "the last run ended with %u: %s", exit,
	    all->state.last_words[0] != '\0' ? all->state.last_words
					     : status_words((int)exit));
	next(t, exit == STATUS_CONFIG ? "emrdrop check %s" : "emrdrop check %s --connect",
	    all->state.name);
}

/*
 * If it is not that runs fail for another reason. A feed without a file can't go on: the
 * next run ends that.
 */
static int
find_block(struct ledger *l, const struct troubles_when *when, struct feed_troubles *all,
    struct err *e)
{
	struct trouble_now *t = &all->v[TROUBLE_FAILED];
	const struct block_when at = {when->now, when->app->run_conf.deadline};
	char text[BLOCK_WORDS];
	struct block b;
	uint64_t mark;

	if (t->is || all->paused != 0)
		return 0;
	if (block_find(l, &all->state, &at, &b, e) != 0)
		return -1;
	if (!b.stuck || (!block_by_run(&b) && !feed_exists(when->app, b.pass.feed, NULL)))
		return 0;
	/* One more that died is no news. */
	mark = b.hung.since != 0  ? (uint64_t)b.hung.since
	       : block_by_run(&b) ? MARK_DEAD
				  : b.pass.number;
	t->mark = STATUS_BUSY | mark << 8;
	t->exit = STATUS_BUSY;
	t->count = 1;
	block_words(&b, text);
	say(t, "%s", text);
	block_command(&b, t->command);
	return 0;
}

static int
find_login(struct ledger *l, struct feed_troubles *all, struct err *e)
{
	struct trouble_now *t = &all->v[TROUBLE_LOGIN];
	struct login_pause p;
	char text[WHEN_MAX];

	if (ledger_login_get(l, all->state.name, &p, e) != 0)
		return -1;
	all->login_mended = login_mended(&p, &all->state);
	if (p.since == 0)
		return 0;
	t->count = 1;
	t->exit = STATUS_PERM;
	say(t,
	    "the drop refused our login at %s, and is not asked again before that is "
	    "mended",
	    moment(p.since, text));
	next(t, "emrdrop check %s --connect", all->state.name);
	return 0;
}

/* The same files in another order are the same trouble. */
static void
add_file(struct trouble_now *t, const struct file_entry *f)
{
	uint64_t mark;

	memcpy(&mark, f->id.b, sizeof(mark));
	t->mark ^= mark;
	t->count++;
}

static void
find_stuck(const struct stuck *stuck, struct feed_troubles *all)
{
	struct trouble_now *held = &all->v[TROUBLE_HELD];
	struct trouble_now *refused = &all->v[TROUBLE_REFUSED];
	const char *feed = all->state.name;

	for (size_t i = 0; i < stuck->n; i++)
		if (strcmp(stuck->v[i].feed, feed) == 0)
			add_file(stuck->v[i].verdict == VERDICT_HOLD ? held : refused,
			    &stuck->v[i]);
	held->exit = STATUS_HELD;
	refused->exit = STATUS_FILE_REFUSED;
	if (held->count > 0) {
		say(held, "%llu file%s held until somebody decides",
		    (unsigned long long)held->count, held->count == 1 ? " is" : "s are");
		next(held, "emrdrop hold list");
	}
	if (refused->count > 0) {
		say(refused, "%llu file%s cannot be read",
		    (unsigned long long)refused->count, refused->count == 1 ? "" : "s");
		next(refused, "emrdrop status %s", feed);
	}
}

static void
find_late(struct feed_troubles *all)
{
	const struct arrival *a = &all->arrival;
	struct trouble_now *t = &all->v[TROUBLE_LATE];
	char text[WHEN_MAX], aside[FINDS_WORDS];

	/* What is dropped for a feed that is paused, nobody sees. */
	if (a->state != ARRIVAL_LATE || all->paused != 0)
		return;
	t->count = a->missed;
	t->exit = STATUS_LATE;
	say(t, "a file was due by %s and has not come%s%s", moment(a->late_from, text),
	    a->unseen
		? "; no run has looked into the drop since, so look at the schedule "
		  "first"
		: "",
	    a->unseen ? "" : finds_aside(&all->state.finds, aside));
	next(t,
	    a->unseen          ? "emrdrop run %s"
	    : aside[0] != '\0' ? "emrdrop status %s"
			       : "emrdrop files %s",
	    all->state.name);
}

static void
find_strange(struct feed_troubles *all)
{
	const struct arrival *a = &all->arrival;
	struct trouble_now *t = &all->v[TROUBLE_STRANGE];

	if (a->state != ARRIVAL_STRANGE)
		return;
	t->count = 1;
	t->mark = (uint64_t)a->due;
	t->exit = STATUS_LATE;
	if (a->usual > 0)
		say(t, "the last file has %u rows, usually there are %llu", a->rows,
		    (unsigned long long)a->usual);
	else
		say(t, "the last file has %u rows, not as many as [expect] says",
		    a->rows);
	next(t, "emrdrop files %s", all->state.name);
}

/* The one that expires first, if that is soon. */
static void
find_expiry(struct feed_troubles *all, const struct troubles_when *when)
{
	const struct figures *f = &all->figures;
	struct trouble_now *t = &all->v[TROUBLE_EXPIRY];
	bool pgp = f->pgp_expires != 0 &&
		   (f->api_expires == 0 || f->pgp_expires < f->api_expires);
	int64_t at = pgp ? f->pgp_expires : f->api_expires;
	char text[WHEN_MAX];

	if (at == 0 || at > when->now + when->ahead)
		return;
	t->mark = (uint64_t)at;
	t->count = 1;
	say(t, "%s %s at %s", pgp ? "a PGP key" : "the API's certificate",
	    at > when->now ? "expires" : "expired", moment(at, text));
	next(t, "emrdrop check %s --connect", all->state.name);
}

/* Drops may have many names, and they are walked through once at most. */
static int
find_files(struct ledger *l, const struct feed *f, const struct troubles_when *when,
    struct feed_troubles *out, struct err *e)
{
	struct stuck stuck = {.n = 0};
	const struct arrival_question q = {l, f, &stuck, when->now};
	int rc = when->clear ? 0 : stuck_find(l, &stuck, e);

	if (rc == 0)
		rc = arrivals_of(&q, &out->arrival, e);
	if (rc == 0)
		find_stuck(&stuck, out);
	stuck_release(&stuck);
	return rc;
}

int
troubles_find(struct ledger *l, const struct feed *f, const struct troubles_when *when,
    struct feed_troubles *out, struct err *e)
{
	memset(out, 0, sizeof(*out));
	if (ledger_feed_get(l, f->feed.name, &out->state, e) != 0)
		return -1;
	if (when->gone)
		return 0;
	if (ledger_figures_get(l, f->feed.name, &out->figures, e) != 0 ||
	    ledger_pause_get(l, f->feed.name, &out->paused, e) != 0 ||
	    find_login(l, out, e) != 0 || find_files(l, f, when, out, e) != 0)
		return -1;
	find_failure(out);
	if (find_block(l, when, out, e) != 0)
		return -1;
	find_late(out);
	find_strange(out);
	find_expiry(out, when);
	return 0;
}
