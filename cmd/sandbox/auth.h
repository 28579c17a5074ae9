/* Does a request carry the token, or the name and password, that the sandbox wants? */
#ifndef CMD_SANDBOX_AUTH_H
#define CMD_SANDBOX_AUTH_H

#include <stdbool.h>

#include "base/err.h"
#include "cmd/sandbox/options.h"

/*
 * 1: yes, or nothing is wanted; 0: no; -1 with *e if a secret can't be read. The
 * files are read at each request, so that a test can rotate what they hold.
 * `header` is the Authorization header, NULL if there is none.
 */
int auth_check(const struct options *o, const char *header, struct err *e);

#endif
