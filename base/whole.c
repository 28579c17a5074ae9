#include "base/whole.h"

#include <errno.h>
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
