/*
 * What a retry is besides any other reading of a file: the file was judged and delivered
 * before, and its entry says what of it the API refused. That is brought up to date.
 */
#ifndef CMD_RETRIED_H
#define CMD_RETRIED_H

#include "cmd/job_impl.h"

/* After the reading, into in->left: what may be refused still, though it is not sent. */
int retried_note(struct job *j, struct intake *in, struct err *e);

/* What was counted then, for who ends the pass without having read the file; and back. */
struct pass_counts retried_counts(const struct intake *in);
void retried_recall(struct intake *in, const struct pass *pass);

/* What the file's entry is, once in->entry tells how the retry ended. */
void retried_keep(struct file_entry *kept, const struct intake *in);

/* That something may be refused still which no retry sends. */
void retried_tell(struct job *j, const struct intake *in);

#endif
