/*
 * A pass that nobody can finish: it ends as it stands, and that is told.
 */
#include "cmd/give_up.h"

#include <stdio.h>
#include <string.h>

#include "cmd/conclude.h"
#include "cmd/status.h"
#include "state/conclude.h"

/* Records that are not accounted for: in doubt, or never sent. */
static uint64_t
left_over(const struct file_entry *en)
{
	uint64_t all = en->records + en->removals;
	uint64_t known = en->delivered + en->unchanged + en->duplicate + en->stale +
			 en->refused;

	return all > known ? all - known : 0;
}

static void
note(struct job *j, const struct pass *p, const struct given_up *g)
{
	struct given_up *out = &j->out->given_up;

	*out = *g;
	/* The figures are this feed's, and the other's are gone. */
	if (strcmp(p->feed, j->feed->feed.name) != 0) {
		out->before = out->delivered;
		out->again = true;
	}
	log_event(&j->app->log, LOG_WARN, "pass-abandoned",
	    LOG_FIELDS(LOG_NAME("feed", p->feed), LOG_UINT("pass", p->number),
		LOG_NAME("reason", g->why), LOG_UINT("delivered", g->delivered),
		LOG_UINT("refused", g->refused), LOG_UINT("doubtful", g->doubtful),
		LOG_UINT("unsent", g->unsent)));
}

/* What `files` shows of it. */
static uint64_t
close_entry(struct file_entry *en, const struct pass *p, const char *why,
    const struct merged *sum)
{
	uint64_t left, unsent;

	conclude_sum(en, p->mode, sum);
	left = left_over(en);
	unsent = left > sum->doubtful ? left - sum->doubtful : 0;
	en->closed = true;
	snprintf(en->reason, sizeof(en->reason),
	    "given up: %s; %llu in doubt, %llu never sent", why,
	    (unsigned long long)sum->doubtful, (unsigned long long)unsent);
	return unsent;
}

/*
 * In the feed's sums, as of a file that came to its end. One that is read again tells of its
 * rows, and of what the API refused of them, then.
 */
static void
count(struct feed_state *f, const struct file_entry *en, const struct given_up *g)
{
	f->delivered += g->delivered;
	if (g->again)
		return;
	f->files++;
	f->rejected += en->rejected;
	f->refused += en->refused;
}

int
give_up_pass(struct job *j, struct pass *p, const char *why, bool retaken, struct err *e)
{
	struct conclusion c = {.pass = p,
	    .audit = {.act = "pass-abandoned",
		.feed = p->feed,
		.file = &p->file,
		.detail = why}};
	struct given_up g = {.pass = p->number,
	    .file = p->file,
	    .why = why,
	    .before = p->told,
	    .again = retaken || p->mode == PASS_RETRY};
	struct feed_state state;
	struct file_entry en;
	struct merged sum;
	int known;
	bool settled;

	if (pass_merge(j->ledger, p, &sum, e) != 0 ||
	    (known = ledger_file_get(j->ledger, &p->file, &en, e)) < 0 ||
	    ledger_feed_get(j->ledger, p->feed, &state, e) != 0)
		return -1;
	g.delivered = sum.taken;
	g.refused = sum.refused;
	g.doubtful = sum.doubtful;
	/* If its feed has another source, the file may be delivered under that: it stays so. */
	settled = known == 1 && en.closed && p->mode != PASS_RETRY;
	if (known == 1) {
		g.unsent = close_entry(&en, p, why, &sum);
		g.removals = en.removals;
		g.rejected = en.rejected;
	}
	if (known == 1 && !settled) {
		count(&state, &en, &g);
		c.file = &en;
		c.feed = &state;
	}
	if (ledger_conclude(j->ledger, &c, e) != 0)
		return -1;
	note(j, p, &g);
	if (!retaken && g.doubtful + g.unsent > 0)
		j->out->exit = status_worse(j->out->exit, STATUS_SOME_LOST);
	return 0;
}
