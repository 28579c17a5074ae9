#include "cmd/replace_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/whole.h"

#define PATH_SIZE 4096

static int
write_aside(int fd, struct span text, mode_t mode)
{
	int rc = write_whole(fd, text) == 0 && fchmod(fd, mode) == 0 ? fsync(fd) : -1;

	/* A close that fails after fsync has lost nothing. */
	close(fd);
	return rc;
}

int
replace_file(const char *path, struct span text, unsigned mode, struct err *e)
{
	char aside[PATH_SIZE];
	struct stat st;
	int fd;

	if (snprintf(aside, sizeof(aside), "%s.XXXXXX", path) >= (int)sizeof(aside))
		return err_set(e, ERR_USAGE, "the path of a file is too long");
	if (stat(path, &st) == 0) {
		if (!S_ISREG(st.st_mode))
			return err_set(e, ERR_USAGE, "%s: it is no file", path);
		mode = st.st_mode & 0777;
	}
	if ((fd = mkostemp(aside, O_CLOEXEC)) < 0)
		return err_sys(e, errno == EACCES ? ERR_PERM : ERR_IO, errno,
		    "%s: cannot write beside it", path);
	if (write_aside(fd, text, mode) == 0 && rename(aside, path) == 0 &&
	    sync_folder_of(path) == 0)
		return 0;
	err_sys(e, ERR_IO, errno, "%s", path);
	unlink(aside);
	return -1;
}
