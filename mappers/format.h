/*
 * The facade over file formats: bytes in, rows and records out. A backend
 * (format_ops, registry in format.c) reads one format: CSV, HL7 v2. A mapper is built once
 * a feed from its configuration, and opened once a file.
 */
#ifndef MAPPERS_FORMAT_H
#define MAPPERS_FORMAT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/conf.h"
#include "base/err.h"
#include "base/header.h"
#include "base/json.h"
#include "base/problem.h"
#include "base/record.h"
#include "mappers/found.h"
#include "mappers/known.h"
#include "mappers/made.h"
#include "mappers/missing.h"
#include "mappers/receipt.h"

struct site_keys;
struct mapper;  /* a feed's compiled map */
struct reading; /* one file on its way through */

struct mapper_conf {
	const char *source;   /* who assigns the ids */
	const char *timezone; /* NULL: none set */
	const char *format;   /* "csv", "hl7" */
	bool snapshot;        /* the files are snapshots: records may be removed */

	/* Set by the backend for messages. */
	bool hl7;
	const char *authority;     /* of plain ids; NULL: none set */
	const char *duration_unit; /* NULL: none set */
};

/*
 * Where the results of a file go. Both borrow what they are given. A non-zero
 * return of `record` ends the reading with -1 and the err that it set.
 */
struct mapper_sink {
	int (*record)(void *arg, const struct record *r, struct err *e);
	void (*problem)(void *arg, const struct problem *p);
	/* For feeds that send receipts (mapper_receipts); else it may be NULL. */
	int (*receipt)(void *arg, const struct receipt *r, struct err *e);
	/*
	 * Of a snapshot that removes records: one that is there, though its row was
	 * rejected or left out. No more than schema, op, id and row; an empty id can't
	 * be read, and without schema the row can't. NULL: nobody asks.
	 */
	int (*present)(void *arg, const struct record *r, struct err *e);
	/* Of each export, before its rows: is it a mended reject file? May be NULL. */
	int (*mended)(void *arg, bool mended, struct err *e);
	/* Of rows that need not be read; NULL: nobody knows any. */
	const struct mapper_known *known;
	void *arg;
	const struct header_mark *before; /* of the last good file; NULL: none is known */
	/* The site's, for the transform hash; NULL: what it is asked for fails (no_key). */
	const struct site_keys *keys;
};

/* What the books need (P3), and what the run report tells. */
struct mapper_counts {
	uint64_t rows; /* data rows read: mapped + filtered + rejected */
	uint64_t mapped;
	uint64_t filtered;
	uint64_t rejected;
	uint64_t records;
	uint64_t warnings;
};

/*
 * Compiles the format's sections, [rows] [code ...] and every record type's.
 * Mistakes go to conf's errors; NULL only if there were any, or memory ran out.
 */
struct mapper *mapper_new(struct conf *c, const struct mapper_conf *mc, struct err *e);
void mapper_free(struct mapper *m);

/* A digest of everything that shapes records: map, code tables, zones. */
uint64_t mapper_fingerprint(const struct mapper *m);

/* Does every record of this feed carry an event time, as far as the map says? */
bool mapper_event_times(const struct mapper *m);

/* What becomes of missing records, by type; NULL: the format's files are no snapshots. */
const struct missing *mapper_missing(const struct mapper *m);

/* Do the rows tell when their file was made ([rows] snapshot_at)? */
bool mapper_made(const struct mapper *m);

/* Are the feed's files answered? */
bool mapper_receipts(const struct mapper *m);

/* The texts of an answer: its front, an outcome, what went wrong later, its end. */
void mapper_receipts_open(const struct mapper *m, int64_t now, struct buf *out);
const char *mapper_receipt_word(const struct mapper *m, enum receipt_code code);
void mapper_receipt_problem(const struct mapper *m, const struct receipt *r,
    enum problem_code code, struct buf *out);
void mapper_receipts_close(const struct mapper *m, uint64_t n, struct buf *out);

/* Starts on a file. `now` (ms) judges event times in the future. */
struct reading *mapper_open(
    struct mapper *m, const struct mapper_sink *sink, int64_t now, struct err *e);

/*
 * Feeds bytes in any chunking. ERR_REFUSED if the file can't be read at all: no
 * usable header, a mapped column missing (every missing title is named), UTF-16.
 */
int reading_feed(struct reading *r, struct span bytes, struct err *e);

/* Another export of the file follows. Its rows are numbered on. As reading_feed. */
int reading_next(struct reading *r, struct err *e);

/* After the last byte. ERR_REFUSED as above; ERR_HELD if a human must decide, of any. */
int reading_end(struct reading *r, struct err *e);
const struct mapper_counts *reading_counts(const struct reading *r);

/* Once it has ended. NULL if the map does not ask, or no header was read. Until free. */
const struct made *reading_made(const struct reading *r);

void reading_free(struct reading *r);

/*
 * For `preview --row N`: each field's rule, source columns, steps and result for that
 * row go to `explain`, {"type","field","rule","columns":[...],"steps":[{"transform",
 * "result"}],"result"}. Prints patient data by its nature: only preview may set it.
 */
void reading_explain(struct reading *r, uint64_t row, struct json *explain);

/* Where `preview --fields` puts what a message holds; both are borrowed for the call. */
struct mapper_fields {
	void (*fn)(void *arg, uint64_t row, struct span ref, struct span value);
	void *arg;
};

/*
 * For `preview --fields`: every field of that message, or of all if row is 0, by its
 * reference: patient data. -1 with ERR_USAGE if values have none. `to` must outlive r.
 */
int reading_fields(
    struct reading *r, uint64_t row, const struct mapper_fields *to, struct err *e);

/* For the manual. */
extern const struct conf_option csv_options[];
extern const struct conf_option hl7_options[];

#endif
