/*
 * Code tables out of CSV files: [code NAME] or [lookup NAME] with file, and with the
 * titles of its columns in key (theirs) and value (ours). The file lies beside the
 * feed file that names it, and is read once a feed.
 */
#ifndef MAPPERS_CODES_FILE_H
#define MAPPERS_CODES_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/conf.h"
#include "base/err.h"

struct codes_file {
	struct conf_entry *lines; /* key and value as they stand there, and where */
	size_t n;
	uint64_t digest; /* of its bytes, never 0; 0: the section names no file */
};

/*
 * Reads the file that the section names, if it does, into the arena. Mistakes in
 * section and file go to c->errors, those of the file with its own lines. -1 only if
 * memory ran out.
 */
int codes_file_read(struct codes_file *f, struct arena *a, struct conf *c,
    struct conf_section *s, struct err *e);

/* Is the entry about the file, and so none of the table's own? */
bool codes_file_setting(const struct conf_section *s, const struct conf_entry *en);

#endif
