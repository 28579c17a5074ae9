#include "cmd/sandbox/delay.h"

#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"

struct waiting {
	struct waiting *next;
	struct MHD_Connection *connection;
	int64_t due; /* monotonic ms */
};

struct delay {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct waiting *first; /* by due */
	bool stopping;
};

static void
resume_due(struct delay *d, int64_t now)
{
	while (d->first && (d->stopping || d->first->due <= now)) {
		struct waiting *w = d->first;
		d->first = w->next;
		MHD_resume_connection(w->connection);
		free(w);
	}
}

static void *
resume_all(void *arg)
{
	struct delay *d = arg;
	struct timespec until;

	pthread_mutex_lock(&d->lock);
	while (!d->stopping || d->first) {
		resume_due(d, clock_mono(&clock_system));
		if (d->stopping)
			continue;
		if (!d->first) {
			pthread_cond_wait(&d->changed, &d->lock);
			continue;
		}
		until.tv_sec = (time_t)(d->first->due / 1000);
		until.tv_nsec = (long)(d->first->due % 1000) * 1000000;
		pthread_cond_timedwait(&d->changed, &d->lock, &until);
	}
	pthread_mutex_unlock(&d->lock);
	return NULL;
}

struct delay *
delay_new(struct err *e)
{
	struct delay *d = calloc(1, sizeof(*d));
	pthread_condattr_t attributes;
	int rc;

	if (!d) {
		err_nomem(e);
		return NULL;
	}
	pthread_mutex_init(&d->lock, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&d->changed, &attributes);
	pthread_condattr_destroy(&attributes);
	rc = pthread_create(&d->thread, NULL, resume_all, d);
	if (rc == 0)
		return d;
	err_sys(e, ERR_IO, rc, "cannot start a thread");
	free(d);
	return NULL;
}

static void
insert(struct delay *d, struct waiting *w)
{
	struct waiting **at = &d->first;

	while (*at && (*at)->due <= w->due)
		at = &(*at)->next;
	w->next = *at;
	*at = w;
}

bool
delay_add(struct delay *d, struct MHD_Connection *connection, long ms)
{
	struct waiting *w = malloc(sizeof(*w));
	bool added;

	if (!w)
		return false;
	w->connection = connection;
	w->due = clock_mono(&clock_system) + ms;
	pthread_mutex_lock(&d->lock);
	added = !d->stopping;
	if (added) {
		MHD_suspend_connection(connection);
		insert(d, w);
		pthread_cond_signal(&d->changed);
	}
	pthread_mutex_unlock(&d->lock);
	if (!added)
		free(w);
	return added;
}

void
delay_stop(struct delay *d)
{
	pthread_mutex_lock(&d->lock);
	d->stopping = true;
	pthread_cond_signal(&d->changed);
	pthread_mutex_unlock(&d->lock);
	pthread_join(d->thread, NULL);
}

void
delay_free(struct delay *d)
{
	if (!d)
		return;
	pthread_cond_destroy(&d->changed);
	pthread_mutex_destroy(&d->lock);
	free(d);
}
