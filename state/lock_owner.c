#include "state/lock_owner.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

int
lock_sign(int fd)
{
	struct flock all = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	char text[32];
	int n, cleared = 0;

	if (fcntl(fd, F_OFD_SETLK, &all) != 0)
		return -1;
	n = snprintf(text, sizeof(text), "%-10ld\n", (long)getpid());
	/* Where there is no room the lock is one all the same. */
	if (pwrite(fd, text, (size_t)n, 0) != n)
		cleared = ftruncate(fd, 0);
	(void)cleared;
	return 0;
}

int
lock_busy(int fd, const char *scope, struct err *e)
{
	char text[32] = "", since[32];
	struct stat st;
	struct tm tm;
	long pid;

	if (pread(fd, text, sizeof(text) - 1, 0) <= 0 || fstat(fd, &st) != 0 ||
	    (pid = strtol(text, NULL, 10)) <= 0 || gmtime_r(&st.st_mtime, &tm) == NULL)
		return err_set(e, ERR_BUSY, "another run is at work on source %s", scope);
	strftime(since, sizeof(since), "%Y-%m-%d %H:%M:%SZ", &tm);
	return err_set(e, ERR_BUSY,
	    "another run is at work on source %s: process %ld, since %s", scope, pid,
	    since);
}
