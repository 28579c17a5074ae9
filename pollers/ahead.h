/*
 * Reading ahead: a thread fetches and decrypts while the caller parses and maps. A
 * few bounded buffers pass between them, and nothing else.
 *
 * From ahead_open to ahead_close the poller belongs to the thread.
 */
#ifndef POLLERS_AHEAD_H
#define POLLERS_AHEAD_H

#include "pollers/poller.h"

struct ahead;

/* Opens the file as poller_read_open does, and starts to read. */
struct ahead *ahead_open(
    struct poller *p, const char *path, const struct drop_file *f, struct err *e);

/* As poller_read: 1 and *out (borrowed until the next call), 0 at the end, -1. */
int ahead_read(struct ahead *a, struct span *out, struct err *e);

/* Ends the thread, also in the middle of the file, and closes it. Takes NULL. */
void ahead_close(struct ahead *a);

#endif
