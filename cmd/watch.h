/*
 * What a run leaves for those who watch: figures, problems that began or ended, metrics.
 */
#ifndef CMD_WATCH_H
#define CMD_WATCH_H

#include "cmd/app.h"
#include "cmd/report.h"
#include "cmd/troubles.h"

/*
 * When a run has its source's lock: those of the feed before it may have died without a word,
 * and so may this one. Returns the lock by which that is seen, for ledger_unlock at its end;
 * -1 if there is none to be had, which is logged, and no reason not to run.
 */
int watch_begin(struct app *app, struct ledger *l, const struct feed *f);

/*
 * At the end of a feed's run, when its lock is given back. What fails here is logged,
 * and changes nothing.
 */
void watch_run(
    struct app *app, struct ledger *l, struct feed *f, struct feed_report *out);

/*
 * Judges a feed by the ledger, tells what is new of it, and writes its metrics; that these
 * can't be written is logged, and no error.
 */
int watch_feed(struct app *app, struct ledger *l, const struct feed *f,
    struct feed_troubles *out, struct err *e);

/* A feed file with mistakes has no run: the ledger says so, if it knows the feed. */
void watch_broken(struct app *app, struct ledger *l, const char *feed, int exit);

#endif
