/*
 * What a reply means before anyone reads its body: which are worth another try,
 * which end the delivery, and how to say so.
 */
#ifndef OUTBOUND_FAILURE_H
#define OUTBOUND_FAILURE_H

#include "outbound/request.h"

#define FAILURE_SEEN_SIZE 160

enum outcome {
	OUTCOME_REPLY,  /* for the target to read: 2xx, 400, 410, 413, 422 */
	OUTCOME_RETRY,  /* the same may succeed later */
	OUTCOME_DENIED, /* 401, 403 */
	OUTCOME_END     /* no try will help */
};

struct failure {
	enum outcome outcome;
	enum err_code code;           /* for OUTCOME_END */
	const char *advice;           /* for OUTCOME_END: what to do; static */
	char seen[FAILURE_SEEN_SIZE]; /* "answered HTTP 503" */
};

void failure_of(const struct reply *r, struct failure *out);

#endif
