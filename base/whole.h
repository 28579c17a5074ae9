/* Bytes to a file, all of them. */
#ifndef BASE_WHOLE_H
#define BASE_WHOLE_H

#include "base/span.h"

/* However few a call takes, and though a signal comes between. -1 with errno. */
int write_whole(int fd, struct span bytes);

#endif
