/*
 * Misbehaviour on demand. Set from the command line, changed while running by
 * POST /_sandbox/faults; the names are the same. Safe for several threads.
 */
#ifndef CMD_SANDBOX_FAULT_H
#define CMD_SANDBOX_FAULT_H

#include <jansson.h>
#include <stdbool.h>

#include "base/err.h"
#include "cmd/sandbox/options.h"

struct fault;

struct fault *fault_new(const struct options *o, struct err *e);
void fault_free(struct fault *f);

/* What happens to one delivery. */
struct fault_plan {
	unsigned status;   /* answer so, without looking at the body; 0: go on */
	long retry_after;  /* seconds, with 429 */
	bool drop;         /* commit, then close without an answer */
	bool cut;          /* send half of the answer */
	bool refuse_batch; /* 400 instead of results */
};

/* Draws the plan for the next delivery, and counts it. */
void fault_draw(struct fault *f, struct fault_plan *out);

long fault_latency(struct fault *f); /* ms */

enum fault_fate { FAULT_NONE, FAULT_REFUSE, FAULT_LATER };
enum fault_fate fault_record(struct fault *f, const char *id);

/*
 * Sets what the object names; a list replaces the list. ERR_USAGE, and nothing is
 * changed, on an unknown name or a wrong type.
 */
int fault_set(struct fault *f, json_t *object, struct err *e);

/* What is set now, as a new reference; NULL without memory. */
json_t *fault_get(struct fault *f);

#endif
