#include "pollers/ahead.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define BUFFERS 4
#define BUFFER_SIZE \
	(256u << 10) /* larger ones fall out of the cache before they are parsed */

struct ahead {
	struct poller *poller;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	char *bytes[BUFFERS];
	size_t length[BUFFERS];
	size_t filled, taken; /* counts of buffers; all between are full */
	bool lent;            /* the oldest full one is in the caller's hands */
	bool stop, ended;
	int result; /* once ended: 0, or -1 and err */
	struct err err;
};

/* An empty buffer to fill, NULL if the caller has had enough. */
static char *
wait_empty(struct ahead *a)
{
	char *to = NULL;

	pthread_mutex_lock(&a->lock);
	while (!a->stop && a->filled - a->taken == BUFFERS)
		pthread_cond_wait(&a->changed, &a->lock);
	if (!a->stop)
		to = a->bytes[a->filled % BUFFERS];
	pthread_mutex_unlock(&a->lock);
	return to;
}

static void
hand_over(struct ahead *a, size_t n)
{
	pthread_mutex_lock(&a->lock);
	a->length[a->filled++ % BUFFERS] = n;
	pthread_cond_signal(&a->changed);
	pthread_mutex_unlock(&a->lock);
}

/* -1 if the caller has had enough. */
static int
pass_on(struct ahead *a, struct span s)
{
	while (s.n > 0) {
		size_t n = s.n < BUFFER_SIZE ? s.n : BUFFER_SIZE;
		char *to = wait_empty(a);

		if (to == NULL)
			return -1;
		memcpy(to, s.p, n);
		hand_over(a, n);
		s.p += n;
		s.n -= n;
	}
	return 0;
}

static void *
fetch(void *arg)
{
	struct ahead *a = arg;
	struct err err = {.code = ERR_NONE};
	struct span s;
	int r;

	while ((r = poller_read(a->poller, &s, &err)) == 1)
		if (pass_on(a, s) != 0)
			break;
	pthread_mutex_lock(&a->lock);
	a->ended = true;
	a->result = r;
	a->err = err;
	pthread_cond_signal(&a->changed);
	pthread_mutex_unlock(&a->lock);
	return NULL;
}

static void
release(struct ahead *a)
{
	for (size_t i = 0; i < BUFFERS; i++)
		free(a->bytes[i]);
	pthread_cond_destroy(&a->changed);
	pthread_mutex_destroy(&a->lock);
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
	pthread_mutex_init(&a->lock, NULL);
	pthread_cond_init(&a->changed, NULL);
	for (size_t i = 0; i < BUFFERS; i++) {
		if ((a->bytes[i] = malloc(BUFFER_SIZE)) == NULL) {
			err_nomem(e);
			goto out;
		}
	}
	if (poller_read_open(p, path, f, e) != 0)
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
	int r = 1;

	pthread_mutex_lock(&a->lock);
	if (a->lent) {
		a->taken++;
		a->lent = false;
		pthread_cond_signal(&a->changed);
	}
	while (a->filled == a->taken && !a->ended)
		pthread_cond_wait(&a->changed, &a->lock);
	if (a->filled > a->taken) {
		*out = (struct span){
		    a->bytes[a->taken % BUFFERS], a->length[a->taken % BUFFERS]};
		a->lent = true;
	} else {
		r = a->result;
		if (r != 0)
			*e = a->err;
	}
	pthread_mutex_unlock(&a->lock);
	return r;
}

void
ahead_close(struct ahead *a)
{
	if (a == NULL)
		return;
	pthread_mutex_lock(&a->lock);
	a->stop = true;
	pthread_cond_signal(&a->changed);
	pthread_mutex_unlock(&a->lock);
	pthread_join(a->thread, NULL);
	poller_read_close(a->poller);
	release(a);
}
