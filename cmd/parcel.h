/*
 * A batch on its way to the API, and the request that carries the part of it that is
 * due: its body, byte for byte the same in each run, and its key.
 */
#ifndef CMD_PARCEL_H
#define CMD_PARCEL_H

#include "cmd/parts.h"
#include "state/ledger.h"

enum parcel_state {
	PARCEL_FREE,
	PARCEL_DUE,      /* a part is to be packed */
	PARCEL_PACKED,   /* and sent, once that is committed and it may go */
	PARCEL_SENT,     /* and answered */
	PARCEL_IN_DOUBT, /* all is answered, and not all to be believed */
	PARCEL_DONE      /* free after the next commit */
};

struct parcel {
	enum parcel_state state;
	bool fresh;   /* its intent is to be committed */
	bool changed; /* so are its outcomes */
	bool singly;  /* mode = record: its records go out one by one */
	struct frame frame;
	struct intent intent;
	struct parts parts;
	struct part part;
	struct batch batch; /* the part, as it goes out; its tag is the parcel */

	struct buf body;
	struct batch_record *records;
	size_t *place; /* records[i] is frame.records[place[i]] */
	size_t cap;
};

void parcel_init(struct parcel *p);
void parcel_release(struct parcel *p);

/* Each has what the other had. */
void parcel_swap(struct parcel *a, struct parcel *b);

/* A new batch, of which nothing is known; the frames are swapped. */
int parcel_fill(struct parcel *p, struct frame *f, struct err *e);

/* Makes the intent of the whole batch, for a pass of this scope. */
int parcel_intend(
    struct parcel *p, const struct site_keys *k, uint32_t scope, struct err *e);

/* What is due once something of it was answered, or believed. */
enum parcel_state parcel_next(const struct parcel *p);

/*
 * Makes a request of the part that is due; there must be one. Of records that go out one
 * by one those that were answered stand in the body, too: the others keep their keys.
 */
int parcel_pack(
    struct parcel *p, struct ledger *l, const struct pass *pass, struct err *e);

#endif
