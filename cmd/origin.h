/*
 * How old the rows of a reject file are that came back mended: as old as the export that
 * they are of, which is known by the number in the name, NAME-1a2b3c4d.rejects.csv,
 * whatever browsers and people add.
 */
#ifndef CMD_ORIGIN_H
#define CMD_ORIGIN_H

#include "cmd/job_impl.h"

/* Is it the name of a reject file? */
bool origin_named(const char *name);

/*
 * Makes a mended file's own time (in->file_at, in->conf.file_at) that of its export, if
 * the ledger knows that one and no time was given. 0, -1.
 */
int origin_take(struct intake *in, struct err *e);

/*
 * The own time of a file that comes into the drop, given the one that its name or its last
 * change has: files of one date or one second follow each other, and the later is newer.
 */
int64_t origin_news_at(const struct job *j, int64_t at);

/* Of any file: how old its rows will be if they come back so, for its entry. */
int64_t origin_counts_as(const struct job *j, const struct intake *in);

#endif
