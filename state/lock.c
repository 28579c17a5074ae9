/*
 * Locks of a ledger: files in its folder that the kernel unlocks with their owner.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <unistd.h>

#include "state/ledger_impl.h"
#include "state/lock_owner.h"
#include "state/owner.h"
#include "state/turn.h"

#define LOCK_PATH 4096

/* The file of a lock, and its path. */
static int
open_lock(struct ledger *l, const char *name, char path[LOCK_PATH], struct err *e)
{
	int fd;

	snprintf(path, LOCK_PATH, "%s/%s.lock", l->dir, name);
	if (owner_make(l->dir, path, e) != 0)
		return -1;
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	return fd >= 0 ? fd : owner_error(e, errno, l->dir, path);
}

int
ledger_lock(struct ledger *l, const char *scope, int *lock, struct err *e)
{
	char path[LOCK_PATH];

	if ((*lock = open_lock(l, scope, path, e)) < 0)
		return -1;
	if (flock(*lock, LOCK_EX | LOCK_NB) == 0 && lock_sign(*lock) == 0)
		return 0;
	if (errno == EWOULDBLOCK)
		lock_busy(*lock, scope, e);
	else
		err_sys(e, ERR_LEDGER, errno, "%s", path);
	close(*lock);
	*lock = -1;
	return -1;
}

int
ledger_lock_wait(struct ledger *l, const char *name, int *lock, struct err *e)
{
	char path[LOCK_PATH];

	if ((*lock = open_lock(l, name, path, e)) < 0)
		return -1;
	if (turn_take(*lock, path, &clock_system, e) == 0)
		return 0;
	close(*lock);
	*lock = -1;
	return -1;
}

void
ledger_unlock(int lock)
{
	if (lock < 0)
		return;
	lock_clear(lock);
	close(lock);
}

int
lock_ask(struct ledger *l, const char *name, struct lock_holder *by, struct err *e)
{
	struct flock all = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	char path[LOCK_PATH];
	int fd, rc;

	*by = (struct lock_holder){.process = 0};
	snprintf(path, sizeof(path), "%s/%s.lock", l->dir, name);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return errno == ENOENT ? 0 : owner_error(e, errno, l->dir, path);
	if (fcntl(fd, F_OFD_GETLK, &all) == 0)
		rc = all.l_type != F_UNLCK;
	else
		rc = err_sys(e, ERR_LEDGER, errno, "%s", path);
	lock_holder(fd, by);
	close(fd);
	return rc;
}

int
ledger_locked(struct ledger *l, uint32_t scope, struct lock_holder *by, struct err *e)
{
	char name[LEDGER_NAME_MAX + 1];
	int rc = scope_name(l, scope, name, e);

	*by = (struct lock_holder){.process = 0};
	return rc == 1 ? lock_ask(l, name, by, e) : rc;
}
