#include "cmd/sandbox/file.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#define READ_SIZE 4096 /* bytes at a time: certificates and tokens are small */

int
file_read(const char *path, struct buf *out, struct err *e)
{
	FILE *f = fopen(path, "re");
	char part[READ_SIZE];
	size_t n;
	int rc = -1;

	if (!f)
		return err_sys(e, ERR_IO, errno, "cannot open %s", path);
	while ((n = fread(part, 1, sizeof(part), f)) > 0)
		buf_add(out, part, n);
	if (ferror(f))
		err_sys(e, ERR_IO, errno, "cannot read %s", path);
	else
		rc = buf_check(out, path, e);
	fclose(f);
	return rc;
}

int
file_write_port(const char *path, unsigned port, struct err *e)
{
	char temp[PATH_MAX];
	FILE *f;
	int rc;

	if (snprintf(temp, sizeof(temp), "%s.%ld", path, (long)getpid()) >= PATH_MAX)
		return err_set(e, ERR_USAGE, "--port-file: the path is too long");
	f = fopen(temp, "we");
	if (!f)
		return err_sys(e, ERR_IO, errno, "cannot write %s", temp);
	rc = fprintf(f, "%u\n", port) < 0;
	rc |= fclose(f);
	if (!rc)
		rc = rename(temp, path);
	if (!rc)
		return 0;
	err_sys(e, ERR_IO, errno, "cannot write %s", path);
	unlink(temp);
	return -1;
}
