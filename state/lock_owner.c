#include "state/lock_owner.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define DIED_MAX 1000000u

/* Over what is there: that needs no room on a disk that is full. */
static bool
write_owner(int fd, long process, unsigned died)
{
	char text[32];
	int n = snprintf(text, sizeof(text), "%-10ld %-6u\n", process, died);

	return pwrite(fd, text, (size_t)n, 0) == n;
}

int
lock_sign(int fd)
{
	struct flock all = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	struct lock_holder before;

	if (fcntl(fd, F_OFD_SETLK, &all) != 0)
		return -1;
	lock_holder(fd, &before);
	before.died += before.process > 0;
	/* Where there is no room the lock is one all the same. */
	if (!write_owner(fd, getpid(), before.died % DIED_MAX))
		lock_clear(fd);
	return 0;
}

void
lock_clear(int fd)
{
	int ignored = 0;

	if (!write_owner(fd, 0, 0))
		ignored = ftruncate(fd, 0);
	(void)ignored;
}

void
lock_holder(int fd, struct lock_holder *out)
{
	char text[32] = "", *end = text;
	struct stat st;

	*out = (struct lock_holder){.process = 0};
	if (fstat(fd, &st) == 0)
		out->since = (int64_t)st.st_mtime * 1000;
	if (pread(fd, text, sizeof(text) - 1, 0) > 0)
		out->process = strtol(text, &end, 10);
	out->died = (unsigned)strtoul(end, NULL, 10);
}

int
lock_busy(int fd, const char *scope, struct err *e)
{
	struct lock_holder by;
	char since[32];
	struct tm tm;
	time_t at;

	lock_holder(fd, &by);
	at = (time_t)(by.since / 1000);
	if (by.process <= 0 || gmtime_r(&at, &tm) == NULL)
		return err_set(e, ERR_BUSY, "another run is at work on source %s", scope);
	strftime(since, sizeof(since), "%Y-%m-%d %H:%M:%SZ", &tm);
	return err_set(e, ERR_BUSY,
	    "another run is at work on source %s: process %ld, since %s", scope,
	    by.process, since);
}
