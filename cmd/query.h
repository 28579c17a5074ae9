/*
 * A command that asks the ledger something, or writes a decision into it, and prints one
 * answer: text for a person, or one JSON value.
 */
#ifndef CMD_QUERY_H
#define CMD_QUERY_H

#include "base/json.h"
#include "cmd/feed.h"

struct query {
	struct app *app;
	struct ledger *ledger;
	const struct feed *feed; /* of query_feed */
	struct buf out;          /* what is printed if fn returns 0 */
	struct json json;        /* into `out`, if app->json */
	int exit; /* status, if fn returns 0 and has another than 0 to say */
	struct err *e;
};

typedef int query_fn(struct query *q);

/* Opens the ledger, which must be there, for fn; returns an exit status. */
int query_run(struct app *app, query_fn *fn, struct err *e);

/* The same about the feed that the first argument names, which must be configured. */
int query_feed(struct app *app, query_fn *fn, struct err *e);

#endif
