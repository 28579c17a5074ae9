#include "cmd/input.h"

#include <errno.h>
#include <unistd.h>

int
input_read(void *arg, struct span *out, struct err *e)
{
	struct input *in = arg;
	ssize_t n = read(in->fd, in->bytes, sizeof(in->bytes));

	if (n < 0)
		return err_sys(e, ERR_IO, errno, "%s", in->path);
	*out = (struct span){in->bytes, (size_t)n};
	return n > 0;
}
