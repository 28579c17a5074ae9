/*
 * The store on LMDB: default sync flags, one fixed large map, one process a
 * writer. Errors are told as what they mean to the operator.
 */
#include "state/store.h"

#include <errno.h>
#include <fcntl.h>
#include <lmdb.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "state/lmdb_error.h"
#include "state/lmdb_file.h"
#include "state/owner.h"
#include "state/turn.h"

/*
 * Address space, not disk: the file grows with what is in it. Half of what a limit allows
 * (ulimit -v), for the rest of the program needs some too; half of that where it is not to
 * be had, and so on, but never less than MAP_MIN.
 */
#define MAP_SIZE ((size_t)64 << 30)
#define MAP_MIN  ((size_t)16 << 20)
#define READERS  126

#define LOCK_FILE "%s/ledger.mdb-lock"
#define LOCK_PATH 4096

struct store {
	MDB_env *env;
	MDB_dbi dbi[TABLE_COUNT];
	/* Of an older format: looks empty until the next write makes it. */
	bool missing[TABLE_COUNT];
	bool incomplete; /* some are missing */
	char path[4096];
	int fd; /* LMDB's own of its data file, which it never locks */
};

struct txn {
	struct store *store;
	MDB_txn *txn;
	MDB_cursor *cursor[TABLE_COUNT]; /* opened when first needed */
	bool write;
	bool completes; /* it makes what was missing */
};

static int
map_full(struct err *e, const struct store *s)
{
	MDB_envinfo info;

	mdb_env_info(s->env, &info);
	err_set(e, ERR_LEDGER, "%s: the ledger is full at %zu MiB%s", s->path,
	    info.me_mapsize >> 20,
	    info.me_mapsize < MAP_SIZE
		? ", which is all that the limit of address space allows: raise `ulimit -v`, or LimitAS= of the unit"
		: ": shorten `[state] keep`");
	if (e != NULL)
		e->sys = MDB_MAP_FULL;
	return -1;
}

static int
fail(struct err *e, const struct store *s, int rc, const char *what)
{
	return rc == MDB_MAP_FULL ? map_full(e, s) : lmdb_error(e, rc, s->path, what);
}

/* A page that is missing would end in SIGBUS, not in an error. */
static int
refuse_cut(struct store *s, struct err *e)
{
	MDB_txn *txn;
	MDB_stat stat;
	int rc = mdb_txn_begin(s->env, NULL, MDB_RDONLY, &txn);

	if (rc != 0)
		return fail(e, s, rc, "cannot begin");
	mdb_env_stat(s->env, &stat);
	rc = lmdb_file_whole(s->path, stat.ms_psize, mdb_txn_id(txn));
	mdb_txn_abort(txn);
	if (rc < 0)
		return err_sys(e, ERR_LEDGER, errno, "%s", s->path);
	if (rc == 0)
		return err_set(e, ERR_LEDGER,
		    "%s: the ledger was cut short: restore it from a backup", s->path);
	return 0;
}

static int
open_tables(struct store *s, bool create, struct err *e)
{
	unsigned flags = create ? MDB_CREATE : 0;
	MDB_txn *txn;
	int rc;

	if ((rc = mdb_txn_begin(s->env, NULL, create ? 0 : MDB_RDONLY, &txn)) != 0)
		return fail(e, s, rc, "cannot begin");
	for (int i = 0; i < TABLE_COUNT; i++) {
		rc = mdb_dbi_open(txn, table_name((enum table)i), flags, &s->dbi[i]);
		s->missing[i] = rc == MDB_NOTFOUND && i > TABLE_LAST_OF_2;
		s->incomplete |= s->missing[i];
		if (rc != 0 && !s->missing[i]) {
			mdb_txn_abort(txn);
			return fail(e, s, rc, table_name((enum table)i));
		}
	}
	if ((rc = mdb_txn_commit(txn)) != 0)
		return fail(e, s, rc, "cannot commit");
	return 0;
}

static void
lmdb_close(struct store *s)
{
	if (s == NULL)
		return;
	mdb_env_close(s->env);
	free(s);
}

static int
open_env(struct store *s, size_t map)
{
	int rc = mdb_env_create(&s->env);

	if (rc == 0)
		rc = mdb_env_set_mapsize(s->env, map);
	if (rc == 0)
		rc = mdb_env_set_maxreaders(s->env, READERS);
	if (rc == 0)
		rc = mdb_env_set_maxdbs(s->env, TABLE_COUNT);
	if (rc == 0)
		rc = mdb_env_open(s->env, s->path, MDB_NOSUBDIR | MDB_NORDAHEAD, 0600);
	if (rc == 0)
		rc = mdb_env_get_fd(s->env, &s->fd);
	return rc;
}

/* LMDB does not say which of its two files it was. */
static int
refused(const struct store *s, const char *dir, int sys, struct err *e)
{
	char lock[LOCK_PATH];
	bool data = faccessat(AT_FDCWD, s->path, R_OK | W_OK, AT_EACCESS) != 0;

	snprintf(lock, sizeof(lock), LOCK_FILE, dir);
	return owner_error(e, sys, dir, data ? s->path : lock);
}

static int
open_map(struct store *s, const char *dir, size_t map, struct err *e)
{
	char lock[LOCK_PATH];
	struct rlimit limit;
	int rc;

	snprintf(lock, sizeof(lock), LOCK_FILE, dir);
	if (owner_make(dir, lock, e) != 0)
		return -1;
	if (getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur / 2 < map)
		map = limit.rlim_cur / 2;

	while ((rc = open_env(s, map)) == ENOMEM && (map /= 2) >= MAP_MIN) {
		mdb_env_close(s->env);
		s->env = NULL;
	}
	if (rc == ENOMEM)
		return err_set(e, ERR_LEDGER,
		    "%s: the limit of address space is too low to map the ledger: raise `ulimit -v`, or LimitAS= of the unit",
		    s->path);
	if (rc == EACCES || rc == EPERM)
		return refused(s, dir, rc, e);
	return rc == 0 ? 0 : fail(e, s, rc, "cannot open");
}

struct store *
store_lmdb_open(const char *dir, bool create, size_t map, struct err *e)
{
	struct store *s;
	struct stat st;
	int stale;

	if (lmdb_file_place(dir, e) != 0)
		return NULL;
	if ((s = calloc(1, sizeof(*s))) == NULL)
		return err_nomem(e), NULL;
	snprintf(s->path, sizeof(s->path), "%s/ledger.mdb", dir);
	if (!create && lstat(s->path, &st) != 0) {
		err_sys(e, ERR_LEDGER, errno, "%s", s->path);
		goto out;
	}
	if (!create && st.st_size == 0) {
		err_set(e, ERR_LEDGER, "%s is empty: restore it from a backup", s->path);
		goto out;
	}
	if (create && lmdb_file_clear_half_made(s->path, e) != 0)
		goto out;
	if (open_map(s, dir, map, e) != 0)
		goto out;
	/* A reader that was killed keeps pages from being reused. */
	mdb_reader_check(s->env, &stale);
	if (refuse_cut(s, e) == 0 && open_tables(s, create, e) == 0)
		return s;
out:
	lmdb_close(s);
	return NULL;
}

static struct store *
lmdb_open(const char *dir, bool create, struct err *e)
{
	return store_lmdb_open(dir, create, MAP_SIZE, e);
}

static void
close_cursors(struct txn *t)
{
	for (int i = 0; i < TABLE_COUNT; i++)
		if (t->cursor[i] != NULL)
			mdb_cursor_close(t->cursor[i]);
}

/* Ended one way or the other. */
static void
txn_free(struct txn *t)
{
	if (t->write)
		turn_end(t->store->fd);
	free(t);
}

static int
lmdb_commit(struct txn *t, struct err *e)
{
	struct store *s = t->store;
	int rc;

	close_cursors(t);
	rc = mdb_txn_commit(t->txn);
	if (rc == 0 && t->completes) {
		memset(s->missing, 0, sizeof(s->missing));
		s->incomplete = false;
	}
	txn_free(t);
	return rc == 0 ? 0 : fail(e, s, rc, "cannot commit");
}

static void
lmdb_abort(struct txn *t)
{
	if (t == NULL)
		return;
	close_cursors(t);
	mdb_txn_abort(t->txn);
	txn_free(t);
}

/* A handle that a transaction opens is everybody's once it is committed. */
static int
make_missing(struct txn *t, struct err *e)
{
	struct store *s = t->store;
	int rc;

	for (int i = 0; i < TABLE_COUNT; i++) {
		if (!s->missing[i])
			continue;
		rc = mdb_dbi_open(
		    t->txn, table_name((enum table)i), MDB_CREATE, &s->dbi[i]);
		if (rc != 0)
			return fail(e, s, rc, table_name((enum table)i));
	}
	t->completes = true;
	return 0;
}

static struct txn *
lmdb_begin(struct store *s, bool write, struct err *e)
{
	struct txn *t = calloc(1, sizeof(*t));
	int rc;

	if (t == NULL)
		return err_nomem(e), NULL;
	t->store = s;
	/* LMDB would wait for ever for a writer that is stopped. */
	if (write && turn_take(s->fd, s->path, &clock_system, e) != 0)
		return free(t), NULL;
	t->write = write;
	if ((rc = mdb_txn_begin(s->env, NULL, write ? 0 : MDB_RDONLY, &t->txn)) != 0) {
		fail(e, s, rc, "cannot begin");
		return txn_free(t), NULL;
	}
	if (write && s->incomplete && make_missing(t, e) != 0) {
		lmdb_abort(t);
		return NULL;
	}
	return t;
}

static MDB_val
val(struct span s)
{
	return (MDB_val){s.n, (void *)(uintptr_t)s.p};
}

static bool
lacks(const struct txn *t, enum table table)
{
	return t->store->missing[table] && !t->completes;
}

/* A cursor finds the next key of a sorted row of keys near the last one. */
static MDB_cursor *
cursor(struct txn *t, enum table table, struct err *e)
{
	int rc;

	if (t->cursor[table] == NULL) {
		rc = mdb_cursor_open(t->txn, t->store->dbi[table], &t->cursor[table]);
		if (rc != 0)
			fail(e, t->store, rc, table_name(table));
	}
	return t->cursor[table];
}

static int
lmdb_get(
    struct txn *t, enum table table, struct span key, struct span *value, struct err *e)
{
	MDB_val k = val(key), v;
	MDB_cursor *c;
	int rc;

	if (lacks(t, table))
		return 0;
	if ((c = cursor(t, table, e)) == NULL)
		return -1;
	rc = mdb_cursor_get(c, &k, &v, MDB_SET_KEY);
	if (rc == MDB_NOTFOUND)
		return 0;
	if (rc != 0)
		return fail(e, t->store, rc, table_name(table));
	*value = (struct span){v.mv_data, v.mv_size};
	return 1;
}

static int
lmdb_put(
    struct txn *t, enum table table, struct span key, struct span value, struct err *e)
{
	MDB_cursor *c = cursor(t, table, e);
	MDB_val k = val(key), v = val(value);
	int rc;

	if (c == NULL)
		return -1;
	rc = mdb_cursor_put(c, &k, &v, 0);
	return rc == 0 ? 0 : fail(e, t->store, rc, table_name(table));
}

static int
lmdb_del(struct txn *t, enum table table, struct span key, struct err *e)
{
	MDB_val k = val(key);
	int rc = mdb_del(t->txn, t->store->dbi[table], &k, NULL);

	return rc == 0 || rc == MDB_NOTFOUND ? 0
					     : fail(e, t->store, rc, table_name(table));
}

static bool
starts_with(const MDB_val *k, struct span prefix)
{
	return k->mv_size >= prefix.n &&
	       (prefix.n == 0 || memcmp(k->mv_data, prefix.p, prefix.n) == 0);
}

/* First key at or after `prefix`; LMDB wants a key of one byte at least. */
static int
seek(MDB_cursor *c, struct span prefix, MDB_val *k, MDB_val *v)
{
	if (prefix.n == 0)
		return mdb_cursor_get(c, k, v, MDB_FIRST);
	*k = val(prefix);
	return mdb_cursor_get(c, k, v, MDB_SET_RANGE);
}

static int
seek_range(MDB_cursor *c, const struct range *range, MDB_val *k, MDB_val *v)
{
	struct span after = range->after;
	int rc = seek(c, after.n > 0 ? after : range->prefix, k, v);

	if (rc == 0 && after.n > 0 && k->mv_size == after.n &&
	    memcmp(k->mv_data, after.p, after.n) == 0)
		rc = mdb_cursor_get(c, k, v, MDB_NEXT);
	return rc;
}

static int
lmdb_each_after(struct txn *t, enum table table, const struct range *range,
    const struct visitor *visitor, struct err *e)
{
	MDB_cursor *c;
	MDB_val k, v;
	int rc, r = 0;

	if (lacks(t, table))
		return 0;
	if ((rc = mdb_cursor_open(t->txn, t->store->dbi[table], &c)) != 0)
		return fail(e, t->store, rc, table_name(table));
	for (rc = seek_range(c, range, &k, &v); rc == 0 && starts_with(&k, range->prefix);
	    rc = mdb_cursor_get(c, &k, &v, MDB_NEXT)) {
		r = visitor->fn(visitor->arg, (struct span){k.mv_data, k.mv_size},
		    (struct span){v.mv_data, v.mv_size});
		if (r != 0)
			break;
	}
	mdb_cursor_close(c);
	if (r < 0)
		return -1;
	return rc == 0 || rc == MDB_NOTFOUND ? 0
					     : fail(e, t->store, rc, table_name(table));
}

static int
lmdb_each(struct txn *t, enum table table, struct span prefix,
    const struct visitor *visitor, struct err *e)
{
	return lmdb_each_after(t, table, &(struct range){prefix, {NULL, 0}}, visitor, e);
}

static int
lmdb_clear(struct txn *t, enum table table, struct span prefix, struct err *e)
{
	MDB_cursor *c = cursor(t, table, e);
	MDB_val k, v;
	int rc;

	if (c == NULL)
		return -1;
	for (rc = seek(c, prefix, &k, &v); rc == 0 && starts_with(&k, prefix);
	    rc = seek(c, prefix, &k, &v))
		if ((rc = mdb_cursor_del(c, 0)) != 0)
			break;
	return rc == 0 || rc == MDB_NOTFOUND ? 0
					     : fail(e, t->store, rc, table_name(table));
}

static int
lmdb_copy(struct store *s, int fd, struct err *e)
{
	int rc = mdb_env_copyfd2(s->env, fd, MDB_CP_COMPACT);

	return rc == 0 ? 0 : fail(e, s, rc, "cannot copy");
}

const struct store_ops store_lmdb = {
    .open = lmdb_open,
    .close = lmdb_close,
    .begin = lmdb_begin,
    .commit = lmdb_commit,
    .abort = lmdb_abort,
    .get = lmdb_get,
    .put = lmdb_put,
    .del = lmdb_del,
    .each = lmdb_each,
    .each_after = lmdb_each_after,
    .clear = lmdb_clear,
    .copy = lmdb_copy,
};
