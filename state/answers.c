#include "state/answers.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/whole.h"
#include "state/owner.h"

#define FOLDER_MODE 0700
#define FILE_MODE   0600

static const char *const shelves[] = {
    [ANSWERS_TO_GIVE] = "answers", [RECEIPTS_HERE] = "receipts"};

struct answer {
	int folder, fd;
	char name[NAME_MAX + 1], part[NAME_MAX + 1];
};

static int
fail(struct err *e)
{
	return err_sys(e, ERR_IO, errno, "the folder of answers");
}

/* A folder or file of whoever put it there may be why it can't be opened. */
static int
fail_at(const struct answer_place *at, const char *name, struct err *e)
{
	char path[PATH_MAX];
	int sys = errno;

	snprintf(path, sizeof(path), "%s/%s/%s/%s", at->dir, shelves[at->shelf], at->feed,
	    name);
	return sys == EACCES || sys == EPERM ? owner_error(e, sys, at->dir, path)
					     : fail(e);
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
open_feed(const struct answer_place *at)
{
	int top = open(at->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int all = top < 0 ? -1 : open_folder(top, shelves[at->shelf]);
	int one = all < 0 ? -1 : open_folder(all, at->feed);

	if (top >= 0)
		close(top);
	if (all >= 0)
		close(all);
	return one;
}

struct answer *
answer_new(const struct answer_place *at, const char *name, struct err *e)
{
	struct answer *a = calloc(1, sizeof(*a));

	if (a == NULL)
		return err_nomem(e), NULL;
	a->fd = -1;
	snprintf(a->name, sizeof(a->name), "%s", name);
	snprintf(a->part, sizeof(a->part), ".%s", name);
	if ((a->folder = open_feed(at)) >= 0)
		a->fd = openat(a->folder, a->part,
		    O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, FILE_MODE);
	if (a->fd < 0) {
		fail_at(at, a->part, e);
		answer_free(a);
		return NULL;
	}
	return a;
}

int
answer_add(struct answer *a, struct span bytes, struct err *e)
{
	return write_whole(a->fd, bytes) != 0 ? fail(e) : 0;
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

/* 0 or 1: the walk goes on. */
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
	const struct answer_place at = {dir, feed, ANSWERS_TO_GIVE};
	int folder = open_feed(&at), rc = 0;
	DIR *d = folder < 0 ? NULL : fdopendir(folder);
	struct dirent *en = NULL;

	if (d == NULL) {
		fail_at(&at, "", e);
		if (folder >= 0)
			close(folder);
		return -1;
	}
	do {
		errno = 0;
		if ((en = readdir(d)) != NULL)
			rc = visit(dirfd(d), en->d_name, fn, arg, e);
	} while (en != NULL && rc >= 0 && rc < 2);
	if (en == NULL && errno != 0)
		rc = fail(e);
	closedir(d);
	return rc < 0 ? -1 : 0;
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
	snprintf(path, sizeof(path), "%s/%s/%s", w->dir, shelves[ANSWERS_TO_GIVE], name);
	return each_name(path, show_name, w);
}

int
answers_names(
    const char *dir, const char *feed, answer_name_fn *fn, void *arg, struct err *e)
{
	struct names_walk w = {dir, feed, fn, arg};
	char path[PATH_MAX];
	int rc;

	snprintf(path, sizeof(path), "%s/%s", dir, shelves[ANSWERS_TO_GIVE]);
	e->code = ERR_NONE;
	rc = feed != NULL ? show_feed(&w, feed) : each_name(path, show_feed, &w);
	return rc < 0 && e->code == ERR_NONE ? fail(e) : rc;
}

static int
is_of(void *arg, const char *feed, const char *name)
{
	const char *id = arg;
	size_t n = strlen(id);

	(void)feed;
	return strncmp(name, id, n) == 0 && (name[n] == '\0' || name[n] == '.');
}

/* Where that can't be found out, there may be one. */
bool
answer_kept(const char *dir, const char *feed, const char *id)
{
	char wanted[NAME_MAX + 1];
	struct err e;

	snprintf(wanted, sizeof(wanted), "%s", id);
	return answers_names(dir, feed, is_of, wanted, &e) != 0;
}

struct forgetting {
	const struct names_walk *walk;
	int64_t before;
};

static int
forget_old(void *arg, const char *name)
{
	const struct forgetting *f = arg;
	char path[PATH_MAX];
	struct stat st;

	snprintf(path, sizeof(path), "%s/%s/%s/%s", f->walk->dir, shelves[RECEIPTS_HERE],
	    f->walk->feed, name);
	if (stat(path, &st) != 0)
		return errno == ENOENT ? 0 : -1;
	return st.st_mtime < f->before ? unlink(path) : 0;
}

int
receipts_forget(const char *dir, const char *feed, int64_t before, struct err *e)
{
	const struct names_walk w = {.dir = dir, .feed = feed};
	struct forgetting f = {&w, before};
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s/%s", dir, shelves[RECEIPTS_HERE], feed);
	return each_name(path, forget_old, &f) != 0 ? fail(e) : 0;
}
