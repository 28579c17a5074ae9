#include "cmd/block.h"

#include <stdio.h>
#include <string.h>

#include "cmd/status.h"
#include "state/controls.h"

/* No run takes longer, unless it is told to: so nobody goes on with it. */
#define ABANDONED_MS INT64_C(3600000)

int64_t
block_since(const struct block *b)
{
	return b->paused > b->pass.clock ? b->paused : b->pass.clock;
}

static int
ask_other(struct ledger *l, struct block *b, int64_t now, struct err *e)
{
	struct feed_state other;
	int at_work;

	if (ledger_feed_get(l, b->pass.feed, &other, e) != 0 ||
	    ledger_pause_get(l, b->pass.feed, &b->paused, e) != 0 ||
	    (at_work = ledger_locked(l, b->pass.scope, e)) < 0)
		return -1;
	b->at_work = at_work == 1;
	b->mistakes = other.last_error != 0 && other.last_exit == STATUS_CONFIG;
	b->stuck = !b->at_work && (b->paused != 0 || now - b->pass.clock >= ABANDONED_MS);
	return 0;
}

int
block_find(struct ledger *l, const struct feed_state *f, int64_t now, struct block *out,
    struct err *e)
{
	int r;

	memset(out, 0, sizeof(*out));
	if (f->scope == 0)
		return 0;
	if ((r = pass_get(l, f->scope, &out->pass, e)) < 0)
		return -1;
	out->open = r == 1;
	out->pass.scope = f->scope;
	out->is = out->open && strcmp(out->pass.feed, f->name) != 0;
	return out->is ? ask_other(l, out, now, e) : 0;
}

void
block_words(const struct block *b, char out[BLOCK_WORDS])
{
	const char *why = b->at_work       ? "a run is at work"
			  : b->paused != 0 ? "that feed is paused"
			  : b->mistakes    ? "that feed's file has mistakes"
			  : b->stuck       ? "no run goes on with it"
					   : "the next run of that feed goes on with it";

	snprintf(out, BLOCK_WORDS,
	    "delivery %llu of feed %s, of the same source, is not finished: %s, and nothing "
	    "is delivered before",
	    (unsigned long long)b->pass.number, b->pass.feed, why);
}

void
block_command(const struct block *b, char out[BLOCK_COMMAND])
{
	const char *verb = b->at_work       ? "status"
			   : b->paused != 0 ? "resume"
			   : b->mistakes    ? "check"
					    : "run";

	snprintf(out, BLOCK_COMMAND, "emrdrop %s %s", verb, b->pass.feed);
}
