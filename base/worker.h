/*
 * Work beside: a thread that does pieces of work, one after the other in the order in which
 * they were given, while whoever gives them goes on. All that a piece touches is the
 * thread's from worker_give until worker_wait has seen it done; it needs no locks of its own.
 *
 * The thread begins with the first piece. Where none is to be had, worker_give does the
 * work itself, and all comes out the same, only later.
 */
#ifndef BASE_WORKER_H
#define BASE_WORKER_H

#include <stdint.h>

#include "base/err.h"

struct worker;

/* `work` with `arg`, borrowed, is one piece: 0, or -1 and *e. NULL: no memory. */
struct worker *worker_new(
    int (*work)(void *arg, struct err *e), void *arg, struct err *e);

/* Waits for what is left, and ends the thread. Takes NULL. */
void worker_free(struct worker *w);

/* One more piece is to be done. */
void worker_give(struct worker *w);

/*
 * Until no more than `left` pieces are to be done. -1 and *e, once, if one of the others
 * failed: none of those behind it is done, and none is left.
 */
int worker_wait(struct worker *w, uint64_t left, struct err *e);

#endif
