/*
 * A batch on its way from the comparison to the API: its records' JSON, and what
 * the ledger will know of each once it is acknowledged. Encoded, it is one frame of
 * the outbox, without the objects' heads: those are made again of what else it holds when
 * it is decoded, so that less is compressed, encrypted and written.
 */
#ifndef CMD_FRAME_H
#define CMD_FRAME_H

#include "base/buf.h"
#include "base/record.h"
#include "state/pass.h"

/* A record on its way into a batch; all borrowed. */
struct outgoing {
	unsigned lane;
	enum record_op op;
	uint64_t n;   /* number in the pass, from 1 */
	uint64_t row; /* where it came from, for the report */
	struct entry entry;
	/* The id that it goes out under; a merge is kept under another. */
	struct span name;
	bool refers; /* to a record before it in its batch: P6 within that */
	/* Of its object, what stands behind the head (jw_go_on). */
	struct span rest;
	/* Of its object, by frame_size. 0: only the ledger's entry changes. */
	size_t size;
};

/* Places, the entry's id and the name are right once it is decoded. */
struct frame_record {
	uint64_t n, row;
	uint32_t at, length; /* its object in json; no length: nothing is sent */
	enum record_op op;
	bool refers;
	struct entry entry;
	struct span name;
};

struct frame {
	uint64_t lane;   /* of a snapshot: lanes go out one after the other */
	uint64_t number; /* from 1 */
	uint64_t after;  /* waits for the acknowledgement of batches up to this one */
	struct frame_record *records;
	size_t n, cap;
	size_t size; /* of the objects, with commas between them */
	struct buf json, ids;
};

void frame_init(struct frame *f);
void frame_release(struct frame *f);
void frame_clear(struct frame *f);

/* The bytes of its object, in a scope of this name. */
size_t frame_size(const struct outgoing *o, const char *source);

/* Adds a record: its ids and its rest are copied. -1: no memory. */
int frame_add(struct frame *f, const struct outgoing *o);

/* What the wire calls it; a retired id is a patient's. */
const char *frame_type_name(enum record_type type);

void frame_encode(const struct frame *f, struct buf *out);
/* The lane of an encoded frame. */
uint64_t frame_lane(struct span bytes);
/* Of a scope of this name. -1 if the bytes are no frame. */
int frame_decode(struct frame *f, struct span bytes, const char *source, struct err *e);

#endif
