/*
 * A batch on its way from the comparison to the API: its records' JSON, and what
 * the ledger will know of each once it is acknowledged. Encoded, it is one frame of
 * the outbox.
 */
#ifndef CMD_FRAME_H
#define CMD_FRAME_H

#include "base/buf.h"
#include "state/pass.h"

struct frame_record {
	uint64_t n;          /* number in the pass, from 1 */
	uint64_t row;        /* where it came from, for the report */
	uint32_t at, length; /* its object in json */
	struct entry entry;  /* entry.id points into ids once decoded */
	uint32_t id_at;
	bool remove; /* its op is delete */
	struct span
	    name; /* the id that it goes out under; a merge is kept under another */
	uint32_t name_at;
};

struct frame {
	uint64_t lane;   /* of a snapshot: lanes go out one after the other */
	uint64_t number; /* from 1 */
	uint64_t after;  /* waits for the acknowledgement of batches up to this one */
	struct frame_record *records;
	size_t n, cap;
	struct buf json; /* objects with commas between them */
	struct buf ids;
};

void frame_init(struct frame *f);
void frame_release(struct frame *f);
void frame_clear(struct frame *f);

/*
 * Adds a record: its id and its object (empty: nothing is sent, only the event time
 * moves on) are copied. NULL if memory ran out; else n and row are the caller's to set.
 */
struct frame_record *frame_add(
    struct frame *f, const struct entry *entry, struct span json);

/* The id that the last record added goes out under; copied. -1: no memory. */
int frame_name(struct frame *f, struct span id);

void frame_encode(const struct frame *f, struct buf *out);
/* The lane of an encoded frame. */
uint64_t frame_lane(struct span bytes);
/* -1 if the bytes are no frame. */
int frame_decode(struct frame *f, struct span bytes, struct err *e);

#endif
