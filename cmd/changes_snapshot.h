/*
 * What is particular to a snapshot: only the last row of a record counts, and what is
 * not in it may be removed. For the files of changes_impl.h alone.
 */
#ifndef CMD_CHANGES_SNAPSHOT_H
#define CMD_CHANGES_SNAPSHOT_H

#include "cmd/changes_impl.h"

/* NULL: no memory, or the ledger can't be read. */
struct snapshot *snapshot_new(const struct changes_conf *conf, struct err *e);
void snapshot_free(struct snapshot *s);

/* A record of the file, looked up, and the one before it under the same key forgotten. */
int snapshot_resolve(
    struct changes *c, struct candidate *k, const struct lookup *it, struct err *e);

/* The lanes of a type's changes, and of its removals. */
unsigned snapshot_lane(enum record_type type);
unsigned snapshot_lane_removals(enum record_type type);

/* Takes out of a batch what a later row has superseded. */
void snapshot_drop(const struct changes *c, struct frame *f);

/* Is the record in the file? Might it be, by the file's first and last start? */
bool snapshot_has(const struct snapshot *s, const struct known *known);
bool snapshot_covers(const struct snapshot *s, enum record_type type, int64_t window);

#endif
