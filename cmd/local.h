/*
 * A file on this machine, read as one out of the drop: unpacked, and mapped.
 */
#ifndef CMD_LOCAL_H
#define CMD_LOCAL_H

#include "cmd/feed.h"

#define LOCAL_FOUND_SIZE 128

struct local_file {
	const struct app *app;
	const struct feed *feed;
	const char *path;
	enum found_form form; /* in which `found` is told */
};

/*
 * Feeds the whole file to the reading, to its end. `found` is what it was packed with,
 * or "". Errors as reading_feed and reading_end, and ERR_IO.
 */
int local_read(const struct local_file *file, struct reading *r,
    char found[LOCAL_FOUND_SIZE], struct err *e);

#endif
