/*
 * The records of one type, one after the other in the order of their keys: what a
 * snapshot does not have is found so. In pieces, each a short transaction of its own.
 */
#ifndef STATE_WALK_H
#define STATE_WALK_H

#include "state/pass.h"

/* Ordinals of a scope's records are below *n. */
int ledger_ordinals(struct ledger *l, uint32_t scope, uint32_t *n, struct err *e);

/* A record as it stands in the ledger; all of it is valid for the call alone. */
struct walked {
	const struct record_key *key;
	const struct known *known;
	struct span sealed; /* its id: ledger_unseal_id */
};

/* Where a walk is: scope and type are the caller's, the rest begins with zero. */
struct walk {
	uint32_t scope;
	enum record_type type;
	struct record_key at; /* the last record that was shown */
	bool begun;
};

#define WALK_PIECE 10000 /* records that one transaction shows */

/*
 * Shows fn the records behind w->at, until it returns 1, WALK_PIECE were shown, or there
 * are no more. 1: there may be more; 0: there are none; -1.
 */
int ledger_walk(struct ledger *l, struct walk *w,
    int (*fn)(void *arg, const struct walked *it), void *arg, struct err *e);

/* The id in the clear: its length, at most RECORD_ID_MAX, or -1 if it is no seal. */
int ledger_unseal_id(const struct ledger *l, const struct walked *it, char *id);

#endif
