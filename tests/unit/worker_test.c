#include <criterion/criterion.h>
#include <errno.h>
#include <pthread.h>

#include "base/worker.h"

/* Linked with --wrap: there may be no thread to be had. */
int __real_pthread_create(
    pthread_t *t, const pthread_attr_t *attr, void *(*run)(void *), void *arg);
int __wrap_pthread_create(
    pthread_t *t, const pthread_attr_t *attr, void *(*run)(void *), void *arg);

static bool scarce;
static unsigned threads;

int
__wrap_pthread_create(
    pthread_t *t, const pthread_attr_t *attr, void *(*run)(void *), void *arg)
{
	if (scarce)
		return EAGAIN;
	threads++;
	return __real_pthread_create(t, attr, run, arg);
}

/* Numbers its pieces; they are its own until worker_wait, so no lock is needed. */
struct job {
	unsigned done, fails; /* at that piece; 0: none */
	bool beside;          /* not by the thread that gave it */
	pthread_t giver;
};

static int
work(void *arg, struct err *e)
{
	struct job *j = arg;

	j->beside |= !pthread_equal(j->giver, pthread_self());
	return ++j->done == j->fails ? err_set(e, ERR_IO, "piece %u is too much", j->done)
				     : 0;
}

static struct worker *
begin(struct job *j, unsigned fails)
{
	struct err e;
	struct worker *w;

	*j = (struct job){.fails = fails, .giver = pthread_self()};
	w = worker_new(work, j, &e);
	cr_assert_not_null(w);
	return w;
}

Test(worker, all_pieces_are_done_with_or_without_a_thread)
{
	for (unsigned i = 0; i < 2; i++) {
		struct err e;
		struct job j;
		struct worker *w = begin(&j, 0);

		scarce = i == 1;
		cr_expect_eq(worker_wait(w, 0, &e), 0, "there was none");
		for (unsigned n = 0; n < 1000; n++) {
			cr_assert_eq(worker_wait(w, n % 3, &e), 0);
			worker_give(w);
		}
		cr_expect_eq(worker_wait(w, 2000, &e), 0, "more than there are");
		cr_expect_eq(worker_wait(w, 0, &e), 0);
		cr_expect_eq(j.done, 1000);
		cr_expect_eq(j.beside, !scarce);
		worker_free(w);
	}
	cr_expect_eq(threads, 1);
}

Test(worker, a_thread_begins_with_the_first_piece)
{
	struct job j;

	worker_free(begin(&j, 0));
	worker_free(NULL);
	cr_expect_eq(threads, 0);
}

/* When it is told depends on what was given, whoever is faster. */
Test(worker, what_fails_is_told_once_and_nothing_is_done_behind_it)
{
	for (unsigned i = 0; i < 2; i++) {
		struct err e;
		struct job j;
		struct worker *w = begin(&j, 2);

		scarce = i == 1;
		for (unsigned n = 0; n < 4; n++)
			worker_give(w);
		cr_expect_eq(worker_wait(w, 3, &e), 0, "the first was well");
		cr_expect_eq(worker_wait(w, 2, &e), -1);
		cr_expect_eq(e.code, ERR_IO);
		cr_expect_str_eq(e.msg, "piece 2 is too much");
		cr_expect_eq(j.done, 2);
		cr_expect_eq(worker_wait(w, 0, &e), 0, "once");
		worker_give(w);
		cr_expect_eq(worker_wait(w, 0, &e), 0);
		cr_expect_eq(j.done, 3, "and goes on");
		worker_free(w);
	}
}

Test(worker, what_is_left_is_done_before_it_ends)
{
	struct job j;
	struct worker *w = begin(&j, 0);

	for (unsigned n = 0; n < 100; n++)
		worker_give(w);
	worker_free(w);
	cr_expect_eq(j.done, 100);
}
