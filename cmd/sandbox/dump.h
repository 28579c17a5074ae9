/* JSON values as text. */
#ifndef CMD_SANDBOX_DUMP_H
#define CMD_SANDBOX_DUMP_H

#include <jansson.h>

#include "base/buf.h"

/*
 * Appends the value on one line, and takes it over. NULL, as json_pack gives it
 * without memory, fails the buffer.
 */
void dump_json(struct buf *out, json_t *v);

#endif
