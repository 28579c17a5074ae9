#include "state/turn.h"

#include <errno.h>
#include <sys/file.h>

#define WAIT        30000 /* ms */
#define PAUSE_FIRST 1     /* ms until the next look; twice as long each time */
#define PAUSE_LAST  16

int
turn_take(int fd, const char *path, const struct clock *clock, struct err *e)
{
	int64_t end = clock_mono(clock) + WAIT, pause = PAUSE_FIRST;

	while (flock(fd, LOCK_EX | LOCK_NB) != 0) {
		if (errno == EINTR)
			continue;
		if (errno != EWOULDBLOCK)
			return err_sys(e, ERR_LEDGER, errno, "%s", path);
		if (clock_mono(clock) >= end)
			return err_set(e, ERR_BUSY,
			    "%s: another process has had it locked for %d s: `lslocks` says which; if that is stopped (T in `ps`), continue it with kill -CONT, or end it",
			    path, WAIT / 1000);
		clock_pause(clock, pause);
		if (pause < PAUSE_LAST)
			pause *= 2;
	}
	return 0;
}

void
turn_end(int fd)
{
	(void)flock(fd, LOCK_UN);
}
