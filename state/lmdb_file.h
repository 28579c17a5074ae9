/*
 * Is LMDB's file as long as it must be? It may rightly end before its last page: pages at
 * its end that one transaction took and gave back are never written. They stand in
 * the list of free pages then.
 */
#ifndef STATE_LMDB_FILE_H
#define STATE_LMDB_FILE_H

#include <stddef.h>

/*
 * Reads the free list as transaction `txn` sees it, without the map, where a page that
 * is missing would end in SIGBUS. The caller holds a read transaction of that number.
 * 1 if every page that is missing is free, 0 if one is not or the list is damaged, -1
 * with errno.
 */
int lmdb_file_whole(const char *path, size_t page_size, size_t txn);

#endif
