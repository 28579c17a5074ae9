/*
 * The model: what the ledger must know and what the API must hold, by the rules of
 * DESIGN.md (section 3) and state/README.md, in plain arrays and with none of the
 * product's code. A record is a number, and so is a content; times are small numbers,
 * and 0 is none.
 */
#ifndef TESTS_MODEL_MODEL_H
#define TESTS_MODEL_MODEL_H

#include "tests/model/history.h"

/*
 * A record is known whole, and apart from that by the second feed's patches; and a patient
 * as one that was merged into another.
 */
enum { WHOLE, PATCHES, MERGES, SIDES };

#define CONTENT_NONE     (-1)
#define CONTENT_DELETE   1000
#define CONTENT_MERGE    2000 /* and from there on, by survivor and retired */
#define CONTENT_UNMERGED 3000

/* What is known of a record. */
struct fact {
	bool known;    /* anything was ever sent */
	bool taken;    /* the API took something, last this: */
	int content;   /* CONTENT_DELETE: it is removed */
	bool doubtful; /* something was sent and never answered */
	int refused;   /* the content that was refused, or CONTENT_NONE */
	unsigned at, window;
};

/* The record as the API has it: what was put, and what was patched onto it. */
struct held {
	bool there;
	int put, patched, merged;
};

struct model {
	const struct history *h;
	struct fact facts[SIDES][RECORDS];
	struct held api[RECORDS];
};

void model_init(struct model *m, const struct history *h);

/* Contents of the same number are the same bytes, and no others are. */
int model_content(const struct row *r, unsigned version);

/* One change of a file, or a time that moves on (touch: the API is not told). */
struct event {
	unsigned side, record; /* of a merge: of the patient that it retires */
	unsigned row;          /* 0: a removal; else from 2, as a spreadsheet has it */
	int content;
	unsigned at, window;
	int patient; /* that it refers to, or is merged into; or -1 */
	bool touch;
	bool gone; /* of a snapshot: a later row takes its place */

	/* What became of it. */
	enum { EVENT_OPEN, EVENT_TAKEN, EVENT_REFUSED, EVENT_DOUBTFUL, EVENT_UNSENT } end;
	bool applied; /* the API has it, whether or not anybody was told */
};

#define EVENTS_MAX (2 * ROWS_MAX + RECORDS)

/* What a file comes to. */
struct outlook {
	unsigned side;
	bool snapshot;
	unsigned changed, unchanged, duplicate, stale, refused, removals;
	struct event events[EVENTS_MAX]; /* in the order that they are to be sent in */
	unsigned n;
};

struct reading {
	const struct file *file;
	enum mode mode;
	unsigned version; /* of the map */
};

void model_read(const struct model *m, const struct reading *r, struct outlook *out);

/* Must `later` wait for the answer to `first`? Both are of `o`, in its order. */
bool model_waits(
    const struct outlook *o, const struct event *first, const struct event *later);

/* May they stand in one batch, if it waits? */
bool model_together(const struct event *first, const struct event *later);

/* Does the API refuse it on that day? */
bool model_refused(const struct model *m, const struct event *e, unsigned day);

/* The file's pass is over. */
void model_close(struct model *m, const struct outlook *o);

/* What a change makes of a record in the API. */
void held_apply(struct held *held, unsigned side, int content);

#endif
