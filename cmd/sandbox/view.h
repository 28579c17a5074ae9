/*
 * What the sandbox shows of its store: JSON and a table, into a buffer. Each takes
 * the store for itself; -1 with *e.
 */
#ifndef CMD_SANDBOX_VIEW_H
#define CMD_SANDBOX_VIEW_H

#include "base/buf.h"
#include "base/err.h"
#include "cmd/sandbox/store.h"

/*
 * All records, sorted by source, type and id, one a line, members sorted: equal
 * states give equal bytes. Neither the order of arrival nor the record's version,
 * which depends on the sender's key, is part of the state.
 */
int view_state(struct store *s, struct buf *out, struct err *e);

/* Changes applied, and by type the records that are live, deleted and retired. */
int view_counts(struct store *s, struct buf *out, struct err *e);

/* The log of batches, in order of first receipt. */
int view_batches(struct store *s, struct buf *out, struct err *e);

/* The `limit` records changed last, newest first, as text; < 0: all. */
int view_table(struct store *s, int64_t limit, struct buf *out, struct err *e);

#endif
