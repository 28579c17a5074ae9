/*
 * A local file that is read in pieces, by the commands that are given one.
 */
#ifndef CMD_INPUT_H
#define CMD_INPUT_H

#include "base/err.h"
#include "base/span.h"

#define INPUT_CHUNK 65536

struct input {
	int fd; /* the caller's to open and close */
	const char *path;
	char bytes[INPUT_CHUNK];
};

/* A byte_source's read; `arg` is a struct input. */
int input_read(void *arg, struct span *out, struct err *e);

#endif
