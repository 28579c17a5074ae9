/*
 * Answers on their way to the clinic: whole files in DIR/answers/FEED, mode 0600, kept
 * before the file that they answer is put away, so that a folder of the drop that can't
 * be written loses no answer and holds nothing up.
 */
#ifndef STATE_ANSWERS_H
#define STATE_ANSWERS_H

#include <stdbool.h>

#include "base/err.h"
#include "base/span.h"

struct answer;

/*
 * Begins the answer `name` of a feed, under a name in progress; `dir` is the ledger's.
 * NULL with ERR_IO or ERR_NOMEM.
 */
struct answer *answer_new(
    const char *dir, const char *feed, const char *name, struct err *e);
int answer_add(struct answer *a, struct span bytes, struct err *e);

/* Synced, and in the place of an older one of its name. ERR_IO. */
int answer_keep(struct answer *a, struct err *e);

/* What was not kept is removed. */
void answer_free(struct answer *a);

/*
 * Calls fn with each answer of the feed that is kept, open for reading; 0 removes it, 1
 * leaves it and ends the walk with 0, -1 ends it with fn's error. ERR_IO.
 */
typedef int answer_fn(void *arg, const char *name, int fd, struct err *e);
int answers_each(
    const char *dir, const char *feed, answer_fn *fn, void *arg, struct err *e);

/* Is an answer of this name kept? */
bool answer_kept(const char *dir, const char *feed, const char *name);

/*
 * Calls fn with the feed and the name of every answer that is kept, until it returns
 * anything but 0: that is the result. Changes nothing. -1 with ERR_IO.
 */
typedef int answer_name_fn(void *arg, const char *feed, const char *name);
int answers_names(const char *dir, answer_name_fn *fn, void *arg, struct err *e);

#endif
