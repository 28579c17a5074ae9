#include "state/lmdb_error.h"

#include <errno.h>
#include <lmdb.h>
#include <stdbool.h>
#include <stddef.h>

static bool
is_damage(int rc)
{
	switch (rc) {
	case MDB_CORRUPTED:
	case MDB_PAGE_NOTFOUND:
	case MDB_INVALID:
	case MDB_BAD_TXN:
	case MDB_CURSOR_FULL:
	case MDB_PAGE_FULL:
	case MDB_INCOMPATIBLE:
	case MDB_NOTFOUND: /* a table that each ledger has */
		return true;
	default:
		return false;
	}
}

int
lmdb_error(struct err *e, int rc, const char *path, const char *what)
{
	if (is_damage(rc))
		return err_set(e, ERR_LEDGER,
		    "%s: the ledger is damaged: restore it from a backup (%s; LMDB: %s)",
		    path, what, mdb_strerror(rc));
	if (rc == MDB_VERSION_MISMATCH)
		err_set(e, ERR_LEDGER,
		    "%s: made by another version of LMDB: use the emrdrop that made it",
		    path);
	/* LMDB's word for a write that the disk took only in part, too. */
	else if (rc == EIO)
		err_set(e, ERR_LEDGER,
		    "%s: %s: the disk is full, or fails: make room, or look into the system's log",
		    path, what);
	else if (rc == MDB_READERS_FULL)
		err_set(e, ERR_BUSY, "%s: too many processes read the ledger", path);
	else
		err_set(e, ERR_LEDGER, "%s: %s: %s", path, what, mdb_strerror(rc));
	if (e != NULL)
		e->sys = rc;
	return -1;
}
