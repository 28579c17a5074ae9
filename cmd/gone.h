/*
 * Feeds whose file was taken away: nobody looks after them any more, so what was told of
 * them is told to have ended.
 */
#ifndef CMD_GONE_H
#define CMD_GONE_H

#include "cmd/feed.h"
#include "state/ledger.h"

/* The feeds that there are; zeroed at first. */
struct present {
	char (*v)[LEDGER_NAME_MAX + 1];
	size_t n, cap;
	bool
	    unsure; /* a feed file does not say which feed it is of, or there is no memory */
};

/* `right`: its file has no mistakes. */
void present_add(struct present *p, const struct feed *f, bool right);
void present_release(struct present *p);

/*
 * Ends what was told of feeds that are not among them, and removes their metrics. Does
 * nothing if that is not sure. What fails is logged.
 */
void gone_end(struct app *app, struct ledger *l, const struct present *p);

#endif
