/* One event on standard input, to its end. */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "pollers/events_ops.h"

struct input {
	struct buf text;
	bool read;
};

static int
input_open(void **self, const struct events_conf *c, struct err *e)
{
	struct input *in = calloc(1, sizeof(*in));

	(void)c;
	if (in == NULL)
		return err_nomem(e);
	buf_init(&in->text, EVENT_BYTES_MAX + 1); /* one more tells that it is too long */
	*self = in;
	return 0;
}

static void
input_close(void *self)
{
	struct input *in = self;

	buf_release(&in->text);
	free(in);
}

static int
input_next(void *self, struct event_message *out, struct err *e)
{
	struct input *in = self;
	char part[8192];
	ssize_t n = 1;

	if (in->read)
		return EVENTS_END;
	in->read = true;
	while (n != 0 && !in->text.failed) {
		n = read(STDIN_FILENO, part, sizeof(part));
		if (n < 0 && errno != EINTR)
			return err_sys(e, ERR_IO, errno, "the event on standard input");
		if (n > 0)
			buf_add(&in->text, part, (size_t)n);
	}
	if (buf_check(&in->text, "the event", e) != 0)
		return -1;
	out->body = buf_span(&in->text);
	return EVENTS_MESSAGE;
}

/* The exit status tells, and what is printed. */
static int
input_settle(void *self, const struct event_message *m,
    const struct event_outcome *outcome, struct err *e)
{
	(void)self;
	(void)m;
	(void)outcome;
	(void)e;
	return 0;
}

const struct events_ops events_stdin = {
    .open = input_open, .close = input_close, .next = input_next, .settle = input_settle};
