/*
 * Whether to believe an API that refuses a record by its status alone: a 400 says the
 * same of a bad record and of a client that it does not understand at all.
 *
 * Such a refusal is a doubt, and has a number. It is believed once a record is taken
 * after it; or, where nothing more can be sent until it is settled, if the API took a
 * record before. Too many in a row, with nothing taken in between, are no accident of
 * the data, and end the delivery: TARGET_DOUBTS_MAX.
 */
#ifndef OUTBOUND_TRUST_H
#define OUTBOUND_TRUST_H

#include "outbound/target.h"

/* A zeroed one knows nothing. */
struct trust {
	uint64_t doubts;   /* so far */
	uint64_t believed; /* those numbered up to this */
	unsigned row;      /* doubts since a record was last taken */
	bool takes;        /* the API has taken a record */
	bool judged;       /* all that is sent was refused before: nothing is in doubt */
};

void trust_taken(struct trust *t);

/* One more doubt: its number, or 0 if it ends the delivery. */
uint64_t trust_doubt(struct trust *t);

/* Nothing more can be sent: may all doubts be believed? */
bool trust_settle(struct trust *t);

#endif
