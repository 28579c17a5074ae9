/*
 * What the sandbox was sent: the records as they stand, and the log of batches by
 * idempotency key. SQLite behind one mutex: between store_begin and store_end the
 * store is the caller's alone.
 */
#ifndef CMD_SANDBOX_STORE_H
#define CMD_SANDBOX_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "cmd/sandbox/contract.h"

struct store;

/* ":memory:" or a file, made if there is none. ERR_IO for somebody else's file. */
struct store *store_open(const char *path, struct err *e);
/* An existing file, to read only. */
struct store *store_open_existing(const char *path, struct err *e);
void store_close(struct store *s);

/* Takes the store and opens a transaction. On -1 the store is not taken. */
int store_begin(struct store *s, struct err *e);
/* Commits if `keep`, else rolls back; gives the store free in any case. */
int store_end(struct store *s, bool keep, struct err *e);

/* A request as the log knows it. */
struct receipt {
	const char *key;
	const char *method, *path;
	char sha256[65]; /* of the body, hex */
};

enum prior_kind {
	PRIOR_NONE,     /* never answered with effect: go on */
	PRIOR_ANSWERED, /* the answer stands; nothing may be applied again */
	PRIOR_OTHER     /* the key came with another request: nothing was counted */
};

/* What a key is known for. With PRIOR_ANSWERED the answer is appended to `answer`. */
struct prior {
	enum prior_kind kind;
	unsigned status;
	struct buf *answer; /* the caller's */
};

/* Counts the request in the log and says what its key is known for. */
int store_receive(
    struct store *s, const struct receipt *r, struct prior *prior, struct err *e);

/* What was answered. If `final`, the same key gets this body again. */
struct verdict {
	unsigned status;
	bool final;
	bool dropped;
	struct span body;
};
int store_answer(
    struct store *s, const char *key, const struct verdict *v, struct err *e);

/* Applies one change and counts it for its record. */
int store_apply(struct store *s, const struct change *c, struct err *e);

/* One row of a walk; text is valid during the call, NULL where there is none. */
struct record_row {
	const char *source, *type, *id, *op, *version, *event_at, *retired_by;
	const char *data; /* canonical JSON; NULL: deleted */
	int64_t changes;
};

struct batch_row {
	const char *key, *method, *path, *sha256;
	int64_t received, dropped, status;
};

struct count_row {
	const char *type;
	int64_t live, deleted, retired, changes;
};

/* Walks, between store_begin and store_end: all records, by source, type and id ... */
int store_each_record(struct store *s,
    void (*fn)(void *arg, const struct record_row *row), void *arg, struct err *e);
/* ... or the `limit` changed last (< 0: all), newest first. */
int store_each_latest(struct store *s, int64_t limit,
    void (*fn)(void *arg, const struct record_row *row), void *arg, struct err *e);
/* In order of first receipt. */
int store_each_batch(struct store *s, void (*fn)(void *arg, const struct batch_row *row),
    void *arg, struct err *e);
int store_each_count(struct store *s, void (*fn)(void *arg, const struct count_row *row),
    void *arg, struct err *e);

#endif
