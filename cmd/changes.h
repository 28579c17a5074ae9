/*
 * From records to batches: each record is compared with what the ledger knows and
 * with earlier rows of the same file; what is new or changed is cut into batches
 * and put into the outbox. Nothing is sent here.
 *
 * The same bytes, map and ledger give the same batches in the same order (P5). Of a
 * snapshot only the last row of a record is sent; records go out type by type, and
 * removals last.
 *
 * A large file's records are compared on a thread of their own. The caller sees nothing of
 * that: all callbacks come within calls below, and at the same one each time.
 */
#ifndef CMD_CHANGES_H
#define CMD_CHANGES_H

#include "base/crypto.h"
#include "base/problem.h"
#include "base/record.h"
#include "cmd/frame.h"
#include "mappers/missing.h"
#include "state/pass.h"

struct changes;

/* What became of a record, for who keeps it (known_rows.h). */
struct judged_record {
	uint64_t of_row; /* as changes_of_row said */
	bool known;      /* the ledger has it, under this ordinal */
	uint32_t ordinal;
	bool changes; /* what the ledger has of it will be another */
	bool settled; /* put, or patched, and just what the ledger has */
};

struct changes_conf {
	struct ledger *ledger; /* NULL: nothing is known */
	const struct site_keys *keys;
	uint32_t scope;
	const char *source; /* the scope's name */
	const char *feed;
	size_t batch_records, batch_bytes;
	const char *outbox_dir;
	size_t outbox_memory;

	/*
	 * The file's own time, for records that the map gives none (P7), and whether what
	 * it says may be old: then what is known of a later time stands. TIME_NONE: not known.
	 */
	int64_t file_at;
	bool old;
	/* Then, of the file that the feed applied last, its feed_content. May be NULL. */
	const struct digest *last_content;
	bool tells_stale;  /* what is not taken, as it is old: somebody waits for it */
	bool refused_only; /* only what the API refused, and is refused still, is sent */

	/* By type: the file is a snapshot, and this becomes of what is not in it. NULL: changes. */
	const struct missing *missing;

	/* Told of a record that can't be taken for what the ledger knows. May be NULL. */
	void (*problem)(void *arg, const struct problem *p);
	/* Told of each record. May be NULL. */
	void (*judged)(void *arg, const struct judged_record *j);
	void *arg;
};

/* Of what this feed delivered and a snapshot should have. */
struct missing_count {
	uint64_t known, missing;
};

/* P3: records + removals = changed + unchanged + duplicate + stale + refused */
struct changes_counts {
	uint64_t records;
	uint64_t removals;
	uint64_t changed;
	uint64_t unchanged;
	uint64_t
	    duplicate;  /* equal to an earlier row; in a snapshot before a later one */
	uint64_t stale; /* older than what the ledger knows */
	uint64_t
	    refused; /* the API refused this very content before, or a merge forbids it */
	uint64_t
	    otherwise;    /* of a retry, stale: the API refused the record, but not so */
	uint64_t batches; /* at most so many */
	struct missing_count missing[RECORD_TYPE_MAX + 1]; /* by type */
};

/* `conf` must outlive it. */
struct changes *changes_new(const struct changes_conf *conf, struct err *e);
void changes_free(struct changes *c);

/* A record of the file, in its order; copied. What fails may be of an earlier one. */
int changes_add(struct changes *c, const struct record *r, struct err *e);

/* The records that follow are of this row: for `judged`. */
void changes_of_row(struct changes *c, uint64_t row);
/* All that wait for their comparison are judged now. */
int changes_resolve_all(struct changes *c, struct err *e);
/* So many records more came that are just what the ledger has. */
void changes_known(struct changes *c, uint64_t n);

/*
 * Of a snapshot: r (schema, op, id and row) is there, though its row gives no record. An
 * empty id can't be read: then nothing is missing, as far as anybody can tell.
 */
int changes_present(struct changes *c, const struct record *r, struct err *e);

/* Of a snapshot that was read whole, after its last record: removes what is missing. */
int changes_missing(struct changes *c, struct err *e);

/* No more records. `digest` is of the list of changes. */
int changes_end(struct changes *c, unsigned char digest[SHA256_SIZE], struct err *e);
const struct changes_counts *changes_counts(const struct changes *c);

/* After changes_end: the batches in order. 1, 0, -1. */
int changes_next(struct changes *c, struct frame *out, struct err *e);

#endif
