#include "pollers/events.h"

#include <limits.h>
#include <stdlib.h>

#include "pollers/events_ops.h"

#define MINUTE     60000LL
#define AT(member) offsetof(struct trigger_conf, member)

const struct conf_option trigger_options[] = {
    {.name = "queue",
	.type = CONF_STRING,
	.offset = AT(queue),
	.help = "the queue that `trigger --amqp` takes messages from; it must be there"},
    {.name = "dead_letter",
	.type = CONF_STRING,
	.offset = AT(dead_letter),
	.help =
	    "exchange for messages that no try can help; it must be there, and bound"},
    {.name = "password_file",
	.type = CONF_SECRET,
	.offset = AT(password_file),
	.help = "where the password of the user in the broker's URL is"},
    {.name = "ca_file",
	.type = CONF_STRING,
	.offset = AT(ca_file),
	.dflt = "/etc/ssl/certs/ca-certificates.crt",
	.help = "the CAs to trust as to the broker, PEM"},
    {.name = "heartbeat",
	.type = CONF_DURATION,
	.offset = AT(heartbeat),
	.dflt = "30s",
	.min = 2000,
	.max = 10 * MINUTE,
	.help = "a broker that is silent for twice as long is gone; whole seconds"},
    {.name = "timeout",
	.type = CONF_DURATION,
	.offset = AT(timeout),
	.dflt = "30s",
	.min = 100,
	.max = 10 * MINUTE,
	.help = "longest wait for an answer of the broker"},
    {.name = "prefetch",
	.type = CONF_INT,
	.offset = AT(prefetch),
	.dflt = "20",
	.min = 1,
	.max = 1000,
	.help = "messages in hand, at most: those of jobs, and those that wait for one"},
    {.name = "tries",
	.type = CONF_INT,
	.offset = AT(tries),
	.dflt = "100",
	.min = 1,
	.max = 100000,
	.help = "of one message; then it goes to dead_letter"},
    {.name = "retry_delay",
	.type = CONF_DURATION,
	.offset = AT(retry_delay),
	.dflt = "15s",
	.min = 100,
	.max = 60 * MINUTE,
	.help = "between two tries of one message"},
    {.name = "jobs",
	.type = CONF_INT,
	.offset = AT(jobs),
	.dflt = "4",
	.min = 1,
	.max = 64,
	.help = "feeds that are worked on at a time"},
    {.name = NULL},
};

static const struct events_ops *const sources[] = {
    [EVENTS_AMQP] = &events_amqp,
    [EVENTS_STDIN] = &events_stdin,
    [EVENTS_LAMBDA] = &events_lambda,
};

struct events {
	const struct events_ops *ops;
	void *self;
	bool stopped;
};

struct events *
events_open(const struct events_conf *c, struct err *e)
{
	struct events *s = calloc(1, sizeof(*s));

	if (s == NULL) {
		err_nomem(e);
		return NULL;
	}
	s->ops = sources[c->kind];
	if (s->ops->open(&s->self, c, e) != 0) {
		free(s);
		return NULL;
	}
	return s;
}

void
events_close(struct events *s)
{
	if (s == NULL)
		return;
	s->ops->close(s->self);
	free(s);
}

int
events_next(struct events *s, struct event_message *out, struct err *e)
{
	*out = (struct event_message){.tries_left = UINT_MAX};
	return s->stopped && s->ops->stop == NULL ? EVENTS_NONE
						  : s->ops->next(s->self, out, e);
}

int
events_fd(const struct events *s)
{
	return s->ops->fd == NULL ? -1 : s->ops->fd(s->self);
}

int
events_settle(struct events *s, struct event_message *m,
    const struct event_outcome *outcome, struct err *e)
{
	int rc = s->ops->settle(s->self, m, outcome, e);

	events_drop(s, m);
	return rc;
}

void
events_drop(struct events *s, struct event_message *m)
{
	if (s->ops->drop != NULL)
		s->ops->drop(s->self, m);
	m->own = NULL;
}

void
events_stop(struct events *s)
{
	s->stopped = true;
	if (s->ops->stop != NULL)
		s->ops->stop(s->self);
}

void
events_refuse(const struct events_conf *c, const struct err *why)
{
	if (sources[c->kind]->refuse != NULL)
		sources[c->kind]->refuse(why);
}
