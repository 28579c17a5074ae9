/*
 * Which feeds an event speaks of: by name, or by where their drops are ([source]
 * event_path). Owns copies of what it needs of the feed files.
 */
#ifndef CMD_TRIGGER_ROUTE_H
#define CMD_TRIGGER_ROUTE_H

#include "cmd/app.h"
#include "pollers/event.h"
#include "pollers/source.h"

struct route {
	const char *feed;
	const char *scope;         /* feeds of one scope never run at the same time */
	struct source_conf source; /* pattern, marker and event_path alone */
};

struct routes {
	struct arena arena;
	struct route *v;
	size_t n, cap;
};

/* All feeds, also those with mistakes: their jobs tell of them. */
int routes_load(struct routes *r, struct app *app, struct err *e);
void routes_release(struct routes *r); /* takes a zeroed one */

/* `file` is NULL: the whole drop. -1 ends it. */
typedef int route_fn(void *arg, const struct route *to, const char *file);

/*
 * Calls fn for each feed that the hint speaks of. 0, fn's -1, or 1 and *fault, a
 * constant: it makes no sense here. None and no fault: it is no file of a feed, such as
 * one in its archive.
 */
int routes_follow(const struct routes *r, const struct event_hint *hint, route_fn *fn,
    void *arg, const char **fault);

#endif
