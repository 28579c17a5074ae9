/*
 * What a backend of target.h does: it turns a batch into requests, one after
 * another, and reads their replies. All else is the facade's and the engine's. A
 * new one is a file with a struct target_ops and a line in target.c's registry.
 */
#ifndef OUTBOUND_TARGET_OPS_H
#define OUTBOUND_TARGET_OPS_H

#include "outbound/http.h"
#include "outbound/target.h"

enum flight_state { FLIGHT_FREE, FLIGHT_SENDING, FLIGHT_READY };

/* What a reply says, besides what it says of each record. */
struct finding {
	bool took;                   /* a record was taken */
	bool whole;                  /* all were refused, and none was named */
	struct record_result *alone; /* refused by the status alone; may be NULL */
};

/* A batch under way. */
struct flight {
	enum flight_state state;
	const struct batch *batch;     /* borrowed from the caller */
	struct record_result *results; /* one a record */
	size_t cap;                    /* of results */
	size_t at;                     /* mode = record: the record under way, */
	bool later;                    /* and the API wants one before it later */
	char key[2 * DIGEST_SIZE + 1]; /* of the request under way */
	struct finding last;           /* of the last reply; cleared before each */
};

struct target_ops {
	const char *name;
	const char *probe; /* behind the url: a place that OPTIONS may ask about */
	/* The request that is due: at the start, and whenever `reply` said HTTP_NEXT. */
	int (*request)(const struct flight *f, struct request *r, struct err *e);
	/* Reads the reply to it into f->results, f->at and f->last. */
	enum http_next (*reply)(
	    struct flight *f, const struct reply *r, const char *place, struct err *e);
};

extern const struct target_ops target_batch_ops;
extern const struct target_ops target_record_ops;

#endif
