/*
 * What changes.c and changes_merge.c share.
 */
#ifndef CMD_CHANGES_IMPL_H
#define CMD_CHANGES_IMPL_H

#include "cmd/changes.h"
#include "outbound/outbox.h"
#include "state/overlay.h"

/*
 * Records are looked up a block at a time, so that no transaction is open while the
 * network is read, and so that one transaction serves many.
 */
#define BLOCK_RECORDS 1024
#define BLOCK_BYTES   (2u << 20)
#define DATA_MAX      (16u << 20)

/* A record that waits for its comparison. Places are offsets into the block's text. */
struct candidate {
	const struct schema *schema;
	enum record_op op;
	struct digest content;
	int64_t at, latest, window;
	uint64_t row;
	size_t id, id_n, event, event_n, trigger, trigger_n, control, control_n;
	size_t data, data_n;
	size_t of, of_n; /* the id that the ledger's entry is about */
	size_t refs, nrefs;
	size_t patients, npatients; /* that it is, or refers to: their merges */
	bool unmerge;
};

struct changes {
	const struct changes_conf *conf;
	struct changes_counts counts;
	struct overlay *overlay;
	struct outbox *outbox;
	struct sha256 *sha;

	struct candidate block[BLOCK_RECORDS];
	struct lookup lookups[BLOCK_RECORDS];
	size_t n;
	struct record_key *refs; /* all that the block's records must wait for */
	size_t nrefs, refs_cap;
	struct lookup *patients; /* each as a retired id */
	size_t npatients, patients_cap;
	bool merges;        /* the ledger or this file has some */
	uint64_t merged_in; /* the last batch with a merge */
	struct buf text;

	struct frame frame; /* the batch being filled */
	struct buf one;     /* a record's object, before it is known where it goes */
	struct buf encoded;
};

/*
 * The record at hand, c->block[c->n], is a patient with this id, or refers to one:
 * its merges will be looked up, if there are any at all.
 */
void merges_note(struct changes *c, struct span id);

/* A merge: its key, its content and what it is about, the retired id. */
void merges_take(struct changes *c, struct candidate *k, const struct record *r);

/* The block's patients, looked up. */
int merges_lookup(struct changes *c, struct err *e);

/* Does the record stand for a patient that was merged away? Then that was told. */
bool merges_forbid(struct changes *c, const struct candidate *k);

/* Does an unlink, or a merge turned round, bring its patient back? */
bool merges_undone(const struct changes *c, const struct candidate *k);

/* After a merge's change: later records wait for it, and what it reverses ends. */
int merges_done(struct changes *c, const struct candidate *k, struct err *e);

/* The text that a candidate keeps in the block. */
size_t changes_keep(struct changes *c, struct span s);
struct span changes_kept(const struct changes *c, size_t at, size_t n);

/* Into the batch being filled, or the next one; `json` is empty for a touch. */
struct frame_record *changes_to_frame(
    struct changes *c, const struct entry *entry, struct span json, struct err *e);

#endif
