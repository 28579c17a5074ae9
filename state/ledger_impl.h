/*
 * What the ledger's own files share, and nobody else includes.
 */
#ifndef STATE_LEDGER_IMPL_H
#define STATE_LEDGER_IMPL_H

#include "state/audit.h"
#include "state/codec.h"
#include "state/ledger.h"
#include "state/store.h"

#define VALUE_MAX (64u << 20) /* a batch's intent is the largest */

/* What idle runs leave, that waits for a commit: see looks.c. */
struct figures;

struct looks {
	struct look *v; /* one a feed */
	size_t n, cap;
};

struct ledger {
	const struct store_ops *ops;
	struct store *store;
	struct site_keys keys;
	unsigned char id[LEDGER_ID_SIZE];
	bool made;
	uint32_t format;
	struct looks looks;
	const struct auditor *auditor; /* NULL: nothing is audited */
	int making;                    /* the marker while it is made, locked; else -1 */
	int folder; /* flock(2)ed as long as it is open: shared, or by compact alone */
	char dir[3072];
};

/* What compact writes, until it is whole. */
#define COMPACT_TEMP "ledger.mdb.compact"

/* A transaction on a ledger, and where its errors go. */
struct act {
	struct ledger *ledger;
	struct txn *txn;
	struct err *e;
};

int act_begin(struct act *a, struct ledger *l, bool write, struct err *e);
/* Of a write: what waits for a commit (looks.c) goes with it. */
int act_commit(struct act *a);
void act_abort(struct act *a);
/* Commits if `rc` is 0, else aborts and is -1. */
int act_end(struct act *a, int rc);

/* Makes all names in the ledger's folder sure, and its own in the folder above. */
int ledger_sync_place(const struct ledger *l, struct err *e);

/*
 * get with the value's check taken off: 1, 0, -1. ERR_LEDGER if it is damaged.
 * put adds the check to `value`.
 */
int ledger_read(
    const struct act *a, enum table table, struct span key, struct span *value);
int ledger_write(
    const struct act *a, enum table table, struct span key, struct buf *value);

/* The visitor shown one value (its -1: damaged): 1, 0 if it is not there, -1. */
int act_read(
    const struct act *a, enum table table, struct span key, const struct visitor *v);

/* ops->each with the check taken off each value. */
int act_each(
    const struct act *a, enum table table, struct span prefix, const struct visitor *v);

/* What a damaged value is told as. */
int ledger_damaged(struct err *e, enum table table);

/* A visitor of values that are a u32. */
int number_decode(void *out, struct span key, struct span value);

/* In a transaction of its own: act_each; act_read; one value written. */
int ledger_each(struct ledger *l, enum table table, struct span prefix,
    const struct visitor *v, struct err *e);
int ledger_read_one(struct ledger *l, enum table table, struct span key,
    const struct visitor *v, struct err *e);
int ledger_write_one(struct ledger *l, enum table table, struct span key,
    struct buf *value, struct err *e);

/* The key of a name in a feed's drop; a settling file's path has one of the same kind. */
struct digest ledger_name_digest(
    const struct ledger *l, const char *feed, const char *name);

/* What a scope is called: 1, 0 if there is none of that number, -1. */
int scope_name(
    struct ledger *l, uint32_t scope, char out[LEDGER_NAME_MAX + 1], struct err *e);

/* What looks at its drop, that wait, make of the feed. */
void looks_apply(const struct looks *looks, struct feed_state *f);
/* What waits to be added to the feed's figures, borrowed; NULL: nothing. */
const struct figures *looks_figures(const struct looks *looks, const char *feed);
/* All that wait, within a transaction: they wait until it is committed. */
int looks_write(const struct act *a);
void looks_release(struct looks *looks);

/* What is stored of a feed: 1; 0 and what a new one is; -1. */
int feed_read(const struct act *a, const char *name, struct feed_state *out);

/* The number of a feed's next pass, taken within the transaction. */
int feed_take_pass(
    const struct act *a, const char *name, uint32_t scope, uint64_t *number);

/* One more line of the audit trail, by the ledger's auditor. */
int audit_append(const struct act *a, const struct audit_act *act);

/* The link of the chain that a line of the trail has, behind one with link `before`. */
struct digest audit_link(const struct ledger *l, const struct digest *before,
    uint64_t number, struct span line);

#endif
