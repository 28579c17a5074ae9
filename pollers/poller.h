/*
 * The facade over drops: list, read, settle. It picks a backend by the URL's
 * scheme (poller_ops, registry in poller_connect.c), filters and sorts what is listed,
 * and goes on after a dropped connection within the run's deadline.
 *
 * A name never holds "/" or a control byte, and never becomes a local path of
 * ours. Nothing here writes to the local disk, but through file:// in the drop.
 */
#ifndef POLLERS_POLLER_H
#define POLLERS_POLLER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/span.h"
#include "pollers/source.h"

#define DROP_NAME_MAX 255

struct drop_file {
	const char *name; /* of a list: borrowed from it; at most DROP_NAME_MAX bytes */
	uint64_t size;
	int64_t mtime;     /* seconds since 1970, by the server's clock */
	bool marked;       /* its marker file is there, */
	int64_t marked_at; /* and of that time */
};

struct drop_list {
	struct drop_file *v;
	size_t n, cap;
	struct arena names;
	size_t skipped; /* like the feed's, but never taken: see order_resembles */
};

void drop_list_release(struct drop_list *l);

struct poller;
struct links; /* pollers/links.h */

struct poller_env {
	const struct clock *clock;
	int64_t deadline;    /* on the monotonic clock, ms; never waits beyond */
	struct links *links; /* where connections are left for the next feed; or NULL */
};

/*
 * A poller keeps `sc` and `env`: both must outlive it. The deadline is read anew at
 * each wait, so that a signal handler's owner can end a run by moving it up.
 *
 * Connects, checks the host key, logs in, and finds the drop folder; with env->links
 * over the connection that an earlier feed of the same login left there. ERR_PEER:
 * wrong or unknown host key; ERR_LOGIN: login refused; ERR_IO: no connection, or no
 * such folder; ERR_DEADLINE. There is no second try here: the next run is one.
 */
struct poller *poller_open(
    const struct source_conf *sc, const struct poller_env *env, struct err *e);
void poller_close(struct poller *p); /* which leaves the connection there */

/*
 * The files that match the feed's patterns, in the feed's order, without names in
 * progress (.tmp .part .filepart .writing .crdownload, a leading dot), markers,
 * folders, links and special files. Not capped: readiness comes first. With
 * order = name:FORMAT a name that holds no such date sorts first, by name.
 */
int poller_list(struct poller *p, struct drop_list *out, struct err *e);

/* The regular files of a folder elsewhere on the server, whatever their names; unsorted. */
int poller_list_folder(
    struct poller *p, const char *path, struct drop_list *out, struct err *e);

/*
 * One file anew: 1 and *out, 0 if it is gone, -1. `path` is absolute on the server; the
 * name is its end, borrowed.
 */
int poller_stat(struct poller *p, const char *path, struct drop_file *out, struct err *e);

/*
 * These files of the drop will be read next, in this order: small ones are then fetched
 * together, several at a time, when the first of them is opened. One that this fails for
 * is read by itself in its turn, and fails there. `files`, and what they point to, are
 * borrowed until the next call, or poller_close; n = 0 ends it.
 */
void poller_expect(struct poller *p, const struct drop_file *const *files, size_t n);

/*
 * Opens a file at its absolute path for one pass from its first byte; one at a time.
 * f's size fits the buffers and is what a resumed read is checked against.
 */
int poller_read_open(
    struct poller *p, const char *path, const struct drop_file *f, struct err *e);

/*
 * The next bytes: 1 and *out (borrowed until the next call), 0 at the end, -1.
 * After a dropped connection it reconnects and goes on at the same offset, unless
 * size or mtime differ by then (ERR_CHANGED) or the deadline is over. An end that
 * does not stand where the listed size says is ERR_CHANGED too.
 */
int poller_read(struct poller *p, struct span *out, struct err *e);
void poller_read_close(struct poller *p);

/* Was the last error of these two the file's own, and no lost connection's? */
bool poller_read_denied(const struct poller *p);

/*
 * After its last byte: does the file that was read still lie there as it was listed?
 * ERR_CHANGED if not. Of one that was fetched together with others that was asked then.
 */
int poller_read_check(struct poller *p, struct err *e);

/*
 * Moves NAME of the drop (or an absolute path) to the absolute `path`, whose folder is
 * made, never over a file: ERR_IO if one is there, ERR_GONE if NAME is not any more.
 */
int poller_rename(struct poller *p, const char *name, const char *path, struct err *e);

/*
 * Writes a new file for the clinic, in pieces: to a name in progress (FOLDER/.NAME.part)
 * and, by poller_put_end, to `path`, absolute on the server, its folder made if missing.
 * Never over another file. After an error nothing of it stands at `path`, and the next
 * try begins anew; a broken connection is such an error.
 */
int poller_put_begin(struct poller *p, const char *path, struct err *e);
int poller_put(struct poller *p, struct span bytes, struct err *e);
int poller_put_end(struct poller *p, struct err *e);

/* After such an error, if there will be no other try: removes the name in progress. */
void poller_put_abandon(struct poller *p);

/* Removes a file by its absolute path; not there counts as removed. */
int poller_remove(struct poller *p, const char *path, struct err *e);

/* Absolute path on the server of NAME in the drop; valid until the next call. */
const char *poller_path(struct poller *p, const char *name);

/*
 * For `check --connect`: the known_hosts line of the key that the server shows,
 * without logging in. The caller frees *line.
 */
int poller_host_line(const struct source_conf *sc, const struct poller_env *env,
    char **line, struct err *e);

/* Library versions and algorithms, for `version`. */
void poller_versions(struct buf *out);

#endif
