/*
 * Where a ZIP archive says that it ends (APPNOTE 4.3.16), read along with its bytes:
 * libarchive stops before that, and would pass over whatever stands behind.
 */
#ifndef MAPPERS_ZIP_END_H
#define MAPPERS_ZIP_END_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/span.h"

#define ZIP_END_SIZE   22 /* bytes of the record at the end, without its comment */
#define ZIP_FILES_MANY 0xffff

/* Zeroed at first. */
struct zip_end {
	uint64_t at;    /* bytes that were given */
	uint64_t end;   /* where the archive ends by its first record; 0: none was met */
	uint32_t files; /* that it lists; ZIP_FILES_MANY: so many, or more */
	char held[ZIP_END_SIZE - 1]; /* the last of them */
	size_t nheld;
};

/* The next bytes of the archive, in any chunking. */
void zip_end_feed(struct zip_end *z, struct span s);

/*
 * After the last: ERR_REFUSED if some are missing, or more stand there, or if not all of the
 * `files` that were met are listed.
 */
int zip_end_check(const struct zip_end *z, uint64_t files, struct err *e);

#endif
