/*
 * Answers on their way to the clinic: whole files in DIR/answers/FEED, mode 0600, kept
 * before the file that they answer is put away, so that a folder of the drop that can't
 * be written loses no answer and holds nothing up. Where the clinic's folder may not be
 * written at all, receipts stay in DIR/receipts/FEED.
 *
 * Names begin with the id of the file that is answered; ".KIND" may stand behind it.
 */
#ifndef STATE_ANSWERS_H
#define STATE_ANSWERS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/span.h"

struct answer;

/* Where answers are; `dir` is the ledger's. All is borrowed. */
enum answer_shelf { ANSWERS_TO_GIVE, RECEIPTS_HERE };

struct answer_place {
	const char *dir, *feed;
	enum answer_shelf shelf;
};

/* Begins the answer `name`, under a name in progress. NULL with ERR_IO or ERR_NOMEM. */
struct answer *answer_new(const struct answer_place *at, const char *name, struct err *e);
int answer_add(struct answer *a, struct span bytes, struct err *e);

/* Synced, and in the place of an older one of its name. ERR_IO. */
int answer_keep(struct answer *a, struct err *e);

/* What was not kept is removed. */
void answer_free(struct answer *a);

/*
 * Calls fn with each answer that the feed has to give, open for reading; 0 removes it, 1
 * leaves it, 2 leaves it and ends the walk with 0, -1 ends it with fn's error. ERR_IO.
 */
typedef int answer_fn(void *arg, const char *name, int fd, struct err *e);
int answers_each(
    const char *dir, const char *feed, answer_fn *fn, void *arg, struct err *e);

/* Is an answer to the file with this id on its way? */
bool answer_kept(const char *dir, const char *feed, const char *id);

/*
 * Calls fn with the feed and the name of every answer that is kept (of that feed's, if
 * `feed` is not NULL), until it returns anything but 0: that is the result. Changes
 * nothing. -1 with ERR_IO.
 */
typedef int answer_name_fn(void *arg, const char *feed, const char *name);
int answers_names(
    const char *dir, const char *feed, answer_name_fn *fn, void *arg, struct err *e);

/* Removes the receipts that were put here before `before` (s since 1970). ERR_IO. */
int receipts_forget(const char *dir, const char *feed, int64_t before, struct err *e);

#endif
