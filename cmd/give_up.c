/*
 * A pass that nobody can finish: it ends as it stands, and that is told.
 */
#include "cmd/give_up.h"

#include <stdio.h>

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
note(struct job *j, const struct pass *p, const char *why, const struct merged *sum,
    uint64_t unsent)
{
	struct given_up *g = &j->out->given_up;

	*g = (struct given_up){.pass = p->number,
	    .file = p->file,
	    .why = why,
	    .delivered = sum->taken,
	    .refused = sum->refused,
	    .doubtful = sum->doubtful,
	    .unsent = unsent};
	log_event(&j->app->log, LOG_WARN, "pass-abandoned",
	    LOG_FIELDS(LOG_NAME("feed", p->feed), LOG_UINT("pass", p->number),
		LOG_NAME("reason", why), LOG_UINT("delivered", sum->taken),
		LOG_UINT("refused", sum->refused), LOG_UINT("doubtful", sum->doubtful),
		LOG_UINT("unsent", unsent)));
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

int
give_up_pass(struct job *j, struct pass *p, const char *why, bool retaken, struct err *e)
{
	struct conclusion c = {.pass = p,
	    .audit = {.act = "pass-abandoned",
		.feed = p->feed,
		.file = &p->file,
		.detail = why}};
	struct file_entry en;
	struct merged sum;
	uint64_t unsent = 0;
	int known;

	if (pass_merge(j->ledger, p, &sum, e) != 0 ||
	    (known = ledger_file_get(j->ledger, &p->file, &en, e)) < 0)
		return -1;
	if (known == 1) {
		unsent = close_entry(&en, p, why, &sum);
		c.file = &en;
	}
	if (ledger_conclude(j->ledger, &c, e) != 0)
		return -1;
	note(j, p, why, &sum, unsent);
	if (!retaken && sum.doubtful + unsent > 0)
		j->out->exit = status_worse(j->out->exit, STATUS_SOME_LOST);
	return 0;
}
