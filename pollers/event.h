/*
 * An event: something has happened in a drop, as a queue, an object store or a function's
 * runtime tells it in JSON. What it says is a hint where to look, and never a proof that
 * a file is there or whole. Known shapes:
 *
 *   {"feed": "north", "file": "visits.csv"}        ours; the file may be missing
 *   S3 notifications, as they are or in SNS, and in EventBridge's form
 *   AWS Transfer Family, from EventBridge or a workflow's step
 *   {"Records": [...]} of SQS for Lambda, any of the others in each body
 *
 * The event owns what it hands out, until event_release.
 */
#ifndef POLLERS_EVENT_H
#define POLLERS_EVENT_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/trace.h"

#define EVENT_BYTES_MAX (6u << 20) /* what Lambda hands over at once, at most */

/* One message of it: most events have one, those of SQS several. */
struct event_item {
	const char *id;          /* SQS's, or NULL */
	const char *traceparent; /* or NULL */
	const char *fault;       /* why it makes no sense, a constant; NULL: it does */
};

/* Where to look. */
struct event_hint {
	size_t item;
	const char *feed; /* or NULL, and `path` is there */
	const char *file; /* a name in the feed's drop, or NULL */
	const char *path; /* bucket/key, or a path on Transfer Family's server */
};

struct event {
	struct arena arena;
	struct event_item *items;
	size_t nitems, items_cap;
	struct event_hint *hints;
	size_t nhints, hints_cap;
	bool answered; /* each item is: SQS asks which of them have failed */
};

/*
 * 0, also if it makes no sense: its items say why. -1: no memory. An event without hints
 * tells of nothing that is to be looked at, such as a file that was removed.
 */
int event_read(struct event *ev, struct span text, struct err *e);
void event_release(struct event *ev); /* takes a zeroed one */

/* {"batchItemFailures": [...]}: the ids of those items of which failed[i] is set. */
void event_answer(const struct event *ev, const bool *failed, struct buf *out);

/* Is it a traceparent that may be handed on? */
bool event_traceparent_ok(struct span s);

#endif
