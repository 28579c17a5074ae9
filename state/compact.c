/*
 * The ledger's file is exchanged for a copy without free space. LMDB is opened by its
 * path: whoever still had the old file open would write into one that nobody ever reads
 * again. So everybody who opens a ledger shares a lock on its folder, and this takes it
 * alone. The locks of the sources stand for programs that know nothing of that yet.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/whole.h"
#include "state/ledger_impl.h"
#include "state/upkeep.h"

struct locks {
	struct ledger *l;
	int *v;
	size_t n;
	struct err *e;
};

static int
lock_scope(void *arg, struct span key, struct span value)
{
	struct locks *locks = arg;
	char scope[LEDGER_NAME_MAX + 1];
	int *v = reallocarray(locks->v, locks->n + 1, sizeof(*v));

	(void)value;
	if (v == NULL)
		return err_nomem(locks->e);
	locks->v = v;
	if (key.n > LEDGER_NAME_MAX)
		return ledger_damaged(locks->e, TABLE_SCOPES);
	snprintf(scope, sizeof(scope), "%.*s", (int)key.n, key.p);
	if (!ledger_name_ok(scope))
		return ledger_damaged(locks->e, TABLE_SCOPES);
	if (ledger_lock(locks->l, scope, &v[locks->n], locks->e) != 0)
		return -1;
	locks->n++;
	return 0;
}

static void
unlock_all(struct locks *locks)
{
	for (size_t i = 0; i < locks->n; i++)
		ledger_unlock(locks->v[i]);
	free(locks->v);
}

static int
lock_all(struct locks *locks)
{
	const struct visitor each = {lock_scope, locks};

	if (ledger_each(
		locks->l, TABLE_SCOPES, (struct span){NULL, 0}, &each, locks->e) != 0)
		return -1;
	if (flock(locks->l->folder, LOCK_EX | LOCK_NB) == 0)
		return 0;
	if (errno == EWOULDBLOCK)
		return err_set(locks->e, ERR_BUSY,
		    "a run or another command has the ledger open: try again when it has ended");
	return err_sys(locks->e, ERR_LEDGER, errno, "state folder %s", locks->l->dir);
}

/* Whole and on the disk. Root may do this for the user whose ledger it is. */
static int
fill(struct ledger *l, int fd, const struct stat *old, struct err *e)
{
	if (l->ops->copy(l->store, fd, e) != 0)
		return -1;
	if ((old->st_uid == geteuid() || fchown(fd, old->st_uid, old->st_gid) == 0) &&
	    fsync(fd) == 0)
		return 0;
	return err_sys(e, ERR_LEDGER, errno, "%s/" COMPACT_TEMP, l->dir);
}

/* One that was killed may have left a copy: it is not gone on with. */
static int
write_copy(struct ledger *l, const char *temp, const struct stat *old, uint64_t *size,
    struct err *e)
{
	struct stat st;
	int fd, rc;

	if (unlink(temp) != 0 && errno != ENOENT)
		return err_sys(e, ERR_LEDGER, errno, "%s", temp);
	fd = open(temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return err_sys(e, ERR_LEDGER, errno, "%s", temp);
	rc = fill(l, fd, old, e);
	if (rc == 0 && fstat(fd, &st) != 0)
		rc = err_sys(e, ERR_LEDGER, errno, "%s", temp);
	close(fd);
	*size = rc == 0 ? (uint64_t)st.st_size : 0;
	return rc;
}

static int
exchange(struct ledger *l, struct compacted *out, struct err *e)
{
	char path[4096], temp[4096];
	struct stat old;

	snprintf(path, sizeof(path), "%s/ledger.mdb", l->dir);
	snprintf(temp, sizeof(temp), "%s/" COMPACT_TEMP, l->dir);
	if (lstat(path, &old) != 0)
		return err_sys(e, ERR_LEDGER, errno, "%s", path);
	out->before = (uint64_t)old.st_size;
	if (write_copy(l, temp, &old, &out->after, e) == 0) {
		if (rename(temp, path) == 0 && sync_folder(l->dir) == 0)
			return 0;
		err_sys(e, ERR_LEDGER, errno, "%s", path);
	}
	(void)unlink(temp);
	return -1;
}

int
ledger_compact(struct ledger *l, struct compacted *out, struct err *e)
{
	struct locks locks = {.l = l, .e = e};
	int rc = lock_all(&locks);

	if (rc == 0)
		rc = exchange(l, out, e);
	unlock_all(&locks);
	return rc;
}
