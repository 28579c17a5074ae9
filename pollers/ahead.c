#include "pollers/ahead.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/handoff.h"

struct ahead {
	struct poller *poller;
	struct handoff *bytes;
	pthread_t thread;
};

static void *
fetch(void *arg)
{
	struct ahead *a = arg;
	struct err err = {.code = ERR_NONE};
	struct span s;
	int r;

	while ((r = poller_read(a->poller, &s, &err)) == 1)
		if (handoff_put(a->bytes, s) != 0)
			break;
	handoff_end(a->bytes, r, &err);
	return NULL;
}

static void
release(struct ahead *a)
{
	handoff_free(a->bytes);
	free(a);
}

struct ahead *
ahead_open(struct poller *p, const char *path, const struct drop_file *f, struct err *e)
{
	struct ahead *a = calloc(1, sizeof(*a));
	int rc;

	if (a == NULL)
		return err_nomem(e), NULL;
	a->poller = p;
	if ((a->bytes = handoff_new(e)) == NULL || poller_read_open(p, path, f, e) != 0)
		goto out;
	if ((rc = pthread_create(&a->thread, NULL, fetch, a)) == 0)
		return a;
	err_sys(e, ERR_NOMEM, rc, "cannot start a thread");
	poller_read_close(p);
out:
	release(a);
	return NULL;
}

int
ahead_read(struct ahead *a, struct span *out, struct err *e)
{
	return handoff_take(a->bytes, -1, out, e);
}

void
ahead_close(struct ahead *a)
{
	if (a == NULL)
		return;
	handoff_stop(a->bytes);
	pthread_join(a->thread, NULL);
	poller_read_close(a->poller);
	release(a);
}
