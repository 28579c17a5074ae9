/*
 * Headers of exports: of each feed that of the last good file, and of files whose header
 * was another both, side by side. Titles are sealed: they are no patient's values, but
 * what was taken for a header may be.
 */
#ifndef STATE_HEADERS_H
#define STATE_HEADERS_H

#include "base/header.h"
#include "state/files.h"

/* Of the last file of the feed that was delivered: 1, 0 none is known, -1. */
int ledger_header_get(
    struct ledger *l, const char *feed, struct header_mark *out, struct err *e);

struct file_header {
	struct header_mark before, now;
	bool
	    lacks; /* columns that the map needed: the file can't be delivered as it is */
};

/* 1, 0 its header was no other than before, -1. *out is to be released. */
int ledger_file_header_get(
    struct ledger *l, const struct digest *file, struct file_header *out, struct err *e);
/* Before a merge, which may end in a later run that has not read the file. */
int ledger_file_header_put(struct ledger *l, const struct digest *file,
    const struct file_header *h, struct err *e);
void file_header_release(struct file_header *h);

#endif
