/*
 * Files that are stuck: held until somebody decides, or refused until they are mended.
 */
#ifndef CMD_STUCK_H
#define CMD_STUCK_H

#include "base/json.h"
#include "state/files.h"

/*
 * Each that lay in its drop, as it is known, when that was last looked at; `feed` NULL:
 * of all feeds. fn's -1 ends it, with *e as fn left it.
 */
int stuck_each(struct ledger *l, const char *feed,
    int (*fn)(void *arg, const struct file_entry *f), void *arg, struct err *e);

/* For a person, with at most `max` problems; and as a JSON object, without its name. */
int stuck_text(struct ledger *l, const struct file_entry *f, size_t max, struct buf *out,
    struct err *e);
int stuck_json(
    struct ledger *l, const struct file_entry *f, struct json *j, struct err *e);

#endif
