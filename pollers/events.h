/*
 * The facade over where events come from: a queue, standard input, a function's runtime.
 * It picks a source by its kind (events_ops, registry in events.c). A source hands out
 * messages, and is told what became of each; what they say is pollers/event.h's affair.
 */
#ifndef POLLERS_EVENTS_H
#define POLLERS_EVENTS_H

#include "pollers/event.h"
#include "pollers/trigger_conf.h"

enum events_kind { EVENTS_AMQP, EVENTS_STDIN, EVENTS_LAMBDA };

struct events_conf {
	enum events_kind kind;
	const char *url; /* of EVENTS_AMQP: amqps://user@host:port/vhost */
	bool drain;      /* it ends when there is nothing more */
	const struct trigger_conf *trigger;
	int stop_fd; /* readable: a wait is to end */
};

struct event_message {
	struct span body;                    /* valid until the message is settled */
	char traceparent[TRACE_HEADER_SIZE]; /* beside the body; or "" */
	unsigned tries_left; /* this one included; UINT_MAX: somebody else counts them */
	void *own;           /* the source's */
};

enum event_fate {
	EVENT_DONE,  /* what it asked for stands in the ledger */
	EVENT_LATER, /* to be tried again */
	EVENT_DEAD   /* no try can help */
};

struct event_outcome {
	enum event_fate fate;
	const char *reason; /* if it is not done; no file's name is in it */
	struct span answer; /* JSON for who asked, or empty */
};

struct events;

/*
 * Opens a source; `c` must outlive it. ERR_CONFIG, ERR_PEER: who answers is not who it
 * should be; ERR_PERM: login or a queue refused; ERR_IO: it is not reached.
 */
struct events *events_open(const struct events_conf *c, struct err *e);
void events_close(struct events *s); /* takes NULL; what is not settled goes back */

enum events_next { EVENTS_NONE, EVENTS_MESSAGE, EVENTS_END };

/*
 * The next message: EVENTS_MESSAGE and *out; EVENTS_NONE: none yet, or enough are in hand;
 * EVENTS_END: there will be none; -1. It is to be called every second, for it also keeps
 * the connection. A source without a descriptor waits in here until there is a message or
 * stop_fd is readable.
 */
int events_next(struct events *s, struct event_message *out, struct err *e);

/* A descriptor that is readable when a message may have come, or -1. */
int events_fd(const struct events *s);

/* Tells what became of a message, and frees what it has. In any order. */
int events_settle(struct events *s, struct event_message *m,
    const struct event_outcome *outcome, struct err *e);

/* From now on events_next keeps the connection, and no more. */
void events_stop(struct events *s);

/* Frees what a message has, without an answer: it goes back when the source is closed. */
void events_drop(struct events *s, struct event_message *m);

/* librabbitmq's version, or that it is not there, for `version`. */
void events_versions(struct buf *out);

/* Can't be begun: tells whoever started us why, where there is a way to. */
void events_refuse(const struct events_conf *c, const struct err *why);

#endif
