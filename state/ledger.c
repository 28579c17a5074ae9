#include "state/ledger.h"

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
#include "state/owner.h"
#include "state/turn.h"

#define ID_HEX      (2 * LEDGER_ID_SIZE)
#define MARKER_TEMP "ledger.id.new"

bool
ledger_name_ok(const char *name)
{
	size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789._-");

	return n > 0 && n <= LEDGER_NAME_MAX && name[n] == '\0' && name[0] != '.';
}

/* 1 if DIR/ledger.id is there, 0 if not, -1. */
static int
marker_read(struct ledger *l, char hex[ID_HEX + 1], struct err *e)
{
	char path[4096];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "%s/ledger.id", l->dir);
	if ((fd = open(path, O_RDONLY | O_CLOEXEC)) < 0)
		return errno == ENOENT ? 0 : owner_error(e, errno, l->dir, path);
	n = read(fd, hex, ID_HEX);
	close(fd);
	if (n != ID_HEX)
		return err_set(e, ERR_LEDGER,
		    "%s is damaged: it should hold %d digits; restore it from the ledger's backup",
		    path, ID_HEX);
	hex[ID_HEX] = '\0';
	return 1;
}

/*
 * A folder above that may not be read, or that knows no sync (a read-only root that a disk
 * is mounted on), is not where ours was made.
 */
int
ledger_sync_place(const struct ledger *l, struct err *e)
{
	char above[4096];

	snprintf(above, sizeof(above), "%s/..", l->dir);
	if (sync_folder(l->dir) == 0 &&
	    (sync_folder(above) == 0 || errno == EACCES || errno == EINVAL))
		return 0;
	return err_sys(e, ERR_LEDGER, errno, "state folder %s", l->dir);
}

static int
no_ledger(const char *dir, struct err *e)
{
	return err_set(
	    e, ERR_LEDGER, "no ledger in %s yet: the first `emrdrop run` makes it", dir);
}

/*
 * Reads the marker. Where there is none its file is begun, and locked: one run at a time
 * makes a ledger, and whoever waited for it finds the marker.
 */
static int
marker_find(struct ledger *l, bool create, char hex[ID_HEX + 1], struct err *e)
{
	char temp[4096];
	int r = marker_read(l, hex, e);

	if (r != 0)
		return r < 0 ? -1 : 0;
	if (!create)
		return no_ledger(l->dir, e);
	snprintf(temp, sizeof(temp), "%s/" MARKER_TEMP, l->dir);
	l->making = open(temp, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (l->making < 0)
		return owner_error(e, errno, l->dir, temp);
	if (turn_take(l->making, temp, &clock_system, e) != 0)
		return -1;
	if ((r = marker_read(l, hex, e)) == 1) {
		close(l->making);
		l->making = -1;
		unlink(temp);
	}
	return r < 0 ? -1 : 0;
}

/*
 * From here on a missing ledger is an error, not a first use: so all that the marker
 * stands for is on the disk, by name too, before the marker is.
 */
static int
marker_write(struct ledger *l, struct err *e)
{
	char path[4096], temp[4096], hex[ID_HEX + 1];

	snprintf(path, sizeof(path), "%s/ledger.id", l->dir);
	snprintf(temp, sizeof(temp), "%s/" MARKER_TEMP, l->dir);
	hex_encode(l->id, sizeof(l->id), hex);
	if (ftruncate(l->making, 0) != 0 || pwrite(l->making, hex, ID_HEX, 0) != ID_HEX ||
	    fsync(l->making) != 0)
		return err_sys(e, ERR_LEDGER, errno, "%s", temp);
	if (ledger_sync_place(l, e) != 0)
		return -1;
	if (rename(temp, path) != 0)
		return err_sys(e, ERR_LEDGER, errno, "%s", path);
	return ledger_sync_place(l, e);
}

static struct digest
key_check(struct ledger *l)
{
	return digest_bytes(&l->keys, KEY_CHECK, l->id, sizeof(l->id));
}

static int
meta_judge(struct ledger *l, struct span format, struct span id, struct span check,
    struct err *e)
{
	struct reader r = {.in = format};
	struct digest want;
	uint32_t version = get_u32(&r);

	if (r.bad || id.n != LEDGER_ID_SIZE || check.n != DIGEST_SIZE)
		return ledger_damaged(e, TABLE_META);
	l->format = version;
	if (version == 0 || version > LEDGER_FORMAT)
		return err_set(e, ERR_LEDGER,
		    "%s/ledger.mdb has format %u, this program knows %u: use a newer emrdrop",
		    l->dir, version, LEDGER_FORMAT);
	memcpy(l->id, id.p, id.n);
	want = key_check(l);
	if (memcmp(want.b, check.p, check.n) != 0)
		return err_set(e, ERR_LEDGER,
		    "%s/ledger.mdb was made with another site key: restore the key that belongs to it",
		    l->dir);
	return 1;
}

/* 1 and l->id, 0 if the ledger was never finished, -1. */
static int
meta_read(const struct act *a)
{
	const struct store_ops *ops = a->ledger->ops;
	struct span format, id, check;
	int r = ops->get(a->txn, TABLE_META, SPAN_LIT("format"), &format, a->e);

	if (r == 1)
		r = ops->get(a->txn, TABLE_META, SPAN_LIT("id"), &id, a->e);
	if (r == 1)
		r = ops->get(a->txn, TABLE_META, SPAN_LIT("check"), &check, a->e);
	if (r == 1)
		r = meta_judge(a->ledger, format, id, check, a->e);
	return r;
}

/* Format, id and the key's check value: not checked like other values, they check. */
static int
meta_write(const struct act *a)
{
	struct ledger *l = a->ledger;
	struct digest check;
	char format[4] = {LEDGER_FORMAT, 0, 0, 0};
	const struct store_ops *ops = l->ops;

	random_bytes(l->id, sizeof(l->id));
	check = key_check(l);
	l->made = true;
	if (ops->put(
		a->txn, TABLE_META, SPAN_LIT("format"), (struct span){format, 4}, a->e))
		return -1;
	if (ops->put(a->txn, TABLE_META, SPAN_LIT("id"),
		(struct span){(char *)l->id, sizeof(l->id)}, a->e))
		return -1;
	return ops->put(a->txn, TABLE_META, SPAN_LIT("check"),
	    (struct span){(char *)check.b, sizeof(check.b)}, a->e);
}

static int
meta_make(struct ledger *l, struct err *e)
{
	struct act a;

	if (act_begin(&a, l, true, e) != 0)
		return -1;
	return act_end(&a, meta_write(&a));
}

static int
meta_find(struct ledger *l, struct err *e)
{
	struct act a;
	int r;

	if (act_begin(&a, l, false, e) != 0)
		return -1;
	r = meta_read(&a);
	act_abort(&a);
	return r;
}

/*
 * Each format has what those before it have, and more, which their programs must not
 * read: 2 merges; 3 removals, what is kept of snapshots, where files are, the audit trail,
 * what people decided, and batches in halves.
 */
static int
meta_upgrade(struct ledger *l, struct err *e)
{
	const char format[4] = {LEDGER_FORMAT, 0, 0, 0};
	struct act a;

	if (l->format == LEDGER_FORMAT)
		return 0;
	if (act_begin(&a, l, true, e) != 0)
		return -1;
	return act_end(&a, l->ops->put(a.txn, TABLE_META, SPAN_LIT("format"),
			       (struct span){format, 4}, e));
}

static int
check_identity(struct ledger *l, bool expected, const char *want, struct err *e)
{
	char hex[ID_HEX + 1];
	int r = meta_find(l, e);

	if (r < 0)
		return -1;
	if (r == 0 && expected)
		return err_set(e, ERR_LEDGER,
		    "%s/ledger.mdb is damaged, it does not say which ledger it is: restore it from a backup",
		    l->dir);
	if (r == 0 && meta_make(l, e) != 0)
		return -1;
	hex_encode(l->id, sizeof(l->id), hex);
	if (expected && strcmp(hex, want) != 0)
		return err_set(e, ERR_LEDGER,
		    "%s/ledger.mdb is not the ledger that belongs here: restore the one whose id begins with %.8s (ledger.id)",
		    l->dir, want);
	return expected ? 0 : marker_write(l, e);
}

static int
open_in(struct ledger *l, const char *key_file, bool create, struct err *e)
{
	char want[ID_HEX + 1], key[4096], mdb[4096];
	struct stat st;
	bool fresh, expected;

	if (marker_find(l, create, want, e) != 0)
		return -1;
	expected = l->making < 0;
	snprintf(key, sizeof(key), "%s/site.key", l->dir);
	snprintf(mdb, sizeof(mdb), "%s/ledger.mdb", l->dir);
	/* Entries without their key are an error, never a new key. */
	fresh = !expected && (lstat(mdb, &st) != 0 || st.st_size == 0);
	if (site_keys_load(&l->keys, key_file != NULL ? key_file : key,
		key_file == NULL && (fresh || lstat(key, &st) == 0), e) != 0)
		return -1;
	l->store = l->ops->open(l->dir, !expected, e);
	if (l->store == NULL) {
		if (expected && e != NULL && e->sys == ENOENT)
			err_set(e, ERR_LEDGER,
			    "%s/ledger.mdb is missing: restore it from a backup; without it everything "
			    "would be sent again (to accept that, remove ledger.id)",
			    l->dir);
		return -1;
	}
	if (check_identity(l, expected, want, e) != 0)
		return -1;
	if (l->making >= 0)
		close(l->making);
	l->making = -1;
	return create ? meta_upgrade(l, e) : 0;
}

/* The site key's place must be absolute, and a job may be started anywhere. */
static int
resolve(struct ledger *l, const char *dir, struct err *e)
{
	char *path = realpath(dir, NULL);

	if (path == NULL)
		return err_sys(e, ERR_LEDGER, errno, "state folder %s", dir);
	snprintf(l->dir, sizeof(l->dir), "%s", path);
	free(path);
	if (strlen(l->dir) + 1 < sizeof(l->dir))
		return 0;
	return err_set(e, ERR_CONFIG, "the state folder's path is too long");
}

/* Whoever has the ledger open may not find its file exchanged: see compact.c. */
static int
share_folder(struct ledger *l, struct err *e)
{
	l->folder = open(l->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (l->folder >= 0 && flock(l->folder, LOCK_SH | LOCK_NB) == 0)
		return 0;
	if (l->folder >= 0 && errno == EWOULDBLOCK)
		return err_set(e, ERR_BUSY,
		    "the ledger in %s is being compacted: try again when that has ended",
		    l->dir);
	return owner_error(e, errno, l->dir, l->dir);
}

/* A compact that was killed has left it; none is at work while the folder is shared. */
static void
sweep_litter(const struct ledger *l)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/" COMPACT_TEMP, l->dir);
	(void)unlink(path);
}

/* What root makes in the folder of the job's user, that user could not open later. */
static int
check_owner(const char *dir, const struct stat *st, struct err *e)
{
	char name[OWNER_NAME_SIZE];

	if (geteuid() != 0 || st->st_uid == 0)
		return 0;
	owner_name(st->st_uid, name);
	return err_set(e, ERR_PERM,
	    "state folder %s belongs to %s, and root would make files there that %s can't "
	    "read: runuser -u %s -- emrdrop run",
	    dir, name, name, name);
}

/* A folder for one ledger more, where the job's user may make none. */
static int
not_made(const char *dir, int sys, struct err *e)
{
	char we[OWNER_NAME_SIZE];

	if (sys != EACCES && sys != ENOENT)
		return err_sys(e, ERR_LEDGER, sys, "state folder %s", dir);
	owner_name(geteuid(), we);
	return err_sys(e, ERR_LEDGER, sys,
	    "state folder %s can't be made by %s (as root, install -d -o %s -m 700 %s)",
	    dir, we, we, dir);
}

static int
open_dir(struct ledger *l, const char *dir, bool create, struct err *e)
{
	struct stat st;

	if (strlen(dir) >= sizeof(l->dir))
		return err_set(e, ERR_CONFIG, "the state folder's path is too long");
	if (create && mkdir(dir, 0700) != 0 && errno != EEXIST)
		return not_made(dir, errno, e);
	if (!create && stat(dir, &st) != 0 && errno == ENOENT)
		return no_ledger(dir, e);
	if (resolve(l, dir, e) != 0)
		return -1;
	if (stat(l->dir, &st) != 0)
		return err_sys(e, ERR_LEDGER, errno, "state folder %s", dir);
	if ((st.st_mode & 022) != 0)
		return err_set(e, ERR_CONFIG,
		    "state folder %s can be written by others; chmod 0700 %s", dir, dir);
	if ((create && check_owner(dir, &st, e) != 0) || share_folder(l, e) != 0)
		return -1;
	if (create)
		sweep_litter(l);
	return 0;
}

struct ledger *
ledger_open(const char *dir, const char *key_file, bool create, struct err *e)
{
	struct ledger *l = calloc(1, sizeof(*l));

	if (l == NULL)
		return err_nomem(e), NULL;
	l->ops = &store_lmdb;
	l->making = -1;
	l->folder = -1;
	if (open_dir(l, dir, create, e) == 0 && open_in(l, key_file, create, e) == 0)
		return l;
	ledger_close(l);
	return NULL;
}

void
ledger_close(struct ledger *l)
{
	if (l == NULL)
		return;
	if (l->store != NULL)
		l->ops->close(l->store);
	if (l->making >= 0)
		close(l->making);
	if (l->folder >= 0)
		close(l->folder);
	site_keys_wipe(&l->keys);
	looks_release(&l->looks);
	free(l);
}

bool
ledger_is_new(const struct ledger *l)
{
	return l->made;
}

const struct site_keys *
ledger_keys(const struct ledger *l)
{
	return &l->keys;
}

const unsigned char *
ledger_id(const struct ledger *l)
{
	return l->id;
}

const char *
ledger_dir(const struct ledger *l)
{
	return l->dir;
}
