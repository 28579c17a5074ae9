/*
 * Files that do not come as news: an archive's, to be backfilled, and those of which the
 * API refused records, to be retried. They may lie anywhere on the drop's server, are
 * judged by their own time (P7), and leave the drop and its order alone.
 */
#ifndef CMD_OLD_H
#define CMD_OLD_H

#include "cmd/job_impl.h"

/*
 * Does the job's errand, file by file, the oldest first. Before each file what has come
 * into the drop goes first.
 */
int old_work(struct job *j, struct err *e);

#endif
