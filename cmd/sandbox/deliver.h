/*
 * What the sandbox answers to a request of the contract: from a whole request to a
 * reply, without a word of HTTP on the wire (server.c).
 */
#ifndef CMD_SANDBOX_DELIVER_H
#define CMD_SANDBOX_DELIVER_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/span.h"
#include "cmd/sandbox/fault.h"
#include "cmd/sandbox/options.h"
#include "cmd/sandbox/store.h"

#define BATCHES_PATH "/v1/batches"
#define RECORDS_PATH "/v1/records/"
#define REPLY_MAX    (1u << 30) /* bytes: a state dump is the longest */

struct sandbox {
	const struct options *options;
	struct store *store;
	struct fault *fault;
};

/* Headers are NULL where there are none. */
struct query {
	const char *method, *path;
	const char *authorization, *content_type, *content_encoding, *key;
	const char *counts, *limit; /* from the URL, for control.c */
	struct span body;
	bool too_large; /* the body is not here: it was over CONTRACT_BODY_MAX */
};

struct reply {
	unsigned status;
	const char *type;  /* of the body */
	struct buf body;   /* the caller's, with REPLY_MAX */
	const char *allow; /* with 405 and OPTIONS */
	long retry_after;  /* with 429 */
	bool drop;         /* close without an answer */
	bool cut;          /* send half of the body */
};

void deliver(struct sandbox *sb, const struct query *q, struct reply *out);

/* {"code":...,"message":...,"at":...}; `at` may be empty. */
void reply_error(struct reply *out, unsigned status, const char *code,
    const char *message, const char *at);

/* The same from an error of ours. */
void reply_failure(struct reply *out, unsigned status, const struct err *e);

#endif
