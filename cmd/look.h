/*
 * What a look at the drop found, file by file, and what is to be done with each.
 */
#ifndef CMD_LOOK_H
#define CMD_LOOK_H

#include "pollers/poller.h"
#include "state/files.h"

struct job;

/* STOP: nothing behind it may overtake it. */
enum take_or_not { SKIP, TAKE, WAIT, STOP };

/* A listed file, with what the ledger knows of its name. */
struct listed {
	struct drop_file *file;
	bool known;
	struct name_entry name; /* all zero if it is not known */
	enum take_or_not what;
	bool fresh;    /* the name is to be kept: a first look, or superseded */
	bool outdated; /* it waits, with a marker that is older than it */
	int64_t wait;  /* ms until time alone may make it ready */
};

struct drop_look {
	struct drop_list list;
	struct listed *files; /* one a file of the list, in its order */
	size_t n;
};

/*
 * Lists the drop, judges each file, and waits once for files to be stable if no later
 * run does it soon. *out is to be released whatever the result.
 */
int look_at_drop(struct job *j, struct drop_look *out, struct err *e);
/* It changed while it was read: it waits, which `status` tells until a look finds no more. */
int look_changed(struct job *j, const struct listed *it, struct err *e);
void look_release(struct drop_look *look);

#endif
