#include "state/answers.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FOLDER      "answers"
#define FOLDER_MODE 0700
#define FILE_MODE   0600

struct answer {
	int folder, fd;
	char name[NAME_MAX + 1], part[NAME_MAX + 1];
};

static int
fail(struct err *e)
{
	return err_sys(e, ERR_IO, errno, "the folder of answers");
}

/* A folder in `at`, made if it is missing; -1 with errno. */
static int
open_folder(int at, const char *name)
{
	int made = mkdirat(at, name, FOLDER_MODE);

	if (made == 0 ? fsync(at) != 0 : errno != EEXIST)
		return -1;
	return openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static int
open_feed(const char *dir, const char *feed)
{
	int top = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int all = top < 0 ? -1 : open_folder(top, FOLDER);
	int one = all < 0 ? -1 : open_folder(all, feed);

	if (top >= 0)
		close(top);
	if (all >= 0)
		close(all);
	return one;
}

struct answer *
answer_new(const char *dir, const char *feed, const char *name, struct err *e)
{
	struct answer *a = calloc(1, sizeof(*a));

	if (a == NULL)
		return err_nomem(e), NULL;
	a->fd = -1;
	snprintf(a->name, sizeof(a->name), "%s", name);
	snprintf(a->part, sizeof(a->part), ".%s", name);
	if ((a->folder = open_feed(dir, feed)) >= 0)
		a->fd = openat(a->folder, a->part,
		    O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, FILE_MODE);
	if (a->fd < 0) {
		fail(e);
		answer_free(a);
		return NULL;
	}
	return a;
}

int
answer_add(struct answer *a, struct span bytes, struct err *e)
{
	ssize_t n;

	for (; bytes.n > 0; bytes = (struct span){bytes.p + n, bytes.n - (size_t)n}) {
		n = write(a->fd, bytes.p, bytes.n);
		if (n < 0 && errno == EINTR)
			n = 0;
		else if (n < 0)
			return fail(e);
	}
	return 0;
}

int
answer_keep(struct answer *a, struct err *e)
{
	if (fsync(a->fd) != 0 || renameat(a->folder, a->part, a->folder, a->name) != 0 ||
	    fsync(a->folder) != 0)
		return fail(e);
	a->part[0] = '\0';
	return 0;
}

void
answer_free(struct answer *a)
{
	if (a == NULL)
		return;
	if (a->fd >= 0) {
		close(a->fd);
		if (a->part[0] != '\0')
			(void)unlinkat(a->folder, a->part, 0);
	}
	if (a->folder >= 0)
		close(a->folder);
	free(a);
}

/* 1: the walk ends here. */
static int
visit(int folder, const char *name, answer_fn *fn, void *arg, struct err *e)
{
	int fd, rc;

	if (name[0] == '.')
		return 0;
	if ((fd = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)) < 0)
		return fail(e);
	rc = fn(arg, name, fd, e);
	close(fd);
	/* It must not be given again after a power cut: the clinic may have taken it. */
	if (rc == 0 && (unlinkat(folder, name, 0) != 0 || fsync(folder) != 0))
		return fail(e);
	return rc;
}

int
answers_each(const char *dir, const char *feed, answer_fn *fn, void *arg, struct err *e)
{
	int folder = open_feed(dir, feed), rc = 0;
	DIR *d = folder < 0 ? NULL : fdopendir(folder);
	struct dirent *en = NULL;

	if (d == NULL) {
		fail(e);
		if (folder >= 0)
			close(folder);
		return -1;
	}
	do {
		errno = 0;
		if ((en = readdir(d)) != NULL)
			rc = visit(dirfd(d), en->d_name, fn, arg, e);
	} while (en != NULL && rc == 0);
	if (en == NULL && errno != 0)
		rc = fail(e);
	closedir(d);
	return rc < 0 ? -1 : 0;
}

bool
answer_kept(const char *dir, const char *feed, const char *name)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/" FOLDER "/%s/%s", dir, feed, name);
	return access(path, F_OK) == 0;
}

/* Shows fn what is in a folder, without what begins with a dot. */
static int
each_name(const char *path, int (*fn)(void *arg, const char *name), void *arg)
{
	DIR *d = opendir(path);
	struct dirent *en;
	int rc = 0;

	if (d == NULL)
		return errno == ENOENT ? 0 : -1;
	do {
		errno = 0;
		if ((en = readdir(d)) != NULL && en->d_name[0] != '.')
			rc = fn(arg, en->d_name);
	} while (en != NULL && rc == 0);
	if (en == NULL && errno != 0)
		rc = -1;
	closedir(d);
	return rc;
}

struct names_walk {
	const char *dir, *feed;
	answer_name_fn *fn;
	void *arg;
};

static int
show_name(void *arg, const char *name)
{
	const struct names_walk *w = arg;

	return w->fn(w->arg, w->feed, name);
}

static int
show_feed(void *arg, const char *name)
{
	struct names_walk *w = arg;
	char path[PATH_MAX];

	w->feed = name;
	snprintf(path, sizeof(path), "%s/" FOLDER "/%s", w->dir, name);
	return each_name(path, show_name, w);
}

int
answers_names(const char *dir, answer_name_fn *fn, void *arg, struct err *e)
{
	struct names_walk w = {dir, NULL, fn, arg};
	char path[PATH_MAX];
	int rc;

	snprintf(path, sizeof(path), "%s/" FOLDER, dir);
	e->code = ERR_NONE;
	rc = each_name(path, show_feed, &w);
	return rc < 0 && e->code == ERR_NONE ? fail(e) : rc;
}
