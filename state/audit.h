/*
 * The audit trail: a line for each act that changes what is delivered, in the same
 * commit as the act. Each is chained to the one before it by a keyed digest, so that a
 * line that was changed, added or taken out shows; a tail that was cut off shows against
 * the head that run reports carry.
 */
#ifndef STATE_AUDIT_H
#define STATE_AUDIT_H

#include "base/clock.h"
#include "state/ledger.h"

#define AUDIT_NAME_MAX 64

/* Who acts; a name that is not known is empty. */
struct auditor {
	const struct clock *clock;
	const char *run; /* ULID, or NULL */
	unsigned uid;
	char sudo[AUDIT_NAME_MAX + 1]; /* who called sudo */
	char unit[AUDIT_NAME_MAX + 1]; /* the systemd unit */
};

/* For all acts from now on; borrowed until ledger_close. Without one none is written. */
void ledger_audit_by(struct ledger *l, const struct auditor *by);

/* Only words of ours: no name of a file, nothing out of one. */
struct audit_act {
	const char *act;           /* "file-delivered" */
	const char *feed;          /* or NULL */
	const struct digest *file; /* its id, or NULL */
	const char *detail;        /* or NULL */
};

/* The last line: its number, 0 if there is none, and its link of the chain. */
struct audit_head {
	uint64_t number;
	struct digest link;
};

int ledger_audit_head(struct ledger *l, struct audit_head *out, struct err *e);

/* One line of the trail as JSON without a line end; borrowed. */
struct audit_line {
	uint64_t number;
	struct span json;
	struct digest link;
	bool good; /* it follows from the one before it */
};

/*
 * Shows fn each line in order, its 1 ends the walk with 0, its -1 with -1. *whole: all
 * links are good, no number is missing, and the last is the head that the ledger knows.
 */
int ledger_audit_each(struct ledger *l, int (*fn)(void *arg, const struct audit_line *a),
    void *arg, bool *whole, struct err *e);

#endif
