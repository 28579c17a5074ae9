/*
 * The overlay: what earlier rows of this file have changed already, so that a
 * later row of the same record is compared with them. 24 bytes a changed record.
 */
#ifndef STATE_OVERLAY_H
#define STATE_OVERLAY_H

#include "base/err.h"
#include "state/pass.h"

#define OVERLAY_BATCHES_MAX UINT32_MAX

struct overlay;

struct overlay *overlay_new(struct err *e);
void overlay_free(struct overlay *o);

/* 1 with the 64-bit content prefix and the batch of the last change, 0 if unchanged. */
int overlay_get(const struct overlay *o, const struct record_key *k, uint64_t *content,
    uint32_t *batch);
int overlay_put(struct overlay *o, const struct record_key *k, uint64_t content,
    uint32_t batch, struct err *e);

/* What overlay_get gives for a content digest. */
uint64_t overlay_content(const struct digest *content);

#endif
