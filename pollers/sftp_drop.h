/*
 * Inside of the SFTP poller: one connection with its file, and what its two files
 * share, poller_sftp.c that reads and sftp_write.c that changes things.
 */
#ifndef POLLERS_SFTP_DROP_H
#define POLLERS_SFTP_DROP_H

#include "pollers/poller_ops.h"
#include "pollers/ssh.h"

struct sftp_drop {
	struct ssh ssh;
	LIBSSH2_SFTP_HANDLE *file; /* open to read or to write */
	char *buffer;
	size_t buffer_size;
	uint64_t offset;
	bool small; /* this server answers with less than was asked for */
	char path[URL_PATH_MAX + DROP_NAME_MAX + 2]; /* of the file being read */
};

/* How a handle is opened: a file to read, one to write anew, a folder. */
struct opening {
	int type;
	unsigned long flags;
	long mode;
	const char *what;
};

/*
 * After rc < 0: -1 with *e. `what` goes into the message; it never holds a name out
 * of the drop, since names of files can be names of people.
 */
int sftp_fail(struct sftp_drop *d, ssize_t rc, struct err *e, const char *what);

/* 1 and *out, 0 if nothing is there, -1. */
int sftp_attributes(struct sftp_drop *d, const char *path, int type,
    LIBSSH2_SFTP_ATTRIBUTES *out, struct err *e);
bool sftp_is_folder(const LIBSSH2_SFTP_ATTRIBUTES *a);

/* NULL with *e. sftp_free_handle closes d->file, whatever it was opened for. */
LIBSSH2_SFTP_HANDLE *sftp_open_handle(
    struct sftp_drop *d, const char *path, const struct opening *how, struct err *e);
int sftp_free_handle(struct sftp_drop *d, struct err *e);
/* As sftp_free_handle, of a file that was written: what the server says of it counts. */
int sftp_close_written(struct sftp_drop *d, struct err *e);

/* Of struct poller_ops. */
int sftp_create(void *self, const char *path, struct err *e);
int sftp_write(void *self, struct span bytes, struct err *e);
int sftp_finish(void *self, struct err *e);
int sftp_rename(void *self, const char *from, const char *to, struct err *e);
int sftp_remove(void *self, const char *path, struct err *e);
int sftp_mkdir(void *self, const char *path, struct err *e);

#endif
