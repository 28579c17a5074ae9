#include "state/lmdb_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

/* The format of LMDB 0.9 on machines of 64 bits, which has not changed since 2011. */
#define PAGE_HEADER 16 /* number 8, pad 2, flags 2, lower 2, upper 2 */
#define PAGE_FLAGS  10
#define PAGE_LOWER  12
#define FLAG_BRANCH 0x01
#define FLAG_LEAF   0x02
#define NODE_HEADER 8 /* low 2, high 2, flags 2, size of the key 2 */
#define NODE_BIG    0x01
#define META_FREE   (PAGE_HEADER + 24) /* magic 4, version 4, address 8, map 8 */
#define META_LAST   (META_FREE + 2 * DB_SIZE)
#define META_SIZE   (META_LAST + 16)
#define DB_SIZE     48 /* its last 8 bytes are its root */
#define NO_ROOT     SIZE_MAX
#define DEPTH_MAX   32

/* A meta page begins with the page's header; LMDB's magic number follows. */
#define META_HEADER     24
#define META_MAGIC_AT   16
#define META_MAGIC      0xbeefc0de
#define META_PAGE_MAX   0x8000 /* LMDB's pages are the machine's, but not larger */
#define HALF_MADE_PAGES 8      /* more than its first commit writes */

#define MAGIC_NFS  0x6969
#define MAGIC_SMB  0x517b
#define MAGIC_CIFS 0xff534d42
#define MAGIC_SMB2 0xfe534d42
#define MAGIC_9P   0x01021997
#define MAGIC_FUSE 0x65735546
#define MAGIC_AFS  0x5346414f
#define MAGIC_CEPH 0x00c36400

struct file {
	int fd;
	size_t page; /* bytes */
	size_t end;  /* the first page that is not there */
	size_t free; /* pages from there on that are free */
};

static unsigned
u16(const unsigned char *p)
{
	uint16_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static size_t
u64(const unsigned char *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static bool
read_at(const struct file *f, size_t at, void *out, size_t n)
{
	return pread(f->fd, out, n, (off_t)at) == (ssize_t)n;
}

/* The meta page of `txn`: 1, or 0 if a writer has left it behind meanwhile. */
static int
meta_of(const struct file *f, size_t txn, size_t *root, size_t *last)
{
	unsigned char meta[META_SIZE];

	for (size_t i = 0; i < 2; i++)
		if (read_at(f, i * f->page, meta, sizeof(meta)) &&
		    u64(meta + META_LAST + 8) == txn) {
			*root = u64(meta + META_FREE + DB_SIZE - 8);
			*last = u64(meta + META_LAST);
			return 1;
		}
	return 0;
}

/* A list of free pages at `at`: how many, and their numbers. */
static int
add_list(struct file *f, size_t at, size_t n)
{
	unsigned char *list = n < 8 || n > f->end * f->page ? NULL : malloc(n);
	int rc = -1;

	if (list != NULL && read_at(f, at, list, n) && u64(list) < n / 8) {
		for (size_t i = u64(list); i > 0; i--)
			f->free += u64(list + 8 * i) >= f->end;
		rc = 0;
	}
	free(list);
	return rc;
}

/* A leaf's node at `node`, in page `number`: its list stands there, or in big pages. */
static int
add_node(struct file *f, const unsigned char *page, size_t number, size_t node)
{
	size_t data, n;

	if (node + NODE_HEADER > f->page)
		return -1;
	n = u16(page + node) | (size_t)u16(page + node + 2) << 16;
	data = node + NODE_HEADER + u16(page + node + 6);
	if (data + 8 > f->page)
		return -1;
	if (u16(page + node + 4) & NODE_BIG)
		return add_list(f, u64(page + data) * f->page + PAGE_HEADER, n);
	return add_list(f, number * f->page + data, n);
}

static int walk(struct file *f, size_t number, int depth);

static int
walk_node(struct file *f, const unsigned char *page, size_t number, size_t i, int depth)
{
	size_t node = u16(page + PAGE_HEADER + 2 * i);

	if (u16(page + PAGE_FLAGS) & FLAG_LEAF)
		return add_node(f, page, number, node);
	if (node + NODE_HEADER > f->page)
		return -1;
	return walk(f,
	    u16(page + node) | (size_t)u16(page + node + 2) << 16 |
		(size_t)u16(page + node + 4) << 32,
	    depth + 1);
}

/* A page of the tree, and what is below it. */
static int
walk(struct file *f, size_t number, int depth)
{
	unsigned char *page = depth > DEPTH_MAX ? NULL : malloc(f->page);
	size_t lower;
	int rc = -1;

	if (page == NULL || number >= f->end ||
	    !read_at(f, number * f->page, page, f->page))
		goto out;
	lower = u16(page + PAGE_LOWER);
	if ((u16(page + PAGE_FLAGS) & (FLAG_BRANCH | FLAG_LEAF)) == 0 || lower > f->page)
		goto out;
	rc = 0;
	for (size_t i = 0; PAGE_HEADER + 2 * i < lower && rc == 0; i++)
		rc = walk_node(f, page, number, i, depth);
out:
	free(page);
	return rc;
}

/* Each page is in the list once. */
static int
judge(struct file *f, size_t txn)
{
	size_t root, last;
	struct stat st;

	if (meta_of(f, txn, &root, &last) == 0)
		return 1;
	if (fstat(f->fd, &st) != 0)
		return -1;
	f->end = (size_t)st.st_size / f->page;
	if (last < f->end)
		return 1;
	if (root == NO_ROOT || walk(f, root, 0) != 0)
		return 0;
	return f->free == last + 1 - f->end;
}

int
lmdb_file_whole(const char *path, size_t page_size, size_t txn)
{
	struct file f = {.page = page_size};
	int rc;

	if ((f.fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)) < 0)
		return -1;
	rc = judge(&f, txn);
	close(f.fd);
	return rc;
}

int
lmdb_file_place(const char *dir, struct err *e)
{
	static const uint32_t magic[] = {MAGIC_NFS, MAGIC_SMB, MAGIC_CIFS, MAGIC_SMB2,
	    MAGIC_9P, MAGIC_FUSE, MAGIC_AFS, MAGIC_CEPH};
	struct statfs fs;

	if (statfs(dir, &fs) != 0)
		return err_sys(e, ERR_LEDGER, errno, "state folder %s", dir);
	for (size_t i = 0; i < sizeof(magic) / sizeof(magic[0]); i++)
		if ((uint32_t)fs.f_type == magic[i])
			return err_set(e, ERR_LEDGER,
			    "state folder %s is on a network file system; the ledger needs a local disk",
			    dir);
	return 0;
}

enum meta_page { META_BLANK, META_WHOLE, META_OTHER };

/* What lies where a meta page should begin: its header is written whole, or not at all. */
static enum meta_page
meta_page(int fd, off_t at)
{
	static const char none[META_HEADER];
	char header[META_HEADER] = {0};
	uint32_t magic;

	if (pread(fd, header, sizeof(header), at) < 0)
		return META_OTHER;
	if (memcmp(header, none, sizeof(none)) == 0)
		return META_BLANK;
	memcpy(&magic, header + META_MAGIC_AT, sizeof(magic));
	return magic == META_MAGIC ? META_WHOLE : META_OTHER;
}

int
lmdb_file_clear_half_made(const char *path, struct err *e)
{
	int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW), rc = 0;
	long page = sysconf(_SC_PAGESIZE);
	enum meta_page first, second;
	struct stat st;

	if (fd < 0)
		return errno == ENOENT ? 0 : err_sys(e, ERR_LEDGER, errno, "%s", path);
	page = page < META_PAGE_MAX ? page : META_PAGE_MAX;
	first = meta_page(fd, 0);
	second = meta_page(fd, page);
	if (first != META_OTHER && second != META_OTHER &&
	    (first == META_BLANK || second == META_BLANK) && fstat(fd, &st) == 0 &&
	    st.st_size <= page * HALF_MADE_PAGES)
		rc = ftruncate(fd, 0);
	if (rc != 0)
		err_sys(e, ERR_LEDGER, errno, "%s", path);
	close(fd);
	return rc;
}
