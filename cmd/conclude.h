/*
 * The end of a file: it is delivered, or stands aside until somebody decides.
 */
#ifndef CMD_CONCLUDE_H
#define CMD_CONCLUDE_H

#include "cmd/job_impl.h"

/*
 * The end of a file that was sent in `pass`, or had nothing to send (NULL): answer,
 * merge, books, one commit for all that is known of it, report, and into the archive.
 */
int conclude_file(struct job *j, const struct drop_file *f, struct intake *in,
    struct pass *pass, struct err *e);

/* The same of a pass whose merge an earlier run began. */
int conclude_merged(struct job *j, struct pass *pass, struct err *e);

/* A file that is held or refused. */
int conclude_aside(
    struct job *j, const struct drop_file *f, struct intake *in, struct err *e);

/* Is it held, and do later files wait for it? */
bool conclude_blocks(const struct job *j, const struct intake *in);

/* The file's entry in the report, and its share of the exit status. */
int conclude_tell(
    struct job *j, const struct intake *in, uint64_t pending, struct err *e);

/* What a file's entry becomes with its pass; a retry's moves from refused to delivered. */
void conclude_sum(struct file_entry *en, enum pass_mode mode, const struct merged *sum);

/*
 * What is to be told of a file whose delivery ends with an error. What the API has taken
 * counts in this run, and not once more in the one that finishes it. `p` may have failed
 * to open: then in->entry.pass is 0.
 */
void conclude_unsent(struct job *j, struct intake *in, const struct pass *p);

#endif
