/*
 * Passes and records. A pass is the delivery of one file: its opening, an intent
 * for each batch, an acknowledgement for each batch. `records` changes only when
 * the pass closes, so that reading the same bytes after a crash makes the same
 * batches (P5).
 */
#ifndef STATE_PASS_H
#define STATE_PASS_H

#include "base/record.h"
#include "state/ledger.h"

/* Identity of a record, as the ledger keys it. */
struct record_key {
	enum record_type type;
	struct digest digest;
};

struct record_key record_key(
    const struct site_keys *k, const char *scope, enum record_type type, struct span id);

/*
 * The key under which the patches of `feed` have a history of their own, apart from
 * other feeds' and from what is put whole.
 */
struct record_key record_key_patch(
    const struct site_keys *k, const struct record_key *key, const char *feed);

enum known_flag {
	KNOWN_TOMBSTONE = 1, /* removed */
	KNOWN_DOUBT = 2,   /* sent, never answered: goes out again whatever its digest */
	KNOWN_REFUSED = 4, /* the API refused `refused`; `content` is what it last took */
	KNOWN_EMPTY = 8,   /* nothing was ever taken: `content` means nothing */
	KNOWN_MERGE = 16   /* of RECORD_RETIRED: `file` and `window` name the merge */
};

/* What the ledger knows of a record. */
struct known {
	bool found;
	unsigned flags;
	uint32_t ordinal; /* dense in its scope */
	struct digest content;
	struct digest refused;
	int64_t at;     /* event time, ms, or TIME_NONE */
	int64_t window; /* of a merge: its message's number */
	struct digest file;
};

/* A key, and what the ledger answers. */
struct lookup {
	struct record_key key;
	struct known known;
};

/* Fills in each known, all in one read, in their own order. */
int ledger_known(
    struct ledger *l, uint32_t scope, struct lookup *lookups, size_t n, struct err *e);

/* Has the scope any record of this type? 1, 0, -1. */
int ledger_has_type(
    struct ledger *l, uint32_t scope, enum record_type type, struct err *e);

/* What a record will be once its batch is acknowledged. */
struct entry {
	struct record_key key;
	struct digest content;
	int64_t at, window;
	bool removed;
	struct span id; /* in the clear; sealed before it is stored */
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
};

/* The open pass of a scope: 1, 0, -1. */
int pass_get(struct ledger *l, uint32_t scope, struct pass *out, struct err *e);

/* Opens p; none may be open in its scope. p->number is the feed's next_pass, moved on. */
int pass_open(struct ledger *l, struct pass *p, struct err *e);

/* A batch's intent: the entries its records will have, in the batch's order. */
struct intent {
	uint64_t batch;
	const struct entry *entries;
	size_t n;
};

enum outcome {
	OUTCOME_NONE,
	OUTCOME_TAKEN,
	OUTCOME_REFUSED,
	OUTCOME_LATER,
	OUTCOME_TOUCHED /* nothing was sent: its event time moves on (P7), or a merge ends */
};

/* A batch's acknowledgement: one outcome a record. `round` counts `later` answers. */
struct ack {
	uint64_t batch;
	unsigned round;
	unsigned char *outcomes;
	size_t n;
};

/* Acknowledgements, and the intents of what goes out next. */
struct pass_step {
	const struct intent *intents;
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

/* What closing a pass merged. */
struct merged {
	uint64_t taken, refused, doubtful;
};

/*
 * Merges what was acknowledged into `records`, in key order, in several commits,
 * and removes the pass. Sent and unanswered records become doubtful. Killed in
 * between, it is called again and goes on.
 */
int pass_close(struct ledger *l, struct pass *p, struct merged *out, struct err *e);

#endif
