/*
 * A disk of disk.h as files: what is read before a trace, what is written after a cut.
 */
#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/crash/disk_impl.h"
#include "tests/crash/strace.h"

#define NFTW_FDS 16

static void
load_file(struct node *n, int fd, size_t size)
{
	image_room(&n->sure, size);
	if (pread(fd, n->sure.bytes, size, 0) != (ssize_t)size)
		die("a file of the folder cannot be read");
	n->sure.size = n->seen = size;
}

static void
load(struct disk *d, struct node *in, int folder)
{
	DIR *dir = fdopendir(folder);
	struct dirent *de;
	struct stat st;

	if (dir == NULL)
		die("the folder cannot be read");
	while ((de = readdir(dir)) != NULL) {
		int fd;
		struct node *n;

		if (strcmp(de->d_name, ".") == 0 || strcmp(de->d_name, "..") == 0)
			continue;
		if ((fd = openat(folder, de->d_name, O_RDONLY)) < 0 ||
		    fstat(fd, &st) != 0)
			die("%s: cannot be read", de->d_name);
		n = disk_node_new(d, S_ISDIR(st.st_mode), st.st_mode & 07777);
		n->mtime = st.st_mtim;
		names_put(&d->sure, &(struct name){in, de->d_name, n});
		if (n->folder) {
			load(d, n, fd);
			continue;
		}
		load_file(n, fd, (size_t)st.st_size);
		close(fd);
	}
	closedir(dir);
}

struct disk *
disk_load(const char *folder)
{
	struct disk *d = or_die(calloc(1, sizeof(*d)));
	int fd = open(folder, O_RDONLY | O_DIRECTORY);

	if (fd < 0)
		die("%s: cannot be read", folder);
	load(d, disk_node_new(d, true, 0700), fd);
	return d;
}

void
disk_free(struct disk *d)
{
	for (size_t i = 0; i < d->nnodes; i++) {
		free(d->nodes[i]->sure.bytes);
		free(d->nodes[i]);
	}
	for (size_t i = 0; i < d->n; i++)
		for (int k = 0; k < 2; k++)
			free(d->changes[i].names[k].name);
	names_release(&d->sure);
	free(d->changes);
	free(d);
}

static int
remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	(void)st;
	(void)kind;
	(void)at;
	return remove(path);
}

static bool
same_unit(const struct change *a, const struct change *b)
{
	size_t size;

	return a->kind == CHANGE_DATA && b->kind == CHANGE_DATA && a->node == b->node &&
	       disk_unit(a->offset, &size) == disk_unit(b->offset, &size);
}

/* What was written later to a unit is only there with what was written before. */
static void
close_over(const struct disk *d, bool *taken)
{
	for (size_t i = d->n; i-- > 0;)
		for (size_t j = 0; taken[i] && j < i; j++)
			if (same_unit(&d->changes[i], &d->changes[j]))
				taken[j] = true;
}

static void
write_file(const struct disk *d, const bool *taken, const struct node *n, int fd)
{
	struct image im = {.size = n->sure.size};

	image_room(&im, n->sure.room);
	if (n->sure.room > 0)
		memcpy(im.bytes, n->sure.bytes, n->sure.room);
	for (size_t i = 0; i < d->n; i++)
		if (taken[i] && d->changes[i].node == n)
			image_apply(&im, &d->changes[i]);
	if (write(fd, im.bytes, im.size) != (ssize_t)im.size)
		die("a state cannot be written");
	free(im.bytes);
	if (n->mtime.tv_sec != 0)
		futimens(fd, (struct timespec[2]){n->mtime, n->mtime});
}

struct writing {
	const struct disk *disk;
	const bool *taken;
};

static void write_folder(const struct writing *w, const struct node *in, int folder);

static void
write_node(const struct writing *w, const struct name *as, int folder)
{
	int fd;

	if (as->node->folder) {
		if (mkdirat(folder, as->name, as->node->mode) != 0 ||
		    (fd = openat(folder, as->name, O_RDONLY | O_DIRECTORY)) < 0)
			die("%s: cannot be made", as->name);
		write_folder(w, as->node, fd);
	} else {
		fd = openat(
		    folder, as->name, O_WRONLY | O_CREAT | O_EXCL, as->node->mode);
		if (fd < 0)
			die("%s: cannot be made", as->name);
		write_file(w->disk, w->taken, as->node, fd);
	}
	close(fd);
}

/* The names in `in`: those that are sure, and changed by what was taken. */
static void
write_folder(const struct writing *w, const struct node *in, int folder)
{
	const struct disk *d = w->disk;
	struct names now = {.n = 0};

	for (size_t i = 0; i < d->sure.n; i++)
		if (d->sure.v[i].in == in)
			names_put(&now, &d->sure.v[i]);
	for (size_t i = 0; i < d->n; i++)
		for (int k = 0; k < 2; k++)
			if (w->taken[i] && d->changes[i].names[k].in == in)
				names_put(&now, &d->changes[i].names[k]);
	for (size_t i = 0; i < now.n; i++)
		if (now.v[i].node != NULL)
			write_node(w, &now.v[i], folder);
	names_release(&now);
}

void
disk_write(const struct disk *d, const bool *taken, const char *folder)
{
	bool *all = or_die(calloc(d->n + 1, sizeof(*all)));
	const struct writing w = {d, all};
	int fd;

	if (d->n > 0)
		memcpy(all, taken, d->n * sizeof(*all));
	close_over(d, all);
	nftw(folder, remove_one, NFTW_FDS, FTW_DEPTH | FTW_PHYS);
	if (mkdir(folder, 0700) != 0 || (fd = open(folder, O_RDONLY | O_DIRECTORY)) < 0)
		die("%s: cannot be made", folder);
	write_folder(&w, d->nodes[0], fd);
	close(fd);
	free(all);
}
