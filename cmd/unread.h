/*
 * Files of a drop that cannot be opened or read: which, in words that hold no name, and
 * what to do. A run goes no further than to the first of them, for what comes behind it
 * may be newer.
 */
#ifndef CMD_UNREAD_H
#define CMD_UNREAD_H

#include "cmd/job.h"
#include "pollers/poller.h"

/* Where a file stands among those that it is read with; place 0: it is asked for alone. */
struct unread_place {
	const struct drop_file *file;
	size_t place, of;
};

/*
 * Why the poller could not open or read it, with the file's place in the feed's order, size
 * and time before it and the remedy behind it. *e is left alone, and false returned, if
 * its error is of anything else.
 */
bool unread_say(const struct poller *p, const struct unread_place *at, struct err *e);

#define UNREAD_FILES 1000  /* that are tried, the first in the feed's order, */
#define UNREAD_TIME  20000 /* in so many ms at most */
#define UNREAD_TOLD  20    /* of those that can't be opened */

/* What `check --connect` asks, and learns, of the files that a run would take. */
struct unread_trial {
	struct app *app;
	const struct feed *feed;
	struct poller *poller;
	const struct drop_list *list;
	void (*told)(void *arg, const struct drop_file *f, const char *words);
	void *arg;
	/* zero before */
	size_t tried, failed, left; /* opened or not; not opened; not tried */
	struct look_finds finds;
	int exit;
};

/*
 * Opens each of them, and reads nothing. -1 if the drop is lost meanwhile; that a file
 * can't be opened is told, and is no error here.
 */
int unread_try(struct unread_trial *t, struct err *e);

#endif
