#include "base/whole.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int
write_whole(int fd, struct span bytes)
{
	ssize_t n;

	while (bytes.n > 0) {
		n = write(fd, bytes.p, bytes.n);
		if (n < 0 && errno == EINTR)
			continue;
		if (n == 0)
			errno = EIO; /* no file does that; nor would it end */
		if (n <= 0)
			return -1;
		bytes = (struct span){bytes.p + n, bytes.n - (size_t)n};
	}
	return 0;
}

ssize_t
read_whole(int fd, void *to, size_t n)
{
	size_t at = 0;
	ssize_t got = 1;

	while (at < n && got != 0) {
		got = read(fd, (char *)to + at, n - at);
		if (got >= 0)
			at += (size_t)got;
		else if (errno != EINTR)
			return -1;
	}
	return (ssize_t)at;
}

int
sync_folder(const char *folder)
{
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int rc = fd < 0 ? -1 : fsync(fd);

	if (fd >= 0)
		close(fd);
	return rc;
}

int
sync_folder_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	char folder[PATH_MAX];

	if (slash == NULL)
		return sync_folder(".");
	snprintf(folder, sizeof(folder), "%.*s", (int)(slash - path + 1), path);
	return sync_folder(folder);
}
