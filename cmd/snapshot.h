/*
 * What a snapshot is held or refused for, and what is kept of those that were applied.
 */
#ifndef CMD_SNAPSHOT_H
#define CMD_SNAPSHOT_H

#include "cmd/job_impl.h"

bool job_is_snapshot(const struct job *j);

/* Is this file, whose entry is filled in, one? A reject file that came back is not. */
bool snapshot_is(const struct job *j, const struct intake *in);

/*
 * What becomes, by type, of what the file lacks; NULL: nothing. Of a retry by in->sha256.
 * Do rows that give no record matter for that, once in->conf has it?
 */
const struct missing *snapshot_missing(const struct job *j, const struct intake *in);
bool snapshot_removes(const struct intake *in);

/*
 * Was a newer snapshot applied? Then this file, which was held, needs no decision any
 * more. 1, 0, -1.
 */
int snapshot_superseded(struct job *j, const struct listed *it, struct err *e);

/* The verdict of a snapshot; true: in->entry has it, and its reason. */
bool snapshot_too_old(struct job *j, struct intake *in);

/* Held, or for one reason more, if it would remove too much. */
void snapshot_hold_removals(struct job *j, struct intake *in);

/* Warns of an export with far fewer rows than usual. */
int snapshot_check_size(struct job *j, struct intake *in, struct err *e);

/* Its age and its size, into j->snapshot. */
int snapshot_applied(struct job *j, const struct intake *in, struct err *e);

#endif
