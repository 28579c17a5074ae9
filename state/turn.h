/*
 * Waiting for one's turn, with an end. A lock's owner that dies gives it back; one that is
 * stopped (SIGSTOP, a debugger, a disk that hangs) does not, and whoever waits for it
 * must not hang as well.
 */
#ifndef STATE_TURN_H
#define STATE_TURN_H

#include "base/clock.h"
#include "base/err.h"

/*
 * An exclusive flock(2) of `fd`, the file at `path`: ERR_BUSY if another process still has
 * it after half a minute, a hundred times as long as any commit takes.
 */
int turn_take(int fd, const char *path, const struct clock *clock, struct err *e);

void turn_end(int fd);

#endif
