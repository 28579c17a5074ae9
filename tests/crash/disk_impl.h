/*
 * What disk.c (what calls do) and disk_files.c (to and from the machine's own disk) share.
 */
#ifndef TESTS_CRASH_DISK_IMPL_H
#define TESTS_CRASH_DISK_IMPL_H

#include <sys/stat.h>

#include "tests/crash/disk.h"

#define DISK_NODES_MAX 4096

/* Bytes behind the size are kept, for the size may come to the disk later. */
struct image {
	unsigned char *bytes;
	size_t room, size;
};

struct node {
	bool folder;
	mode_t mode;
	struct timespec mtime; /* 0: made within the trace */
	struct image sure;
	size_t seen; /* the size that the program sees */
};

/* `node` is NULL where a name is taken away. */
struct name {
	struct node *in;
	char *name;
	struct node *node;
};

/* One entry a name; the names are copies. */
struct names {
	struct name *v;
	size_t n, cap;
};

struct change {
	enum change_kind { CHANGE_DATA, CHANGE_GROW, CHANGE_CUT, CHANGE_NAMES } kind;
	struct node *node;
	size_t offset, n; /* GROW and CUT: `n` is the size */
	const unsigned char *bytes;
	struct name names[2]; /* two of a rename; else the second's `in` is NULL */
};

struct disk {
	struct node *nodes[DISK_NODES_MAX]; /* the first is the folder itself */
	size_t nnodes;
	struct names sure;
	struct change *changes; /* pending, in order; they own their names */
	size_t n, cap;
};

struct node *disk_node_new(struct disk *d, bool folder, mode_t mode);

/* At least `need` bytes; new ones are 0. */
void image_room(struct image *im, size_t need);
void image_apply(struct image *im, const struct change *c);

void names_put(struct names *t, const struct name *as);
void names_release(struct names *t);

/* The unit that is written whole and holds `offset`: where it begins, and its size. */
size_t disk_unit(size_t offset, size_t *size);

#endif
