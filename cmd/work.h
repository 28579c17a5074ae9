/*
 * A run over feeds, with its report at the end: what `run`, `backfill` and `retry` do.
 */
#ifndef CMD_WORK_H
#define CMD_WORK_H

#include "cmd/job.h"

/*
 * The first n arguments name the feeds (none: all). `errand` may be NULL. Returns the
 * exit status; the report is printed.
 */
int work_feeds(struct app *app, size_t n, const struct errand *errand, struct err *e);

#endif
