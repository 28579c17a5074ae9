/*
 * Looking after a ledger: is it sound, what is in it, and what of it is old.
 */
#ifndef STATE_UPKEEP_H
#define STATE_UPKEEP_H

#include "state/ledger.h"

/* Something that should not be so. All are borrowed, and hold nobody's id or name. */
struct mismatch {
	const char *table;
	const char *where; /* the key, as text */
	const char *what;
};

struct verified {
	uint64_t values, mismatches;
};

/* Is shown each mismatch; its -1 ends the check. */
struct mismatch_visitor {
	int (*fn)(void *arg, const struct mismatch *m);
	void *arg;
};

/*
 * Checks every value of every table, and the answers that are kept, as of one moment;
 * goes on behind what is wrong. 0 also if there are mismatches; -1 only if it can't go on,
 * or the visitor's -1.
 */
int ledger_verify(struct ledger *l, const struct mismatch_visitor *v,
    struct verified *out, struct err *e);

/* Is shown a value as one line of JSON with its newline; its -1 ends the export. */
struct line_visitor {
	int (*fn)(void *arg, struct span line);
	void *arg;
};

/*
 * Every value of every table as of one moment, without what is sealed. ERR_LEDGER at
 * the first that is damaged.
 */
int ledger_export(struct ledger *l, const struct line_visitor *v, struct err *e);

struct compacted {
	uint64_t before, after; /* bytes */
};

/*
 * Rewrites the ledger without its free space. Whatever kills it, the ledger is there,
 * the old one or the new one. ERR_BUSY if anybody else has it open. `l` may only be
 * closed afterwards, whatever the result.
 */
int ledger_compact(struct ledger *l, struct compacted *out, struct err *e);

/* The names in the drop, as listed in this run; the texts are borrowed from `arg`. */
struct listing {
	const char *(*name)(void *arg, size_t index);
	void *arg;
	size_t n;
};

struct retention {
	const char *feed;
	uint32_t scope;
	int64_t now, keep; /* ms */
};

/* Is there anything to be done for it? 1, 0, -1. Costs one short read. */
int ledger_retain_due(struct ledger *l, const struct retention *r, struct err *e);

/*
 * Forgets what is older than `keep`: runs, files with their problems, names that are not
 * in the drop any more, and what is left of removed records; never what something else
 * refers to. Looks at a bounded part of the ledger, and goes on there the next time. The
 * caller has the scope's lock; nothing happens while a pass is open in it.
 */
int ledger_retain(struct ledger *l, const struct retention *r,
    const struct listing *listing, struct err *e);

#endif
