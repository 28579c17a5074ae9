/* Small files: certificates and tokens in, the port's number out. */
#ifndef CMD_SANDBOX_FILE_H
#define CMD_SANDBOX_FILE_H

#include "base/buf.h"
#include "base/err.h"

/* Appends the whole file; what it may hold is the buffer's cap. */
int file_read(const char *path, struct buf *out, struct err *e);

/* Writes "PORT\n" under a temporary name and renames it: readers see all or nothing. */
int file_write_port(const char *path, unsigned port, struct err *e);

#endif
