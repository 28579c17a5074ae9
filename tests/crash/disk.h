/*
 * A folder on a disk whose power may be cut: what is surely on it, and what was asked
 * for since. Until a file is synced any of its written pieces may be there or not, and so
 * may its size; a name is only sure after its folder's fsync, and a file's fsync
 * says nothing of its name. The hardest that POSIX allows, with three mercies that every
 * disk has: 512 bytes of a file's first two pages (LMDB's meta pages) are written whole,
 * 4096 elsewhere; of one piece a later state holds the earlier writes too; a rename
 * is done in both folders or in none.
 *
 * Bytes of an event are borrowed: its trace must outlive the disk. Errors end the program.
 */
#ifndef TESTS_CRASH_DISK_H
#define TESTS_CRASH_DISK_H

#include "tests/crash/trace.h"

struct disk;

/* What lies in `folder` now, all of it surely. */
struct disk *disk_load(const char *folder);
void disk_free(struct disk *d);

/* The call was made; then it returned, and what it syncs is sure. */
void disk_begin(struct disk *d, const struct event *ev);
void disk_finish(struct disk *d, const struct event *ev);

/* How many changes are not sure. */
size_t disk_pending(const struct disk *d);

/* Is a file of this name sure to be there, and all folders above it? */
bool disk_sure(const struct disk *d, const char *path);

/*
 * Makes `folder` what is there after a cut that left those pending changes whose
 * `taken` is set, and those that come with them. What is in it already is removed.
 */
void disk_write(const struct disk *d, const bool *taken, const char *folder);

#endif
