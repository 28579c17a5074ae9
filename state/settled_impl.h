/*
 * What settled.c (the rows) and settled_file.c (the file that they stand in) share.
 */
#ifndef STATE_SETTLED_IMPL_H
#define STATE_SETTLED_IMPL_H

#include "state/pass_impl.h"
#include "state/settled.h"

#define SETTLED_HEAD  96
#define SETTLED_CHUNK 65536 /* digested and written at a time */
#define SETTLED_TIME  4     /* bytes of a time */
#define SETTLED_DIR   "rows"
#define SETTLED_PATH  4096

/* By ordinal. */
struct bits {
	unsigned char *p;
	size_t n; /* bytes */
};

struct head {
	struct digest stamp, content;
	uint64_t rows, changed, times; /* bytes */
	struct digest all;
};

struct settled {
	struct ledger *ledger;
	uint32_t scope;
	char path[SETTLED_PATH], temp[SETTLED_PATH];

	const unsigned char *map; /* NULL: nothing is known */
	size_t size;
	size_t at, end; /* of the rows in the map */
	struct settled_row row;
	bool have; /* it is the one at `at` */
	size_t vain, far;
	struct span before; /* bits of the records that changed in the last file */
	struct span times;  /* that are known up to it */

	struct bits changed, repeated; /* in this one */
	int fd;                        /* -1: nothing was written */
	bool dated;                    /* times are kept */
	bool ready, failed;
	struct buf out;
	uint64_t written;
	struct digest chain;
	struct head head; /* once it is ready */
};

/* The digest of bytes behind those of `before`. */
struct digest settled_chain(
    const struct ledger *l, const struct digest *before, const void *p, size_t n);

/* The stamp of the scope's records: 1; 0: no pass was merged yet; -1. */
int settled_stamp(const struct settled *s, struct digest *out);

/* Nothing is mapped yet. NULL: no memory. */
struct settled *settled_new(struct ledger *l, uint32_t scope, const char *feed);
void settled_map(struct settled *s, const char *path);

/* Of the map: false if it is none of ours. */
bool settled_head(const struct settled *s, struct head *h);
/* Is the map what was written? */
bool settled_whole(const struct settled *s, const struct head *h);
struct span settled_times(const struct settled *s, const struct head *h);

bool settled_write_head(struct settled *s, const struct head *h);

#endif
