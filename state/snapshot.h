/*
 * What is kept of a feed's snapshots: how old the one is that was applied last, and
 * how many rows the exports of each day of the week had.
 */
#ifndef STATE_SNAPSHOT_H
#define STATE_SNAPSHOT_H

#include "state/ledger.h"

#define SNAPSHOT_WEEKS 4 /* exports of one weekday that are remembered */

/* What says how old a snapshot is; times of different kinds are not compared. */
enum snapshot_clock {
	SNAPSHOT_NEVER, /* none was applied yet */
	SNAPSHOT_MTIME, /* when the file was written */
	SNAPSHOT_NAME,  /* the date in its name */
	SNAPSHOT_COLUMN /* when it was made, as its rows tell */
};

struct snapshot_state {
	enum snapshot_clock clock;
	int64_t at;                       /* ms, of the newest that was applied */
	uint64_t removals;                /* since the beginning */
	uint32_t rows[7][SNAPSHOT_WEEKS]; /* Sunday first; newest first; 0: none yet */
};

/* All zero for a feed that never applied one. */
int ledger_snapshot_get(
    struct ledger *l, const char *feed, struct snapshot_state *out, struct err *e);

/* An export of that weekday, 0 to 6, had so many rows: it is the newest now. */
void snapshot_add_rows(struct snapshot_state *s, unsigned weekday, uint64_t rows);

/*
 * Twice the median of the weekday's exports, so that it is a whole number; 0 as long as
 * there were fewer than SNAPSHOT_WEEKS.
 */
uint64_t snapshot_usual_twice(const struct snapshot_state *s, unsigned weekday);

#endif
