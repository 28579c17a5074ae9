/*
 * What the ledger stands on: ordered tables of small keys and values, changed in
 * transactions. store_lmdb is the embedded backend; another one is one file that
 * fills a struct store_ops, and one line in ledger_open.
 *
 * Values handed out are borrowed from the transaction: copy before it ends.
 */
#ifndef STATE_STORE_H
#define STATE_STORE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/span.h"

enum table {
	TABLE_META,
	TABLE_SCOPES,
	TABLE_FEEDS,
	TABLE_NAMES,
	TABLE_SETTLING,
	TABLE_FILES,
	TABLE_RECORDS,
	TABLE_PASSES,
	TABLE_INTENTS,
	TABLE_ACKS,
	TABLE_PROBLEMS,
	TABLE_RUNS,
	TABLE_LAST_OF_2 = TABLE_RUNS, /* the last that format 2 had */
	TABLE_AUDIT,
	TABLE_CONTROLS,
	TABLE_HEADERS,
	TABLE_COUNT
};

/* As state/README.md calls it. */
const char *table_name(enum table table);

struct store;
struct txn;

/* What is shown a pair: 0, 1 or -1. */
struct visitor {
	int (*fn)(void *arg, struct span key, struct span value);
	void *arg;
};

/* Keys that start with `prefix` and stand behind `after`; all of them if that is empty. */
struct range {
	struct span prefix, after;
};

struct store_ops {
	/* `create`: make it where there is none; else that is ERR_LEDGER. */
	struct store *(*open)(const char *dir, bool create, struct err *e);
	void (*close)(struct store *s);

	/* One write transaction at a time; any number of reads. */
	struct txn *(*begin)(struct store *s, bool write, struct err *e);
	int (*commit)(struct txn *t, struct err *e); /* frees t, also on failure */
	void (*abort)(struct txn *t);                /* frees t; takes NULL */

	int (*get)(struct txn *t, enum table table, struct span key, struct span *value,
	    struct err *e); /* 1, 0 not there, -1 */
	int (*put)(struct txn *t, enum table table, struct span key, struct span value,
	    struct err *e);
	int (*del)(struct txn *t, enum table table, struct span key, struct err *e);

	/*
	 * Shows v each pair whose key starts with `prefix`, in key order; its -1 ends it
	 * with -1, its 1 ends it with 0. It must not change the table.
	 */
	int (*each)(struct txn *t, enum table table, struct span prefix,
	    const struct visitor *v, struct err *e);

	/* As each, of the range. */
	int (*each_after)(struct txn *t, enum table table, const struct range *range,
	    const struct visitor *v, struct err *e);

	/* Removes all pairs whose key starts with `prefix`. */
	int (*clear)(struct txn *t, enum table table, struct span prefix, struct err *e);

	/* Writes all of it to a file, without free space, as open finds it in DIR/ledger.mdb. */
	int (*copy)(struct store *s, int fd, struct err *e);
};

extern const struct store_ops store_lmdb;

/*
 * store_lmdb.open with a map of this size: address space, and what the file may grow to.
 * Where a limit allows less (ulimit -v), the map is as large as can be had.
 */
struct store *store_lmdb_open(const char *dir, bool create, size_t map, struct err *e);

#endif
