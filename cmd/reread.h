/*
 * The second reading of a file, from where it lies by now, which makes its reject file.
 */
#ifndef CMD_REREAD_H
#define CMD_REREAD_H

#include "cmd/job_impl.h"
#include "outbound/outbox.h"

/*
 * The text of the reject file goes to `out`: encrypted if it is long (P1), and whole
 * before the clinic sees any of it. `list` is what reject_list_write wrote. 0; 1 if it
 * can never be made, and *e says why: the file is gone, or is another, or would be read
 * otherwise; -1.
 */
int reread_rejects(struct job *j, const struct file_entry *en, int list,
    struct outbox *out, struct err *e);

#endif
