/*
 * The overlay: what earlier rows of this file have changed already, so that a
 * later row of the same record is compared with them. 24 bytes a changed record, and
 * at most a quarter more for gaps; growing needs nothing besides.
 */
#ifndef STATE_OVERLAY_H
#define STATE_OVERLAY_H

#include "base/err.h"
#include "state/pass.h"

struct overlay;

/* The last change of a record in this file. */
struct changed {
	uint64_t content; /* 48 bits of its content digest */
	int64_t at;       /* event time in ms, or TIME_NONE */
	uint32_t batch;   /* number of the batch that holds it, from 1 */
};

struct overlay *overlay_new(struct err *e);
void overlay_free(struct overlay *o);

/*
 * This one will be asked for soon. It has the processor fetch what that needs, for tables
 * are larger than its caches.
 */
void overlay_expect(const struct overlay *o, const struct record_key *k);

/* 1 and *out, 0 if the record was not changed yet. */
int overlay_get(const struct overlay *o, const struct record_key *k, struct changed *out);
int overlay_put(struct overlay *o, const struct record_key *k, const struct changed *c,
    struct err *e);

/* What `content` is for a digest. */
uint64_t overlay_content(const struct digest *content);

#endif
