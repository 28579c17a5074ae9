/*
 * Passes. A pass is the delivery of one file: its opening, an intent
 * for each batch, an acknowledgement for each batch. `records` changes only when
 * the pass closes, so that reading the same bytes after a crash makes the same
 * batches (P5).
 */
#ifndef STATE_PASS_H
#define STATE_PASS_H

#include "state/intent.h"

/* Why a file is delivered; what is sent of it depends on that. */
enum pass_mode {
	PASS_RUN,      /* it came into the drop */
	PASS_AGAIN,    /* it lay there until somebody decided: newer ones may be known */
	PASS_BACKFILL, /* it lies elsewhere, and does not move the feed on */
	PASS_RETRY     /* what the API refused of it */
};

/* Of a retry, which changes its file's entry only at its end: what its reading counted. */
struct pass_counts {
	uint64_t records, removals, unchanged, duplicate, stale, refused;
	uint64_t left; /* that are not sent, and may be refused still */
};

struct pass {
	uint64_t number;
	uint32_t scope;
	char feed[LEDGER_NAME_MAX + 1];
	struct digest file;
	unsigned char sha256[SHA256_SIZE];
	uint64_t size;
	int64_t clock;        /* ms: the `now` that the records were made with */
	uint64_t fingerprint; /* every setting that shapes a batch */
	unsigned char changes[SHA256_SIZE]; /* digest of the list of changes */
	uint64_t batches;
	bool closing; /* the merge has begun */
	enum pass_mode mode;
	int64_t file_at; /* ms: the file's own time, which stands in for event times */
	struct pass_counts counts;
	uint64_t told; /* records of it that earlier runs told as delivered */
};

/* The open pass of a scope: 1, 0, -1. */
int pass_get(struct ledger *l, uint32_t scope, struct pass *out, struct err *e);

/* Opens p; none may be open in its scope. p->number is the feed's next_pass, moved on. */
int pass_open(struct ledger *l, struct pass *p, struct err *e);

enum outcome {
	OUTCOME_NONE,
	OUTCOME_TAKEN,
	OUTCOME_REFUSED,
	OUTCOME_LATER,
	OUTCOME_TOUCHED /* nothing was sent: its event time moves on (P7), or a merge ends */
};

/* With OUTCOME_NONE: that many times the batch was halved around the record. */
#define OUTCOME_HALVED 16

/* A batch's acknowledgement, or what there is of it yet: one outcome a record. */
struct ack {
	uint64_t batch;
	unsigned round; /* counts `later` answers */
	unsigned char *outcomes;
	size_t n;
};

/* Acknowledgements, and the intents of what goes out next. */
struct pass_step {
	const struct intent *const *intents;
	size_t nintents;
	const struct ack *acks;
	size_t nacks;
};

/* All of a step in one commit. */
int pass_commit(
    struct ledger *l, const struct pass *p, const struct pass_step *step, struct err *e);

/*
 * The acknowledgement of batch a->batch: 1, 0, -1. a->outcomes has room for a->n; on
 * 1 a->n is how many there are.
 */
int pass_ack(struct ledger *l, const struct pass *p, struct ack *a, struct err *e);

/*
 * For a run that can't finish it: how many of its records the API has taken, by what is
 * committed. The pass keeps that they are told from now on; p->told stays what it was.
 */
int pass_tell(struct ledger *l, const struct pass *p, uint64_t *taken, struct err *e);

/* What became of a pass's records. */
struct merged {
	uint64_t taken, refused, doubtful;
};

/*
 * Merges what was acknowledged into `records`, in key order, in several commits. Sent and
 * unanswered records become doubtful. Nothing more may be sent in the pass, and
 * ledger_conclude ends it; until then it may be called again, after a kill too, and goes
 * on.
 */
int pass_merge(struct ledger *l, struct pass *p, struct merged *out, struct err *e);

#endif
