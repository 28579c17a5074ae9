#include "pollers/events.h"

#include <limits.h>
#include <stdlib.h>

#include "pollers/amqp_lib.h"
#include "pollers/events_ops.h"

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

void
events_versions(struct buf *out)
{
	struct amqp_lib lib;
	struct err e;

	if (amqp_lib_load(&lib, &e) == 0)
		buf_addf(out, "librabbitmq %s", lib.amqp_version());
	else
		buf_add_str(out, e.msg);
}
