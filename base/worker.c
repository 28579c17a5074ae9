#include "base/worker.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

struct worker {
	int (*work)(void *arg, struct err *e);
	void *arg;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool started; /* there is a thread */

	/* Under the lock. */
	uint64_t given, done; /* pieces */
	uint64_t failed;      /* the number of the one that did, with err; 0: none */
	bool stop;
	struct err err;
};

struct worker *
worker_new(int (*work)(void *arg, struct err *e), void *arg, struct err *e)
{
	struct worker *w = calloc(1, sizeof(*w));

	if (w == NULL)
		return err_nomem(e), NULL;
	w->work = work;
	w->arg = arg;
	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->changed, NULL);
	return w;
}

/* The lock is held, but not while the work is done. */
static void
do_one(struct worker *w)
{
	struct err err;
	int result = 0;

	if (w->failed == 0) {
		pthread_mutex_unlock(&w->lock);
		result = w->work(w->arg, &err);
		pthread_mutex_lock(&w->lock);
	}
	w->done++;
	if (result != 0) {
		w->failed = w->done;
		w->err = err;
	}
}

static void *
run(void *arg)
{
	struct worker *w = arg;

	pthread_mutex_lock(&w->lock);
	for (;;) {
		while (w->done == w->given && !w->stop)
			pthread_cond_wait(&w->changed, &w->lock);
		if (w->done == w->given)
			break;
		do_one(w);
		pthread_cond_signal(&w->changed);
	}
	pthread_mutex_unlock(&w->lock);
	return NULL;
}

void
worker_give(struct worker *w)
{
	if (!w->started)
		w->started = pthread_create(&w->thread, NULL, run, w) == 0;
	pthread_mutex_lock(&w->lock);
	w->given++;
	if (w->started)
		pthread_cond_signal(&w->changed);
	else
		do_one(w);
	pthread_mutex_unlock(&w->lock);
}

/* The lock is held. */
static void
wait_until(struct worker *w, uint64_t done)
{
	while (w->done < done)
		pthread_cond_wait(&w->changed, &w->lock);
}

/* When a failure is told depends on what was given alone, not on who is faster. */
int
worker_wait(struct worker *w, uint64_t left, struct err *e)
{
	int result = 0;

	pthread_mutex_lock(&w->lock);
	if (w->given > left)
		wait_until(w, w->given - left);
	if (w->failed != 0 && w->failed + left <= w->given) {
		wait_until(w, w->given);
		w->failed = 0;
		*e = w->err;
		result = -1;
	}
	pthread_mutex_unlock(&w->lock);
	return result;
}

void
worker_free(struct worker *w)
{
	if (w == NULL)
		return;
	if (w->started) {
		pthread_mutex_lock(&w->lock);
		w->stop = true;
		pthread_cond_signal(&w->changed);
		pthread_mutex_unlock(&w->lock);
		pthread_join(w->thread, NULL);
	}
	pthread_cond_destroy(&w->changed);
	pthread_mutex_destroy(&w->lock);
	free(w);
}
