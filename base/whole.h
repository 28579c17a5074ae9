/* Files and folders, whole: all bytes of a call, and names that outlast a power cut. */
#ifndef BASE_WHOLE_H
#define BASE_WHOLE_H

#include <sys/types.h>

#include "base/span.h"

/* However few a call takes, and though a signal comes between. -1 with errno. */
int write_whole(int fd, struct span bytes);

/* The same of reading: how many there are, of `n` at most. -1 with errno. */
ssize_t read_whole(int fd, void *to, size_t n);

/* fsync(2) of a folder, or of the one that `path` stands in. -1 with errno. */
int sync_folder(const char *folder);
int sync_folder_of(const char *path);

#endif
