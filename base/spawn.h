/*
 * Another program: run without a shell, in an environment of its own, for a bounded
 * time. What it prints goes to our standard error.
 */
#ifndef BASE_SPAWN_H
#define BASE_SPAWN_H

#include <stdint.h>

#include "base/err.h"
#include "base/span.h"

#define SPAWN_ARGS_MAX  32
#define SPAWN_INPUT_MAX 65536 /* what a pipe holds: it is written before anybody reads */

struct spawn {
	const char *const *args; /* args[0] is the absolute path of the program */
	size_t n;                /* at most SPAWN_ARGS_MAX */
	char *const *env;        /* all of it, NULL-terminated */
	struct span in;          /* its standard input, at most SPAWN_INPUT_MAX bytes */
	int64_t timeout; /* ms: then it is killed, and all that it started in its group */
};

/* 0 if it ended with 0; else -1 with ERR_IO, which names the program only. */
int spawn_run(const struct spawn *s, struct err *e);

#endif
