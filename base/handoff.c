#include "base/handoff.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BUFFERS 4
#define BUFFER_SIZE \
	(256u << 10) /* larger ones fall out of the cache before they are parsed */

struct handoff {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	char *bytes[BUFFERS];
	size_t length[BUFFERS];
	size_t filled, taken; /* counts of buffers; all between are full */
	bool lent;            /* the oldest full one is in the taker's hands */
	bool stop, ended;
	int result; /* once ended: 0, or -1 and err */
	struct err err;
};

static void
init_locks(struct handoff *h)
{
	pthread_condattr_t attr;

	pthread_mutex_init(&h->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&h->changed, &attr);
	pthread_condattr_destroy(&attr);
}

struct handoff *
handoff_new(struct err *e)
{
	struct handoff *h = calloc(1, sizeof(*h));

	if (h == NULL)
		return err_nomem(e), NULL;
	init_locks(h);
	for (size_t i = 0; i < BUFFERS; i++) {
		if ((h->bytes[i] = malloc(BUFFER_SIZE)) == NULL) {
			handoff_free(h);
			return err_nomem(e), NULL;
		}
	}
	return h;
}

void
handoff_free(struct handoff *h)
{
	if (h == NULL)
		return;
	for (size_t i = 0; i < BUFFERS; i++)
		free(h->bytes[i]);
	pthread_cond_destroy(&h->changed);
	pthread_mutex_destroy(&h->lock);
	free(h);
}

/* An empty buffer to fill, NULL if the taker has had enough. */
static char *
wait_empty(struct handoff *h)
{
	char *to = NULL;

	pthread_mutex_lock(&h->lock);
	while (!h->stop && h->filled - h->taken == BUFFERS)
		pthread_cond_wait(&h->changed, &h->lock);
	if (!h->stop)
		to = h->bytes[h->filled % BUFFERS];
	pthread_mutex_unlock(&h->lock);
	return to;
}

static void
hand_over(struct handoff *h, size_t n)
{
	pthread_mutex_lock(&h->lock);
	h->length[h->filled++ % BUFFERS] = n;
	pthread_cond_signal(&h->changed);
	pthread_mutex_unlock(&h->lock);
}

int
handoff_put(struct handoff *h, struct span s)
{
	while (s.n > 0) {
		size_t n = s.n < BUFFER_SIZE ? s.n : BUFFER_SIZE;
		char *to = wait_empty(h);

		if (to == NULL)
			return -1;
		memcpy(to, s.p, n);
		hand_over(h, n);
		s.p += n;
		s.n -= n;
	}
	return 0;
}

void
handoff_end(struct handoff *h, int result, const struct err *why)
{
	pthread_mutex_lock(&h->lock);
	h->ended = true;
	h->result = result;
	if (result != 0)
		h->err = *why;
	pthread_cond_signal(&h->changed);
	pthread_mutex_unlock(&h->lock);
}

static struct timespec
after(int64_t ms)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	t.tv_sec += (time_t)(ms / 1000);
	t.tv_nsec += (long)(ms % 1000) * 1000000;
	t.tv_sec += t.tv_nsec / 1000000000;
	t.tv_nsec %= 1000000000;
	return t;
}

/* -1 if nothing came in time. The lock is held. */
static int
wait_full(struct handoff *h, int64_t ms)
{
	struct timespec until = after(ms < 0 ? 0 : ms);
	int rc = 0;

	while (h->filled == h->taken && !h->ended && rc == 0)
		rc = ms < 0 ? pthread_cond_wait(&h->changed, &h->lock)
			    : pthread_cond_timedwait(&h->changed, &h->lock, &until);
	return h->filled == h->taken && !h->ended ? -1 : 0;
}

int
handoff_take(struct handoff *h, int64_t ms, struct span *out, struct err *e)
{
	int r = 1;

	pthread_mutex_lock(&h->lock);
	if (h->lent) {
		h->taken++;
		h->lent = false;
		pthread_cond_signal(&h->changed);
	}
	if (wait_full(h, ms) != 0) {
		r = err_set(e, ERR_DEADLINE, "the run's time is over");
	} else if (h->filled > h->taken) {
		*out = (struct span){
		    h->bytes[h->taken % BUFFERS], h->length[h->taken % BUFFERS]};
		h->lent = true;
	} else {
		r = h->result;
		if (r != 0)
			*e = h->err;
	}
	pthread_mutex_unlock(&h->lock);
	return r;
}

void
handoff_stop(struct handoff *h)
{
	pthread_mutex_lock(&h->lock);
	h->stop = true;
	pthread_cond_signal(&h->changed);
	pthread_mutex_unlock(&h->lock);
}

bool
handoff_stopped(struct handoff *h)
{
	bool stopped;

	pthread_mutex_lock(&h->lock);
	stopped = h->stop;
	pthread_mutex_unlock(&h->lock);
	return stopped;
}
