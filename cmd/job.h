/*
 * The job: one feed's drop, from listing to settling.
 */
#ifndef CMD_JOB_H
#define CMD_JOB_H

#include "cmd/feed.h"
#include "cmd/report.h"

/*
 * Runs one feed. Everything that happened goes to *out and the log; the return is
 * the exit status. `deadline` is on the monotonic clock.
 */
int job_run(struct app *app, struct feed *feed, struct report *report,
    struct feed_report *out, int64_t deadline);

#endif
