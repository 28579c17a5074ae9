/* The sandbox's own side: /_sandbox/..., to look at it and to change how it behaves. */
#ifndef CMD_SANDBOX_CONTROL_H
#define CMD_SANDBOX_CONTROL_H

#include "cmd/sandbox/deliver.h"

#define CONTROL_PREFIX "/_sandbox/"

void control(struct sandbox *sb, const struct query *q, struct reply *out);

#endif
