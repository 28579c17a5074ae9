/*
 * The delivery contract, checked as strictly as it is written: a body is read into
 * a list of changes, or refused with a code, a place and a sentence that holds
 * nothing of the body. deploy/openapi.yaml says the same.
 */
#ifndef CMD_SANDBOX_CONTRACT_H
#define CMD_SANDBOX_CONTRACT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/span.h"

#define CONTRACT_SCHEMA      "emrdrop/1"
#define CONTRACT_BODY_MAX    (16u << 20) /* bytes of a request */
#define CONTRACT_RECORDS_MAX 100000      /* in a batch */
#define CONTRACT_TEXT_MAX    1024        /* bytes of an id, a source, a feed */
#define CONTRACT_KEY_SIZE    32          /* hex digits */

enum change_op { CHANGE_PUT, CHANGE_PATCH, CHANGE_DELETE, CHANGE_MERGE };

/* One change; text and data are the delivery's. */
struct change {
	json_int_t n;
	enum change_op op;
	const char *type, *source, *id;
	const char *version, *event_at; /* NULL if not given */
	json_t *data;                   /* NULL with CHANGE_DELETE */
};

struct delivery {
	json_t *root;
	struct change *changes;
	size_t n;
};

struct refusal {
	const char *code;
	char at[64]; /* "records[3].op", "line 2 column 17", or empty */
	const char *message;
};

/* The body of POST /v1/batches. -1 with *r. Release it in either case. */
int contract_batch(struct span body, struct delivery *out, struct refusal *r);

/* The body of PUT or DELETE /v1/records/{type}/{id}: a record as it stands in a batch. */
int contract_record(struct span body, struct delivery *out, struct refusal *r);

void delivery_release(struct delivery *d);

const char *change_op_name(enum change_op op);

/* Is this an idempotency key? */
bool contract_key(const char *key);

#endif
