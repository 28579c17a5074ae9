/*
 * What the clinic is told of a file: acknowledgements of its messages, a receipt, a
 * reject file. It is kept beside the ledger at the file's end, then given; a folder that
 * can't be written loses nothing, and holds nothing up.
 *
 * In the feed's folder: NAME-1a2b3c4d.ack.hl7, NAME-1a2b3c4d[.OUTCOME].receipt.txt and
 * .json, NAME-1a2b3c4d.rejects.csv, with the file's number, so that no two contents
 * share a name. What is there already was given before, and is not written again.
 */
#ifndef CMD_FEEDBACK_H
#define CMD_FEEDBACK_H

#include "cmd/job_impl.h"

/* Is the file of this reading answered at all? Only what comes as news is. */
bool feedback_wanted(const struct job *j, const struct intake *in);

/* Are its rejected rows to be given back? */
bool feedback_wants_rejects(const struct job *j, const struct intake *in);

/*
 * Is a file named like the reject files that the feed's files are answered with, and is
 * none any more? Then it is refused.
 */
bool feedback_is_bare(struct intake *in);

/* Was this file taken before, whole, under its name? in->taken_at says when. */
int feedback_note_before(struct job *j, struct intake *in, struct err *e);

/*
 * Keeps all answers to a file, whose entry is in the ledger. `in` has its verdict and
 * every outcome; `sent`: it had a pass.
 */
int feedback_keep(struct job *j, struct intake *in, bool sent, struct err *e);

/* Gives what is kept. What can't be given is told, and tried again by the next run. */
int feedback_give(struct job *j, struct err *e);

/* Is the file that was put away to this path still to be read for its reject file? 1, 0, -1. */
int feedback_needs(struct job *j, const char *path, struct err *e);

/* What is told of a failure to write or to move: 0, and the work goes on; -1: it can't. */
int feedback_failed(struct job *j, const char *event, const char *folder, struct err *e);

/* Forgets receipts that were kept here for long enough. */
int feedback_retain(struct job *j, struct err *e);

#endif
