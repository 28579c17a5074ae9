/*
 * What retention.c (how far a sweep came) and retention_rows.c (what may go) share.
 */
#ifndef STATE_RETENTION_IMPL_H
#define STATE_RETENTION_IMPL_H

#include "state/layout.h"
#include "state/upkeep.h"

/* A run looks at no more of a table, and changes no more of it. */
#define SLICE_LOOKED  20000
#define SLICE_VICTIMS 500

/* As `meta` keeps it: a feed's goes from names to files, a source's has records alone. */
enum sweep_phase { SWEEP_NAMES, SWEEP_RUNS, SWEEP_FILES, SWEEP_RECORDS };

struct sweep {
	int64_t cutoff; /* what is as old goes; 0: no sweep is under way */
	int64_t ended;  /* when the last one did; 0: never */
	int64_t oldest; /* of what it left, and time alone will make old */
	enum sweep_phase at;
	struct key behind; /* where in its table it goes on; no bytes: where it begins */
};

struct victim {
	struct key key;
	struct digest name; /* of a file */
	bool needed;        /* something refers to it */
	bool mark;          /* is only marked as old, or no longer */
};

struct slice {
	const struct act *act;
	const struct retention *r;
	struct sweep *sweep;
	struct digest *listed; /* keys of the names in the drop, sorted */
	size_t nlisted;
	struct row row;
	struct victim victims[SLICE_VICTIMS];
	size_t n, looked;
	bool full;
};

/* Of `listed`, for qsort and bsearch. */
int digest_order(const void *a, const void *b);

enum table sweep_table(enum sweep_phase at);

/* The row that was decoded: a victim, or not; 1: all behind it is younger. */
int slice_judge(struct slice *s);

/* Finds out which of the victims something refers to. */
int slice_needed(struct slice *s);

#endif
