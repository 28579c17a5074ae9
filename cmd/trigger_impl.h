/*
 * Messages in hand, and their tasks: what trigger.c and trigger_hand.c share.
 */
#ifndef CMD_TRIGGER_IMPL_H
#define CMD_TRIGGER_IMPL_H

#include "cmd/trigger.h"
#include "cmd/trigger_job.h"
#include "cmd/trigger_route.h"

/* A job that a message asks for. */
struct task {
	struct task *next; /* of its message */
	struct held *of;
	size_t item;
	char *feed, *scope, *file; /* file: or NULL */
	const char *traceparent;
	enum { TASK_WAITS, TASK_RUNS, TASK_ENDED } state;
	struct trigger_job job;
};

/* A message in hand. */
struct held {
	struct held *next; /* in the order they came */
	struct event_message message;
	struct event event;
	struct task *tasks;
	bool *failed; /* by item */
	bool lost; /* with its connection: it comes again, and nobody wants an answer */
	enum event_fate fate;
	char reason[512];
};

/* What became of an item: the worst of what a message has had is what it gets. */
void held_note(struct held *h, size_t item, enum event_fate fate, const char *reason);

/*
 * Reads a message, and finds what it asks for; one that makes no sense has its fate
 * already. The feed files are read anew where a feed is not known. NULL: no memory.
 */
struct held *held_new(
    struct app *app, struct routes *routes, const struct event_message *m, struct err *e);
void held_free(struct held *h);

/* Have all of its tasks ended? */
bool held_is_ended(const struct held *h);

/* What a job's status, as waitpid has it, means to who asked for it. */
void held_judge(struct task *t, int status, struct span report);

/* Its exit status, or that of a bug if a signal ended it. */
int task_exit(int status);

#endif
