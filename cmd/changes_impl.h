/*
 * What changes.c, changes_judge.c, changes_out.c, changes_merge.c, changes_snapshot.c and
 * changes_missing.c share.
 */
#ifndef CMD_CHANGES_IMPL_H
#define CMD_CHANGES_IMPL_H

#include "base/worker.h"
#include "cmd/changes_block.h"
#include "outbound/outbox.h"
#include "state/overlay.h"
#include "state/settled.h"

#define BLOCKS 4 /* so that neither thread waits for the other at each one's end */

/*
 * What of a snapshot goes out together. A record's last row may stand behind rows that
 * refer to it, so what is referred to comes first type by type (P6); what is removed
 * comes last, in the other direction. A feed of changes has one lane, in the file's order.
 */
enum {
	LANE_ALL,
	LANE_TYPES,
	LANE_REMOVALS = LANE_TYPES + RECORD_TYPE_MAX,
	LANES = LANE_REMOVALS + RECORD_TYPE_MAX
};

struct lane {
	struct frame frame; /* the batch being filled */
	uint64_t batches;   /* in the outbox */
};

struct snapshot;

/*
 * The thread that reads fills a block while the worker judges the one before. What stands
 * under "the judge's" is the worker's as long as it has a block, and else the reader's.
 */
struct changes {
	const struct changes_conf *conf;
	struct block blocks[BLOCKS];
	unsigned filled;       /* and handed over; the next one is being filled */
	struct worker *worker; /* NULL once no more records come */
	uint64_t of_row;       /* that is being mapped, for `judged` */
	uint64_t known;        /* records that changes_known said */
	uint64_t unreadable;   /* the first row whose record can't be known; 0: none */

	/* The judge's. */
	unsigned judged; /* blocks, and the one being judged */
	struct block *judging;
	struct changes_counts counts;
	struct overlay *overlay;
	struct {
		bool whole, patched;
	} histories[RECORD_TYPE_MAX + 1]; /* that the overlay may hold, by type */
	struct outbox *outbox;
	struct sha256 *sha;
	struct snapshot *snapshot; /* NULL: a feed of changes */
	struct repeated repeated;  /* as of when they are known too; of none for news */
	struct lookup lookups[BLOCK_RECORDS];
	struct digest section;   /* of this feed's patches */
	struct record_key *keys; /* all that the block's records must wait for */
	size_t nkeys, keys_cap;
	struct lookup *patients; /* each as a retired id */
	size_t npatients, patients_cap;
	bool merges;        /* the ledger or this file has some */
	uint64_t merged_in; /* the last batch with a merge */
	struct lane lanes[LANES];
	uint64_t serial; /* the last number that a snapshot's record was given */
	struct buf one;  /* a record's rest (frame.h), before it is known where it goes */
	struct buf encoded;

	unsigned lane;  /* that is going out, */
	uint64_t taken; /* the batches of it that were, */
	uint64_t given; /* the number of the last one, */
	uint64_t after; /* and of the last one of the lanes before */
};

enum judgement { CHANGED, UNCHANGED, DUPLICATE, STALE, REFUSED_BEFORE, FORBIDDEN };

/* The text of the record at hand. */
struct span changes_kept(const struct changes *c, struct place p);

/* The key under which the ledger knows a record of this feed. */
struct record_key changes_key(
    const struct changes *c, enum record_type type, struct span id, enum record_op op);

/* Is `at` provably older? Does it tell of a time that was not known yet? */
bool changes_older(int64_t at, int64_t than);
bool changes_later(int64_t at, int64_t than);

/* What a record is to the ledger alone; what a retry, and merges, make of a judgement. */
enum judgement changes_judge(const struct candidate *k, const struct known *known);
enum judgement changes_judge_retry(
    struct changes *c, const struct known *known, enum judgement j);
enum judgement changes_judge_merged(
    struct changes *c, struct candidate *k, enum judgement j, int64_t at);
void changes_count(struct changes_counts *n, enum judgement j);

/* changes_judge.c: the next block is compared, as far as its `judged` says. */
int changes_judge_block(struct changes *c, struct err *e);

/*
 * changes_out.c: into the batch being filled, or the next one. changes_touch is of an
 * unchanged record that is newer: its time moves on, and nothing is sent (P7).
 */
int changes_send(struct changes *c, const struct candidate *k,
    const struct record_key *key, struct err *e);
int changes_touch(struct changes *c, const struct candidate *k,
    const struct record_key *key, struct err *e);
/* Is the batch full? Then another is begun. */
int changes_room(struct changes *c, const struct outgoing *o, struct err *e);
int changes_put(struct changes *c, const struct outgoing *o, struct err *e);
int changes_flush(struct changes *c, unsigned lane, struct err *e);

#endif
