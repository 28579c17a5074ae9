/*
 * A block of records that wait for their comparison. While one is judged another is
 * filled, by two threads, so each has all that its records need: what was read of them, a
 * place for what the comparison looks up, and what there is to tell of it afterwards.
 */
#ifndef CMD_CHANGES_BLOCK_H
#define CMD_CHANGES_BLOCK_H

#include "cmd/changes.h"

/*
 * Records are looked up a block at a time, so that no transaction is open while the
 * network is read, and so that one transaction serves many.
 */
#define BLOCK_RECORDS 512
#define BLOCK_BYTES   (2u << 20)
#define DATA_MAX      (16u << 20)

/* Of the block's text: it may move while it grows. */
struct place {
	uint32_t at, n;
};

/* An id that a record refers to another by. */
struct ref {
	enum record_type type;
	struct place id;
};

struct candidate {
	/* As it was read. */
	const struct schema *schema;
	enum record_op op;
	bool patched; /* its history is that of this feed's patches */
	bool unmerge;
	bool present; /* of a snapshot: there, but not taken; it has no more than an id */
	int64_t at, latest, window;
	int64_t file_at; /* stands in for `at` in the ledger, if that is none */
	uint64_t row;
	struct place id, event, trigger, control;
	struct place of;      /* the id that the ledger's entry is about */
	struct place content; /* what is compared, */
	struct place data;    /* and the end of it, which is sent */
	uint32_t refs, nrefs; /* of the block's */

	/* As it is looked up; places in what struct changes has of the block. */
	struct record_key whole; /* its key, were it put whole */
	struct digest digest;
	size_t keys, nown, nkeys;   /* what it must wait for; the first are its own */
	size_t patients, npatients; /* that it is, or refers to: their merges */

	/* What is told of it. */
	struct judged_record outcome;
	enum problem_code late; /* PROBLEM_NONE: nothing is wrong */
	struct place detail;    /* in the block's details */
};

struct block {
	struct candidate records[BLOCK_RECORDS];
	size_t n;
	size_t judged; /* so many, from the first */
	struct ref *refs;
	size_t nrefs, refs_cap;
	struct buf text, details;
};

void block_init(struct block *b);
void block_release(struct block *b);
void block_clear(struct block *b);
bool block_is_full(const struct block *b);

struct span block_text(const struct block *b, struct place p);

/* One more: -1, and none, if memory ran out or it is too large. */
int block_add(struct block *b, const struct changes_conf *conf, const struct record *r,
    uint64_t of_row, struct err *e);
/* One that is present: its id alone. */
int block_add_present(struct block *b, const struct record *r, struct err *e);

/* In their order, what there is to tell of those that were judged. */
void block_tell(const struct block *b, const struct changes_conf *conf);

#endif
