/*
 * The job: one feed's drop, from listing to settling.
 */
#ifndef CMD_JOB_H
#define CMD_JOB_H

#include "cmd/feed.h"
#include "cmd/report.h"
#include "cmd/stuck.h"
#include "state/pass.h"

/* What a job does besides looking at the drop. */
struct errand {
	enum pass_mode mode; /* PASS_BACKFILL or PASS_RETRY */
	char **args;         /* paths on the drop's server; of a retry ids of files, */
	size_t n;            /* or none: all that have refused records; of a backfill: */
	int64_t from, to;    /* without paths, the archive's files of [from, to), ms */
};

/* What the feeds of a run have in common. Whoever makes it ends it. */
struct job_share {
	struct links *links;
	struct ledger *ledger; /* NULL until a feed has opened it */
	struct stuck stuck;    /* of all feeds, as the first that asked found them */
	bool stuck_known;
};

struct job_order {
	struct report *report;
	int64_t deadline;            /* on the monotonic clock */
	const struct errand *errand; /* or NULL */
	const char *upto; /* nothing behind the file of this name is taken; NULL: all */
	struct job_share *share;
};

/*
 * Runs one feed. Everything that happened goes to *out and the log; the return is
 * the exit status.
 */
int job_run(struct app *app, struct feed *feed, struct feed_report *out,
    const struct job_order *order);

#endif
