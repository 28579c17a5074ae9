#include "cmd/block.h"

#include <stdio.h>
#include <string.h>

#include "cmd/status.h"
#include "state/controls.h"
#include "state/lock_owner.h"

/* No run takes longer, unless it is told to: so nobody goes on with it. */
#define ABANDONED_MS INT64_C(3600000)

int64_t
block_since(const struct block *b)
{
	if (b->hung.since != 0)
		return b->hung.since;
	if (b->dead.died > 0)
		return b->dead.since;
	return b->paused > b->pass.clock ? b->paused : b->pass.clock;
}

static int
ask_other(struct ledger *l, struct block *b, int64_t now, struct err *e)
{
	struct feed_state other;

	if (ledger_feed_get(l, b->pass.feed, &other, e) != 0 ||
	    ledger_pause_get(l, b->pass.feed, &b->paused, e) != 0)
		return -1;
	b->mistakes = other.last_error != 0 && other.last_exit == STATUS_CONFIG;
	b->stuck |= !b->at_work &&
		    (b->paused != 0 || now - b->pass.clock >= ABANDONED_MS);
	return 0;
}

/* One that is at work, and could sign, ends by its deadline, unless it is stopped or hangs. */
static int
ask_lock(struct ledger *l, uint32_t scope, const struct block_when *when, struct block *b,
    struct err *e)
{
	struct lock_holder by;
	int r = ledger_locked(l, scope, &by, e);

	b->at_work = r == 1;
	if (r == 1 && by.process > 0 &&
	    when->now - by.since >= when->deadline + ABANDONED_MS)
		b->hung = by;
	return r < 0 ? -1 : 0;
}

/* A lock that can't be read is logged by each run, and keeps nothing else from being told. */
static void
ask_deaths(struct ledger *l, const char *feed, struct block *b)
{
	char name[FEED_LOCK_SIZE];
	struct lock_holder by;
	struct err ignored;
	int r;

	snprintf(name, sizeof(name), FEED_LOCK "%s", feed);
	r = lock_ask(l, name, &by, &ignored);
	by.died += r == 0 && by.process > 0;
	if (by.died >= BLOCK_DEATHS)
		b->dead = by;
}

int
block_find(struct ledger *l, const struct feed_state *f, const struct block_when *when,
    struct block *out, struct err *e)
{
	int r;

	memset(out, 0, sizeof(*out));
	ask_deaths(l, f->name, out);
	out->stuck = block_by_run(out);
	/* It has no scope before a run of it has ended. */
	if (f->scope == 0)
		return 0;
	if (ask_lock(l, f->scope, when, out, e) != 0 ||
	    (r = pass_get(l, f->scope, &out->pass, e)) < 0)
		return -1;
	out->stuck = block_by_run(out);
	out->open = r == 1;
	out->pass.scope = f->scope;
	out->is = out->open && strcmp(out->pass.feed, f->name) != 0;
	if (out->is)
		return ask_other(l, out, when->now, e);
	out->stuck |= out->open && !out->at_work &&
		      when->now - out->pass.clock >= ABANDONED_MS;
	return 0;
}

bool
block_hangs(struct ledger *l, const char *feed, const struct block_when *when)
{
	struct feed_state f;
	struct block b;
	struct err ignored;

	return ledger_feed_get(l, feed, &f, &ignored) == 0 &&
	       block_find(l, &f, when, &b, &ignored) == 0 && b.hung.since != 0;
}

bool
block_by_run(const struct block *b)
{
	return b->hung.since != 0 || b->dead.died > 0;
}

bool
block_bars(const struct block *b)
{
	return b->is || block_by_run(b);
}

void
block_words(const struct block *b, char out[BLOCK_WORDS])
{
	const char *why = b->at_work       ? "a run is at work"
			  : b->paused != 0 ? "that feed is paused"
			  : b->mistakes    ? "that feed's file has mistakes"
			  : b->stuck       ? "no run goes on with it"
					   : "the next run of that feed goes on with it";

	if (b->hung.since != 0)
		snprintf(out, BLOCK_WORDS,
		    "a run is at work past its deadline, and nothing else of its source is "
		    "done before it ends: process %ld; if `ps` says T of it, it is stopped: "
		    "let it go on with kill -CONT, or end it with kill -KILL",
		    b->hung.process);
	else if (b->dead.died > 0)
		snprintf(out, BLOCK_WORDS,
		    "its last %u runs did not come to their end: killed, out of "
		    "memory, or crashed; the log of the job and that of the system "
		    "(journalctl -k) say which",
		    b->dead.died);
	else
		snprintf(out, BLOCK_WORDS,
		    "delivery %llu of feed %s%s is not finished: %s, and nothing is delivered "
		    "before",
		    (unsigned long long)b->pass.number, b->pass.feed,
		    b->is ? ", of the same source," : "", why);
}

void
block_command(const struct block *b, char out[BLOCK_COMMAND])
{
	const char *verb = b->at_work       ? "status"
			   : b->paused != 0 ? "resume"
			   : b->mistakes    ? "check"
					    : "run";

	if (b->hung.since != 0)
		snprintf(out, BLOCK_COMMAND, "ps -o pid,stat,etime,args -p %ld",
		    b->hung.process);
	else if (b->dead.died > 0)
		snprintf(out, BLOCK_COMMAND, "emrdrop ledger verify");
	else
		snprintf(out, BLOCK_COMMAND, "emrdrop %s %s", verb, b->pass.feed);
}
