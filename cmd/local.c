#include "cmd/local.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "cmd/input.h"

static int
pump(const struct local_file *file, struct reading *r, struct input *in,
    char found[LOCAL_FOUND_SIZE], struct err *e)
{
	const struct unpack_env env = {.clock = file->app->clock};
	struct unpack *u = unpack_open(
	    &file->feed->unpack, &env, (struct byte_source){input_read, in}, e);
	int rc = u == NULL ? -1 : 1;

	while (rc == 1)
		rc = unpack_into(u, r, e);
	if (rc == 0)
		rc = unpack_verdict(u, e);
	if (u != NULL)
		snprintf(found, LOCAL_FOUND_SIZE, "%s", unpack_found(u, file->form));
	unpack_close(u);
	return rc;
}

int
local_read(const struct local_file *file, struct reading *r, char found[LOCAL_FOUND_SIZE],
    struct err *e)
{
	struct input in = {
	    .fd = open(file->path, O_RDONLY | O_CLOEXEC), .path = file->path};
	int rc;

	found[0] = '\0';
	if (in.fd < 0)
		return err_sys(e, ERR_IO, errno, "%s", file->path);
	rc = pump(file, r, &in, found, e);
	close(in.fd);
	return rc;
}
