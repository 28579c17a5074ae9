/*
 * The end of a file: what became of it, everywhere at once. One commit ends its pass,
 * keeps its entry and its problems, moves its feed on, says what is to be done with it in
 * the drop, and audits it; a run that is killed before has it all to do again, and one
 * that is killed after has nothing to do but to move the file.
 */
#ifndef STATE_CONCLUDE_H
#define STATE_CONCLUDE_H

#include "state/audit.h"
#include "state/files.h"
#include "state/headers.h"
#include "state/pass.h"
#include "state/snapshot.h"
#include "state/watch.h"

/* What is NULL stays as it is. */
struct conclusion {
	const struct pass *pass; /* merged: it ends */
	const struct file_entry *file;
	const struct problem *
	    problems; /* the file's; at most FILE_PROBLEMS_MAX are kept; NULL: as they were */
	size_t nproblems;
	bool decided; /* what a human decided of this content is carried out: it goes */
	const struct file_entry *again;        /* this content is to be read again */
	const struct feed_state *feed;         /* but for how its runs ended */
	const struct snapshot_state *snapshot; /* the feed's */
	const struct header_mark *header;      /* the last good one of the feed */
	const struct file_header *drift;       /* the file's, where it is another */
	const struct name_put *name;
	const struct settling *settling;
	const struct arrival_new *arrival; /* this file's */
	struct audit_act audit;
};

/* `problems` counts if `file` is there. */
int ledger_conclude(struct ledger *l, const struct conclusion *c, struct err *e);

#endif
