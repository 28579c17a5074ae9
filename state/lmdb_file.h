/*
 * What LMDB's file must be like, and lie on, before LMDB may open it.
 *
 * Is it as long as it must be? It may rightly end before its last page: pages at
 * its end that one transaction took and gave back are never written. They stand in
 * the list of free pages then.
 */
#ifndef STATE_LMDB_FILE_H
#define STATE_LMDB_FILE_H

#include <stddef.h>

#include "base/err.h"

/*
 * Reads the free list as transaction `txn` sees it, without the map, where a page that
 * is missing would end in SIGBUS. The caller holds a read transaction of that number.
 * 1 if every page that is missing is free, 0 if one is not or the list is damaged, -1
 * with errno.
 */
int lmdb_file_whole(const char *path, size_t page_size, size_t txn);

/*
 * Refuses network file systems: LMDB's locks and its map are not sound there (its own
 * documentation). ERR_LEDGER.
 */
int lmdb_file_place(const char *dir, struct err *e);

/*
 * LMDB syncs its two meta pages with its first commit. If the power was cut before, the
 * file has one of them or none, and nothing yet that could be lost: it is made empty, to
 * be made again. One that is not there is fine.
 */
int lmdb_file_clear_half_made(const char *path, struct err *e);

#endif
