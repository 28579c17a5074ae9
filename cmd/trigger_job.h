/*
 * One short job in a process of its own: `emrdrop run FEED`, by the very program that
 * runs, with its report in memory. It shares nothing with who started it.
 */
#ifndef CMD_TRIGGER_JOB_H
#define CMD_TRIGGER_JOB_H

#include <sys/types.h>

#include "base/buf.h"
#include "cmd/app.h"
#include "pollers/event.h"

struct trigger_job {
	pid_t pid;
	int report; /* descriptor of its standard output */
};

struct trigger_work {
	const char *feed;
	const char *file;        /* or NULL: handed over where no other user sees it */
	const char *traceparent; /* or NULL: in the environment of the job */
};

int trigger_job_start(struct trigger_job *j, const struct app *app,
    const struct trigger_work *w, struct err *e);

/* It has ended: its report, JSON, is added to *out. */
void trigger_job_end(struct trigger_job *j, struct buf *out);

/*
 * Is the job to be asked for again, by its report? Then why; else NULL. It is, too, if that
 * can't be read.
 */
const char *trigger_report_again(struct span report);

#endif
