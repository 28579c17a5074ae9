/*
 * What a run did to one folder: every call that changes a file in it, or a name, with
 * the bytes, and every call that makes a change durable. Read from what this writes:
 *
 *   strace -f -y -xx -s 16777216 -e trace="$(powercut calls)" -o TRACE COMMAND...
 *
 * A call that may change something and is not known here ends the program, as all errors
 * do: a trace with a gap would prove nothing.
 */
#ifndef TESTS_CRASH_TRACE_H
#define TESTS_CRASH_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum event_kind {
	EVENT_CREATE, /* opened with O_CREAT; nothing happens if it was there */
	EVENT_MKDIR,
	EVENT_WRITE,
	EVENT_RESIZE, /* to `offset` bytes */
	EVENT_SYNC,   /* fsync, fdatasync of a file or a folder */
	EVENT_LINK,
	EVENT_RENAME,
	EVENT_UNLINK,
	EVENT_CONNECT /* to a network peer; has no path */
};

/* Paths are relative to the folder; "" is the folder itself. */
struct event {
	enum event_kind kind;
	char *path, *to; /* `to`: the new name of LINK and RENAME */
	size_t offset, n;
	unsigned char *data;
	bool durable; /* WRITE: through a descriptor with O_DSYNC */
	size_t line;  /* of the trace */
};

struct trace {
	struct event *v;
	size_t n, cap;
};

/* Writes the calls that strace must be asked for, as its -e trace= takes them. */
void trace_calls(FILE *to);

/* The trace in `file` of what was done below `root`, an absolute path; to be freed. */
struct trace *trace_read(const char *file, const char *root);
void trace_free(struct trace *t);

#endif
