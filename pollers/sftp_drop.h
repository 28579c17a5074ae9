/*
 * Inside of the SFTP poller: one connection with its file, and what its two files
 * share, poller_sftp.c that reads and sftp_write.c that changes things.
 */
#ifndef POLLERS_SFTP_DROP_H
#define POLLERS_SFTP_DROP_H

#include "pollers/poller_ops.h"
#include "pollers/ssh.h"

#define SFTP_LINES 8 /* OpenSSH gives a connection ten channels, if left alone */

/* A file at some stage of its turn, with its handle. */
struct sftp_stage {
	struct fetched *f;
	LIBSSH2_SFTP_HANDLE *h;
};

/* One SFTP channel of several, with the files that have their turn there. */
struct sftp_line {
	LIBSSH2_SFTP *sftp; /* the first one's is the connection's own */
	struct sftp_stage opening, reading,
	    last;   /* the last one is closed and looked up */
	size_t got; /* bytes of the one that is read */
	bool over;  /* no more of it is to be read */
};

struct sftp_drop {
	struct ssh ssh;
	LIBSSH2_SFTP_HANDLE *file; /* open to read or to write */
	char *buffer;
	size_t buffer_size;
	uint64_t offset, size; /* the size is as listed */
	bool small;            /* this server answers with less than was asked for */
	char path[URL_PATH_MAX + DROP_NAME_MAX + 2]; /* of the file being read */
	struct sftp_line line[SFTP_LINES];
	size_t nlines;
	bool widening; /* one more line is being made */
	bool narrow;   /* the server gives no more */
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
/* Size and time of what is looked up by its name; false: it is no file, or has none. */
bool sftp_take_attributes(const LIBSSH2_SFTP_ATTRIBUTES *a, struct drop_file *out);

/* The buffer that libssh2 reads a file of this size best with; larger than the file, if
 * that is small. */
size_t sftp_fit_buffer(uint64_t size);

/* NULL with *e. sftp_free_handle closes d->file, whatever it was opened for. */
LIBSSH2_SFTP_HANDLE *sftp_open_handle(
    struct sftp_drop *d, const char *path, const struct opening *how, struct err *e);
int sftp_free_handle(struct sftp_drop *d, struct err *e);
/* As sftp_free_handle, of a file that was written: what the server says of it counts. */
int sftp_close_written(struct sftp_drop *d, struct err *e);

/* Gives the lines back but the first; the connection is cut. */
void sftp_lines_end(struct sftp_drop *d);

/* Of struct poller_ops. */
size_t sftp_fetch(void *self, struct fetched *v, size_t n);
int sftp_create(void *self, const char *path, struct err *e);
int sftp_write(void *self, struct span bytes, struct err *e);
int sftp_finish(void *self, struct err *e);
int sftp_rename(void *self, const char *from, const char *to, struct err *e);
int sftp_remove(void *self, const char *path, struct err *e);
int sftp_mkdir(void *self, const char *path, struct err *e);

#endif
