/*
 * What `check` finds out of a feed, and how it is told; and, with --connect, what its drop
 * and its API say.
 */
#ifndef CMD_CHECK_CONNECT_H
#define CMD_CHECK_CONNECT_H

#include <stdbool.h>

#include "base/json.h"
#include "cmd/app.h"
#include "cmd/feed.h"

struct check {
	struct buf out, text;
	struct json json;
	bool as_json, connect;
};

/* A line for a person, a key of the feed's object for a program. */
void check_say(struct check *c, const char *what, const char *text);
/* When it expires, ms; 0: nothing is said. */
void check_say_expiry(struct app *app, struct check *c, const char *what, int64_t at);

/* Logs in to the drop, lists it and tries what waits there; asks the API. An exit status. */
int check_connect(struct app *app, struct check *c, struct feed *f);

#endif
