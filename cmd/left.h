/*
 * Files that stood aside and have left the drop.
 */
#ifndef CMD_LEFT_H
#define CMD_LEFT_H

#include "cmd/job_impl.h"

/* What is held or refused and is not in the list any more is stuck no longer. */
int left_forget(struct job *j, const struct drop_list *list, struct err *e);

#endif
