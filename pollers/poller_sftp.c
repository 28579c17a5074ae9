#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pollers/sftp_drop.h"

/*
 * Buffers as measured: libssh2 asks for four times the buffer ahead. A buffer larger
 * than the file asks for what is not there; a small one is slow over distance.
 */
#define BUFFER_STEP  4096
#define BUFFER_MIN   8192
#define BUFFER_MAX   (2 << 20)
#define BUFFER_SMALL 7500 /* four of these are one request: no reads in flight */
#define ENTRY_MAX    8192 /* bytes of a name, and of its line, in a listing */
#define CLOSE_TRIES  64

int
sftp_fail(struct sftp_drop *d, ssize_t rc, struct err *e, const char *what)
{
	struct ssh *s = &d->ssh;
	unsigned long status;

	if (rc == LIBSSH2_ERROR_CHANNEL_PACKET_EXCEEDED && !ssh_modern())
		return err_set(e, ERR_REFUSED,
		    "%s: %s: the answer is larger than the 256 KiB that libssh2 %s takes; keep "
		    "fewer files in the folder, or use libssh2 1.11 (Debian 13)",
		    s->where, what, libssh2_version(0));
	if (rc != LIBSSH2_ERROR_SFTP_PROTOCOL)
		return ssh_fail(s, rc, e, what);
	status = libssh2_sftp_last_error(s->sftp);
	switch (status) {
	case LIBSSH2_FX_NO_SUCH_FILE:
	case LIBSSH2_FX_NO_SUCH_PATH:
		return err_set(
		    e, ERR_GONE, "%s: %s: no such file or folder", s->where, what);
	case LIBSSH2_FX_PERMISSION_DENIED:
	case LIBSSH2_FX_WRITE_PROTECT:
		return err_set(
		    e, ERR_PERM, "%s: %s: the server denies permission", s->where, what);
	case LIBSSH2_FX_NO_CONNECTION:
	case LIBSSH2_FX_CONNECTION_LOST:
		s->lost = true;
		break;
	case LIBSSH2_FX_OK:
		return ssh_fail(s, rc, e, what);
	default:
		break;
	}
	return err_set(e, ERR_IO, "%s: %s: the server says failure (SFTP status %lu)",
	    s->where, what, status);
}

int
sftp_attributes(struct sftp_drop *d, const char *path, int type,
    LIBSSH2_SFTP_ATTRIBUTES *out, struct err *e)
{
	struct ssh *s = &d->ssh;
	int rc;

	ssh_begin(s);
	do
		rc = libssh2_sftp_stat_ex(
		    s->sftp, path, (unsigned)strlen(path), type, out);
	while (ssh_again(s, rc, e));
	if (rc == 0)
		return 1;
	sftp_fail(d, rc, e, "looking up a file");
	if (rc == LIBSSH2_ERROR_SFTP_PROTOCOL && !s->lost) {
		unsigned long status = libssh2_sftp_last_error(s->sftp);

		if (status == LIBSSH2_FX_NO_SUCH_FILE ||
		    status == LIBSSH2_FX_NO_SUCH_PATH)
			return 0;
	}
	return -1;
}

bool
sftp_is_folder(const LIBSSH2_SFTP_ATTRIBUTES *a)
{
	return !(a->flags & LIBSSH2_SFTP_ATTR_PERMISSIONS) ||
	       LIBSSH2_SFTP_S_ISDIR(a->permissions);
}

/* Some servers send no type with the permissions; then the first letter of ls tells. */
static bool
is_file(const LIBSSH2_SFTP_ATTRIBUTES *a, const char *line)
{
	if ((a->flags & LIBSSH2_SFTP_ATTR_PERMISSIONS) &&
	    (a->permissions & LIBSSH2_SFTP_S_IFMT))
		return LIBSSH2_SFTP_S_ISREG(a->permissions);
	return line[0] == '\0' || !strchr("dlbcps", line[0]);
}

static int
find_folder(struct sftp_drop *d, const char *path, struct err *e)
{
	LIBSSH2_SFTP_ATTRIBUTES a;
	int rc = sftp_attributes(d, path, LIBSSH2_SFTP_STAT, &a, e);

	if (rc < 0)
		return err_prefix(e, "%s", path);
	if (rc == 0)
		return err_set(e, ERR_IO, "%s: no such folder: %s", d->ssh.where, path);
	if (!sftp_is_folder(&a))
		return err_set(e, ERR_IO, "%s: not a folder: %s", d->ssh.where, path);
	return 0;
}

/* 0, or what the server says: it may learn only now that there was no room. */
static int
close_file(struct sftp_drop *d, struct err *e)
{
	int rc = 0, tries = 0;

	if (!d->file)
		return 0;
	ssh_begin(&d->ssh);
	do
		rc = libssh2_sftp_close_handle(d->file);
	while (d->ssh.lost ? rc == LIBSSH2_ERROR_EAGAIN && ++tries < CLOSE_TRIES
			   : ssh_again(&d->ssh, rc, e));
	/* Out of time: what is left of the handle goes when the line is cut. */
	if (rc != LIBSSH2_ERROR_EAGAIN)
		d->file = NULL;
	return rc;
}

static void
sftp_close(void *self)
{
	close_file(self, NULL);
}

static void
sftp_disconnect(void *self)
{
	struct sftp_drop *d = self;

	if (!d)
		return;
	ssh_hang_up(&d->ssh);
	sftp_close(d);
	sftp_lines_end(d);
	ssh_close(&d->ssh);
	libssh2_exit();
	free(d->buffer);
	free(d);
}

static int
sftp_connect(void **self, const struct source_conf *sc, const struct drop_url *url,
    const struct poller_env *env, struct err *e)
{
	struct sftp_drop *d = calloc(1, sizeof(*d));

	if (!d)
		return err_nomem(e);
	if (ssh_open(&d->ssh, sc, url, env, e)) {
		free(d);
		return -1;
	}
	*self = d;
	return 0;
}

static int
sftp_enter(void *self, const struct source_conf *sc, const struct drop_url *url,
    const struct poller_env *env, struct err *e)
{
	struct sftp_drop *d = self;

	d->ssh.sc = sc;
	d->ssh.url = url;
	d->ssh.env = env;
	return find_folder(d, url->path, e);
}

static bool
sftp_lost(const void *self)
{
	const struct sftp_drop *d = self;

	return d->ssh.lost;
}

static const struct opening folder_listed = {
    LIBSSH2_SFTP_OPENDIR, LIBSSH2_FXF_READ, 0, "opening the folder"};
static const struct opening file_read_in = {
    LIBSSH2_SFTP_OPENFILE, LIBSSH2_FXF_READ, 0, "opening a file"};

LIBSSH2_SFTP_HANDLE *
sftp_open_handle(
    struct sftp_drop *d, const char *path, const struct opening *how, struct err *e)
{
	struct ssh *s = &d->ssh;
	LIBSSH2_SFTP_HANDLE *h;
	int rc;

	ssh_begin(s);
	do {
		h = libssh2_sftp_open_ex(s->sftp, path, (unsigned)strlen(path),
		    how->flags, how->mode, how->type);
		rc = h ? 0 : libssh2_session_last_errno(s->session);
	} while (ssh_again(s, rc, e));
	if (!h)
		sftp_fail(d, rc, e, how->what);
	return h;
}

/* One entry of a listing: handed on if it is a file. */
struct entry {
	char name[ENTRY_MAX];
	char line[ENTRY_MAX]; /* as ls -l would show it */
	LIBSSH2_SFTP_ATTRIBUTES a;
	list_fn *fn;
	void *arg;
};

static int
entry_tell(const struct sftp_drop *d, const struct entry *en, size_t len, struct err *e)
{
	const unsigned long need = LIBSSH2_SFTP_ATTR_SIZE | LIBSSH2_SFTP_ATTR_ACMODTIME;

	if (!is_file(&en->a, en->line))
		return 0;
	if ((en->a.flags & need) != need)
		return err_set(e, ERR_REFUSED,
		    "%s: the server lists files without size and time, which are needed to "
		    "tell that a file is whole",
		    d->ssh.where);
	return en->fn(
	    en->arg, (struct span){en->name, len}, en->a.filesize, (int64_t)en->a.mtime);
}

static int
list_entries(struct sftp_drop *d, struct entry *en, struct err *e)
{
	struct ssh *s = &d->ssh;
	int rc;

	for (;;) {
		en->line[0] = '\0';
		ssh_begin(s);
		do
			rc = libssh2_sftp_readdir_ex(d->file, en->name, sizeof(en->name),
			    en->line, sizeof(en->line), &en->a);
		while (ssh_again(s, rc, e));
		if (rc == 0)
			return 0;
		if (rc == LIBSSH2_ERROR_BUFFER_TOO_SMALL)
			return err_set(e, ERR_REFUSED,
			    "%s: a name in the folder is longer than %d bytes", s->where,
			    ENTRY_MAX);
		if (rc < 0)
			return sftp_fail(d, rc, e, "listing the folder");
		if (entry_tell(d, en, (size_t)rc, e))
			return -1;
	}
}

/* One handle at a time: gives the one back that is open, if there is. */
int
sftp_free_handle(struct sftp_drop *d, struct err *e)
{
	sftp_close(d);
	return d->ssh.lost ? err_set(e, ERR_IO, "%s: connection lost", d->ssh.where) : 0;
}

int
sftp_close_written(struct sftp_drop *d, struct err *e)
{
	int rc = close_file(d, e);

	if (rc != 0 || d->ssh.lost)
		return sftp_fail(d, rc, e, "closing a file that was written");
	return 0;
}

static int
sftp_list(void *self, const char *folder, list_fn *fn, void *arg, struct err *e)
{
	struct sftp_drop *d = self;
	struct entry *en = calloc(1, sizeof(*en));
	int rc = -1;

	if (!en)
		return err_nomem(e);
	en->fn = fn;
	en->arg = arg;
	if (sftp_free_handle(d, e))
		goto out;
	d->file = sftp_open_handle(d, folder, &folder_listed, e);
	if (d->file)
		rc = list_entries(d, en, e);
	sftp_close(d);
out:
	free(en);
	return rc;
}

bool
sftp_take_attributes(const LIBSSH2_SFTP_ATTRIBUTES *a, struct drop_file *out)
{
	const unsigned long need = LIBSSH2_SFTP_ATTR_SIZE | LIBSSH2_SFTP_ATTR_ACMODTIME;

	if (!is_file(a, "") || (a->flags & need) != need)
		return false;
	out->size = a->filesize;
	out->mtime = (int64_t)a->mtime;
	return true;
}

static int
sftp_stat(void *self, const char *path, struct drop_file *out, struct err *e)
{
	struct sftp_drop *d = self;
	LIBSSH2_SFTP_ATTRIBUTES a;
	int rc = sftp_attributes(d, path, LIBSSH2_SFTP_LSTAT, &a, e);

	if (rc <= 0)
		return rc;
	return sftp_take_attributes(&a, out)
		   ? 1
		   : err_set(
			 e, ERR_IO, "%s: what has this name is not a file", d->ssh.where);
}

size_t
sftp_fit_buffer(uint64_t size)
{
	uint64_t n;

	if (size >= BUFFER_MAX)
		return BUFFER_MAX;
	n = (size + BUFFER_STEP) / BUFFER_STEP * BUFFER_STEP;
	return n < BUFFER_MIN ? BUFFER_MIN : (size_t)n;
}

static int
open_at(struct sftp_drop *d, struct err *e)
{
	d->file = sftp_open_handle(d, d->path, &file_read_in, e);
	if (!d->file)
		return -1;
	if (d->offset)
		libssh2_sftp_seek64(d->file, d->offset);
	return 0;
}

static int
sftp_open(void *self, const char *path, uint64_t size, uint64_t offset, struct err *e)
{
	struct sftp_drop *d = self;
	size_t want = d->small ? BUFFER_SMALL : sftp_fit_buffer(size);

	if (sftp_free_handle(d, e))
		return -1;
	if (want != d->buffer_size) {
		free(d->buffer);
		d->buffer_size = 0;
		d->buffer = malloc(want);
		if (!d->buffer)
			return err_nomem(e);
		d->buffer_size = want;
	}
	if ((size_t)snprintf(d->path, sizeof(d->path), "%s", path) >= sizeof(d->path))
		return err_set(e, ERR_IO, "%s: path too long", d->ssh.where);
	d->offset = offset;
	d->size = size;
	return open_at(d, e);
}

/*
 * A server may send less than was asked for. libssh2 can't have that with several
 * requests under way: it says so, or takes the one behind the end for the end.
 */
static bool
short_answer(const struct sftp_drop *d, ssize_t rc)
{
	char *text = NULL;

	if (d->small)
		return false;
	if (rc == 0)
		return d->offset < d->size;
	if (rc != LIBSSH2_ERROR_SFTP_PROTOCOL)
		return false;
	libssh2_session_last_error(d->ssh.session, &text, NULL, 0);
	return text && strstr(text, "Unexpected Offset");
}

static ssize_t
read_some(struct sftp_drop *d, struct err *e)
{
	size_t want = d->small ? BUFFER_SMALL : d->buffer_size;
	ssize_t n;

	ssh_begin(&d->ssh);
	do
		n = libssh2_sftp_read(d->file, d->buffer, want);
	while (ssh_again(&d->ssh, n, e));
	return n;
}

static int
sftp_read(void *self, struct span *out, struct err *e)
{
	struct sftp_drop *d = self;
	ssize_t n = read_some(d, e);

	if (short_answer(d, n)) {
		d->small = true;
		if (sftp_free_handle(d, e) || open_at(d, e))
			return -1;
		n = read_some(d, e);
		/* A file that is shorter than it was, and no server that answers short. */
		if (n == 0)
			d->small = false;
	}
	if (n < 0)
		return sftp_fail(d, n, e, "reading a file");
	d->offset += (uint64_t)n;
	*out = (struct span){d->buffer, (size_t)n};
	return n > 0;
}

const struct poller_ops poller_sftp = {
    .scheme = "sftp",
    .connect = sftp_connect,
    .disconnect = sftp_disconnect,
    .enter = sftp_enter,
    .lost = sftp_lost,
    .list = sftp_list,
    .fetch = sftp_fetch,
    .stat = sftp_stat,
    .open = sftp_open,
    .read = sftp_read,
    .close = sftp_close,
    .create = sftp_create,
    .write = sftp_write,
    .finish = sftp_finish,
    .rename = sftp_rename,
    .remove = sftp_remove,
    .mkdir = sftp_mkdir,
};
