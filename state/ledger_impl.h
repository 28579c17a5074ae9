/*
 * What the ledger's own files share, and nobody else includes.
 */
#ifndef STATE_LEDGER_IMPL_H
#define STATE_LEDGER_IMPL_H

#include "state/codec.h"
#include "state/ledger.h"
#include "state/store.h"

#define VALUE_MAX (64u << 20) /* a batch's intent is the largest */

struct ledger {
	const struct store_ops *ops;
	struct store *store;
	struct site_keys keys;
	unsigned char id[LEDGER_ID_SIZE];
	bool made;
	char dir[3072];
};

/*
 * get with the value's check taken off: 1, 0, -1. ERR_LEDGER if it is damaged.
 * put adds the check to `value`.
 */
int ledger_read(struct ledger *l, struct txn *t, enum table table, struct span key,
    struct span *value, struct err *e);
int ledger_write(struct ledger *l, struct txn *t, enum table table, struct span key,
    struct buf *value, struct err *e);

/* What a damaged value is told as. */
int ledger_damaged(struct err *e, enum table table);

/* ops->each with the check taken off each value. */
int ledger_each(struct ledger *l, enum table table, struct span prefix,
    int (*fn)(void *arg, struct span key, struct span value), void *arg, struct err *e);

/* A single read or write in a transaction of its own. */
int ledger_read_one(struct ledger *l, enum table table, struct span key,
    int (*decode)(void *out, struct span value), void *out, struct err *e);
int ledger_write_one(struct ledger *l, enum table table, struct span key,
    struct buf *value, struct err *e);

/* The number of a feed's next pass, taken within `t`. */
int feed_take_pass(struct ledger *l, struct txn *t, const char *name, uint32_t scope,
    uint64_t *number, struct err *e);

/* Text under a nonce of its own, which stands before it. get gives -1 if it is no seal. */
void put_sealed(struct ledger *l, struct buf *b, const char *text);
int get_sealed(struct ledger *l, struct reader *r, char *out, size_t size);

#endif
