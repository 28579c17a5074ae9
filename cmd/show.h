/*
 * A record as `preview` prints it, and as golden files have it.
 */
#ifndef CMD_SHOW_H
#define CMD_SHOW_H

#include "base/json.h"
#include "base/record.h"

/* One JSON object. Patient data by its nature. */
void show_record(struct json *j, struct span source, const struct record *r);

#endif
