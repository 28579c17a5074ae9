/*
 * The trigger: takes messages from a source of events, runs a job for each feed that they
 * speak of, and answers each message when all of its jobs have ended. One job a scope at
 * a time, and so many in all as [trigger] jobs says.
 */
#ifndef CMD_TRIGGER_H
#define CMD_TRIGGER_H

#include "base/buf.h"
#include "cmd/app.h"
#include "pollers/events.h"

struct trigger_sum {
	uint64_t messages, done, later, dead, jobs;
	int exit;           /* the gravest of the jobs' */
	bool answered;      /* `answer` is for whoever handed the event over */
	struct buf answer;  /* the last message's */
	struct buf reports; /* of the jobs, JSON, comma-separated; if asked for */
};

/*
 * Until the source has no more, a signal asks to stop (running jobs are waited for), or
 * an error. `keep_reports` keeps those of all jobs in *sum. 0 or -1.
 */
int trigger_run(struct app *app, struct events_conf *c, bool keep_reports,
    struct trigger_sum *sum, struct err *e);

#endif
