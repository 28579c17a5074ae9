#include "base/conf_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/whole.h"

static int
others_check(const char *path, const struct stat *st, struct err *e)
{
	if ((st->st_mode & (S_IWGRP | S_IWOTH)) == 0)
		return 0;
	return err_set(
	    e, ERR_CONFIG, "%s: others can write to it; run chmod go-w on it", path);
}

int
conf_file_ours(const char *path, struct err *e)
{
	struct stat st;

	return stat(path, &st) != 0 || !S_ISREG(st.st_mode) ? 0
							    : others_check(path, &st, e);
}

static int
file_check(const char *path, const struct stat *st, struct err *e)
{
	if (!S_ISREG(st->st_mode))
		return err_set(e, ERR_CONFIG, "%s: is not a file", path);
	if (others_check(path, st, e) != 0)
		return -1;
	if (st->st_size > CONF_FILE_MAX)
		return err_set(e, ERR_CONFIG, "%s: is larger than 4 MiB", path);
	return 0;
}

char *
conf_file_read(const char *path, struct stat *st, size_t *n, struct err *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	ssize_t got;
	size_t size;
	char *text = NULL;

	if (fd < 0 || fstat(fd, st) != 0) {
		err_sys(e, errno == EACCES ? ERR_PERM : ERR_CONFIG, errno,
		    "%s: cannot be read", path);
		goto out;
	}
	if (file_check(path, st, e) != 0)
		goto out;
	size = (size_t)st->st_size;
	if ((text = malloc(size + 1)) == NULL) {
		err_nomem(e);
		goto out;
	}
	if ((got = read_whole(fd, text, size)) >= 0) {
		*n = (size_t)got;
		goto out;
	}
	err_sys(e, ERR_IO, errno, "%s: cannot be read", path);
	free(text);
	text = NULL;
out:
	if (fd >= 0)
		close(fd);
	return text;
}
