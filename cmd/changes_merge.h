/*
 * Merges, as far as a record is judged by them. For the files of changes_impl.h alone.
 */
#ifndef CMD_CHANGES_MERGE_H
#define CMD_CHANGES_MERGE_H

#include "cmd/changes_impl.h"

/*
 * The record is a patient with this id, or refers to one: its merges will be looked up,
 * if there are any at all. -1: no memory.
 */
int merges_note(struct changes *c, struct candidate *k, struct span id);

/* Of a merge: its key and its content, for the ledger's entry is about the retired id. */
void merges_take(struct changes *c, struct candidate *k, struct lookup *it);

/* The block's patients, looked up. */
int merges_lookup(struct changes *c, struct err *e);

/* Does the record stand for a patient that was merged away? Then that will be told. */
bool merges_forbid(struct changes *c, struct candidate *k);

/* Does an unlink, or a merge turned round, bring its patient back? */
bool merges_undone(const struct changes *c, const struct candidate *k);

/* After a merge's change: later records wait for it, and what it reverses ends. */
int merges_done(struct changes *c, const struct candidate *k, struct err *e);

/* Has the ledger this patient as merged into another? 1, 0, -1. */
int merges_retired(struct changes *c, struct span id, struct err *e);

#endif
