/*
 * What a backend of the facade does. One file and one line in the registry of
 * poller_connect.c add another.
 */
#ifndef POLLERS_POLLER_OPS_H
#define POLLERS_POLLER_OPS_H

#include "pollers/poller.h"

struct drop_url; /* parsed URL: pollers/url.h */

/* A file that is read together with others. */
struct fetched {
	char *path;
	uint64_t size; /* as listed */
	int64_t mtime;
	char *bytes; /* with `whole`: all of it, for free() */
	bool whole;
};

typedef int list_fn(void *arg, struct span name, uint64_t size, int64_t mtime);

struct poller_ops {
	const char *scheme;

	/*
	 * Connects and logs in. *self is the backend's own; 0, or -1 and nothing to
	 * close. sc, url and env are good until `enter` names others, or the end.
	 */
	int (*connect)(void **self, const struct source_conf *sc,
	    const struct drop_url *url, const struct poller_env *env, struct err *e);
	void (*disconnect)(void *self);

	/*
	 * Follows `connect`, and may be called again, with no file open, for another
	 * feed of the same login, which has the connection then: finds the drop,
	 * url->path. What was borrowed before is not looked at any more.
	 */
	int (*enter)(void *self, const struct source_conf *sc, const struct drop_url *url,
	    const struct poller_env *env, struct err *e);

	/*
	 * Has the connection been lost, so that a new one may help? NULL: there is
	 * nothing to lose, nor to hand on.
	 */
	bool (*lost)(const void *self);

	/*
	 * Calls fn for each regular file of the folder; fn's -1 ends it. The name is
	 * handed over as it came, with whatever bytes it holds.
	 */
	int (*list)(
	    void *self, const char *folder, list_fn *fn, void *arg, struct err *e);

	/* 1 and *out, 0 not there, -1; what is no regular file is ERR_IO. */
	int (*stat)(void *self, const char *path, struct drop_file *out, struct err *e);

	/* `size` is the size expected, for fitting buffers. */
	int (*open)(
	    void *self, const char *path, uint64_t size, uint64_t offset, struct err *e);
	int (*read)(void *self, struct span *out, struct err *e); /* 1, 0, -1 */
	void (*close)(void *self);

	/*
	 * Reads small files, several at a time, for a short while: how many of them were
	 * begun. `whole` is what was read to its end and lay there as listed after that; all
	 * else, whatever became of it, is for `open`. NULL: nothing is gained by it.
	 */
	size_t (*fetch)(void *self, struct fetched *v, size_t n);

	/*
	 * A new file, or one of the same name that an earlier try left, made empty; one
	 * at a time, and not while another is read. `finish` closes it once all of it
	 * is there for good.
	 */
	int (*create)(void *self, const char *path, struct err *e);
	int (*write)(void *self, struct span bytes, struct err *e);
	int (*finish)(void *self, struct err *e);

	/* 0; -1 with ERR_IO if `to` is there, ERR_GONE if `from` is not. */
	int (*rename)(void *self, const char *from, const char *to, struct err *e);
	int (*remove)(void *self, const char *path, struct err *e);
	/* There already is fine; ERR_GONE if the folder above it is not there. */
	int (*mkdir)(void *self, const char *path, struct err *e);
};

extern const struct poller_ops poller_sftp;
extern const struct poller_ops poller_file;

#endif
