/*
 * Retention at the end of a run: what the ledger may forget is told by what lies in the
 * drop, which this run has just seen.
 */
#include "cmd/feedback.h"
#include "state/upkeep.h"

static const char *
listed_name(void *arg, size_t index)
{
	const struct drop_look *look = arg;

	return look->list.v[index].name;
}

int
job_retain(struct job *j, struct drop_look *look, struct err *e)
{
	const struct listing listing = {listed_name, look, look->list.n};
	const struct retention r = {.feed = j->feed->feed.name,
	    .scope = j->scope,
	    .now = clock_wall(j->app->clock),
	    .keep = j->app->state.keep};
	int due;

	if (j->app->dry_run)
		return 0;
	due = ledger_retain_due(j->ledger, &r, e);
	if (due != 1)
		return due;
	if (ledger_retain(j->ledger, &r, &listing, e) != 0)
		return -1;
	return feedback_retain(j, e);
}
