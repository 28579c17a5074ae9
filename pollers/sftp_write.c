#include <string.h>

#include "pollers/sftp_drop.h"

#define FOLDER_MODE 0770
#define FILE_MODE   0660

static const struct opening file_made = {LIBSSH2_SFTP_OPENFILE,
    LIBSSH2_FXF_WRITE | LIBSSH2_FXF_CREAT | LIBSSH2_FXF_TRUNC, FILE_MODE,
    "making a file"};

int
sftp_create(void *self, const char *path, struct err *e)
{
	struct sftp_drop *d = self;

	if (sftp_free_handle(d, e))
		return -1;
	d->file = sftp_open_handle(d, path, &file_made, e);
	return d->file ? 0 : -1;
}

int
sftp_write(void *self, struct span bytes, struct err *e)
{
	struct sftp_drop *d = self;
	ssize_t n;

	while (bytes.n > 0) {
		ssh_begin(&d->ssh);
		do
			n = libssh2_sftp_write(d->file, bytes.p, bytes.n);
		while (ssh_again(&d->ssh, n, e));
		if (n < 0)
			return sftp_fail(d, n, e, "writing a file");
		bytes = (struct span){bytes.p + n, bytes.n - (size_t)n};
	}
	return 0;
}

/* fsync@openssh.com where the server has it; others say that they don't know it. */
int
sftp_finish(void *self, struct err *e)
{
	struct sftp_drop *d = self;
	int rc;

	ssh_begin(&d->ssh);
	do
		rc = libssh2_sftp_fsync(d->file);
	while (ssh_again(&d->ssh, rc, e));
	if (rc < 0 && d->ssh.lost)
		return sftp_fail(d, rc, e, "writing a file");
	return sftp_close_written(d, e);
}

/*
 * SFTP version 3 says no more than "failure" when something is there already, and some
 * servers write over it: so it is asked for first, and names are unique.
 */
int
sftp_rename(void *self, const char *from, const char *to, struct err *e)
{
	struct sftp_drop *d = self;
	struct ssh *s = &d->ssh;
	LIBSSH2_SFTP_ATTRIBUTES a;
	int rc = sftp_attributes(d, to, LIBSSH2_SFTP_LSTAT, &a, e);

	if (rc < 0)
		return -1;
	if (rc == 1)
		return err_set(
		    e, ERR_IO, "%s: there is a file already at the new name", s->where);
	ssh_begin(s);
	do
		rc = libssh2_sftp_rename_ex(
		    s->sftp, from, (unsigned)strlen(from), to, (unsigned)strlen(to), 0);
	while (ssh_again(s, rc, e));
	if (rc == 0)
		return 0;
	sftp_fail(d, rc, e, "renaming a file");
	if (s->lost)
		return -1;
	if (sftp_attributes(d, from, LIBSSH2_SFTP_LSTAT, &a, NULL) == 0)
		return err_set(e, ERR_GONE, "%s: the file to rename is gone", s->where);
	if (e && e->code == ERR_GONE)
		return err_set(
		    e, ERR_IO, "%s: renaming a file: no folder to take it", s->where);
	return -1;
}

int
sftp_remove(void *self, const char *path, struct err *e)
{
	struct sftp_drop *d = self;
	struct ssh *s = &d->ssh;
	int rc;

	ssh_begin(s);
	do
		rc = libssh2_sftp_unlink_ex(s->sftp, path, (unsigned)strlen(path));
	while (ssh_again(s, rc, e));
	if (rc == 0)
		return 0;
	sftp_fail(d, rc, e, "removing a file");
	return e && e->code == ERR_GONE ? 0 : -1;
}

int
sftp_mkdir(void *self, const char *path, struct err *e)
{
	struct sftp_drop *d = self;
	struct ssh *s = &d->ssh;
	LIBSSH2_SFTP_ATTRIBUTES a;
	int rc;

	ssh_begin(s);
	do
		rc = libssh2_sftp_mkdir_ex(
		    s->sftp, path, (unsigned)strlen(path), FOLDER_MODE);
	while (ssh_again(s, rc, e));
	if (rc == 0)
		return 0;
	sftp_fail(d, rc, e, "making a folder");
	if (s->lost)
		return -1;
	if (sftp_attributes(d, path, LIBSSH2_SFTP_STAT, &a, NULL) == 1 &&
	    sftp_is_folder(&a))
		return 0;
	return err_prefix(e, "%s", path);
}
