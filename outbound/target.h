/*
 * The facade over targets: batches in, answers out, several in flight. A backend
 * (target_ops, registry in target.c) says how a batch becomes requests:
 * mode = batch posts it whole, mode = record puts its records one by one.
 *
 * Retries, backoff, Retry-After, authentication, time-outs and pace live here; what
 * an answer means for the ledger does not.
 */
#ifndef OUTBOUND_TARGET_H
#define OUTBOUND_TARGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/crypto.h"
#include "base/err.h"
#include "base/span.h"
#include "base/trace.h"
#include "outbound/target_conf.h"

#define TARGET_DOUBTS_MAX   20        /* refusals in a row that name no record */
#define TARGET_RESPONSE_MAX (4 << 20) /* bytes of an answer */
#define BATCH_PATH_SIZE     64        /* "4294967295.2.65535" halved 22 times */

/* One record of a batch: its JSON object inside the batch's body. */
struct batch_record {
	uint64_t n;       /* number in the pass, as in the body */
	struct span json; /* inside batch->body */
	const char *type;
	struct span id; /* for mode = record's URL */
	bool remove;    /* op delete: DELETE instead of PUT */
	bool refers;    /* to one before it in this batch */
};

/*
 * A batch as it goes out. All borrowed: valid until its answer was taken.
 * `key` is the Idempotency-Key; in mode = record a record's key is the first 32 hex
 * digits of SHA-256 over "KEY:N".
 */
struct batch {
	uint64_t number;
	char path[BATCH_PATH_SIZE]; /* "3", "3.0" */
	char key[2 * DIGEST_SIZE + 1];
	struct span body;
	const struct batch_record *records;
	size_t n;
	void *tag; /* the caller's */
};

enum taken {
	TAKEN,
	TAKEN_REFUSED,
	TAKEN_LATER,
	/* mode = record: not answered, or not sent, as one before it is wanted later (P6) */
	TAKEN_BEHIND
};

struct record_result {
	enum taken taken;
	uint64_t doubt; /* of TAKEN_REFUSED: see target_believed; 0: there is none */
	char code[64];  /* the API's code if refused: only [a-z0-9_.-], else empty */
};

/* An answer. `results` (one a record) are valid until the next target_submit or _wait. */
struct batch_answer {
	const struct batch *batch;
	/* NULL: the batch was refused as a whole, and none of its records was named. */
	const struct record_result *results;
};

struct target;
struct api_lines;

struct target_env {
	const struct clock *clock;
	int64_t deadline; /* monotonic ms; may be lowered while the target is open */
	const char *run;  /* ULID, for the Emrdrop-Run header */
	const struct trace *trace; /* for traceparent, with a span a request; or NULL */
	struct api_lines *lines;   /* used, and left there; NULL: its own */
	bool judged; /* all that is sent was refused before, and is marked so */
	uint32_t (*random)(void *arg); /* for jitter */
	void *random_arg;
};

/*
 * Reads the credentials; connects to nothing yet. tc and env are borrowed until
 * target_close, which wipes the credentials. crypto_init must have been called, and
 * SIGPIPE be ignored: libcurl leaves it to the process.
 */
struct target *target_open(
    const struct target_conf *tc, const struct target_env *env, struct err *e);
void target_close(struct target *t);

/*
 * Starts a batch: tc->in_flight at most may be under way, and one is until its answer was
 * taken. The body of a retry is the same bytes.
 */
int target_submit(struct target *t, const struct batch *b, struct err *e);

/*
 * Waits until at least one batch is answered, for `patience` ms at most, and gives what is
 * there: the number of answers in out[0..max), or 0. -1 ends the delivery:
 * ERR_API (unavailable for `attempts` tries, or an answer that is our own
 * configuration's fault, with the status in the message), ERR_PERM (401, 403 after
 * one re-read of the token), ERR_PEER (TLS), ERR_DEADLINE. Batches then in flight
 * are without answer; answers that had come before are given first.
 */
int target_wait(struct target *t, struct batch_answer *out, size_t max, int64_t patience,
    struct err *e);
/* Once that has failed: the answers to some records of a batch, in mode = record. */
size_t target_rest(struct target *t, struct batch_answer *out, size_t max);

/*
 * A record that is refused by a status alone, and not by name, is in doubt: the API may
 * not understand us at all. result.doubt numbers these refusals, and one is to be
 * believed once target_believed has reached it: as soon as a record is taken after it.
 * TARGET_DOUBTS_MAX in a row end the delivery. Where all is `judged`, each is at once.
 */
uint64_t target_believed(const struct target *t);

/* The API took records of the same delivery, or in the same run, before this. */
void target_vouch(struct target *t);

/* Has it taken one? */
bool target_takes(const struct target *t);

/*
 * Nothing is in flight, and nothing more can be sent before the doubts are settled:
 * they are believed if the API ever took a record, else this is -1 with ERR_API.
 */
int target_settle(struct target *t, struct err *e);

/* Requests sent and retried so far, for the report. */
struct target_stats {
	uint64_t requests, retries, bytes;
	int64_t expires; /* ms: the API's certificate; 0: not seen */
};
void target_stats(const struct target *t, struct target_stats *out);

/* For `check --connect`: a HEAD-like probe (OPTIONS on the URL) that sends no record. */
int target_probe(struct target *t, struct err *e);

/* libcurl's version and its libraries', or that it is not there, for `version`. */
void target_versions(struct buf *out);

#endif
