/*
 * The parts that a batch goes out in. First it is whole: "3". What the API refuses as a
 * whole is halved, and its halves, "3.0" and "3.1", go out one after the other (P6),
 * halved in turn until a record stands alone. One culprit among n records costs at most
 * 2 * ceil(log2(n)) + 1 requests: the whole, and two for each time that it is halved.
 *
 * Where the halving stands is in the outcomes: each record that is not answered knows
 * how often the batch was halved around it, and where it is halved depends on nothing
 * but the number of records that are sent. So once the outcomes are committed before
 * the halves go out, a rerun sends the same parts under the same names (P5).
 */
#ifndef CMD_PARTS_H
#define CMD_PARTS_H

#include "cmd/frame.h"
#include "outbound/target.h"
#include "state/pass.h"

#define PARTS_DEPTH_MAX 14 /* halvings of 10000 records, the most in a batch */

struct parts {
	size_t n;                /* records of the batch */
	unsigned char *outcomes; /* one each, as the ledger has them */
	uint64_t *doubts;        /* refused, if the API is to be believed; else 0 */
	size_t *sent;            /* indexes of those that anything is sent of */
	size_t nsent, ndoubts;
	unsigned round;
	size_t cap;
};

/* A part of a batch: sent[lo .. hi), without what is answered. */
struct part {
	size_t lo, hi;
	char bits[PARTS_DEPTH_MAX + 1]; /* "01": the second half of the first half */
};

void parts_release(struct parts *p);

/* A batch of which nothing is known. -1: no memory. */
int parts_start(struct parts *p, const struct frame *f);

/* What an earlier run left in outcomes and round goes on. */
void parts_resume(struct parts *p);

/* The part that is due, the first that is not answered; false: there is none. */
bool parts_next(const struct parts *p, struct part *out);

/* Does this part hold sent[at]? */
bool parts_hold(const struct parts *p, const struct part *part, size_t at);

/* Names it: "3", "3.0.1", and "3.2.1.0" in the first round of what was wanted later. */
void parts_path(const struct parts *p, uint64_t batch, const struct part *part,
    char out[BATCH_PATH_SIZE]);

/* The part, of two or more, was refused as a whole. */
void parts_halve(struct parts *p, const struct part *part);

/*
 * What the API wants later ends the round: what is not sent yet may refer to it, and
 * waits for the next one with it.
 */
void parts_postpone(struct parts *p);

#endif
