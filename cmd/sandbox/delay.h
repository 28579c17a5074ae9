/*
 * Latency without blocking: a connection is suspended, and a thread of its own
 * resumes it when its time has come. The daemon needs MHD_ALLOW_SUSPEND_RESUME.
 */
#ifndef CMD_SANDBOX_DELAY_H
#define CMD_SANDBOX_DELAY_H

#include <microhttpd.h>
#include <stdbool.h>

#include "base/err.h"

struct delay;

struct delay *delay_new(struct err *e);

/* Suspends the connection for `ms`. False if it was not: go on at once. */
bool delay_add(struct delay *d, struct MHD_Connection *connection, long ms);

/* Resumes all, and suspends no more: to be called before the daemon is stopped. */
void delay_stop(struct delay *d);

void delay_free(struct delay *d);

#endif
