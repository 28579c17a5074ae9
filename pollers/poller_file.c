#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/whole.h"
#include "pollers/poller_ops.h"
#include "pollers/url.h"

#define READ_SIZE   (256 << 10)
#define FOLDER_MODE 0770
#define FILE_MODE   0660 /* the clinic reads it, as the folder's group */

/*
 * A drop in a local or mounted folder. Whoever fills it may put links there: below
 * the drop no link is followed, neither for a file nor on the way to one. The drop's
 * own path, and an archive elsewhere, are the feed's, and may hold links.
 */
struct file_drop {
	const char *path; /* of the drop; the URL's */
	int fd;           /* being read, or -1 */
	char *buffer;
};

static int
file_connect(void **self, const struct source_conf *sc, const struct drop_url *url,
    const struct poller_env *env, struct err *e)
{
	struct file_drop *d = calloc(1, sizeof(*d));

	(void)sc;
	(void)url;
	(void)env;
	if (!d)
		return err_nomem(e);
	d->fd = -1;
	*self = d;
	return 0;
}

static int
file_enter(void *self, const struct source_conf *sc, const struct drop_url *url,
    const struct poller_env *env, struct err *e)
{
	struct file_drop *d = self;
	int fd = open(url->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	(void)sc;
	(void)env;
	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
		return err_set(e, ERR_IO, "no such folder: %s", url->path);
	if (fd < 0)
		return err_sys(
		    e, errno == EACCES ? ERR_PERM : ERR_IO, errno, "%s", url->path);
	close(fd);
	d->path = url->path;
	return 0;
}

static void
file_close(void *self)
{
	struct file_drop *d = self;

	if (d->fd >= 0)
		close(d->fd);
	d->fd = -1;
}

static void
file_disconnect(void *self)
{
	struct file_drop *d = self;

	if (!d)
		return;
	file_close(d);
	free(d->buffer);
	free(d);
}

/* The part of `path` below the drop, or NULL if it is elsewhere. */
static const char *
below(const struct file_drop *d, const char *path)
{
	size_t n = strcmp(d->path, "/") == 0 ? 0 : strlen(d->path);

	return strncmp(path, d->path, n) == 0 && path[n] == '/' ? path + n + 1 : NULL;
}

/* Opens the folder that holds `path`; *name is the rest. The fd, or -1 with errno. */
static int
open_parent(const struct file_drop *d, const char *path, const char **name)
{
	const int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
	const char *p = below(d, path), *slash = strrchr(path, '/');
	char part[URL_PATH_MAX + 1];
	int fd;

	*name = slash + 1;
	if (!p) {
		snprintf(part, sizeof(part), "%.*s", (int)(slash - path), path);
		return open(part[0] ? part : "/", flags);
	}
	fd = open(d->path, flags);
	while (fd >= 0 && p < *name) {
		size_t n = strcspn(p, "/");
		int next, cause;

		snprintf(part, sizeof(part), "%.*s", (int)n, p);
		next = openat(fd, part, flags | O_NOFOLLOW);
		cause = errno;
		close(fd);
		errno = cause;
		fd = next;
		p += n + 1;
	}
	return fd;
}

/* -1 with *e from errno; `what` never holds a name out of the drop. */
static int
file_fail(struct err *e, const char *what)
{
	enum err_code code = ERR_IO;

	if (errno == ENOENT)
		code = ERR_GONE;
	else if (errno == EACCES || errno == EPERM)
		code = ERR_PERM;
	return err_sys(e, code, errno, "%s", what);
}

static int
list_entries(DIR *dir, list_fn *fn, void *arg, struct err *e)
{
	struct dirent *de;
	struct stat st;

	for (;;) {
		errno = 0;
		de = readdir(dir);
		if (!de)
			return errno ? file_fail(e, "listing the folder") : 0;
		if (de->d_type != DT_REG && de->d_type != DT_UNKNOWN)
			continue;
		if (fstatat(dirfd(dir), de->d_name, &st, AT_SYMLINK_NOFOLLOW)) {
			if (errno == ENOENT)
				continue;
			return file_fail(e, "looking up a file");
		}
		if (!S_ISREG(st.st_mode))
			continue;
		if (fn(arg, span_of(de->d_name), (uint64_t)st.st_size, st.st_mtim.tv_sec))
			return -1;
	}
}

static int
file_list(void *self, const char *folder, list_fn *fn, void *arg, struct err *e)
{
	DIR *dir = opendir(folder);
	int rc;

	(void)self;
	if (!dir)
		return file_fail(e, folder);
	rc = list_entries(dir, fn, arg, e);
	closedir(dir);
	return rc;
}

/* 1 and *st, 0 if nothing is there, -1. */
static int
look_up(const struct file_drop *d, const char *path, struct stat *st, struct err *e)
{
	const char *name;
	int fd = open_parent(d, path, &name), rc, cause;

	if (fd < 0)
		return errno == ENOENT ? 0 : file_fail(e, "looking up a file");
	rc = fstatat(fd, name, st, AT_SYMLINK_NOFOLLOW);
	cause = errno;
	close(fd);
	errno = cause;
	if (rc == 0)
		return 1;
	return errno == ENOENT ? 0 : file_fail(e, "looking up a file");
}

static int
file_stat(void *self, const char *path, struct drop_file *out, struct err *e)
{
	struct stat st;
	int rc = look_up(self, path, &st, e);

	if (rc <= 0)
		return rc;
	if (!S_ISREG(st.st_mode))
		return err_set(e, ERR_IO, "what has this name is not a file");
	out->size = (uint64_t)st.st_size;
	out->mtime = st.st_mtim.tv_sec;
	return 1;
}

static int
file_open(void *self, const char *path, uint64_t size, uint64_t offset, struct err *e)
{
	struct file_drop *d = self;
	const char *name;
	struct stat st;
	int dir;

	(void)size;
	file_close(d);
	if (!d->buffer)
		d->buffer = malloc(READ_SIZE);
	if (!d->buffer)
		return err_nomem(e);
	dir = open_parent(d, path, &name);
	if (dir < 0)
		return file_fail(e, "opening a file");
	/* Without O_NONBLOCK a FIFO put there instead would hold us for good. */
	d->fd = openat(
	    dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (d->fd < 0)
		file_fail(e, "opening a file");
	close(dir);
	if (d->fd < 0)
		return -1;
	if (fstat(d->fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    lseek(d->fd, (off_t)offset, SEEK_SET) >= 0)
		return 0;
	file_close(d);
	return err_set(e, ERR_IO, "what has this name is not a file");
}

static int
file_create(void *self, const char *path, struct err *e)
{
	struct file_drop *d = self;
	const char *name;
	int dir;

	file_close(d);
	dir = open_parent(d, path, &name);
	if (dir < 0)
		return file_fail(e, "making a file");
	/* Not into what lies there: it may be another name of a file elsewhere. */
	(void)unlinkat(dir, name, 0);
	d->fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, FILE_MODE);
	/* The umask is for files of our own; a share that knows no modes says so. */
	if (d->fd >= 0)
		(void)fchmod(d->fd, FILE_MODE);
	else
		file_fail(e, "making a file");
	close(dir);
	return d->fd < 0 ? -1 : 0;
}

static int
file_write(void *self, struct span bytes, struct err *e)
{
	struct file_drop *d = self;

	return write_whole(d->fd, bytes) != 0 ? file_fail(e, "writing a file") : 0;
}

static int
file_finish(void *self, struct err *e)
{
	struct file_drop *d = self;
	int rc = fsync(d->fd) ? file_fail(e, "fsync of a file") : 0;

	file_close(d);
	return rc;
}

static int
file_read(void *self, struct span *out, struct err *e)
{
	struct file_drop *d = self;
	ssize_t n;

	do
		n = read(d->fd, d->buffer, READ_SIZE);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return file_fail(e, "reading a file");
	*out = (struct span){d->buffer, (size_t)n};
	return n > 0;
}

/* Never over what is there, also where the file system has no such rename (NFS). */
static int
move(int from_dir, const char *from, int to_dir, const char *to)
{
	if (renameat2(from_dir, from, to_dir, to, RENAME_NOREPLACE) == 0)
		return 0;
	if (errno != EINVAL && errno != ENOSYS)
		return -1;
	if (linkat(from_dir, from, to_dir, to, 0))
		return -1;
	return unlinkat(from_dir, from, 0);
}

static int
move_fail(struct err *e)
{
	if (errno == EEXIST)
		return err_set(e, ERR_IO, "there is a file already at the new name");
	if (errno == EXDEV)
		return err_set(e, ERR_IO,
		    "the archive folder is on another file system; use one beside the drop");
	return file_fail(e, "renaming a file");
}

static int
file_rename(void *self, const char *from, const char *to, struct err *e)
{
	struct file_drop *d = self;
	const char *old_name, *new_name;
	int from_dir, to_dir = -1, rc = -1;

	from_dir = open_parent(d, from, &old_name);
	if (from_dir < 0)
		return file_fail(e, "opening the drop");
	to_dir = open_parent(d, to, &new_name);
	if (to_dir < 0) {
		err_sys(e, ERR_IO, errno, "opening the archive folder");
		goto out;
	}
	if (move(from_dir, old_name, to_dir, new_name)) {
		move_fail(e);
		goto out;
	}
	if (fsync(to_dir) || fsync(from_dir)) {
		err_sys(e, ERR_IO, errno, "fsync of a folder");
		goto out;
	}
	rc = 0;
out:
	if (to_dir >= 0)
		close(to_dir);
	close(from_dir);
	return rc;
}

static int
file_remove(void *self, const char *path, struct err *e)
{
	struct file_drop *d = self;
	const char *name;
	int dir = open_parent(d, path, &name), rc = 0;

	if (dir < 0)
		return errno == ENOENT ? 0 : file_fail(e, "removing a file");
	if (unlinkat(dir, name, 0) == 0) {
		if (fsync(dir))
			rc = err_sys(e, ERR_IO, errno, "fsync of a folder");
	} else if (errno != ENOENT) {
		rc = file_fail(e, "removing a file");
	}
	close(dir);
	return rc;
}

static int
file_mkdir(void *self, const char *path, struct err *e)
{
	struct file_drop *d = self;
	const char *name;
	struct stat st;
	int dir = open_parent(d, path, &name), rc = 0;

	if (dir < 0)
		return file_fail(e, path);
	if (mkdirat(dir, name, FOLDER_MODE) == 0) {
		if (fsync(dir))
			rc = err_sys(e, ERR_IO, errno, "fsync of a folder");
	} else if (errno != EEXIST || fstatat(dir, name, &st, 0) ||
		   !S_ISDIR(st.st_mode)) {
		rc = file_fail(e, path);
	}
	close(dir);
	return rc;
}

const struct poller_ops poller_file = {
    .scheme = "file",
    .connect = file_connect,
    .disconnect = file_disconnect,
    .enter = file_enter,
    .list = file_list,
    .stat = file_stat,
    .open = file_open,
    .read = file_read,
    .close = file_close,
    .create = file_create,
    .write = file_write,
    .finish = file_finish,
    .rename = file_rename,
    .remove = file_remove,
    .mkdir = file_mkdir,
};
