/*
 * What the shapes of events share.
 */
#ifndef POLLERS_EVENT_IMPL_H
#define POLLERS_EVENT_IMPL_H

#include <jansson.h>

#include "pollers/event.h"

#define EVENT_NESTING_MAX 4 /* JSON in a string in JSON: S3 in SNS in SQS is three */

/* Where reading is. */
struct event_place {
	struct event *event;
	size_t item;
	unsigned nesting;
};

/* One shape: does the object look like it, and what does it say. */
struct event_shape {
	bool (*is)(const json_t *o);
	int (*read)(const struct event_place *at, const json_t *o); /* 0, -1: no memory */
};

extern const struct event_shape event_s3_bridge, event_transfer_bridge,
    event_transfer_step, event_records, event_sns, event_s3_test;

/* The item makes no sense; `why` is a constant. 0. */
int event_fault(const struct event_place *at, const char *why);

/* Adds a hint, whose texts are copied. 0, -1: no memory. */
int event_hint_add(const struct event_place *at, const struct event_hint *hint);

/* JSON within a string: any shape. */
int event_nested(const struct event_place *at, const json_t *text);

/* Another item, for an event that has several. 0 and *out; -1: no memory. */
int event_item_add(const struct event_place *at, const char *id, struct event_place *out);

/* The string at a path of keys that ends with NULL; NULL if there is none. */
const char *event_text(const json_t *o, const char *const *keys);

#endif
