/*
 * Rows of an export that changed nothing when the last one was read, and so change
 * nothing now: between the format, which knows rows by their bytes (mappers/known.h), the
 * comparison, which says what became of their records, and what is kept of both from one
 * file to the next (state/settled.h).
 *
 * A row is settled if it was filtered, or if it was mapped without a problem and all its
 * records were what the ledger has: then the same bytes are judged unchanged as long as
 * none of these records is changed by another row, or another pass.
 */
#ifndef CMD_KNOWN_ROWS_H
#define CMD_KNOWN_ROWS_H

#include "cmd/changes.h"
#include "mappers/known.h"
#include "state/settled.h"

struct known_rows;

/* NULL: no memory, and nothing is known. `last` as settled_open has it. */
struct known_rows *known_rows_new(
    struct ledger *l, uint32_t scope, const char *feed, const struct digest *last);
void known_rows_free(struct known_rows *k);

/* Before the first row. `c`, borrowed, has known_rows_judged for its conf->judged. */
const struct mapper_known *known_rows_of(struct known_rows *k, struct changes *c);

/* What became of a record: as changes_conf has it. */
void known_rows_judged(struct known_rows *k, const struct judged_record *j);

/* The row that is being mapped has a problem. */
void known_rows_problem(struct known_rows *k);

/* The end of the file of this feed_content and time is about to be committed. */
void known_rows_ready(struct known_rows *k, const struct digest *content, int64_t at);

/* And it is. How many of its rows were known. */
uint64_t known_rows_keep(struct known_rows *k);

#endif
