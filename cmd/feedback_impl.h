/*
 * What feedback.c and feedback_give.c share: the names of answers in the clinic's folder.
 */
#ifndef CMD_FEEDBACK_IMPL_H
#define CMD_FEEDBACK_IMPL_H

#include "cmd/feedback.h"

#define REJECTS     ".rejects.csv"
#define REJECTS_END (9 + sizeof(REJECTS) - 1) /* with -1a2b3c4d in front */
#define ANSWER_KEPT_MAX \
	200 /* bytes of a file's name: the rest must fit into 255 with it */
#define ANSWER_NAME_SIZE 256

/* Of a file that comes once more, and perhaps another time: the last one counts. */
#define FEEDBACK_AGAIN     ".again"
#define FEEDBACK_DUPLICATE ".duplicate"

/* NAME-1a2b3c4d and `kind`. */
void feedback_name(
    const struct file_entry *en, const char *kind, char out[ANSWER_NAME_SIZE]);

#endif
