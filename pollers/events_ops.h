/*
 * What a source of events does. One file and one line in the registry of events.c add
 * another. The contracts are those of events.h.
 */
#ifndef POLLERS_EVENTS_OPS_H
#define POLLERS_EVENTS_OPS_H

#include "pollers/events.h"

struct events_ops {
	/* *self is the source's own; 0, or -1 and nothing to close. */
	int (*open)(void **self, const struct events_conf *c, struct err *e);
	void (*close)(void *self);
	int (*next)(void *self, struct event_message *out, struct err *e);
	int (*fd)(const void *self); /* NULL: none */
	int (*settle)(void *self, const struct event_message *m,
	    const struct event_outcome *outcome, struct err *e);
	void (*drop)(
	    void *self, struct event_message *m); /* frees m->own; NULL: nothing */
	void (*stop)(void *self);                 /* NULL: nothing to keep */
	void (*refuse)(const struct err *why);    /* NULL: nobody asks */
};

extern const struct events_ops events_amqp, events_stdin, events_lambda;

#endif
