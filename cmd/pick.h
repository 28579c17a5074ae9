/*
 * A file as a person names it: by its id, or the first digits of it that reports show.
 */
#ifndef CMD_PICK_H
#define CMD_PICK_H

#include "state/files.h"

#define PICK_DIGITS_MIN 4

/* `feed` NULL: of any. ERR_USAGE if there is none, or more than one. */
int pick_file(struct ledger *l, const char *feed, const char *id, struct file_entry *out,
    struct err *e);

/* Is it what lay in its drop at the last look? 1 and *name, what is known of it; 0; -1. */
int pick_in_drop(
    struct ledger *l, const struct file_entry *f, struct name_entry *name, struct err *e);

#endif
